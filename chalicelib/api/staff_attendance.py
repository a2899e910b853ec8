"""What hosts do on the day: see who is expected, and check people in."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from pydantic import ValidationError

from chalicelib.api import attendance_sheet, present_attendance, problems
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.attendance import (
    AttendanceList,
    AttendanceQuery,
    CheckInIn,
    CheckInOut,
    CheckOutQuery,
    FiguresOut,
    LetInIn,
    SheetQuery,
    TicketIn,
    WalkInIn,
)
from chalicelib.domain.errors import Refused
from chalicelib.domain.events import Way
from chalicelib.domain.people import Person
from chalicelib.domain.sheets import Sheet
from chalicelib.domain.signups import SignUp, State
from chalicelib.services import attendance, walk_ins
from chalicelib.services.access import Action
from chalicelib.services.signups import Guest

routes = Routes("staff_attendance")
EVENT = "/v1/staff/events/{event_id}"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHECK_IN = "/v1/staff/signups/{signup_id}/check-in"


@routes.add(
    "GET",
    f"{EVENT}/signups",
    "Who signed up for an event",
    query=AttendanceQuery,
    answers={200: AttendanceList},
    problems=(404,),
    action=Action.RUN,
)
def list_signups(call: Call) -> Reply:
    """The attendance list, by family name as Finnish readers look for it. Who looked at it is noted."""
    query: AttendanceQuery = call.query
    event_id, site = call.id("event_id"), call.catalog.site
    found = attendance.listing(call.ports, event_id)
    place = opened(query.cursor, f"{event_id}\n{call.listed}")
    left = found.shown(
        State(query.state) if query.state else None, after=(place or {}).get("p", "")
    )
    page = list(islice(left, query.limit))
    more = next(left, None) is not None
    filters = ("state",) if query.state else ()
    attendance.note(call.ports, call.actor, event_id, "list-signups", page, filters)
    following = sealed({"p": page[-1].person_id}, f"{event_id}\n{call.listed}") if more else None
    unreached = attendance.unreached(call.ports, page)
    items = [
        present_attendance.expected(
            each, found.place(each), site, unreached.get(each.person_id, "")
        )
        for each in page
    ]
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "GET",
    f"{EVENT}/signups.csv",
    "Who signed up for an event, as CSV",
    query=SheetQuery,
    answers={200: None},
    problems=(404,),
    produces=CSV,
    action=Action.RUN,
)
def as_csv(call: Call) -> Reply:
    """One row a person, with a note on privacy before them, for Excel in Finnish and Swedish: UTF-8 with a
    mark, and semicolons. No cell is a formula. Who took it is noted.
    """
    sheet, headers = _sheet(call, "csv")
    text = call.ports.sheets.as_csv(sheet)
    return Reply(text=text, content_type=f"{CSV}; charset=utf-8", headers=headers, private=True)


@routes.add(
    "GET",
    f"{EVENT}/signups.xlsx",
    "Who signed up for an event, as a workbook",
    query=SheetQuery,
    answers={200: None},
    problems=(404,),
    produces=XLSX,
    action=Action.RUN,
)
def as_xlsx(call: Call) -> Reply:
    """As the CSV; the note is on a page of its own, and every cell is a string."""
    sheet, headers = _sheet(call, "xlsx")
    raw = call.ports.sheets.as_xlsx(sheet, call.ports.clock.now())
    return Reply(raw=raw, content_type=XLSX, headers=headers, private=True)


def _sheet(call: Call, kind: str) -> tuple[Sheet, dict[str, str]]:
    query: SheetQuery = call.query
    event_id, site = call.id("event_id"), call.catalog.site
    language, now = query.language or call.language, call.ports.clock.now()
    found = attendance.listing(call.ports, event_id)
    state = State(query.state) if query.state else None
    wanted = [each for each in found.shown(state) if state or each.live]
    filters = ("state",) if query.state else ()
    attendance.note(call.ports, call.actor, event_id, f"export-{kind}", filters=filters)
    name = attendance_sheet.file_name(found.event, site, language, kind)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": language,
    }
    unreached = attendance.unreached(call.ports, wanted)
    sheet = attendance_sheet.sheet(found.event, wanted, site, language, now, unreached)
    return sheet, headers


@routes.add(
    "GET",
    f"{EVENT}/figures",
    "Counts of an event",
    answers={200: FiguresOut},
    problems=(404,),
    action=Action.RUN,
)
def figures(call: Call) -> Reply:
    """How many come, what they eat and need, and what they chose: without names, for the caterer."""
    event, found = attendance.figures(call.ports, call.id("event_id"))
    return Reply(present_attendance.figures(event, found), private=True)


@routes.add(
    "POST",
    CHECK_IN,
    "Check a party in",
    body=CheckInIn,
    answers={200: CheckInOut},
    problems=(404, 409),
    action=Action.RUN,
)
def check_in(call: Call) -> Reply:
    """Note who of a party is there; who was before stays so. Only of who is confirmed: else `stale-state`."""
    intent = call.intent(rendered(call))
    signup_id, persons = call.id("signup_id"), call.body.persons
    return stored(attendance.check_in(call.ports, signup_id, persons, intent))


@routes.add(
    "DELETE",
    CHECK_IN,
    "Take a check-in back",
    query=CheckOutQuery,
    answers={200: CheckInOut},
    problems=(404, 409),
    action=Action.RUN,
)
def check_out(call: Call) -> Reply:
    """Note who of a party is not there after all."""
    intent = call.intent(rendered(call))
    signup_id, persons = call.id("signup_id"), call.query.persons or None
    return stored(attendance.check_out(call.ports, signup_id, persons, intent))


@routes.add(
    "POST",
    f"{EVENT}/check-in",
    "Check in by a ticket",
    body=TicketIn,
    answers={200: CheckInOut},
    problems=(404, 409),
    action=Action.RUN,
)
def check_in_by_code(call: Call) -> Reply:
    """As checking a party in, by the code of its confirmation: typed, or as a scanner read it."""
    intent = call.intent(rendered(call))
    event_id, body = call.id("event_id"), call.body
    return stored(
        attendance.check_in_by_code(call.ports, event_id, body.code, body.persons, intent)
    )


@routes.add(
    "POST",
    f"{EVENT}/walk-ins",
    "Let in somebody who has not signed up",
    body=WalkInIn,
    answers={201: CheckInOut},
    problems=(404, 409),
    action=Action.RUN,
)
def walk_in(call: Call) -> Reply:
    """Sign up and check in whoever stands at the door, also past the window; `event-full` may be overridden."""
    intent = call.intent(rendered(call, 201))
    return stored(walk_ins.walk_in(call.ports, walk_in_of(call.id("event_id"), call.body), intent))


@routes.add(
    "POST",
    "/v1/staff/signups/{signup_id}/let-in",
    "Let in a party that has no seat yet",
    body=LetInIn,
    answers={200: CheckInOut},
    problems=(404, 409),
    action=Action.RUN,
)
def let_in(call: Call) -> Reply:
    """Confirm and check in who waits, was offered a seat or has not proved an address, and is at the door."""
    intent = call.intent(rendered(call))
    signup_id, override = call.id("signup_id"), tuple(call.body.override)
    return stored(walk_ins.let_in(call.ports, signup_id, override, intent))


def walk_in_of(event_id: str, body: WalkInIn) -> walk_ins.WalkIn:
    """The body of a walk-in as a request."""
    return walk_ins.WalkIn(
        event_id,
        Person(body.name, body.email or "", body.organisation, body.language),
        Way(body.way),
        tuple(
            Guest(each.name, diet=each.diet, accessibility=each.accessibility)
            for each in body.guests
        ),
        body.diet,
        body.accessibility,
        tuple(body.override),
    )


def walk_in_of_form(event_id: str, values: dict[str, Any]) -> walk_ins.WalkIn:
    """The same of a page's form. Raises Refused with everything that is wrong."""
    try:
        body = WalkInIn.model_validate(values)
    except ValidationError as error:
        raise Refused(problems.from_validation(error)) from error
    return walk_in_of(event_id, body)


def rendered(call: Call, status: int = 200) -> Callable[[SignUp], dict[str, Any]]:
    """How a party is answered."""

    def render(signup: SignUp) -> dict[str, Any]:
        body = present_attendance.checked(signup, call.catalog.site)
        headers = {}
        if status == 201:
            base = call.catalog.site.base_url
            headers["Location"] = f"{base}/v1/signups/{signup.signup_id}"
        return {"status": status, "headers": headers, "body": body}

    return render
