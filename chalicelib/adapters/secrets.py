"""The signing keys: a ring in one SSM parameter, read again every five minutes, so that a rotation takes
effect without a deployment.

The parameter is `{"current": "2", "keys": {"1": "…", "2": "…"}}`, or a plain text: the one key "1".
"""

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.errors import Broken, Unavailable

log = logging.getLogger(__name__)
FRESH_SECONDS = 300.0
RETRY_SECONDS = 20.0  # after a reading that failed: until then the old ring has to do
LEAST_LETTERS = 32  # of a key
KEY_ID = re.compile(r"[A-Za-z0-9]{1,16}")


@dataclass(frozen=True, slots=True, repr=False)
class Ring:
    """Keys by their ids. It never says what they are, whoever prints it."""

    current: str
    keys: Mapping[str, bytes]


def ring_of(text: str) -> Ring:
    """What the parameter says. Raises Broken, which tells nothing of it."""
    if not text.startswith("{"):
        return _checked("1", {"1": text})
    try:
        found = json.loads(text)
        return _checked(found["current"], found["keys"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken("the signing keys are not what they have to be") from None


def written(ring: Ring) -> str:
    """The opposite of `ring_of`."""
    keys = {key_id: key.decode() for key_id, key in ring.keys.items()}
    return json.dumps({"current": ring.current, "keys": keys})


def _checked(current: str, keys: Mapping[str, str]) -> Ring:
    whole = all(KEY_ID.fullmatch(key_id) for key_id in keys)
    if not whole or current not in keys or min(map(len, keys.values())) < LEAST_LETTERS:
        raise Broken("the signing keys are not what they have to be")
    return Ring(current, {key_id: key.encode() for key_id, key in keys.items()})


class Secrets:
    """Links and codes, from a ring that `fetch` reads."""

    def __init__(
        self, fetch: Callable[[], str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._kept: Ring | None = None
        self._until = 0.0

    @property
    def current(self) -> str:
        """The id of the key that new ones are derived with."""
        return self._ring().current

    @property
    def known(self) -> tuple[str, ...]:
        """The ids of all keys whose links still hold, the current one first."""
        ring = self._ring()
        return (ring.current, *(key_id for key_id in ring.keys if key_id != ring.current))

    def derive(self, purpose: str, *parts: str, key_id: str = "") -> bytes:
        """HMAC-SHA256 (RFC 2104) of the purpose and the parts, which hold no line feeds.

        Raises KeyError for a key that is known no longer; never for one that `known` has just named.
        """
        held = self._kept is not None and key_id in self._kept.keys
        ring = self._kept if self._kept and held else self._ring()
        text = "\n".join((purpose, *parts)).encode()
        return hmac.digest(ring.keys[key_id or ring.current], text, hashlib.sha256)

    def _ring(self) -> Ring:
        now = self._monotonic()
        if self._kept is None or now >= self._until:
            self._kept = self._read(now)
        return self._kept

    def _read(self, now: float) -> Ring:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            ring = ring_of(self._fetch())
        except (BotoCoreError, ClientError, Broken) as error:
            if self._kept is None:
                raise (error if isinstance(error, Broken) else Unavailable()) from error
            log.error("signing keys not read again", extra={"error": type(error).__name__})  # noqa: TRY400  # nothing of the answer may get into the log
            self._until = now + RETRY_SECONDS
            return self._kept
        self._until = now + FRESH_SECONDS
        return ring


def parameter(client: Any, name: str) -> Callable[[], str]:
    """Reads a SecureString."""

    def fetch() -> str:
        answer = client.get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    return fetch


def make_parameter_client(endpoint_url: str | None = None) -> Any:
    """An SSM client that gives up early: a request waits for it."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    return boto3.client("ssm", endpoint_url=endpoint_url, config=config)
