"""Everything that can be refused, and the signals that make a use case look again.

LabError
├── Refused            one or more problems that the reader can do something about
├── NotFound           not there, or not yours to see
├── Forbidden          not from whom it has to be
├── StaleVersion       the thing changed since the version that the caller named
├── IdempotencyMismatch  the key was used for another request
├── Unavailable        nothing was decided; ask again later
├── TooMany            as many requests as there may be in a while; nothing was decided
├── Broken             our own fault: a bug, or tables that contradict each other
├── PostThrottled      the carrier of mails wants it later; nothing was sent
├── PostPaused         the carrier takes no mail at all for now; nothing was sent
├── PostRefused        the carrier will never take this mail
├── PostUnknown        the carrier did not say whether it took the mail
└── Race               something that was relied on changed: read again, then decide
    ├── KeyUsed        the idempotency key was written meanwhile
    ├── SettingsChanged
    ├── SlotTaken      by `holders`
    ├── QuotaChanged
    ├── VersionRaced   the booking, space or closure has another version
    └── OutcomeUnknown the store did not say whether it wrote
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# The order of api.md: `type` of a refusal is the first of its problems in this order.
RULES = (
    "invalid-request",
    "nonexistent-local-time",
    "ambiguous-local-time",
    "unknown-space",
    "email-not-allowed",
    "terms-not-accepted",
    "in-the-past",
    "off-grid",
    "too-short",
    "too-long",
    "range-too-long",
    "too-soon",
    "too-far-ahead",
    "outside-opening-hours",
    "closed",
    "over-capacity",
    "quota-exceeded",
    "series-empty",
    "series-too-long",
    "series-overlaps-itself",
    "already-started",
    "cancellation-closed",
    "signup-not-open",
    "group-too-large",
    "idempotency-mismatch",
)
CONFLICTS = (
    "slot-taken",
    "hold-expired",
    "already-signed-up",
    "event-full",
    "held-for-waiting-list",
    "stale-state",
)
ORDER = {code: rank for rank, code in enumerate(RULES + CONFLICTS)}


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: `code` is a problem name, `pointer` a JSON pointer into the request."""

    code: str
    pointer: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Time that is taken, in terms of what was asked for; never says by whom."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    space_id: str | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another time or place where the same request would be taken now."""

    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


class LabError(Exception):
    """The root of the tree."""


class Refused(LabError):
    """One or more problems, sorted in the order of api.md."""

    def __init__(
        self,
        problems: Iterable[Problem],
        conflicts: Iterable[Conflict] = (),
        alternatives: Iterable[Alternative] = (),
    ) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: ORDER[problem.code]))
        self.conflicts = tuple(conflicts)
        self.alternatives = tuple(alternatives)
        super().__init__(", ".join(problem.code for problem in self.problems))

    @property
    def code(self) -> str:
        """The name of the first problem."""
        return self.problems[0].code


def refuse(code: str, pointer: str = "", **params: Any) -> Refused:
    """A refusal for a single reason."""
    return Refused([Problem(code, pointer, params)])


def broken_by(check: Callable[[], object]) -> list[Problem]:
    """What a check refuses, so that a refusal can name every rule that is broken."""
    try:
        check()
    except Refused as refused:
        return list(refused.problems)
    return []


class NotFound(LabError):
    """There is no such thing, or it is not for this caller to see."""


class Forbidden(LabError):
    """What came is not from whom it has to be; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class StaleVersion(LabError):
    """The caller named a version that is not the present one."""


class IdempotencyMismatch(LabError):
    """The same key came with another request."""


class Unavailable(LabError):
    """Nothing was decided within the time there was."""

    def __init__(self, retry_after: int = 2) -> None:
        self.retry_after = retry_after
        super().__init__("unavailable")


class TooMany(LabError):
    """There were as many as there may be until `retry_after` seconds from now.

    `purpose` and `by` name the limit that was met.
    """

    def __init__(self, retry_after: int, purpose: str = "", by: str = "") -> None:
        self.retry_after = retry_after
        self.purpose = purpose
        self.by = by
        super().__init__("too many")


class Broken(LabError):
    """A bug of ours, or tables that contradict each other."""


class PostThrottled(LabError):
    """Too many mails at once: the same mail again in a few seconds."""


class PostPaused(LabError):
    """No mail at all for now: sending is paused, or the quota of the day is used up."""


class PostRefused(LabError):
    """The mail will never be taken; `reason` is a word for staff."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class PostUnknown(LabError):
    """No answer: the mail may have been sent, and may not."""


class Race(LabError):
    """Something that the decision relied on changed: read again and decide again."""


class KeyUsed(Race):
    """The idempotency key was written meanwhile, by another attempt."""


class SettingsChanged(Race):
    """The settings that the decision relied on are not the present ones."""


class SlotTaken(Race):
    """Somebody else holds a slot; `holders` are their ids."""

    def __init__(self, holders: Iterable[str] = ()) -> None:
        self.holders = frozenset(holders)
        super().__init__("slot taken")


class QuotaChanged(Race):
    """The person's quota item has another version."""


class VersionRaced(Race):
    """The thing to be written has another version."""


class OutcomeUnknown(Race):
    """The store did not say whether it wrote; the idempotency item will.

    `refused` is what a repeat of the transaction met: unless an earlier one of the same transaction
    had been applied, nothing was written.
    """

    def __init__(self, refused: Race | Broken | TooMany | None = None) -> None:
        self.refused = refused
        super().__init__("outcome unknown")
