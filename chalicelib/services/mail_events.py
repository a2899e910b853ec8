"""What SES says of the mails it was given: settled states, and addresses that take no more mail."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import Race, Unavailable
from chalicelib.domain.messages import STAFF, State
from chalicelib.domain.people import ERASED
from chalicelib.services.ports import Ports

log = logging.getLogger(__name__)
TRIES = 10
STATES = {
    "Send": State.SENT,
    "Delivery": State.DELIVERED,
    "Bounce": State.BOUNCED,
    "Complaint": State.COMPLAINED,
}
FATAL = ("Permanent", "Undetermined")  # kinds of bounces after which an address is left alone


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of SES's, of a mail that carried our tags."""

    kind: str
    message_id: str
    attempt: int
    reason: str = ""
    passing: bool = False  # a bounce that may not come again: a full mailbox


def event_of(said: Mapping[str, Any]) -> MailEvent | None:
    """An event as SES publishes it; None for what is not about a message of ours."""
    tags = said.get("mail", {}).get("tags", {})
    message_id = next(iter(tags.get("message_id", ())), "")
    kind = said.get("eventType") or said.get("notificationType") or ""
    if not message_id or kind not in (*STATES, "Reject"):
        return None
    attempt = next(iter(tags.get("attempt", ())), "0")
    bounce = said.get("bounce", {})
    reason = {
        "Bounce": str(bounce.get("bounceType", "")),
        "Complaint": str(said.get("complaint", {}).get("complaintFeedbackType", "")),
        "Reject": str(said.get("reject", {}).get("reason", "")),
    }.get(kind, "")
    return MailEvent(
        kind,
        message_id,
        int(attempt) if attempt.isdigit() else 0,
        reason,
        passing=kind == "Bounce" and reason not in FATAL,
    )


def receive(ports: Ports, event: MailEvent) -> str:
    """Settle a message by SES's own word, whatever the order the words come in; what was done."""
    for _ in range(TRIES):
        message = ports.outbox.get(event.message_id)
        if message is None:
            return "unknown"
        now = ports.clock.now()
        if event.kind == "Reject":
            after = domain.rejected(message, now)
        else:
            after = domain.evident(message, STATES[event.kind], now, event.reason)
        if after is None or _saved(ports, after):
            _suppress(ports, event, message.person_id, now)
            return "nothing new" if after is None else after.state.value
    raise Unavailable


def _suppress(ports: Ports, event: MailEvent, person_id: str, now: datetime) -> None:
    """No more mail to an address that bounces for good, or whose owner complained."""
    if person_id in (STAFF, ERASED) or event.passing or event.kind not in ("Bounce", "Complaint"):
        return
    ports.people.suppress(person_id, event.kind.lower(), now)


def _saved(ports: Ports, message: domain.Message) -> bool:
    tx = ports.begin()
    ports.outbox.save(tx, message)
    try:
        tx.commit()
    except Race:
        return False
    return True
