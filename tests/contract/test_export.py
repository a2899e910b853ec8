"""After an export, everything is in it: a scan of every table finds nothing of a person that is not."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from chalice.test import Client
from icalendar import Calendar

from app import app
from chalicelib import bootstrap
from chalicelib.domain.people import Person, Role, Scope, person_id_of
from chalicelib.services import api_keys, export, links, own_signups, persons, sender, sessions
from chalicelib.services.api_keys import KeyRequest
from chalicelib.services.ports import InFlight, Page, Ports, Quota
from tests.api.conftest import OURS, Api, booking, eero
from tests.builders import AINO, PIA, SAMI, an_intent
from tests.contract.backends import Backend, in_moto
from tests.contract.conftest import as_nobody
from tests.contract.tables import definitions
from tests.fake_messages import FakePost, FakeQueue, FakeSecrets, plain_letter
from tests.fakes import Store

EXPORT = "/v1/me/export"
SALT = "a salt for tests"
Items = list[tuple[str, dict[str, Any]]]


class Deployed(Api):
    """The interface over tables."""

    def logs_in(self, email: str = AINO.email, name: str = "", **known: Any) -> str:
        """Log a person in by the code of their mail."""
        pair = self.asks(email)
        login_id = pair.partition("=")[2].partition(".")[0]
        login, _ = self.ports.logins.read(login_id)
        assert login is not None
        code = links.login_code(self.ports, login)
        entered = self("POST", "/v1/auth/session", {"code": code}, Cookie=pair)
        assert entered.status == 200, entered.text
        return entered.headers["Set-Cookie"].partition(";")[0]

    def asks(self, email: str) -> str:
        """Ask for a mail to log in by; the cookie of the browser."""
        asked = self("POST", "/v1/auth/links", {"email": email})
        return asked.headers["Set-Cookie"].partition(";")[0]

    def does(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What has to succeed, as answered."""
        answer = self(method, path, body, **headers)
        assert answer.status < 300, f"{method} {path}: {answer.text}"
        return answer.json


@dataclass(frozen=True)
class Lived:
    """Tables in which two people have left everything that one can leave, and their sessions."""

    api: Deployed
    tables: Backend
    cookies: dict[Person, str]


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    """Lived once: what follows only reads, and is noted."""
    with pytest.MonkeyPatch.context() as patched:
        as_nobody(patched)
        with in_moto("all") as tables:
            store = Store()
            ports = replace(
                tables.ports,
                secrets=FakeSecrets(),
                queue=FakeQueue(store),
                post=FakePost(store),
                render=plain_letter,
            )
            patched.setattr(bootstrap, "ports", lambda: ports)
            api = Deployed(Client(app), ports, store, tables.clock)
            yield Lived(api, tables, dict(zip((AINO, SAMI), lives(api), strict=True)))


def send_all(ports: Ports) -> None:
    """Every mail that is due goes out."""
    for message in ports.outbox.due(ports.clock.now(), 1000):
        sender.work(ports, message.message_id)


