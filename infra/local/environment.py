"""The environments of the local cloud's processes: nothing of the user's own AWS account gets in."""

import os
from pathlib import Path

from infra.package import REGION, ROOT

HOST = "127.0.0.1"
MINISTACK = ROOT / ".local/ministack-env"
OWNER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}  # MiniStack's root user


def forget_own_account() -> None:
    """Take the user's account, profile and proxies out of this process's environment."""
    apart = _apart(dict(os.environ))
    os.environ.clear()
    os.environ.update(apart)


def for_commands(address: str) -> dict[str, str]:
    """The environment in which `aws` means the local cloud at an address."""
    path = f"{MINISTACK / 'bin'}:{os.environ.get('PATH', '')}"
    return _apart(dict(os.environ)) | OWNER | {"PATH": path, "AWS_ENDPOINT_URL": address}


def for_server(home: Path, port: int, smtp_port: int, page_port: int) -> dict[str, str]:
    """The environment of the process itself. Its functions are given its own address by MiniStack.

    Mails go to a server on `smtp_port`, and can be read at `page_port`.
    """
    state = home / "state"
    return (
        _apart(dict(os.environ))
        | OWNER
        | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_WARM_TTL_SECONDS": "86400",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{home / 'no-docker'}",
            "TMPDIR": str(home / "tmp"),
            "SMTP_HOST": f"{HOST}:{smtp_port}",
            "MAILBOX": str(home / "mails.sqlite"),
            "MAILBOX_PORT": str(page_port),
        }
    )


def _apart(environment: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }
