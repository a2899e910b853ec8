"""A person who has done everything that there is to do, over the real adapters; and a search that finds
whatever is left of them.
"""

import base64
import binascii
import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from chalice.test import Client, HTTPResponse

from app import app
from chalicelib.domain.people import Actor, Person, Role, person_id_of
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.questions import Question
from chalicelib.services import events, links, mail_events, sender, signup_changes, signups
from chalicelib.services.mail_events import MailEvent
from chalicelib.services.ports import Ports
from chalicelib.services.signups import Guest, SignUpRequest
from tests.builders import ANYBODY, EERO, FORM, SAMI, STAFF, an_intent, on, wed
from tests.contract.backends import Backend
from tests.contract.tables import definitions
from tests.event_builders import an_event
from tests.fakes import Store

AINO = Person("Aino Aalto", "aino.aalto@meri.gov.fi", "Merentutkimus", "fi")
WORDS = ("aino", "aalto", "meri.gov.fi", "merentutkimus")
SALT = "a salt for tests"
AINOS = person_id_of(AINO.email, SALT)
OURS = {"Origin": "https://lab.example", "Sec-Fetch-Site": "same-origin"}
JSON = {"Content-Type": "application/json"}
DAY = "2026-12-02"
EVENT = Path(__file__).parents[1] / "events" / "scheduled.json"


@dataclass
class Lab:
    """The interface over real adapters, and all that was said meanwhile."""

    backend: Backend
    ports: Ports
    store: Store  # of the mails that went out, and of the queue
    said: list[str] = field(default_factory=list)

    def __call__(
        self, method: str, path: str, body: Any = None, *, fails: int = 0, **headers: str
    ) -> Any:
        """A request that has to succeed (or fail with a status), as answered."""
        answer = self.raw(method, path, body, **headers)
        assert answer.status_code == (fails or answer.status_code)
        assert fails or answer.status_code < 300, f"{method} {path}: {answer.body!r}"
        with suppress(ValueError):
            return json.loads(answer.body)
        return answer.body

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        payload = b"" if body is None else json.dumps(body).encode()
        sent |= JSON if body is not None else {}
        return Client(app).http.request(method, path, headers=sent, body=payload)

    def logs_in(self, email: str) -> dict[str, str]:
        """The headers of somebody who has just logged in by the code of their mail."""
        asked = self.raw("POST", "/v1/auth/links", {"email": email})
        pair = asked.headers["Set-Cookie"].partition(";")[0]
        login, _ = self.ports.logins.read(pair.partition("=")[2].partition(".")[0])
        assert login
        code = links.login_code(self.ports, login)
        entered = self.raw("POST", "/v1/auth/session", {"code": code}, Cookie=pair)
        assert entered.status_code == 200, entered.body
        return {"Cookie": entered.headers["Set-Cookie"].partition(";")[0], **OURS}

    def mails(self) -> None:
        """Everything that is due goes out."""
        sender.poll(self.ports)
        waiting, self.store.queue[:] = list(self.store.queue), []
        for message_id in dict.fromkeys(waiting):
            sender.work(self.ports, message_id)

    def retains(self) -> dict[str, int]:
        """The clock starts its function."""
        event, out = json.loads(EVENT.read_text()), io.StringIO()
        with redirect_stdout(out):  # where metrics go
            found = Client(app).lambda_.invoke("retain", event).payload
        self.said.append(out.getvalue())
        return found


def booking(*space_ids: str, hours: str, day: str = DAY, **more: Any) -> dict[str, Any]:
    """Somebody books on a day, at local hours, and says who they are everywhere."""
    times = on(day, hours)
    return {
        "space_ids": list(space_ids),
        "start": times["starts_at"].isoformat(),
        "end": times["ends_at"].isoformat(),
        "title": "Aino Aallon suunnittelu",
        "notes": "Kysy Ainolta, Merentutkimus",
        "attendees": 1,
        "accept_terms": True,
        **more,
    }


