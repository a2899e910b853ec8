"""Events that come again, over HTTP."""

from dataclasses import replace
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.series import SeriesIn, SeriesOut
from chalicelib.domain.events import Event
from chalicelib.services import event_series
from chalicelib.services.access import Action
from chalicelib.services.event_series import Occurrence, Series
from chalicelib.services.writing import complete

routes = Routes("staff_event_series")
PATH = "/v1/staff/events/{event_id}/series"


@routes.add(
    "POST",
    PATH,
    "Let an event come again",
    body=SeriesIn,
    answers={200: SeriesOut, 202: SeriesOut},
    problems=(404, 409),
    action=Action.RUN,
)
def make(call: Call) -> Reply:
    """Make single events of a rule, drafts like this one. 200 when every date was tried.

    202 where some are left; the same rule again makes what is missing, and nothing twice.
    """
    body: SeriesIn = call.body
    event_id, intent = call.id("event_id"), call.intent(_begun)
    outcome = event_series.begin(call.ports, event_id, body.rrule, intent)
    if outcome.answer.get("partial"):
        series = event_series.go_on(call.ports, event_id, intent, body.override)
        shown = {"status": 200 if series.done else 202, "headers": {}, "body": _shown(call, series)}
        outcome = replace(outcome, answer=shown)
        if series.done:
            complete(call.ports, intent, shown)
    return stored(outcome)


@routes.add(
    "GET",
    PATH,
    "The events of a series",
    answers={200: SeriesOut},
    problems=(404,),
    action=Action.RUN,
)
def read(call: Call) -> Reply:
    """Every date of the series that an event belongs to, with the event that there is of it."""
    series = event_series.look(call.ports, call.id("event_id"))
    return Reply(_shown(call, series, "missing"), private=True)


def _begun(event: Event) -> dict[str, Any]:
    return {"partial": True, "body": {"series_id": event.event_id}}


def _shown(call: Call, series: Series, absent: str = "left") -> dict[str, Any]:
    return {
        "series_id": series.first.event_id,
        "rrule": series.first.rrule,
        "done": series.done,
        "items": [_occurrence(call, each, absent) for each in series.others],
    }


def _occurrence(call: Call, one: Occurrence, absent: str) -> dict[str, Any]:
    state = one.event.state.value if one.event else "refused" if one.problems else absent
    return {
        "start": present.moment(one.starts_at, call.catalog.site.zone),
        "event_id": one.event.event_id if one.event else None,
        "state": state,
        "errors": present.errors(one.problems, call.catalog, call.language),
    }