def lives(api: Deployed) -> tuple[str, str]:
    """Aino does everything that there is to be done, and Sami, an admin, too; their sessions."""
    ports = api.ports
    persons.appoint(ports, SAMI, Role.ADMIN, an_intent())
    sami = api.logs_in(SAMI.email)
    hers = {"Cookie": "", **OURS}
    his = {"Cookie": sami, **OURS}
    api.does("POST", "/v1/bookings", booking("studio"))  # without logging in
    hers["Cookie"] = aino = api.logs_in()
    me = {"name": "Aino Aalto", "organisation": "VM", "reminders": False}
    api.does("PATCH", "/v1/me", me, If_Match="*", Idempotency_Key="me", **hers)
    ids = [
        api.does("POST", "/v1/bookings", booking(space, person=..., **on(day)), **hers)[
            "booking_id"
        ]
        for space, day in (("pod", 2), ("pod", 3), ("lab", 4), ("lab", 7))
    ]
    kept, given_up, denied, _ = ids
    later = {"start": "2026-12-02T12:00", "end": "2026-12-02T13:00"}
    api.does("PATCH", f"/v1/bookings/{kept}", later, If_Match="*", **hers)
    api.does("DELETE", f"/v1/bookings/{given_up}", If_Match="*", **hers)
    api.does("POST", f"/v1/staff/bookings/{denied}/deny", {"reason": "Ei"}, **his)
    made = api.does("POST", "/v1/bookings", booking("pod", **on(8)), **his)["booking_id"]
    api.does("GET", f"/v1/bookings/{kept}", **his)
    feed = api.does("POST", "/v1/me/feeds", {"label": "Oma"}, Idempotency_Key="feed", **hers)
    api("GET", str(feed["url"]).removeprefix("https://lab.example"))
    goes_out(api, hers, his)
    api.clock.forward(minutes=6)
    send_all(ports)
    manage = links.token_of(ports, "manage", made)
    api.does("GET", f"/v1/bookings/{made}", key=f"manage.{made}.{manage}")
    person_id = api_id(AINO)
    for role in (Role.STAFF, None):
        change = persons.PersonChange(frozenset({"role"}), role=role)
        intent = an_intent(actor_of(ports, sami), method="PATCH", path=f"/{role}")
        persons.change(ports, person_id, change, None, intent)
    persons.invite(ports, AINO, date(2027, 1, 31), an_intent(actor_of(ports, sami)))
    ports.people.suppress(person_id, "bounce", api.clock.now())
    what_sami_does(api, his)
    api.asks(AINO.email)
    aino = api.logs_in()  # what she was ended her sessions
    return aino, sami


def goes_out(api: Deployed, hers: dict[str, str], his: dict[str, str]) -> None:
    """Aino leads a party, waits, and comes along with Sami, who waits; another is before both."""
    wishes = {"accept_terms": True, "diet": "Vegaani"}
    ids = []
    for limit in (9, 1, 9):
        event = {"title": {"fi": "Ideapaja"}, "group_size": 4, "asks_diet": True, **on(9)}
        room = {"room": {"limit": limit, "most_waiting": 5}}
        made = api.does("POST", "/v1/staff/events", event | room, **his)["event_id"]
        api.does("POST", f"/v1/staff/events/{made}/publish", {}, **his)
        ids.append(made)
    leads, waits, along = (f"/v1/events/{each}/signups" for each in ids)
    api.does("POST", waits, {"person": eero(), "accept_terms": True}, **his)
    guest = {"name": "Pia Peltola", "email": PIA.email, "diet": "Kala"}
    one = api.does("POST", leads, {**wishes, "guests": [guest]}, Idempotency_Key="s", **hers)
    api.does("GET", f"/v1/signups/{one['signup_id']}", **his)
    api.does("POST", f"/v1/staff/signups/{one['signup_id']}/check-in", {"persons": [0]}, **his)
    api.does("POST", waits, wishes, **hers)
    me = {"name": "Aino Aalto", "email": AINO.email, "diet": "Vegaani"}
    api.does("POST", along, {"accept_terms": True, "guests": [me], "diet": "Kana"}, **his)


def what_sami_does(api: Deployed, his: dict[str, str]) -> None:
    """As an admin: keys, partners, spaces, closures, and bookings of others."""
    ports, actor = api.ports, actor_of(api.ports, his["Cookie"])
    request = KeyRequest("Oma ohjelma", (Scope.STAFF,), owner_id=actor.person_id)
    api_keys.make(ports, request, an_intent(actor))
    api_keys.make(ports, KeyRequest("Järjestelmä", (Scope.BOOK,)), an_intent(actor, path="/k"))
    persons.invite(ports, PIA, date(2027, 1, 31), an_intent(actor, path="/i"))
    api.does("PATCH", "/v1/staff/spaces/pod", {"capacity": 3}, If_Match="*", **his)
    closed = {"space_ids": ["hall"], "start": "2026-12-10", "end": "2026-12-11"}
    api.does("POST", "/v1/staff/closures", closed, **his)
    api.does("POST", "/v1/bookings", booking("hall", person=eero()), Idempotency_Key="b", **his)
    api.does("GET", "/v1/staff/bookings?from=2026-12-02&to=2026-12-09", **his)