def live(lab: Lab) -> dict[str, str]:
    """Everything that Aino does, and that is done about her; returns her session's headers."""
    sami = _an_admin(lab)
    lab("PATCH", "/v1/staff/settings", {"prove_address": True}, If_Match="*", **sami)
    form = lab("POST", "/v1/staff/keys", {"label": "Form", "scopes": ["book"]}, **sami)["key"]
    person = {
        "name": AINO.name,
        "email": AINO.email,
        "organisation": AINO.organisation,
        "language": "fi",
    }
    # A stranger to us yet: held, proved, and once not.
    held = lab("POST", "/v1/bookings", booking("pod", hours="9-10", person=person))
    lab.mails()
    stored = lab.ports.bookings.get(held["booking_id"])
    assert stored
    code = links.code_of(lab.ports, stored)
    lab("POST", f"/v1/bookings/{held['booking_id']}/confirm", {"code": code})
    lab("POST", "/v1/bookings", booking("studio", hours="9-10", person=person))
    lab("POST", "/v1/bookings", booking("pod", hours="9-10", person=person), fails=409)
    # Another system books for her, and repeats itself.
    keyed = {"Authorization": f"Bearer {form}", "Idempotency_Key": "form-1"}
    for _ in range(2):
        lab("POST", "/v1/bookings", booking("hall", hours="9-10", person=person), **keyed)
    # She logs in, says who she is, books, changes, cancels.
    aino = lab.logs_in(AINO.email)
    own = {name: person[name] for name in ("name", "organisation", "language")}
    lab("PATCH", "/v1/me", {**own, "reminders": False}, If_Match="*", **aino)
    made = [
        lab(
            "POST",
            "/v1/bookings",
            booking("pod", hours=hours, facilitation={"wanted": False, "notes": "Aino"}),
            Idempotency_Key=f"aino-{hours}",
            **aino,
        )["booking_id"]
        for hours in ("10-11", "12-13", "15-16")
    ]
    lab("PATCH", f"/v1/bookings/{made[0]}", {"notes": "Aino tulee"}, If_Match="*", **aino)
    lab("DELETE", f"/v1/bookings/{made[1]}?reason=Aino+on+sairas", If_Match="*", **aino)
    asked = lab("POST", "/v1/bookings", booking("lab", hours="16-17"), **aino)["booking_id"]
    refused = lab("POST", "/v1/bookings", booking("lab", hours="10-11", day="2026-12-03"), **aino)[
        "booking_id"
    ]
    lab.mails()
    # Staff look at it, decide, and write into it.
    lab("POST", f"/v1/staff/bookings/{asked}/approve", {}, If_Match="*", **sami)
    reason = {"reason": "Aino Aalto tietää miksi"}
    lab("POST", f"/v1/staff/bookings/{refused}/deny", reason, If_Match="*", **sami)
    lab("PATCH", f"/v1/bookings/{made[2]}", {"title": "Aallon aika"}, If_Match="*", **sami)
    lab("GET", f"/v1/staff/bookings?from={DAY}&to=2026-12-05&person={AINO.email}", **sami)
    lab("GET", f"/v1/staff/persons?email={AINO.email}", **sami)
    lab("GET", f"/v1/staff/persons/{AINOS}", **sami)
    lab("GET", f"/v1/staff/outbox?person={AINO.email}", **sami)
    lab.mails()
    # Mail bounces, and staff trust the address again.
    sent = lab.ports.outbox.by_person(AINOS, 100, None).items
    bounced = next(one for one in sent if one.state.value == "sent")
    mail_events.receive(lab.ports, MailEvent("Bounce", bounced.message_id, 1, "Permanent"))
    lab("POST", "/v1/staff/addresses/trust", {"email": AINO.email}, **sami)
    mail_events.receive(lab.ports, MailEvent("Complaint", bounced.message_id, 1, "abuse"))
    lab("POST", f"/v1/staff/outbox/{bounced.message_id}/send", {}, **sami)
    # Her calendar subscribes; she is invited besides, becomes an admin, and has a key of her own.
    feed = lab("POST", "/v1/me/feeds", {"label": "Ainon puhelin"}, **aino)
    lab("GET", feed["url"].partition("lab.example")[2])
    invited = {**person, "partner_until": "2027-06-30"}
    lab("POST", "/v1/staff/persons", invited, **sami)
    lab("PATCH", f"/v1/staff/persons/{AINOS}", {"role": "admin"}, If_Match="*", **sami)
    aino = lab.logs_in(AINO.email)
    lab("POST", "/v1/staff/keys", {"label": "Ainon skripti", "scopes": ["staff"]}, **aino)
    for path in ("/v1/me", "/v1/me/bookings", "/v1/me/signups", "/v1/me/feeds", "/v1/me/export"):
        lab("GET", path, **aino)
    lab.raw("POST", "/v1/auth/links", {"email": AINO.email})  # and never used
    goes_out(lab)
    # Some of it is over by now, one booking is running, and mails are still to go.
    lab.backend.clock.time = wed("10:30-11")["starts_at"]
    aino = lab.logs_in(AINO.email)
    lab("PATCH", f"/v1/bookings/{made[0]}", {"title": "Aino jatkaa"}, If_Match="*", **aino)
    return aino


