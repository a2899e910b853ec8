"""What every test is held to: no name, address, key, token, code or private text reaches a log.

Each record of ours, and each warning of anybody's, is searched for them while the whole suite runs;
what is found fails the test in which it was logged. `tests/conftest.py` has the hooks.
"""

import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any

import pytest

OURS = ("app", "chalicelib", "infra", "labbokning", "tests")  # Chalice's own is of the app's name
HOT = ("", "labbokning")  # where records arrive: the latter passes nothing on
SHORTEST = 6  # of words that are looked for: shorter ones are parts of others
TOLD = {
    "msg",
    "args",
    "exc_text",
    "stack_info",
}  # what a record has by itself, and may tell of somebody
FORMAL = set(logging.makeLogRecord({}).__dict__) - TOLD  # and what not: times, places, threads
# By how it looks, whoever's it is. In an address of the web, @ is %40.
LOOKS = {
    "an address": re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE),
    "a name": re.compile(
        r"(?<![a-zåäö])(aino|aalto|eero|eskola|sami salo|salo|pia peltola|peltola)(?![a-zåäö])",
        re.IGNORECASE,
    ),
    "a key": re.compile(r"\blab(_[A-Za-z0-9]{10,}|\.k_\w+\.)|\b(staff|form)-key\b"),
    "credentials": re.compile(r"\bBearer\s+[!-~]+", re.IGNORECASE),
    "a cookie": re.compile(r"p_[0-9a-f]{32}\.\w+"),
    "a secret": re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{44}(?![A-Za-z0-9])"),  # of `long_secret`
    "a token": re.compile(r"(?<![0-9A-Fa-f])([0-9a-f]{48}|[0-9a-f]{64})(?![0-9A-Fa-f])"),
}


class Words:
    """Many words, and which of them a text holds, in a time that does not grow with how many they are."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._starts: dict[str, set[str]] = {}

    def add(self, kind: str, *words: str) -> None:
        """Look for words from now on, in capitals or not. Short ones are left out."""
        for word in (each.strip().lower() for each in words):
            if len(word) >= SHORTEST and word not in self._kinds:
                self._kinds[word] = kind
                self._starts.setdefault(word[:SHORTEST], set()).add(word)

    def found(self, text: str) -> Iterator[str]:
        """What a text holds, as kinds and words."""
        low = text.lower()
        for number in range(len(low) - SHORTEST + 1):
            for word in self._starts.get(low[number : number + SHORTEST], ()):
                if low.startswith(word, number):
                    yield f"{self._kinds[word]} ({word})"


class LogWatch(logging.Handler):
    """Searches what is logged, and keeps what it found until somebody asks."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.words = Words()
        self._findings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Search a record: message, arguments, whatever came with it, and the error that it tells of."""
        if record.levelno < logging.WARNING and not record.name.startswith(OURS):
            return
        text = said(record)
        self._findings += [f"{what} is logged: {text}" for what in self.search(text)]

    def search(self, text: str) -> list[str]:
        """What of somebody's a text holds."""
        by_look = [
            f"{kind} ({match[0]})" for kind, look in LOOKS.items() if (match := look.search(text))
        ]
        return [*by_look, *dict.fromkeys(self.words.found(text))]

    def search_lines(self, lines: Iterable[str]) -> list[str]:
        """What of somebody's a log holds, line by line."""
        return [f"{what} is logged: {line}" for line in lines for what in self.search(line)]

    def drain(self) -> list[str]:
        """What was found since this was last asked."""
        found, self._findings = self._findings, []
        return found


def said(record: logging.LogRecord) -> str:
    """All that a handler could make of a record."""
    parts = {name: part for name, part in record.__dict__.items() if part and name not in FORMAL}
    parts["message"] = record.getMessage()
    if record.exc_info:
        parts["traceback"] = logging.Formatter().formatException(record.exc_info)
    texts = (part if isinstance(part, str) else repr(part) for part in parts.values())
    return " | ".join(texts)


WATCH = LogWatch()


@lru_cache(maxsize=4096)  # which are made again and again
def note_secret(secret: bytes) -> None:
    """Look for a derived secret, as it stands in links (also cut short) and as a code."""
    from chalicelib.services.links import code_from

    WATCH.words.add("a token", secret.hex()[:16], urlsafe_b64encode(secret).decode()[:12])
    WATCH.words.add("a code", code_from(secret))


def note_texts(thing: Any) -> None:
    """Look for what somebody wrote: who they are, a title, notes."""
    for name in ("name", "email", "title", "notes", "facilitation_notes"):
        text = getattr(thing, name, None)
        if isinstance(text, str):
            WATCH.words.add("a text", text)


def install() -> None:
    """Watch this process from here on: its loggers, its secrets, and what is written in its requests."""
    from chalicelib import bootstrap
    from chalicelib.domain.people import Person
    from chalicelib.services.requests import BookRequest, ChangeRequest
    from tests.fake_messages import FakeSecrets

    for name in HOT:
        logging.getLogger(name).addHandler(WATCH)
    logging.getLogger("chalicelib").setLevel(logging.DEBUG)
    for secrets in (FakeSecrets, bootstrap._Secrets):
        secrets.derive = _noting(secrets.derive, lambda _, made: note_secret(made))
    for model in (Person, BookRequest, ChangeRequest):
        model.__init__ = _noting(model.__init__, lambda made, _: note_texts(made))


def _noting(function: Callable[..., Any], note: Callable[[Any, Any], None]) -> Callable[..., Any]:
    """A method that also tells of itself and of what it made."""

    @wraps(function)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = function(self, *args, **kwargs)
        note(self, made)
        return made

    return noting


@contextmanager
def watched() -> Iterator[None]:
    """Fail where something was found meanwhile, whether what is inside failed or not."""
    try:
        yield
    finally:
        found = WATCH.drain()
        if found:
            raise AssertionError("\n".join(found))


def pytest_configure() -> None:
    install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    with watched():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with watched():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    with watched():
        return (yield)
