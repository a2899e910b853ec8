"""`make run` and `make stop`: the steps, each with a word to the person who waits."""

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.cloud import STACK, Cloud, Problem
from infra.package import ROOT, build

HOME = ROOT / ".local"
PACKAGE = ROOT / "build/local"
BUCKET = f"{STACK}-packages"
WARM_REQUESTS = 6


def start(cloud: Cloud) -> str:
    """Start, deploy, seed and warm up a local cloud, each where it is needed; its base address."""
    with cloud.lock():
        begun = time.monotonic()
        if cloud.start():
            _say(f"The local cloud serves {cloud.address} (log: {_short(cloud.log)}).")
        else:
            _say(f"The local cloud is running on {cloud.address} already.")
        _deploy(cloud)
        endpoint = endpoint_of(cloud)
        _seed(cloud, endpoint)
        _write(cloud.home / "endpoint", endpoint)
        _say("Warming up ...")
        _warm_up(cloud, endpoint)
        _say(f"Ready after {time.monotonic() - begun:.0f} s. Stop it with `make stop`.")
    return endpoint


def stop(cloud: Cloud) -> None:
    """Stop a local cloud and say what became of it."""
    with cloud.lock():
        if cloud.stop():
            _say(f"The local cloud is stopped; what it holds is in {_short(cloud.state)}.")
        else:
            _say("The local cloud is not running.")


def endpoint_of(cloud: Cloud) -> str:
    """The base address of the deployed interface: a path on 127.0.0.1, which needs no name service."""
    apis = cloud.client("apigateway").get_rest_apis()["items"]
    ids = [api["id"] for api in apis if api["name"] == STACK]
    if len(ids) != 1:
        raise Problem(
            f"The state folder {cloud.state} does not hold the deployment it should: delete it to begin anew."
        )
    return f"{cloud.address}/_aws/execute-api/{ids[0]}/api"


def _deploy(cloud: Cloud) -> None:
    _say("Building the package ...")
    package = build("local", PACKAGE)
    deployed = cloud.state / "deployed"
    if deployed.exists() and deployed.read_text() == package.fingerprint:
        _say("The deployment is up to date.")
        return
    _say("Deploying it with CloudFormation ...")
    result = subprocess.run(
        [ROOT / "infra/deploy.sh", package.template, STACK, BUCKET],
        env=cloud.command_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        cloud.log.open("a").write(result.stdout + result.stderr)
        raise Problem(f"The deployment failed: {_last(result.stderr)} (more in {cloud.log})")
    deployed.write_text(package.fingerprint)
    cloud.save()


def _seed(cloud: Cloud, endpoint: str) -> None:
    from infra.local.seed import seed

    if seed(cloud, endpoint, _say):
        cloud.save()


def _warm_up(cloud: Cloud, endpoint: str) -> None:
    """Start every worker of the interface, each with its libraries loaded: at once, so that all start."""
    from urllib.request import ProxyHandler, build_opener

    opener = build_opener(ProxyHandler({}))

    def ask(_: int) -> None:
        try:
            opener.open(f"{endpoint}/v1/spaces", timeout=30).close()
        except OSError as error:
            cloud.log.open("a").write(f"warming up: {error}\n")

    with ThreadPoolExecutor(WARM_REQUESTS) as pool:
        list(pool.map(ask, range(WARM_REQUESTS)))


def _say(words: str) -> None:
    print(words, flush=True)


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("what", choices=["start", "stop"])
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--home", type=Path, default=HOME)
    options = parser.parse_args(arguments)
    cloud = Cloud(options.home.resolve(), options.port)
    try:
        if options.what == "stop":
            stop(cloud)
        else:
            print(start(cloud))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
