"""Forgetting a person: what is common to who asks it for themselves and to admins."""

from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.domain.erasures import Erasure
from chalicelib.services import erasure


def forgotten(call: Call, person_id: str, headers: dict[str, str] | None = None) -> Reply:
    """Begin to forget somebody, do what can be done at once, and say how far it is."""
    outcome = erasure.begin(call.ports, person_id, call.intent(_rendered))
    if outcome.value is None:
        return stored(outcome)
    found = outcome.value
    if not found.done:
        found = erasure.work(call.ports, found)
    answer = _rendered(found)
    return Reply(answer["body"], answer["status"], dict(headers or {}), private=True)


def _rendered(found: Erasure) -> dict[str, Any]:
    return {
        "status": 202,
        "body": {
            "person_id": found.person_id,
            "state": "done" if found.done else "going on",
            "left": [step.value for step in found.left],
        },
    }
