"""A notice as messages: one to everybody, which becomes one for each, and how far they have come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.announcements import STALE
from chalicelib.domain.messages import EVERYBODY, Kind, Message, State, message
from chalicelib.domain.notices import Notice

SENT = (State.SENT, State.DELIVERED, State.COMPLAINED)
NOT_SENT = (State.DROPPED, State.MISSED)


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a notice, in messages: one a party."""

    total: int = 0
    sent: int = 0
    failed: int = 0  # it went out, or tried to, and did not arrive as far as is known
    dropped: int = 0  # nobody to send it to any more: they left, or have no address that works
    left: int = 0
    done: bool = False


def notice_message(notice: Notice, now: datetime) -> Message:
    """What becomes a message for each; whatever is edited meanwhile."""
    return message(
        Kind.EVENT_NOTICE,
        f"event#{notice.event_id}",
        EVERYBODY,
        0,
        due_at=now,
        now=now,
        expires_at=now + STALE,
        rule=notice.notice_id,
    )


def progress(messages: Iterable[Message]) -> Progress:
    """How far a notice has come, by all messages of it: that to everybody and those it became."""
    found = list(messages)
    mine = [each for each in found if each.person_id != EVERYBODY]
    left = sum(not each.final for each in mine)
    sent = sum(each.final and each.state in SENT for each in mine)
    dropped = sum(each.final and each.state in NOT_SENT for each in mine)
    return Progress(
        total=len(mine),
        sent=sent,
        failed=len(mine) - left - sent - dropped,
        dropped=dropped,
        left=left,
        done=not left and all(each.final for each in found),
    )
