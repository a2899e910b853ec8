"""What stays of a thing when its person is forgotten, named field by field with the reason.

What is not named here goes: so a field that somebody adds is removed until they say why it stays.
"""

from collections.abc import Container, Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

from chalicelib.domain.people import ERASED, Person

T = TypeVar("T")
NOBODY = Person("", "")

USE = "how the Lab is used"  # by how many, what and when: figures, never who
BOOKING: Mapping[str, str] = {
    "booking_id": "what the log and the ledger call it",
    "state": USE,
    "space_ids": USE,
    "starts_at": USE,
    "ends_at": USE,
    "planned_end": USE,
    "units": USE,
    "attendees": USE,
    "equipment": USE,
    "facilitator": USE,
    "override": USE,
    "created_at": "how far ahead people book",
    "series_id": "which of them belong together",
    "footprint": "what it holds in the ledger, or held",
    "confirm_by": "when it ran out, if it was never confirmed",
    "pending_change": "slots that it holds besides, until they are released",
    "sequence": "calendars that have it",
    "changed_at": "calendars that have it",
    "revision": "reminders that were armed for it",
    "version": "whoever acts on an older view of it loses",
}
SIGNUP: Mapping[str, str] = {
    "event_id": "which event it was for",
    "way": USE,
    "state": USE,
    "created_at": "how far ahead people sign up",
    "number": "its place in the queue, until it is passed over",
    "arrived_at": "how many came",
    "version": "whoever acts on an older view of it loses",
}
MEMBER: Mapping[str, str] = {"arrived_at": "how many came"}
MESSAGE: Mapping[str, str] = {
    "message_id": "what SES and the log call it",
    "kind": "what mails are sent",
    "revision": "what it told of",
    "rule": "which reminder it was",
    "due_at": "when it was to go",
    "look_at": "whether somebody still has to look at it",
    "created_at": "when it was written",
    "expires_at": "when it was worth nothing any more",
    "state": "whether mails arrive",
    "reason": "why it ended as it did: a word of ours or SES's",
    "lease_until": "a worker may have it",
    "attempt": "a worker may have it",
    "failures": "how often it could not be rendered",
    "resent": "how often it went",
    "reached": "how often it went",
    "marked_at": "when it went",
    "settled_at": "when it ended",
    "version": "whoever acts on an older view of it loses",
}
API_KEY: Mapping[str, str] = {
    "key_id": "what the log calls it",
    "scopes": "what it opened",
    "made_with": "which signing key it hangs on",
    "created_at": "for how long it opened something",
    "expires_on": "for how long it opened something",
    "used_at": "for how long it opened something",
    "revoked_at": "for how long it opened something",
    "version": "whoever acts on an older view of it loses",
}
# Until everything is gone: then the profile goes too.
PROFILE: Mapping[str, str] = {
    "person_id": "nothing new is written for them meanwhile",
    "erase_from": "nothing new is written for them meanwhile",
    "epoch": "sessions of before are over",
    "created_at": "sessions of before are over",
    "version": "whoever acts on an older view of it loses",
}
# Removed whole, whatever is in them: answers word for word, proofs of addresses, sessions.
LOGIN: Mapping[str, str] = {}
SESSION: Mapping[str, str] = {}
KEY_RECORD: Mapping[str, str] = {}


def is_somebody(person_id: str) -> bool:
    """Whether an id is a person's: not everything that is kept beside persons is one."""
    return person_id.startswith("p_") and not person_id.startswith(ERASED)


def blanked(thing: T, kept: Container[str], **neutral: Any) -> T:
    """A thing without its person: what is not kept has its `neutral` value, else its default.

    Raises TypeError for a field that has neither: it has to be named.
    """
    changes = dict(neutral)
    for each in fields(thing):  # type: ignore[arg-type]  # whatever it is, it is a dataclass
        if each.name in kept or each.name in neutral:
            continue
        if each.default is not MISSING:
            changes[each.name] = each.default
        elif each.default_factory is not MISSING:
            changes[each.name] = each.default_factory()
        else:
            raise TypeError(f"what becomes of {each.name}?")
    return replace(thing, **changes)  # type: ignore[type-var]  # likewise
