"""Everybody who can ask, and a well-formed request for every operation: one line each, here and nowhere else.

A new operation gets its line in OPERATIONS: what is done, with which body or query, and (`also`) what
else than a success it is answered with here, where somebody may.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chalicelib.domain.logins import digest_of
from chalicelib.domain.messages import State
from chalicelib.domain.people import Role, Scope
from chalicelib.services import links
from chalicelib.services.access import Action
from chalicelib.services.opening import bearer_of
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api, booking
from tests.api.every import EVERY
from tests.builders import ADMIN as ADMIN_ACTOR
from tests.builders import a_key, a_profile
from tests.form_tokens import form_token
from tests.rights import (
    ADMIN,
    ADMIN_S_KEY,
    BOOKER,
    HOST,
    HOST_S_KEY,
    LINK,
    LINKS,
    NOBODY,
    PARTNER,
    PERSON,
    READER,
    SIGNUP_LINK,
    SYSTEM,
)

OTHER = "another person"
OWN, FOREIGN, UNKNOWN = "own", "foreign", "unknown"
DAY, RANGE = "2026-12-02", "?from=2026-12-02&to=2026-12-03"
READER_KEY, SYSTEM_KEY = "lab.k_reads.reads-key", "lab.k_runs.runs-key"
ADMIN_KEY = "lab.k_admin.p_admin.admin-key"
TITLE, NOTES, LABEL = "Salainen hanke", "Tuolit piiriin", "Salainen kalenteri"
TEXTS = ("Eero", "Eskola", TITLE, NOTES, LABEL)
PEOPLE: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    PERSON: ("aino.aalto@gov.fi", "Aino Aalto", {}),
    PARTNER: ("pia.peltola@partner.example", "Pia Peltola", {"partner_until": date(2027, 6, 30)}),
    HOST: ("sami.salo@tyo2lab.fi", "Sami Salo", {"granted": Role.STAFF}),
    ADMIN: ("aava.admin@tyo2lab.fi", "Aava Admin", {"granted": Role.ADMIN}),
    OTHER: ("eero.eskola@gov.fi", "Eero Eskola", {}),
}
WRONG = "somebody with a wrong key"
KEYS = {
    WRONG: "lab.k_form.wrong-key",
    READER: READER_KEY,
    BOOKER: FORM_KEY,
    SYSTEM: SYSTEM_KEY,
    HOST_S_KEY: STAFF_KEY,
    ADMIN_S_KEY: ADMIN_KEY,
}


@dataclass(frozen=True)
class Ask:
    """A well-formed request: `body` is JSON, or a form where a page takes it."""

    action: Action
    body: Mapping[str, Any] | None = None
    query: str = ""
    also: tuple[int, ...] = ()
    of_nothing: tuple[int, ...] = (404,)  # the answer where there is no such thing


BOOK = booking("studio", title="Jonkun muun")
INVITED = {
    "name": "Uusi Kumppani",
    "email": "uusi@partner.example",
    "partner_until": "2027-06-30",
}
CLOSED = {"space_ids": ["pod"], "start": "2026-12-10", "end": "2026-12-11"}
EVENT = {
    "title": {"fi": "Ideapaja"},
    "start": "2026-12-10T09:00",
    "end": "2026-12-10T11:00",
    "room": {"limit": 20},
}
SIGNED_UP = {"person": {"name": "Ilo Ilola", "email": "ilo.ilola@gov.fi"}, "accept_terms": True}
COLLEAGUE = {"person": {"name": "Kai Kollega", "email": "kai.kollega@gov.fi"}}
BUSY = {"from": DAY, "to": "2026-12-03", "resources": ["pod"]}
NOT_A_CODE = {"code": "23456789"}
# "method path": what is done, its body or query, and what else it is answered with here.
OPERATIONS: Mapping[str, Ask] = {
    "GET /v1/health": Ask(Action.LOOK),
    "GET /v1/openapi.json": Ask(Action.LOOK),
    "GET /v1/spaces": Ask(Action.LOOK),
    "GET /v1/spaces/{space_id}": Ask(Action.LOOK),
    "GET /v1/spaces/{space_id}/calendar.ics": Ask(Action.LOOK),
    "GET /v1/spaces/{space_id}/freebusy.ics": Ask(Action.LOOK),
    "GET /v1/availability": Ask(Action.LOOK, query=RANGE),
    "GET /v1/freebusy": Ask(Action.LOOK, query=f"{RANGE}&resources=pod"),
    "POST /v1/freebusy": Ask(Action.LOOK, BUSY),
    "POST /v1/bookings/preview": Ask(Action.BOOK, BOOK),
    "POST /v1/bookings": Ask(Action.BOOK, BOOK),
    "GET /v1/bookings/{booking_id}": Ask(Action.READ_BOOKING),
    "GET /v1/bookings/{booking_id}/booking.ics": Ask(Action.READ_BOOKING),
    "PATCH /v1/bookings/{booking_id}": Ask(Action.CHANGE_BOOKING, {"title": "Muutos"}),
    "DELETE /v1/bookings/{booking_id}": Ask(Action.CANCEL_BOOKING),
    "POST /v1/bookings/{booking_id}/confirm": Ask(
        Action.CONFIRM, NOT_A_CODE, also=(422,), of_nothing=(422,)
    ),
    "POST /v1/bookings/{booking_id}/code": Ask(Action.CONFIRM, {}, of_nothing=(202,)),
    "POST /v1/auth/links": Ask(Action.ENTER, {"email": "uusi@gov.fi"}),
    "POST /v1/auth/session": Ask(Action.ENTER, NOT_A_CODE, also=(422,)),
    "DELETE /v1/auth/session": Ask(Action.ENTER, also=(404,)),  # a key has none
    "GET /v1/me": Ask(Action.OWN),
    "PATCH /v1/me": Ask(Action.OWN, {"organisation": "VM"}),
    "DELETE /v1/me": Ask(Action.OWN, query="?confirm=true", also=(409,)),  # the last admin stays
    "GET /v1/me/bookings": Ask(Action.OWN),
    "GET /v1/me/signups": Ask(Action.OWN),
    "GET /v1/me/export": Ask(Action.OWN),
    "GET /v1/me/feeds": Ask(Action.OWN),
    "POST /v1/me/feeds": Ask(Action.OWN, {"label": "Oma"}),
    "DELETE /v1/me/feeds/{feed_id}": Ask(Action.OWN),
    "GET /v1/feeds/{token}/calendar.ics": Ask(Action.ENTER),
    "GET /v1/staff/bookings": Ask(Action.RUN, query=RANGE),
    "POST /v1/staff/bookings/{booking_id}/approve": Ask(Action.RUN, {}, also=(409,)),
    "POST /v1/staff/bookings/{booking_id}/deny": Ask(Action.RUN, {"reason": "Ei"}, also=(409,)),
    "GET /v1/staff/spaces": Ask(Action.RUN),
    "POST /v1/staff/spaces": Ask(Action.RUN, {"space_id": "attic", "name": {}}),
    "GET /v1/staff/spaces/{space_id}": Ask(Action.RUN),
    "PATCH /v1/staff/spaces/{space_id}": Ask(Action.RUN, {"capacity": 3}),
    "GET /v1/staff/settings": Ask(Action.RUN),
    "PATCH /v1/staff/settings": Ask(Action.RUN, {"hold_minutes": 5}),
    "GET /v1/staff/closures": Ask(Action.RUN),
    "POST /v1/staff/closures": Ask(Action.RUN, CLOSED),
    "GET /v1/staff/closures/{closure_id}": Ask(Action.RUN),
    "DELETE /v1/staff/closures/{closure_id}": Ask(Action.RUN),
    "GET /v1/events": Ask(Action.LOOK, query=RANGE),
    "GET /v1/events/{event_id}": Ask(Action.LOOK),
    "GET /v1/events.ics": Ask(Action.LOOK),
    "GET /v1/events/{event_id}/event.ics": Ask(Action.LOOK),
    "POST /v1/events/{event_id}/signups": Ask(Action.BOOK, SIGNED_UP),
    "GET /v1/signups/{signup_id}": Ask(Action.READ_SIGNUP),
    "GET /v1/signups/{signup_id}/ticket": Ask(Action.READ_SIGNUP, also=(409,)),
    "PATCH /v1/signups/{signup_id}": Ask(Action.CHANGE_SIGNUP, {"diet": "Vegaani"}),
    "DELETE /v1/signups/{signup_id}": Ask(Action.CHANGE_SIGNUP),
    "POST /v1/signups/{signup_id}/confirm": Ask(
        Action.CONFIRM, NOT_A_CODE, also=(422,), of_nothing=(422,)
    ),
    "POST /v1/signups/{signup_id}/code": Ask(Action.CONFIRM, {}, of_nothing=(202,)),
    "POST /v1/signups/{signup_id}/accept": Ask(Action.CHANGE_SIGNUP, {}),
    "POST /v1/signups/{signup_id}/decline": Ask(Action.CHANGE_SIGNUP, {}, also=(409,)),
    "POST /v1/signups/{signup_id}/hand-over": Ask(Action.CHANGE_SIGNUP, COLLEAGUE),
    "POST /v1/staff/signups/{signup_id}/move-up": Ask(Action.RUN, {}, also=(409,)),
    "GET /v1/staff/events": Ask(Action.RUN, query=RANGE),
    "POST /v1/staff/events": Ask(Action.RUN, EVENT),
    "GET /v1/staff/events/{event_id}": Ask(Action.RUN),
    "PATCH /v1/staff/events/{event_id}": Ask(Action.RUN, {"group_size": 2}),
    "DELETE /v1/staff/events/{event_id}": Ask(Action.RUN),
    "POST /v1/staff/events/{event_id}/publish": Ask(Action.RUN, {}, also=(409,)),
    "POST /v1/staff/events/{event_id}/copies": Ask(Action.RUN, {"start": "2026-12-17T09:00"}),
    "GET /v1/staff/events/{event_id}/series": Ask(Action.RUN, also=(404,)),
    "POST /v1/staff/events/{event_id}/series": Ask(Action.RUN, {"rrule": "FREQ=WEEKLY;COUNT=2"}),
    "POST /v1/staff/events/{event_id}/signups/batch": Ask(
        Action.RUN, {"people": [{"person": COLLEAGUE["person"]}]}
    ),
    "POST /v1/staff/events/{event_id}/notices": Ask(
        Action.RUN, {"subject": {"fi": "Hei"}, "text": {"fi": "Tervetuloa!"}}
    ),
    "GET /v1/staff/events/{event_id}/notices": Ask(Action.RUN),
    "GET /v1/staff/events/{event_id}/signups": Ask(Action.RUN),
    "GET /v1/staff/events/{event_id}/signups.csv": Ask(Action.RUN),
    "GET /v1/staff/events/{event_id}/signups.xlsx": Ask(Action.RUN),
    "GET /v1/staff/events/{event_id}/figures": Ask(Action.RUN),
    "POST /v1/staff/events/{event_id}/check-in": Ask(
        Action.RUN, {**NOT_A_CODE}, also=(422,), of_nothing=(422,)
    ),
    "POST /v1/staff/events/{event_id}/walk-ins": Ask(Action.RUN, {"name": "Outi Ohikulkija"}),
    "POST /v1/staff/signups/{signup_id}/check-in": Ask(Action.RUN, {}),
    "POST /v1/staff/signups/{signup_id}/let-in": Ask(Action.RUN, {}, also=(409,)),
    "DELETE /v1/staff/signups/{signup_id}/check-in": Ask(Action.RUN),
    "GET /v1/staff/outbox": Ask(Action.RUN),
    "POST /v1/staff/outbox/{message_id}/send": Ask(Action.RUN, {}),
    "GET /v1/staff/mails/{kind}": Ask(Action.RUN),
    "POST /v1/staff/addresses/trust": Ask(Action.RUN, {"email": "eero.eskola@gov.fi"}),
    "GET /v1/staff/audit": Ask(Action.AUDIT, query="?subject=booking%23b_1"),
    "GET /v1/staff/keys": Ask(Action.GRANT),
    "POST /v1/staff/keys": Ask(Action.GRANT, {"label": "Uusi", "scopes": ["book"]}),
    "DELETE /v1/staff/keys/{key_id}": Ask(Action.GRANT),
    "GET /v1/staff/persons": Ask(Action.SEE_PEOPLE, query="?email=eero.eskola@gov.fi"),
    "POST /v1/staff/persons": Ask(Action.INVITE, INVITED),
    "GET /v1/staff/persons/{person_id}": Ask(Action.SEE_PEOPLE),
    "PATCH /v1/staff/persons/{person_id}": Ask(Action.INVITE, {"partner_until": "2027-06-30"}),
    "DELETE /v1/staff/persons/{person_id}": Ask(Action.GRANT, query="?confirm=true"),
    # The pages.
    "GET /": Ask(Action.LOOK),
    "GET /docs": Ask(Action.LOOK),
    "GET /problems": Ask(Action.LOOK),
    "GET /problems/{name}": Ask(Action.LOOK),
    "GET /static/style.css": Ask(Action.LOOK),
    "GET /book": Ask(Action.LOOK),
    "GET /events": Ask(Action.LOOK),
    "GET /events.atom": Ask(Action.LOOK),
    "GET /events/{event_id}": Ask(Action.LOOK),
    "POST /book": Ask(Action.LOOK, {}),
    "GET /login": Ask(Action.ENTER),
    "POST /login": Ask(Action.ENTER, {"email": "uusi@gov.fi"}),
    "GET /login/code": Ask(Action.ENTER),
    "POST /login/code": Ask(Action.ENTER, NOT_A_CODE, also=(422,)),
    "GET /login/{login_id}/{token}": Ask(Action.ENTER, of_nothing=(200,)),
    "POST /login/{login_id}/{token}": Ask(Action.ENTER, {}, also=(422,), of_nothing=(422,)),
    "POST /login/provider": Ask(Action.ENTER, {}, also=(404,)),  # there is none here
    "GET /login/callback": Ask(Action.ENTER, also=(404, 422)),
    "POST /logout": Ask(Action.ENTER, {}),
    "GET /me": Ask(Action.OWN),
    "POST /me": Ask(Action.OWN, {"name": "Aino", "language": "fi", "seen": '"1"'}, also=(409,)),
    "GET /me/erase": Ask(Action.OWN),
    "POST /me/erase": Ask(Action.OWN, {"confirm": "on"}, also=(409,)),
    "POST /me/feeds": Ask(Action.OWN, {"label": "Oma"}),
    "POST /me/feeds/{feed_id}": Ask(Action.OWN, {}),
    "GET /manage/{booking_id}/{token}": Ask(Action.ENTER),
    "POST /manage/{booking_id}/{token}": Ask(Action.ENTER, {"action": "cancel"}),
    "GET /staff/events": Ask(Action.RUN),
    "GET /staff/events/{event_id}": Ask(Action.RUN),
    "POST /staff/events/{event_id}": Ask(Action.RUN, {"do": "walk-in", "name": "Outi"}),
    "GET /staff/events/{event_id}/notices": Ask(Action.RUN),
    "POST /staff/events/{event_id}/notices": Ask(
        Action.RUN, {"subject_fi": "Hei", "text_fi": "Tervetuloa!"}
    ),
    "GET /staff/tickets/{signup_id}/{token}": Ask(Action.RUN),
    "GET /decide/{booking_id}/{token}": Ask(Action.ENTER),
    "POST /decide/{booking_id}/{token}": Ask(Action.ENTER, {"action": "approve"}),
    "GET /confirm/{booking_id}": Ask(Action.ENTER, of_nothing=(200,)),
    "POST /confirm/{booking_id}": Ask(Action.ENTER, NOT_A_CODE, also=(409,), of_nothing=(409,)),
    "GET /events/{event_id}/signup": Ask(Action.LOOK),
    "POST /events/{event_id}/signup": Ask(Action.LOOK, {}),
    "GET /signup/{signup_id}/{token}": Ask(Action.ENTER),
    "POST /signup/{signup_id}/{token}": Ask(Action.ENTER, {"action": "leave"}),
    "GET /prove/{signup_id}": Ask(Action.ENTER, of_nothing=(200,)),
    "POST /prove/{signup_id}": Ask(Action.ENTER, NOT_A_CODE, also=(409,), of_nothing=(409,)),
    "GET /unsubscribe/{person_id}/{token}": Ask(Action.ENTER),
    "POST /unsubscribe/{person_id}/{token}": Ask(Action.ENTER, {}),
}


class Scene:
    """The Lab with everybody in it; what somebody has is made when it is asked for."""

    def __init__(self, api: Api) -> None:
        self.api = api
        api.store.api_keys |= {
            "k_reads": a_key(READER_KEY, (Scope.AVAILABILITY,), label=LABEL),
            "k_runs": a_key(SYSTEM_KEY, (Scope.STAFF,)),
            "k_admin": a_key(ADMIN_KEY, (Scope.STAFF,), owner_id="p_admin"),
        }
        api.store.profiles["p_admin"] = a_profile(ADMIN_ACTOR.person, "p_admin", granted=Role.ADMIN)
        api.store.suppressed[api.person_id(PEOPLE[OTHER][0])] = "Permanent"
        self._made: dict[tuple[str, str], str] = {}

    def ask(self, name: str, who: str, whose: str = OWN) -> Answer:
        """The answer to a well-formed request for an operation, about somebody's thing."""
        operation, ask = EVERY[name], OPERATIONS[name]
        sent = dict(self.headers(who))
        address = self.address(operation.path, who, whose) + ask.query
        if operation.tag != "pages":
            body = dict(ask.body) if ask.body is not None else None
            if body and who in PEOPLE and ask.action is Action.BOOK:
                body.pop("person", None)  # a session is its own person
            return self.api(operation.method, address, body, If_Match="*", **sent)
        if operation.method == "GET":
            return self.api("GET", address, Accept="text/html", **sent)
        session = sent.get("Cookie", "").partition("=")[2]
        token = form_token(digest_of(session) if session else "anybody")
        form = {"form_token": token, **(ask.body or {})}
        return self.api("POST", address, form=form, Accept="text/html", **sent)

    def address(self, path: str, who: str, whose: str) -> str:
        """The address of somebody's own thing, of another's, or of none."""
        named = [name for name in re.findall(r"{(\w+)}", path) if name != "token"]
        things = {name: self._once(name, who, whose) for name in named}
        if "{token}" in path:
            things["token"] = self._token(path, things, who, whose)
        return path.format(**things)

    def headers(self, who: str) -> dict[str, str]:
        """What somebody shows of who they are."""
        if who in PEOPLE:
            return {"Cookie": self._once("cookie", who, OWN), **OURS}
        key = KEYS.get(who)
        if who == LINK:
            key = bearer_of(*self._link("booking_id", "manage"))
        elif who == SIGNUP_LINK:
            key = bearer_of(*self._link("signup_id", "signup"), "signup")
        return {"Authorization": f"Bearer {key}"} if key else {}

    def secrets(self, address: str) -> list[str]:
        """What is somebody else's, but for what was asked for."""
        made = [
            self._made.get((name, OTHER))
            for name in ("booking_id", "signup_id", "feed_id", "message_id")
        ]
        found = [*TEXTS, self.api.person_id(PEOPLE[OTHER][0]), *filter(None, made)]
        return [each for each in found if each not in address]

    def _once(self, name: str, who: str, whose: str) -> str:
        if whose == UNKNOWN:
            return f"{name[0]}_nothing"
        owner = OTHER if whose == FOREIGN or who not in OWNING[name] else who
        key = (name, PERSON if owner in LINKS else owner)
        if key not in self._made:
            self._made[key] = MAKERS[name](self, key[1])
        return self._made[key]

    def _link(self, name: str, purpose: str) -> tuple[str, str]:
        thing = self._once(name, PERSON, OWN)
        return thing, links.token_of(self.api.ports, purpose, thing)

    def _token(self, path: str, things: Mapping[str, str], who: str, whose: str) -> str:
        """The secret part of a link's address; a wrong one of what there is not."""
        purpose = path.split("/")[1]
        if purpose == "v1":
            return self._once("feed", who, whose).ljust(64, "0")
        if whose == UNKNOWN or purpose == "login":
            return "0" * (64 if purpose == "login" else 48)
        if purpose == "staff":
            return links.ticket_code(self.api.ports, things["signup_id"])
        return links.token_of(self.api.ports, purpose, next(iter(things.values())))

    def logs_in(self, who: str) -> str:
        email, name, known = PEOPLE[who]
        return self.api.logs_in(email, name, **known)

    def books(self, who: str) -> str:
        hour = 8 + sum(name == "booking_id" for name, _ in self._made)
        times = {"start": f"{DAY}T{hour:02}:00", "end": f"{DAY}T{hour + 1:02}:00"}
        told = {"title": TITLE, "notes": NOTES} if who == OTHER else {}
        person = ... if who in PEOPLE else {"name": "Outi Oma", "email": "outi.oma@gov.fi"}
        body = booking(person=person, **times, **told)
        answer = self.api("POST", "/v1/bookings", body, **self.headers(who))
        assert answer.status == 201, answer.text
        return str(answer.json["booking_id"])

    def makes_a_feed(self, who: str) -> str:
        label = LABEL if who == OTHER else "Oma"
        answer = self.api("POST", "/v1/me/feeds", {"label": label}, **self.headers(who))
        self._made["feed", who] = answer.json["url"].split("/")[-2]
        return str(answer.json["feed_id"])

    def feed_token(self, who: str) -> str:
        self._once("feed_id", who, OWN)
        return self._made["feed", who]

    def closes(self, _: str) -> str:
        body = {**CLOSED, "reason": NOTES}
        answer = self.api("POST", "/v1/staff/closures", body, STAFF_KEY)
        return str(answer.json["closure_id"])

    def writes_an_event(self, _: str) -> str:
        answer = self.api("POST", "/v1/staff/events", EVENT, STAFF_KEY)
        event_id = str(answer.json["event_id"])
        self.api("POST", f"/v1/staff/events/{event_id}/publish", {}, STAFF_KEY)
        return event_id

    def signs_up(self, who: str) -> str:
        """Of nobody in particular, the key's that made it."""
        person = None if who in PEOPLE else {"name": "Outi Oma", "email": "outi.oma@gov.fi"}
        told = {"diet": NOTES} if who == OTHER else {}
        body = {"accept_terms": True, **told} | ({"person": person} if person else {})
        event_id = self._once("event_id", who, OWN)
        answer = self.api("POST", f"/v1/events/{event_id}/signups", body, **self.headers(who))
        assert answer.status == 201, answer.text
        return str(answer.json["signup_id"])

    def fails_to_hear(self, who: str) -> str:
        subject = f"booking#{self._once('booking_id', who, OWN)}"
        messages = self.api.store.messages
        one = next(each for each in messages.values() if each.subject == subject)
        messages[one.message_id] = replace(one, state=State.FAILED, look_at=None)
        return one.message_id

    def is_known(self, who: str) -> str:
        self._once("cookie", who, OWN)
        return self.api.person_id(PEOPLE[who][0])


MAKERS: Mapping[str, Callable[[Scene, str], str]] = {
    "cookie": Scene.logs_in,
    "booking_id": Scene.books,
    "feed_id": Scene.makes_a_feed,
    "feed": Scene.feed_token,
    "closure_id": Scene.closes,
    "event_id": Scene.writes_an_event,
    "signup_id": Scene.signs_up,
    "message_id": Scene.fails_to_hear,
    "person_id": Scene.is_known,
    "key_id": lambda *_: "k_reads",
    "space_id": lambda *_: "pod",
    "kind": lambda *_: "hold",
    "name": lambda *_: "slot-taken",
    "login_id": lambda *_: "l_1",
}
# Who has such things of their own; to all others each is somebody else's.
OWNING: Mapping[str, Collection[str]] = dict.fromkeys(MAKERS, frozenset()) | {
    "cookie": {*PEOPLE},
    "booking_id": {*PEOPLE, *KEYS, NOBODY, LINK} - {READER},
    "signup_id": {*PEOPLE, *KEYS, NOBODY, SIGNUP_LINK} - {READER},
    "feed_id": {*PEOPLE},
    "feed": {*PEOPLE},
}