def on(day: int) -> dict[str, str]:
    return {"start": f"2026-12-{day:02d}T10:00", "end": f"2026-12-{day:02d}T11:00"}


def api_id(person: Person) -> str:
    return person_id_of(person.email, SALT)


def actor_of(ports: Ports, cookie: str) -> Any:
    actor = sessions.actor_of(ports, cookie.partition("=")[2])
    assert actor is not None
    return actor


def everything(api: Deployed, cookie: str, kind: str = "json") -> tuple[dict[str, Any], list[Any]]:
    """All parts of an export as one, and the parts."""
    parts, cursor = [], ""
    while True:
        answer = api("GET", f"{EXPORT}?format={kind}{cursor}", Cookie=cookie)
        assert answer.status == 200, answer.text
        parts.append(answer)
        following = answer.headers.get("Link", "")
        if not following:
            break
        cursor = "&cursor=" + following.partition("cursor=")[2].partition(">")[0]
    if kind == "ics":
        return {}, parts
    whole = dict(parts[0].json)
    for part in parts[1:]:
        assert part.json["account"] is None
        for name in ("bookings", "signups", "messages", "log"):
            whole[name] = whole[name] + part.json[name]
    return whole, parts


def mentions(tables: Backend, person: Person) -> Items:
    """Every item of every table in which a person's id or address stands."""
    words = (api_id(person), person.email)
    return [
        (table, item)
        for table in definitions()
        for item in tables.items(table)
        if any(word in json.dumps(item, default=str) for word in words)
    ]


def is_in(whole: dict[str, Any], table: str, item: dict[str, Any], person: Person) -> bool:
    """Whether an export has an item: the thing itself, or who did it to what."""
    account, said = whole["account"], json.dumps(whole)
    if table == "people":
        known = {
            "profile": account["profile"]["email"] == person.email,
            "preferences": account["reminders"] is False,
            "suppressed": account["suppressed"] == item.get("reason"),
            "quota": bool(account["quota"]),
            "feeds": bool(account["feeds"]),
            "admins": account["profile"]["granted"] == "admin",
        }
        of_another = item["item"] == "profile" and item["person_id"] != api_id(person)
        if item["item"] in known and not of_another:
            return known[item["item"]]
        if item["person_id"] == "keys":
            return item["item"] in [each["key_id"] for each in account["keys"]]
        if item["person_id"] == "roles":
            return str(item["item"]) in said
        return str(item.get("feed_id") or item["person_id"]) in said
    if table == "outbox" and "told_of" in item:
        booked = {f"booking#{each['booking_id']}": each for each in whole["bookings"]}
        led = {f"event#{each['event']['event_id']}": each["own"] for each in whole["signups"]}
        one = (booked | led).get(item["told_of"]) or {}
        return bool(one.get("told") or one.get("telling"))
    if table == "tokens":
        return _passes(whole, item, person)
    if table == "audit":
        return _logged(whole, item)
    if table == "events":
        return _attends(whole, item, person)
    name = {"bookings": "booking_id", "outbox": "message_id", "catalog": "id"}[table]
    return f'"{item[name]}"' in said or f"#{item[name]}" in said


def _passes(whole: dict[str, Any], item: dict[str, Any], person: Person) -> bool:
    """A login, a session or an answer that is kept for a while."""
    if item["kind"] == "login":
        return item["login_id"] in [each["login_id"] for each in whole["account"]["logins"]]
    if item["person_id"] == api_id(person):
        return item["token_hash"][:16] in json.dumps(whole)
    # What somebody was answered of another's names them, as the log does.
    return person.email not in json.dumps(item, default=str)


