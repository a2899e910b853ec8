"""The token that a form of ours carries, for tests that send a form without having looked at it first."""

from chalicelib import bootstrap


def form_token(session: str = "anybody", seconds_ago: int = 10) -> str:
    """Of a form that was made for a session (its digest) or for anybody, some seconds ago."""
    ports = bootstrap.ports()
    issued = f"{int(ports.clock.now().timestamp()) - seconds_ago:x}"
    return f"{issued}-{ports.secrets.derive('form', session, issued)[:16].hex()}"
