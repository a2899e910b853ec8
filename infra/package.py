"""The package that is deployed: CloudFormation template and zip, the same for the local cloud and AWS.

Chalice makes both. What is done to them here: the template becomes JSON without YAML's anchors, and the
zip gets bytecode that counts as fresh (Chalice sets all times to 1980, which makes ordinary bytecode
stale and a cold start twice as long), no tests, and the same bytes for the same contents.
"""

import compileall
import fcntl
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
REGION = "eu-north-1"
UNUSED = {"tests", "test", "__pycache__"}
TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """A built package: its template, which names the zip beside it, and what it was built from."""

    template: Path
    fingerprint: str


def build(stage: str, out: Path) -> Package:
    """Build the package of a stage, unless `out` holds it already."""
    BUILD.mkdir(exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open(
        "w"
    ) as lock:  # Chalice's own cache of packages is not made for two at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(stage, out)


def _build(stage: str, out: Path) -> Package:
    package = Package(out / "template.json", fingerprint(stage))
    stamp = out / "fingerprint"
    if stamp.exists() and stamp.read_text() == package.fingerprint:
        return package
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        template = _run_chalice(stage, Path(folder))
        _finish_zip(Path(folder) / "deployment.zip", out / "deployment.zip")
    package.template.write_text(json.dumps(template, indent=1, ensure_ascii=False) + "\n")
    stamp.write_text(package.fingerprint)
    return package


def fingerprint(stage: str) -> str:
    """A digest of everything that the package of a stage is made from."""
    digest = hashlib.sha256(f"{stage} {sys.version} {platform.machine()}".encode())
    for path in _inputs():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def configuration(stage: str) -> Any:
    """Chalice's configuration of a stage. The local cloud runs on this machine, so with its wheels."""
    from chalice.cli.factory import CLIFactory

    # Chalice looks for an account, in the network too, to learn the name of the region.
    os.environ.pop("AWS_PROFILE", None)
    os.environ |= {"AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    own = {"lambda_architecture": "arm64"} if platform.machine() in ("arm64", "aarch64") else {}
    factory = CLIFactory(str(ROOT))
    return factory.create_config_obj(stage, user_provided_params=own if stage == "local" else {})


def _inputs() -> Iterator[Path]:
    yield from (ROOT / name for name in ("app.py", "requirements.txt", ".chalice/config.json"))
    yield from (ROOT / "infra/package.py", ROOT / "infra/resources.yaml")
    for folder in ("chalicelib", "infra/policies"):
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        yield from sorted(path for path in files if path.suffix != ".pyc")


def _run_chalice(stage: str, out: Path) -> dict[str, Any]:
    import yaml
    from chalice.cli.factory import CLIFactory
    from chalice.deploy.validate import validate_configuration

    factory = CLIFactory(str(ROOT))
    config = configuration(stage)
    validate_configuration(config)
    with redirect_stdout(io.StringIO()):
        packager = factory.create_app_packager(
            config,
            factory.create_package_options(),
            "cloudformation",
            "yaml",
            str(ROOT / "infra/resources.yaml"),
        )
        packager.package_app(config, str(out), stage)
    template: dict[str, Any] = yaml.safe_load((out / "sam.yaml").read_text())
    return template


def _finish_zip(source: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(source) as archive:
            archive.extractall(folder)
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and path.name in UNUSED:
                shutil.rmtree(path)
        compileall.compile_dir(
            folder,
            quiet=2,
            stripdir=folder,
            prependdir="/var/task",
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                info = zipfile.ZipInfo(str(path.relative_to(folder)), TIME)
                info.external_attr = (0o755 if path.suffix == ".so" else 0o644) << 16
                archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED, 6)


def main(arguments: list[str]) -> int:
    """`STAGE FOLDER` builds; `check` only asks Chalice whether the configuration makes sense."""
    if arguments == ["check"]:
        from chalice.deploy.validate import validate_configuration

        for stage in ("local", "prod"):
            validate_configuration(configuration(stage))
        print("The configuration of both stages is valid.")
        return 0
    if len(arguments) != 2:
        print("usage: python -m infra.package check | STAGE FOLDER", file=sys.stderr)
        return 2
    package = build(arguments[0], Path(arguments[1]))
    size = (package.template.parent / "deployment.zip").stat().st_size
    print(f"{package.template} and deployment.zip ({size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