def goes_out(lab: Lab) -> None:
    """Aino signs up for events, leads parties and comes along with others; she waits, leaves, is held."""
    now = lab.backend.clock.time
    for event_id, day, limit in (("e_past", 1, 9), ("e_full", 3, 1), ("e_free", 4, 9)):
        times = on(f"2026-12-0{day}", "9-10")
        window = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=1)}
        made = an_event(limit, event_id=event_id, questions=(Question("why"),), **times, **window)
        events.create(lab.ports, made, an_intent(STAFF))
    said = {"diet": "Aino ei syö pähkinöitä", "accessibility": "Ainolla on pyörätuoli"}
    along = (Guest(AINO.name, AINO.email, **said),)
    _comes(lab, AINO, "e_past", guests=(Guest("Ainon ystävä"), Guest("Eero", EERO.email)), **said)
    _comes(lab, SAMI, "e_past", guests=(Guest("Pia"),))
    _comes(lab, EERO, "e_full")
    _comes(lab, AINO, "e_full", answers={"why": "Aino Aalto haluaa"}, **said)
    _comes(lab, SAMI, "e_free", guests=along)
    leaving = an_intent(STAFF, render=lambda _: {"status": 200})
    signup_changes.leave(lab.ports, "e_free", person_id_of(SAMI.email, SALT), leaving)
    _comes(lab, EERO, "e_free", guests=along)
    signup_changes.leave(lab.ports, "e_free", person_id_of(EERO.email, SALT), leaving)
    _comes(lab, AINO, "e_free", by=ANYBODY)


def _comes(lab: Lab, person: Person, event_id: str, by: Actor = FORM, **more: Any) -> None:
    request = SignUpRequest(event_id, person=person, accept_terms=True, **more)
    # Who comes along stands in what a party's leader is answered, and that is kept for two days.
    render = repr if person == AINO else lambda _: "made"
    intent = an_intent(by, render=lambda one: {"status": 201, "body": render(one)}, network="n")
    signups.sign_up(lab.ports, request, intent)


def _an_admin(lab: Lab) -> dict[str, str]:
    profile = newcomer(person_id_of(SAMI.email, SALT), SAMI, lab.ports.clock.now())
    profile = replace(profile, version=1, granted=Role.ADMIN)
    tx = lab.ports.begin()
    lab.ports.people.save_profile(tx, profile)
    lab.ports.people.save_standing(tx, None, profile)
    tx.commit()
    return lab.logs_in(SAMI.email)


@dataclass(frozen=True)
class Find:
    """Something that is left, and where."""

    place: str
    word: str


def search(lab: Lab) -> list[Find]:
    """Whatever is left of Aino: her words anywhere, her id but in the log of what was done."""
    found = [
        Find(f"{table} {_named(item)}", word)
        for table in definitions()
        for item in lab.backend.items(table)
        for word in (*WORDS, AINOS)
        if (word != AINOS or not _may_name(table, item)) and _holds(item, word)
    ]
    return found + [Find("log", word) for word in WORDS for line in lab.said if _holds(line, word)]


def _may_name(table: str, item: dict[str, Any]) -> bool:
    """Whether ids of persons stand in it on purpose: the audit log, and that she was forgotten."""
    return table == "audit" or item.get("person_id") == "erasures"


def _named(item: dict[str, Any]) -> str:
    names = ("booking_id", "message_id", "kind", "person_id", "item", "token_hash", "subject")
    return " ".join(str(item[name])[:40] for name in names if name in item)


def _holds(value: Any, word: str) -> bool:
    return any(word in text for text in texts(value))


def texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a value, in small letters: also what stands in JSON, base64 or an address in it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from texts(name, depth)
            yield from texts(each, depth)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from texts(each, depth)
    elif isinstance(value, (bytes, bytearray)):
        yield from texts(bytes(value).decode("utf-8", "replace"), depth)
    elif hasattr(value, "value") and isinstance(getattr(value, "value", None), bytes):
        yield from texts(value.value, depth)  # as boto3 gives binary attributes
    else:
        yield from _of_text(str(value), depth)


def _of_text(text: str, depth: int) -> Iterator[str]:
    yield text.lower()
    if depth > 4 or len(text) < 6:
        return
    if "%" in text:
        yield from _of_text(unquote(text), depth + 5)
    with suppress(ValueError):
        inner = json.loads(text)
        if isinstance(inner, (dict, list, str)):
            yield from texts(inner, depth + 1)
    for decode in (base64.b64decode, base64.urlsafe_b64decode):
        with suppress(ValueError, binascii.Error):
            raw = decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            yield from texts(raw, depth + 1)


class Ears(logging.Handler):
    """Hears all that a deployed function would log."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.INFO)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(f"{record.getMessage()} {record.__dict__} {record.exc_text}")

    def listen(self, *, on: bool) -> None:
        for name in ("", "labbokning"):  # the latter passes nothing on
            logger = logging.getLogger(name)
            (logger.addHandler if on else logger.removeHandler)(self)
