"""What staff do with events: write, publish, change and call them off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.api import present_events, series_scope
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.api.schemas.events import (
    CallOffQuery,
    EventIn,
    EventPatch,
    QuestionIn,
    ReachQuery,
    ScopeQuery,
    StaffEventList,
    StaffEventOut,
    StaffEventsQuery,
)
from chalicelib.domain.errors import refuse
from chalicelib.domain.events import Event, State, Way, seats
from chalicelib.domain.programmes import Programme, edited
from chalicelib.domain.questions import Choice, Kind, Question, check_questions
from chalicelib.services import event_listing, events
from chalicelib.services.access import Action

routes = Routes("staff_events")
ONE = "/v1/staff/events/{event_id}"
TIMES = {
    "start": "starts_at",
    "end": "ends_at",
    "opens_at": "opens_at",
    "closes_at": "closes_at",
    "promote_until": "promote_until",
}
SAID = ("description", "space_id", "address", "remote_link", "contact", "feedback_link")
MINUTES = {
    "offers_within_minutes": "offers_within",
    "offer_minutes": "offer_time",
    "hold_minutes": "hold_time",
}


@routes.add(
    "GET",
    "/v1/staff/events",
    "Events and drafts of a range",
    query=StaffEventsQuery,
    answers={200: StaffEventList},
    action=Action.RUN,
)
def list_events(call: Call) -> Reply:
    """Events that overlap a range, by start, drafts too."""
    query: StaffEventsQuery = call.query
    starts_at, ends_at = call.instants(("/from", query.from_), ("/to", query.to))
    state = State(query.state) if query.state else None
    wanted = event_listing.Wanted(starts_at, ends_at, state=state, drafts=True)
    place = opened(query.cursor, call.listed)
    page = event_listing.overlapping(call.ports, wanted, query.limit, place)
    items = [_shown(call, each) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    "/v1/staff/events",
    "Write an event",
    body=EventIn,
    answers={201: StaffEventOut},
    tagged=True,
    problems=(409,),
    action=Action.RUN,
)
def create(call: Call) -> Reply:
    """Write an event: a draft, which nobody else sees until it is published. Its place is booked."""
    body: EventIn = call.body
    fields, ways = _fields(call, body), _ways(body)
    if not ways:
        raise refuse("invalid-request", "/room", why="missing")
    now = call.ports.clock.now()
    if fields["starts_at"] <= now:
        raise refuse("in-the-past", "/start")
    fields = {"opens_at": now, "closes_at": fields["starts_at"]} | fields
    fields["programme"] = edited(Programme(), fields["programme"])
    made = {way: seats(**{"limit": None, **named}) for way, named in ways.items()}
    event = Event(event_id=call.ports.clock.new_id("e"), ways=made, **fields)
    intent = call.intent(rendered(call, 201))
    return stored(events.create(call.ports, event, intent, body.override))


@routes.add(
    "GET",
    ONE,
    "An event or a draft",
    answers={200: StaffEventOut},
    tagged=True,
    problems=(404,),
    action=Action.RUN,
)
def read(call: Call) -> Reply:
    """An event as it is now, with what its counters say. Its ETag is of what staff edit."""
    event = event_listing.of_staff(call.ports, call.id("event_id"))
    return Reply(_shown(call, event), headers={"ETag": events.etag(event)}, private=True)


@routes.add(
    "PATCH",
    ONE,
    "Change an event",
    query=ScopeQuery,
    body=EventPatch,
    answers={200: StaffEventOut, 202: StaffEventOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.RUN,
)
def change(call: Call) -> Reply:
    """Change an event. Fewer seats remove nobody; more go to those who wait, in order.

    `scope=from-here` changes those of its series after it, too: 200 when each was tried, 202 where some are left.
    """
    fields, ways = _fields(call, call.body), _ways(call.body)
    event_id, tags = call.id("event_id"), call.required_tags()
    override = call.body.override
    if call.query.scope == "from-here":
        return series_scope.change(call, fields, ways, _rendered_in_part(call))
    intent = call.intent(rendered(call, 200))
    return stored(events.change(call.ports, event_id, fields, ways, tags, intent, override))


@routes.add(
    "POST",
    f"{ONE}/publish",
    "Publish an event",
    query=ReachQuery,
    body=EmptyIn,
    answers={200: StaffEventOut, 202: StaffEventOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412),
    action=Action.RUN,
)
def publish(call: Call) -> Reply:
    """Let everybody see a draft.

    `scope=from-here` publishes those of its series after it, too, and `scope=all` those before it as well, as far as they are
    drafts and not over: 200 when each was tried, 202 where some are left.
    """
    if call.query.scope != "this":
        return series_scope.publish(call, _rendered_in_part(call))
    intent = call.intent(rendered(call, 200))
    return stored(events.publish(call.ports, call.id("event_id"), intent, call.tags()))


@routes.add(
    "DELETE",
    ONE,
    "Call an event off",
    query=CallOffQuery,
    answers={200: StaffEventOut, 202: StaffEventOut},
    conditional=True,
    tagged=True,
    problems=(404, 412, 428),
    action=Action.RUN,
)
def call_off(call: Call) -> Reply:
    """Cancel; everybody who signed up is told. One that is cancelled already is answered as it is.

    `scope` is that of publishing; of others, those that are not over are called off.
    """
    if call.query.scope != "this":
        return series_scope.call_off(call, _rendered_in_part(call))
    intent = call.intent(rendered(call, 200))
    reason, tags = call.query.reason, call.required_tags()
    return stored(events.call_off(call.ports, call.id("event_id"), reason, intent, tags))


def _shown(call: Call, event: Event) -> dict[str, Any]:
    return present_events.for_staff(event, call.catalog.site, call.ports.clock.now())


def rendered(call: Call, status: int) -> Callable[[Event], dict[str, Any]]:
    """What makes the answer of a write of an event."""

    def render(event: Event) -> dict[str, Any]:
        headers = {"ETag": events.etag(event)}
        if status == 201:
            base = call.catalog.site.base_url
            headers["Location"] = f"{base}/v1/staff/events/{event.event_id}"
        return {"status": status, "headers": headers, "body": _shown(call, event)}

    return render


def _rendered_in_part(call: Call) -> Callable[[Event], dict[str, Any]]:
    """As `rendered`, of what is whole only when those after it have been tried."""
    render = rendered(call, 200)
    return lambda event: {**render(event), "partial": True}


def _fields(call: Call, body: EventPatch) -> dict[str, Any]:
    """What a body sets, in the terms of `revised`. Raises Refused."""
    given = body.model_dump(mode="json", exclude_unset=True)
    named = [name for name in TIMES if given.get(name)]
    instants = call.instants(*((f"/{name}", given[name]) for name in named))
    fields: dict[str, Any] = dict(zip((TIMES[name] for name in named), instants, strict=True))
    if "promote_until" in given and given["promote_until"] is None:
        fields["promote_until"] = None  # the start
    for name, field in MINUTES.items():
        if given.get(name) is not None:
            fields[field] = timedelta(minutes=given[name])
    plain = ("group_size", "title", "asks_diet", "asks_accessibility")
    fields |= {name: given[name] for name in plain if given.get(name) is not None}
    fields |= _asked(body)
    if given.get("reminders") is not None:
        fields["reminders"] = tuple(dict.fromkeys(given["reminders"]))  # each once
    fields["programme"] = {name: given[name] for name in SAID if given.get(name) is not None}
    space_id = given.get("space_id")
    if space_id and call.catalog.active(space_id) is None:
        raise refuse("unknown-space", "/space_id", space_id=space_id)
    return fields


def _asked(body: EventPatch) -> dict[str, Any]:
    """Whom an event is for and what it asks of them, as far as a body says. Raises Refused."""
    fields: dict[str, Any] = {}
    if body.audience is not None:
        fields["audience"] = tuple(dict.fromkeys(body.audience))
    if body.questions is not None:
        fields["questions"] = tuple(_question(each) for each in body.questions)
        check_questions(fields["questions"])
    return fields


def _question(one: QuestionIn) -> Question:
    choices = tuple(Choice(each.id, each.text.model_dump()) for each in one.choices)
    return Question(one.id, Kind(one.kind), one.text.model_dump(), one.required, choices)


def _ways(body: EventPatch) -> dict[Way, dict[str, Any]]:
    """Of the ways that a body names, what it says of their seats."""
    asked = {Way.ROOM: body.room, Way.REMOTE: body.remote}
    return {
        way: one.model_dump(exclude_unset=True) for way, one in asked.items() if one is not None
    }
