"""A change of an event of a series and of those after it, over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.domain.events import Event, Way
from chalicelib.services import series_changes
from chalicelib.services.series_changes import Later
from chalicelib.services.writing import complete


def change(
    call: Call,
    fields: Mapping[str, Any],
    ways: Mapping[Way, Mapping[str, Any]],
    render: Callable[[Event], dict[str, Any]],
) -> Reply:
    """Change the one, and then the others; a replay goes on where the first time stopped."""
    event_id, intent, override = call.id("event_id"), call.intent(render), call.body.override
    outcome = series_changes.change(
        call.ports, event_id, fields, ways, call.required_tags(), intent, override
    )
    if outcome.answer.get("partial"):
        later = series_changes.go_on(call.ports, event_id, fields, ways, intent, tuple(override))
        done = all(each.done or each.problems for each in later)
        answer = {
            "status": 200 if done else 202,
            "headers": outcome.answer["headers"],
            "body": {**outcome.answer["body"], "later": [_shown(call, each) for each in later]},
        }
        outcome = replace(outcome, answer=answer)
        if done:
            complete(call.ports, intent, answer)
    return stored(outcome)


def _shown(call: Call, one: Later) -> dict[str, Any]:
    return {
        "event_id": one.event.event_id,
        "start": present.moment(one.event.starts_at, call.catalog.site.zone),
        "outcome": "changed" if one.done else "refused" if one.problems else "left",
        "errors": present.errors(one.problems, call.catalog, call.language),
    }