def _attends(whole: dict[str, Any], item: dict[str, Any], person: Person) -> bool:
    """A sign-up, or what stands beside it: as theirs where they lead it, else as one they come along to.

    Of one that they only made for others, that they did.
    """
    named = {key: value for key, value in item.items() if key != "made_by"}
    if not any(word in json.dumps(named, default=str) for word in (api_id(person), person.email)):
        return f"event#{item['event_id']}" in json.dumps(whole["log"])
    led_by = item.get("led_by") or item["person_id"]
    return any(
        each["event"]["event_id"] == item["event_id"]
        and each["leads"] == (led_by == api_id(person))
        and each["diet"]
        for each in whole["signups"]
    )


def _logged(whole: dict[str, Any], item: dict[str, Any]) -> bool:
    own = [*whole["bookings"], *(each["own"] for each in whole["signups"] if each["leads"])]
    entries = [*whole["log"], *(each for one in own for each in one["log"])]
    return any(
        (each["subject"], each["action"]) == (item["subject"], item["action"])
        and each["at"][14:23] == item["at"][14:23]
        for each in entries
    )


def missing(found: Items, whole: dict[str, Any], person: Person) -> Items:
    """What was found before an export (which is itself noted) and is not in it."""
    return [(table, item) for table, item in found if not is_in(whole, table, item, person)]


@pytest.mark.parametrize("person", [AINO, SAMI], ids=["a person", "an admin"])
def test_everything_that_is_kept_of_a_person_is_in_their_export(
    lived: Lived, person: Person
) -> None:
    found = mentions(lived.tables, person)
    # What is looked for is there: nothing is found to be whole because it is empty.
    assert {table for table, _ in found} >= {
        *("bookings", "events", "outbox", "people", "tokens", "audit")
    }
    whole, (part,) = everything(lived.api, lived.cookies[person])
    assert missing(found, whole, person) == []
    assert part.headers["Content-Disposition"] == 'attachment; filename="labbokning.json"'
    assert part.headers["Cache-Control"] == "no-store"


def test_it_says_what_it_is_in_words_and_nothing_of_others(lived: Lived) -> None:
    """P-06: with a note that these are personal data."""
    whole, _ = everything(lived.api, lived.cookies[AINO])
    assert "henkilötietoja" in whole["note"]
    assert {each["state"] for each in whole["bookings"]} == {
        "confirmed",
        "cancelled",
        "denied",
        "pending",
    }
    assert whole["account"]["profile"]["organisation"] == "VM"
    assert whole["account"]["profile"]["partner_until"] == "2027-01-31"
    assert {each["by"] for one in whole["bookings"] for each in one["log"]} >= {"you", "staff"}
    said = json.dumps(whole)
    for word in (api_id(SAMI), SAMI.email, api_id(PIA), PIA.email, "eero.eskola", "token_hash"):
        assert word not in said, word
    his, _ = everything(lived.api, lived.cookies[SAMI])
    said = json.dumps(his)
    for word in (AINO.email, PIA.email, "eero.eskola", "Suunnittelu"):
        assert word not in said, word


