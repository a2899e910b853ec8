"""The clock and chance of the real world."""

import random
import secrets
import string
import time
from datetime import UTC, datetime

ALPHABET = string.ascii_letters + string.digits
LETTERS = 22  # 62**22 is over 2**130


class SystemClock:
    """Time that passes and ids that nobody can guess."""

    def __init__(self) -> None:
        self._random = random.Random()

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow, for deadlines."""
        return time.monotonic()

    def pause(self, attempt: int) -> None:
        """Wait before a repeat: full jitter, from 25 ms doubling up to a second."""
        time.sleep(self._random.uniform(0, min(1.0, 0.025 * 2 ** min(attempt, 10))))

    def new_id(self, prefix: str) -> str:
        """An id that nobody can guess: prefix, underscore, 22 letters and digits."""
        return prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
