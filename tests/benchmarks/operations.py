"""What each operation of the interface asks of DynamoDB: requests, actions and capacity units."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from chalicelib.services import links
from tests.benchmarks.figures import Figure, Section
from tests.benchmarks.memory import PREFIX
from tests.benchmarks.meter import Cost, Meter
from tests.benchmarks.scene import StandingClock, a_scene
from tests.builders import FORM, SAMI
from tests.contract.tables import create_tables
from tests.fake_messages import FakeSecrets

METHOD = (
    "Counted by botocore's events around moto, through the HTTP interface, with a key (its look-up is one\n"
    "of the reads) where nothing else is said, and the settings in memory; a Lab of twenty spaces with a\n"
    "full week. The first write of each request is that of its counters. Capacity units are\n"
    "reckoned from the sizes of the items by DynamoDB's rules (4 KB a read unit, half if eventually\n"
    "consistent, 1 KB a write unit, twice in transactions, entries of indexes besides). A worker also asks\n"
    "whether settings changed, half a read unit at most every two seconds, and reads them once a minute."
)
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-north-1",
}
BOOK, LOOK = "book one space", "availability, 20 spaces, a week"
NOBODY, SOMEBODY = f"{BOOK}, by nobody in particular", f"{BOOK}, in a session"
LINK, ENTER = "ask for a mail to log in by", "log in by its code"
SEAT, WAIT, LEAVE = "sign up, a seat", "sign up, a place in the queue", "leave, and who waits is in"
LAST, MIDDLE = "read the last place in a queue", "read one in the middle of a queue"
MANY_IN = 40  # who signed up before the second time that each is counted
MOVE = f"move an event, {MANY_IN} signed up"
WEEK = "from=2026-12-07&to=2026-12-14"
Answer = tuple[int, dict[str, str], Any]


class Lab:
    """The interface over moto, with a meter on every request to DynamoDB."""

    def __init__(self) -> None:
        from chalice.test import Client

        import app
        from chalicelib.adapters.dynamodb.client import make_client
        from chalicelib.bootstrap import make_ports
        from chalicelib.domain.people import Role
        from chalicelib.services.api_keys import KeyRequest, actor_of
        from infra.issue_key import host_key, issued

        client = make_client(region=ENVIRONMENT["AWS_DEFAULT_REGION"])
        create_tables(client, PREFIX)
        self.ports = replace(make_ports(client, PREFIX, StandingClock()), secrets=FakeSecrets())
        for table, items in a_scene().client.tables.items():
            for item in items.values():
                client.put_item(TableName=PREFIX + table, Item=item)
        self.keys = {
            "form": issued(self.ports, KeyRequest("form", FORM.scopes)),
            "staff": host_key(self.ports, SAMI, Role.STAFF),
        }
        for key in self.keys.values():
            actor_of(self.ports, key)  # that it is in use is noted once an hour
        looker = make_client(region=ENVIRONMENT["AWS_DEFAULT_REGION"])
        self._meter = Meter(client, looker, PREFIX)
        self._client = Client(app.app)

    def ask(
        self, method: str, path: str, body: Any = None, who: str | None = "form", **headers: str
    ) -> tuple[Answer, Cost]:
        """One request, its answer and its cost."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who and "Cookie" not in sent:
            sent["Authorization"] = f"Bearer {self.keys[who]}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        self.ports.settings.get()
        with self._meter.counting() as cost:
            raw = b"" if body is None else json.dumps(body).encode()
            found = self._client.http.request(method, path, headers=sent, body=raw)
        is_json = "json" in found.headers.get("Content-Type", "")
        said = json.loads(found.body) if is_json and found.body else {}
        return (found.status_code, found.headers, said), cost

    def code(self, cookie: str) -> str:
        """What the mail of a login says."""
        login, _ = self.ports.logins.read(cookie.partition("=")[2].partition(".")[0])
        assert login is not None
        return links.login_code(self.ports, login)

    def counting(self) -> AbstractContextManager[Cost]:
        """The cost of what is done inside, beside the interface."""
        return self._meter.counting()


@contextmanager
def a_lab() -> Iterator[Lab]:
    """A Lab over moto, in this process."""
    from moto import mock_aws

    from chalicelib import bootstrap

    with patch.dict(os.environ, ENVIRONMENT), mock_aws():
        made = Lab()
        with patch.object(bootstrap, "ports", lambda: made.ports):
            yield made