def test_in_many_small_parts_it_is_the_same(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    found = mentions(lived.tables, AINO)
    whole, _ = everything(lived.api, lived.cookies[AINO])
    monkeypatch.setattr(export, "PAGE", 2)
    monkeypatch.setattr(export, "EVENTS", 1)
    monkeypatch.setattr(export, "MOST_SIGNS", 1)
    again, parts = everything(lived.api, lived.cookies[AINO])
    assert len(parts) > 8
    assert missing(found, again, AINO) == []
    for name, key in (("bookings", "booking_id"), ("messages", "message_id")):
        assert [each[key] for each in again[name]] == [each[key] for each in whole[name]]
    assert again["signups"] == whole["signups"]
    assert len(whole["signups"]) == 3


def test_a_slow_store_makes_more_parts_and_none_is_lost(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "SECONDS", -1.0)
    found = mentions(lived.tables, AINO)
    whole, parts = everything(lived.api, lived.cookies[AINO])
    assert len(parts) == len(export.SECTIONS)
    assert missing(found, whole, AINO) == []


def test_bookings_and_seats_are_a_calendar_too(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = everything(lived.api, lived.cookies[AINO])
    monkeypatch.setattr(export, "PAGE", 2)
    monkeypatch.setattr(export, "EVENTS", 1)
    monkeypatch.setattr(export, "MOST_SIGNS", 1)
    _, parts = everything(lived.api, lived.cookies[AINO], "ics")
    assert len(parts) > 1
    found = [event for part in parts for event in Calendar.from_ical(part.raw).walk("VEVENT")]
    bookings = [each["booking_id"] for each in whole["bookings"]]
    seats = [each["event"]["event_id"] for each in whole["signups"] if each["state"] == "confirmed"]
    assert len(seats) == 2
    assert [str(each["uid"]) for each in found] == [
        f"{each}@lab.example" for each in (*bookings, *seats)
    ]
    assert parts[0].headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert parts[0].headers["Content-Disposition"] == 'attachment; filename="labbokning.ics"'


def test_taking_it_is_noted_part_by_part(lived: Lived) -> None:
    def noted() -> int:
        subject, items = f"person#{api_id(AINO)}", lived.tables.items("audit")
        return sum((each["subject"], each["action"]) == (subject, "export") for each in items)

    before = noted()
    _, parts = everything(lived.api, lived.cookies[AINO])
    assert noted() == before + len(parts)


def _without(**changes: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Leave sources out of what there is once of a person."""

    def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
        whole = export._standing
        monkeypatch.setattr(
            export, "_standing", lambda ports, one: replace(whole(ports, one), **changes)
        )

    return leave_out


def _section(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(export.SECTIONS, name, lambda *_: Page([]))

    return leave_out


def _of_flight(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
        whole = export._standing

        def standing(ports: Ports, one: str) -> Any:
            found = whole(ports, one)
            return replace(found, in_flight=replace(found.in_flight, **{name: ()}))

        monkeypatch.setattr(export, "_standing", standing)

    return leave_out


def _told(monkeypatch: pytest.MonkeyPatch) -> None:
    booked = export.Booked
    monkeypatch.setattr(export, "Booked", lambda one, _, log: booked(one, None, log))


def _parties(*, leads: bool) -> Callable[[pytest.MonkeyPatch], None]:
    """Only those that one leads, or only those that one does not."""

    def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
        whole = own_signups.of_parts
        monkeypatch.setattr(
            own_signups,
            "of_parts",
            lambda *given: [each for each in whole(*given) if each.leads is leads],
        )

    return leave_out


def _of_signup(**changes: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
        whole = export._signed_up
        monkeypatch.setattr(export, "_signed_up", lambda *given: replace(whole(*given), **changes))

    return leave_out


LEFT_OUT = {
    "bookings": (AINO, _section("bookings")),
    "sign-ups": (AINO, _section("signups")),
    "parties of others": (AINO, _parties(leads=True)),
    "one's own parties": (AINO, _parties(leads=False)),
    "what a sign-up's person was told": (AINO, _of_signup(told=None)),
    "what was done to a sign-up": (AINO, _of_signup(log=[])),
    "messages": (AINO, _section("messages")),
    "what they did": (AINO, _section("done")),
    "what was done to them": (AINO, _section("suffered")),
    "what they were told": (AINO, _told),
    "preferences": (AINO, _without(reminders=True)),
    "suppression": (AINO, _without(suppressed="")),
    "quota": (AINO, _without(quota=Quota(""))),
    "addresses": (AINO, _without(feeds=())),
    "keys": (SAMI, _without(keys=())),
    "all that passes": (AINO, _without(in_flight=InFlight())),
    "sessions": (AINO, _of_flight("sessions")),
    "logins": (AINO, _of_flight("logins")),
    "answers": (AINO, _of_flight("records")),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_whatever_is_left_out_is_missed(lived: Lived, name: str) -> None:
    """The scan above dies without any one of the sources."""
    person, leave_out = LEFT_OUT[name]
    found = mentions(lived.tables, person)
    with pytest.MonkeyPatch.context() as patched:
        leave_out(patched)
        whole, _ = everything(lived.api, lived.cookies[person])
    assert missing(found, whole, person)
