"""The clock and chance of the real world."""

import math
import random
import secrets
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

ALPHABET = string.ascii_letters + string.digits
LETTERS = 22  # 62**22 is over 2**130
_deadline = ContextVar("deadline", default=math.inf)


class SystemClock:
    """Time that passes and ids that nobody can guess."""

    def __init__(self) -> None:
        self._random = random.Random()  # noqa: S311  # for waiting, not for secrets

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow, for deadlines."""
        return time.monotonic()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give what is done inside so many seconds, or what is left of an outer limit."""
        before = _deadline.set(min(self.deadline(), self.monotonic() + seconds))
        try:
            yield
        finally:
            _deadline.reset(before)

    def deadline(self) -> float:
        """When the present work has to be done, on the scale of `monotonic`; else infinity."""
        return _deadline.get()

    def pause(self, attempt: int) -> None:
        """Wait before a repeat: full jitter, from 25 ms doubling up to a second."""
        time.sleep(self._random.uniform(0, min(1.0, 0.025 * 2 ** min(attempt, 10))))

    def new_id(self, prefix: str) -> str:
        """An id that nobody can guess: prefix, underscore, 22 letters and digits."""
        return prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