def a_body(*space_ids: str, hours: str = "10:00-11:00", **more: Any) -> dict[str, Any]:
    """A booking on a day on which nothing is booked yet."""
    start, _, end = hours.partition("-")
    return {
        "space_ids": list(space_ids),
        "start": f"2026-12-16T{start}",
        "end": f"2026-12-16T{end}",
        "title": "Suunnittelu",
        "person": {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"},
        "accept_terms": True,
        **more,
    }


def costs() -> dict[str, Cost]:
    """Every operation once, in an order in which each can be done."""
    found: dict[str, Cost] = {}
    with a_lab() as lab:

        def ask(name: str, status: int, *request: Any, **more: Any) -> Answer:
            answer, found[name] = lab.ask(*request, **more)
            assert answer[0] == status, answer
            return answer

        _bookings(ask)
        _people(ask, lab)
        _decisions(ask)
        _looking(ask)
        _closures(ask)
        _events(ask, lab)
    return found


def _bookings(ask: Callable[..., Answer]) -> None:
    one = a_body("room-01")
    made = ask(BOOK, 201, "POST", "/v1/bookings", one)
    path = f"/v1/bookings/{made[2]['booking_id']}"
    key = {"Idempotency_Key": "again"}
    second = a_body("room-02")
    ask("book one space, with Idempotency-Key", 201, "POST", "/v1/bookings", second, **key)
    ask("the same again (replay)", 201, "POST", "/v1/bookings", second, **key)
    ask("book a space that is taken (409)", 409, "POST", "/v1/bookings", one)
    more = {"equipment": {"screen": 1}, "facilitation": {"wanted": True}}
    hall = a_body("hall-2", **more)
    ask("book a hall of two, a screen, a facilitator", 201, "POST", "/v1/bookings", hall)
    ask("preview", 200, "POST", "/v1/bookings/preview", a_body("room-05"))
    ask("read a booking", 200, "GET", path)
    ask("rename a booking", 200, "PATCH", path, {"title": "Toinen"}, If_Match="*")
    later = {"start": "2026-12-16T14:00", "end": "2026-12-16T15:00"}
    ask("move a booking within its day", 200, "PATCH", path, later, If_Match="*")
    ask("move it to another space", 200, "PATCH", path, {"space_ids": ["room-06"]}, If_Match="*")
    ask("cancel a booking", 200, "DELETE", path, If_Match="*")


def _people(ask: Callable[..., Answer], lab: Lab) -> None:
    ask(NOBODY, 201, "POST", "/v1/bookings", a_body("room-03", hours="08:00-09:00"), who=None)
    asked = ask(LINK, 202, "POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"}, who=None)
    cookie = _cookie(asked)
    code = {"code": lab.code(cookie)}
    entered = ask(ENTER, 200, "POST", "/v1/auth/session", code, who=None, Cookie=cookie)
    session = {"Cookie": _cookie(entered), "Sec_Fetch_Site": "same-origin"}
    lab.ask("PATCH", "/v1/me", {"name": "Aino Aalto"}, If_Match="*", **session)
    own = a_body("room-04", hours="08:00-09:00")
    del own["person"]
    ask(SOMEBODY, 201, "POST", "/v1/bookings", own, **session)
    ask("one's own account", 200, "GET", "/v1/me", **session)


def _cookie(answer: Answer) -> str:
    return answer[1]["Set-Cookie"].partition(";")[0]


def _decisions(ask: Callable[..., Answer]) -> None:
    asked = ask(
        "ask for a space that needs approval", 201, "POST", "/v1/bookings", a_body("room-16")
    )
    path = f"/v1/staff/bookings/{asked[2]['booking_id']}"
    ask("approve", 200, "POST", f"{path}/approve", {}, "staff")
    noon = a_body("room-16", hours="12:00-13:00")
    asked = ask("ask for a space that needs approval", 201, "POST", "/v1/bookings", noon)
    path = f"/v1/staff/bookings/{asked[2]['booking_id']}"
    ask("deny", 200, "POST", f"{path}/deny", {"reason": "Varattu"}, "staff")


def _looking(ask: Callable[..., Answer]) -> None:
    day = "from=2026-12-08&to=2026-12-09"
    rooms = "&".join(f"resources=room-{number:02d}" for number in range(1, 17))
    ask("spaces", 200, "GET", "/v1/spaces", who=None)
    one = f"/v1/availability?{day}&space_id=room-01"
    ask("availability, one space, a day", 200, "GET", one, who=None)
    ask("availability, 20 spaces, a day", 200, "GET", f"/v1/availability?{day}", who=None)
    ask(LOOK, 200, "GET", f"/v1/availability?{WEEK}", who=None)
    ask("freebusy, 16 spaces, a week", 200, "GET", f"/v1/freebusy?{WEEK}&{rooms}", who=None)
    feed = "/v1/spaces/room-01/calendar.ics"
    read = ask("a room's calendar feed", 200, "GET", feed, who=None)
    tag = {"If_None_Match": read[1]["ETag"]}
    ask("the same, unchanged (304)", 304, "GET", feed, who=None, **tag)
    around = "/v1/staff/bookings?from=2026-12-14&to=2026-12-19"
    ask("staff's list of a week", 200, "GET", around, who="staff")


