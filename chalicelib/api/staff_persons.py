"""Who is who, over HTTP: staff see people and invite partners, admins say who is a host."""

from collections.abc import Callable
from typing import Any

from chalicelib.api import erasing, present
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.erasing import ErasureOut, ErasureQuery
from chalicelib.api.schemas.persons import (
    InvitationIn,
    PersonList,
    PersonsQuery,
    StaffPersonOut,
    StandingPatch,
)
from chalicelib.domain.people import Person, Role
from chalicelib.services import persons
from chalicelib.services.access import Action
from chalicelib.services.persons import PersonChange, PersonView, Wanted

routes = Routes("staff_persons")
ALL, ONE = "/v1/staff/persons", "/v1/staff/persons/{person_id}"


@routes.add(
    "GET",
    ALL,
    "People with a role or an invitation",
    query=PersonsQuery,
    answers={200: PersonList},
    action=Action.SEE_PEOPLE,
)
def list_persons(call: Call) -> Reply:
    """Hosts, admins and partners, also those whose invitation is over; or whoever has an address.

    A page may hold fewer than asked for, or none, and still have a next one.
    """
    query: PersonsQuery = call.query
    wanted = Wanted(query.email, Role(query.role) if query.role else None)
    place = opened(query.cursor, call.listed)
    page = persons.find(call.ports, wanted, query.limit, place, call.actor)
    items = [present.person(each, call.catalog) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    ALL,
    "Invite a partner",
    body=InvitationIn,
    answers={201: StaffPersonOut},
    tagged=True,
    problems=(409,),
    action=Action.INVITE,
)
def invite(call: Call) -> Reply:
    """Invite somebody in person until a day; a mail tells them. Who is known already is invited anew."""
    body: InvitationIn = call.body
    until = call.day("/partner_until", body.partner_until)
    person = Person(body.name, body.email, body.organisation, body.language)
    intent = call.intent(_rendered(call, 201))
    return stored(persons.invite(call.ports, person, until, intent))


@routes.add(
    "GET",
    ONE,
    "A person",
    answers={200: StaffPersonOut},
    tagged=True,
    action=Action.SEE_PEOPLE,
)
def get(call: Call) -> Reply:
    """A person who has logged in or was invited. That one looked is noted."""
    found = persons.get(call.ports, call.id("person_id"), call.actor)
    return Reply(present.person(found, call.catalog), etag=persons.etag(found), private=True)


@routes.add(
    "PATCH",
    ONE,
    "Change what a person is",
    body=StandingPatch,
    answers={200: StaffPersonOut},
    conditional=True,
    tagged=True,
    problems=(409, 412, 428),
    action=Action.INVITE,
)
def change(call: Call) -> Reply:
    """Change how long somebody is a partner, or (admins only) their role. Their sessions end.

    With another role, their own API keys die as well. The last admin stays one.
    """
    body: StandingPatch = call.body
    until = body.partner_until
    wanted = PersonChange(
        tuple(name for name in ("partner_until", "role") if name in body.model_fields_set),
        call.day("/partner_until", until) if until else None,
        Role(body.role) if body.role else None,
    )
    person_id, tags = call.id("person_id"), call.required_tags()
    intent = call.intent(_rendered(call, 200), meant=wanted)
    return stored(persons.change(call.ports, person_id, wanted, tags, intent))


@routes.add(
    "DELETE",
    ONE,
    "Forget a person",
    query=ErasureQuery,
    answers={202: ErasureOut},
    problems=(404, 409),
    action=Action.GRANT,
)
def forget(call: Call) -> Reply:
    """Forget a person who asked for it, as they may themselves. Asked again, it says how far it is."""
    return erasing.forgotten(call, call.id("person_id"))


def _rendered(call: Call, status: int) -> Callable[[PersonView], dict[str, Any]]:
    def render(view: PersonView) -> dict[str, Any]:
        headers = {"ETag": persons.etag(view)}
        if status == 201:
            base = call.catalog.site.base_url
            headers["Location"] = f"{base}/v1/staff/persons/{view.profile.person_id}"
        return {"status": status, "headers": headers, "body": present.person(view, call.catalog)}

    return render
