"""What is done to an event of a series and to others of it, over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.domain.events import Event, Way
from chalicelib.services import series_changes
from chalicelib.services.series_changes import Other, Reach
from chalicelib.services.writing import Intent, Outcome, complete

Render = Callable[[Event], dict[str, Any]]


def change(
    call: Call, fields: Mapping[str, Any], ways: Mapping[Way, Mapping[str, Any]], render: Render
) -> Reply:
    """Change the one, and then those after it."""
    event_id, intent, override = call.id("event_id"), call.intent(render), call.body.override
    outcome = series_changes.change(
        call.ports, event_id, fields, ways, call.required_tags(), intent, override
    )
    others = series_changes.go_on
    return _whole(
        call,
        intent,
        outcome,
        lambda: others(call.ports, event_id, fields, ways, intent, tuple(override)),
    )


def publish(call: Call, render: Render) -> Reply:
    """Publish the one, and then the others."""
    event_id, intent, reach = call.id("event_id"), call.intent(render), Reach(call.query.scope)
    outcome = series_changes.publish(call.ports, event_id, intent, call.tags())
    others = series_changes.publish_others
    return _whole(call, intent, outcome, lambda: others(call.ports, event_id, reach, intent))


def call_off(call: Call, render: Render) -> Reply:
    """Call the one off, and then the others."""
    event_id, intent, reach = call.id("event_id"), call.intent(render), Reach(call.query.scope)
    reason, tags = call.query.reason, call.required_tags()
    outcome = series_changes.call_off(call.ports, event_id, reason, intent, tags)
    others = series_changes.call_off_others
    return _whole(
        call, intent, outcome, lambda: others(call.ports, event_id, reach, reason, intent)
    )


def _whole(
    call: Call, intent: Intent, outcome: Outcome[Event], others: Callable[[], list[Other]]
) -> Reply:
    """The answer with what became of the others; a replay goes on where the first time stopped."""
    if outcome.answer.get("partial"):
        found = others()
        done = all(each.done or each.problems for each in found)
        answer = {
            "status": 200 if done else 202,
            "headers": outcome.answer["headers"],
            "body": {**outcome.answer["body"], "others": [_shown(call, each) for each in found]},
        }
        outcome = replace(outcome, answer=answer)
        if done:
            complete(call.ports, intent, answer)
    return stored(outcome)


def _shown(call: Call, one: Other) -> dict[str, Any]:
    return {
        "event_id": one.event.event_id,
        "start": present.moment(one.event.starts_at, call.catalog.site.zone),
        "outcome": "changed" if one.done else "refused" if one.problems else "left",
        "errors": present.errors(one.problems, call.catalog, call.language),
    }