def _closures(ask: Callable[..., Answer]) -> None:
    body = {
        "space_ids": ["room-10"],
        "start": "2026-12-17",
        "end": "2026-12-18",
        "reason": "Huolto",
    }
    made = ask("close a space for a day", 201, "POST", "/v1/staff/closures", body, "staff")
    path = f"/v1/staff/closures/{made[2]['closure_id']}"
    ask("open it again", 200, "DELETE", path, None, "staff", If_Match="*")


def _events(ask: Callable[..., Answer], lab: Lab) -> None:
    path = _an_event(ask, "write an event", 1)
    first = _signs_up(ask, SEAT, path, 0)
    _signs_up(ask, WAIT, path, 1)
    ask("read a sign-up", 200, "GET", first)
    ask(LEAVE, 200, "DELETE", first, None, If_Match="*")
    ask("an event", 200, "GET", path, who=None)

    crowded = _an_event(ask, "write another event", MANY_IN // 2 + 1)
    asked = lab.ask
    made = [
        _signs_up(lambda _, __, *rest: asked(*rest)[0], "", crowded, n) for n in range(MANY_IN // 2)
    ]
    _signs_up(ask, f"{SEAT}, {MANY_IN // 2} are in", crowded, MANY_IN)
    made += [
        _signs_up(lambda _, __, *rest: asked(*rest)[0], "", crowded, number)
        for number in range(MANY_IN // 2, MANY_IN)
    ]
    waiting = made[MANY_IN // 2 :]
    last = _signs_up(ask, f"{WAIT}, {MANY_IN // 2} wait", crowded, MANY_IN + 1)
    ask(LAST, 200, "GET", last)
    ask(MIDDLE, 200, "GET", waiting[MANY_IN // 4])
    ask(f"{LEAVE}, {MANY_IN} are there", 200, "DELETE", made[0], None, If_Match="*")
    staff = f"/v1/staff{crowded.removeprefix('/v1')}"
    moved = {"start": "2026-12-18T10:00", "end": "2026-12-18T12:00"}
    ask(MOVE, 200, "PATCH", staff, moved, "staff", If_Match="*")


def _an_event(ask: Callable[..., Answer], name: str, seats: int) -> str:
    body = {
        "title": {"fi": "Ideapaja"},
        "start": "2026-12-18T09:00",
        "end": "2026-12-18T11:00",
        "room": {"limit": seats, "most_waiting": 2 * MANY_IN},
    }
    event_id = ask(name, 201, "POST", "/v1/staff/events", body, "staff")[2]["event_id"]
    ask("publish an event", 200, "POST", f"/v1/staff/events/{event_id}/publish", {}, "staff")
    return f"/v1/events/{event_id}"


def _signs_up(ask: Callable[..., Answer], name: str, path: str, number: int) -> str:
    """Somebody of that number; the path of their sign-up."""
    body = {"person": {"name": "Aino", "email": f"aino.{number}@gov.fi"}, "accept_terms": True}
    made = ask(name, 201, "POST", f"{path}/signups", body)
    return f"/v1/signups/{made[2]['signup_id']}"


def measure() -> Section:
    """The costs of all, and those that have a limit."""
    found = costs()
    rows = {
        name: {
            "reads": cost.reads,
            "read units": cost.read_units,
            "writes": cost.writes,
            "actions": cost.actions,
            "write units": cost.write_units,
        }
        for name, cost in found.items()
    }
    book, week = found[BOOK], found[LOOK]
    login = sum(found[name].requests.total() for name in (LINK, ENTER))
    nobody, somebody = (found[name].requests.total() for name in (NOBODY, SOMEBODY))
    seat, crowded = found[SEAT], found[f"{SEAT}, {MANY_IN // 2} are in"]
    figures = (
        Figure(f"{SEAT}: transactions", seat.requests["TransactWriteItems"], "requests", 1),
        Figure(f"{SEAT}: growth", crowded.write_units / seat.write_units, "times", 1.05),
        Figure(f"{MOVE}: transactions", found[MOVE].requests["TransactWriteItems"], "requests", 1),
        Figure(f"{BOOK}: transactions", book.requests["TransactWriteItems"], "requests", 1),
        Figure(f"{BOOK}: counters", book.requests["UpdateItem"], "requests", 1),
        Figure(f"{BOOK}: actions", book.actions, "actions", 10),
        Figure(f"{BOOK}: reads", book.reads, "requests", 2),
        Figure(NOBODY, nobody, "requests", 3),
        Figure(SOMEBODY, somebody, "requests", nobody + 1),
        Figure("logging in, the mail and its code", login, "requests", 3),
        Figure(f"{LOOK}: reads", week.reads, "requests", 2),
    )
    return Section("Requests and capacity units", METHOD, figures, rows)
