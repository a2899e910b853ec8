"""The audit log: who looked at other people's data stands in it, and staff see all of it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.errors import OutcomeUnknown, Unavailable, VersionRaced
from chalicelib.domain.people import Role
from chalicelib.services import links
from chalicelib.services.access import Action, may
from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, booking, eero

AUDIT = "/v1/staff/audit"
WEEK = "from=2026-12-02&to=2026-12-09"


def log(api: Api, key: str | None = STAFF_KEY, **query: Any) -> Answer:
    return api("GET", f"{AUDIT}?{urlencode(query)}", key=key)


def noted(api: Api, subject: str) -> list[tuple[str, str]]:
    """Who did what to something, in the order of doing."""
    return [
        (each["actor"], each["action"]) for each in api.store.audit if each["subject"] == subject
    ]


@pytest.fixture
def made(api: Api) -> str:
    return str(api.books()["booking_id"])


@pytest.fixture
def sami(api: Api) -> str:
    return api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)


@pytest.mark.parametrize("path", ["", "/booking.ics"])
def test_who_reads_somebody_else_s_booking_is_noted(
    api: Api, made: str, sami: str, path: str
) -> None:
    assert api("GET", f"/v1/bookings/{made}{path}", Cookie=sami).status == 200
    assert api("GET", f"/v1/bookings/{made}{path}", key=STAFF_KEY).status == 200
    sami_s = api.person_id("sami.salo@tyo2lab.fi")
    assert noted(api, f"booking#{made}")[1:] == [(sami_s, "read"), ("p_sami", "read")]


def test_who_reads_their_own_is_not(api: Api, made: str) -> None:
    """By the key that made it, as its person, by its link, and as staff what is staff's own."""
    aino = api.logs_in()
    assert api("GET", f"/v1/bookings/{made}", key=FORM_KEY).status == 200
    assert api("GET", f"/v1/bookings/{made}", Cookie=aino).status == 200
    link = links.manage_url(api.ports, api.store.bookings[made])
    assert api("GET", link.removeprefix("https://lab.example")).status == 200
    decide = links.decide_url(api.ports, api.store.bookings[made])
    assert api("GET", decide.removeprefix("https://lab.example")).status == 200
    staff_s = api.books(STAFF_KEY, space_ids=["studio"])["booking_id"]
    assert api("GET", f"/v1/bookings/{staff_s}", key=STAFF_KEY).status == 200
    assert noted(api, f"booking#{made}") == [("k_form", "book")]
    assert noted(api, f"booking#{staff_s}") == [("p_sami", "book")]


def test_what_somebody_may_not_read_is_not_noted_as_read(api: Api, made: str) -> None:
    eero_s = api.logs_in("eero.eskola@gov.fi")
    assert api("GET", f"/v1/bookings/{made}", Cookie=eero_s).status == 404
    assert noted(api, f"booking#{made}") == [("k_form", "book")]


def test_a_list_is_one_entry_with_what_it_showed_and_what_it_was_filtered_by(api: Api) -> None:
    """Never by which address: that would be a personal value."""
    ids = [api.books(space_ids=[each], person=eero())["booking_id"] for each in ("pod", "studio")]
    address = f"/v1/staff/bookings?{WEEK}&person=eero.eskola%40gov.fi&space_id=pod"
    before = len(api.store.audit)
    assert api("GET", address, key=STAFF_KEY).status == 200
    (entry,) = api.store.audit[before:]
    assert (entry["subject"], entry["actor"], entry["action"]) == ("bookings", "p_sami", "list")
    assert entry["bookings"] == ids[:1]
    assert entry["filters"] == ["space_id", "person"]
    assert "eero" not in str(entry)


def test_a_list_of_messages_is_noted_too(api: Api, made: str) -> None:
    answer = api("GET", f"/v1/staff/outbox?subject=booking%23{made}", key=STAFF_KEY)
    (entry,) = [each for each in api.store.audit if each["subject"] == "messages"]
    assert entry["messages"] == [each["message_id"] for each in answer.json["items"]]
    assert entry["filters"] == ["subject"]


@pytest.mark.parametrize("error", [Unavailable, VersionRaced, OutcomeUnknown])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/bookings/{made}",
        "/v1/bookings/{made}/booking.ics",
        f"/v1/staff/bookings?{WEEK}",
        "/v1/staff/outbox",
        f"{AUDIT}?subject=bookings",
    ],
)
def test_what_cannot_be_noted_is_not_shown(
    api: Api, made: str, path: str, error: type[Exception]
) -> None:
    def fail(name: str) -> None:
        if name == "commit":
            raise error

    api.store.before = fail
    answer = api("GET", path.format(made=made), key=STAFF_KEY)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert made not in answer.text.replace(f"/v1/bookings/{made}", "")
    assert "aino" not in answer.text.lower()


def test_staff_see_what_was_done_newest_first(api: Api, made: str) -> None:
    api.clock.forward(minutes=1)
    api("PATCH", f"/v1/bookings/{made}", {"title": "Toinen"}, FORM_KEY, If_Match="*")
    answer = log(api, subject=f"booking#{made}")
    assert answer.status == 200
    assert [each["action"] for each in answer.json["items"]] == ["change", "book"]
    assert answer.json["items"][0] == {
        "at": "2026-12-01T09:01:00.000+02:00",
        "subject": f"booking#{made}",
        "actor": "k_form",
        "action": "change",
        "fields": ["title"],
        "about": {},
    }
    assert answer.headers["Cache-Control"] == "no-store"
    by_form = log(api, actor="k_form")
    assert [each["action"] for each in by_form.json["items"]] == ["change", "book"]


def test_looking_at_the_log_stands_in_it(api: Api, made: str) -> None:
    log(api, subject=f"booking#{made}")
    assert log(api, subject=f"booking#{made}").json["items"][0]["action"] == "read-audit"
    log(api, actor="link#b_1")
    assert noted(api, "actor#link#b_1") == [("p_sami", "read-audit")]
    assert log(api, subject="actor#link#b_1").status == 200


def test_both_together_are_what_one_did_to_the_other(api: Api, made: str) -> None:
    api("GET", f"/v1/bookings/{made}", key=STAFF_KEY)
    found = log(api, subject=f"booking#{made}", actor="p_sami").json["items"]
    assert [each["action"] for each in found] == ["read"]


def test_a_long_log_comes_in_pages_that_looking_does_not_shift(api: Api) -> None:
    for number in range(5):
        api.clock.forward(minutes=1)
        api("PATCH", "/v1/staff/spaces/pod", {"capacity": number + 3}, STAFF_KEY, If_Match="*")
    found: list[str] = []
    place: dict[str, str] = {}
    while True:
        answer = log(api, subject="space#pod", limit=2, **place)
        found += [each["at"] for each in answer.json["items"] if each["action"] == "change"]
        if answer.json["next"] is None:
            break
        place = {"cursor": answer.json["next"]}
    assert len(found) == 5
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "/subject"),
        ({"subject": "aino.aalto@gov.fi"}, "/subject"),
        ({"actor": "aino.aalto@gov.fi"}, "/actor"),
        ({"subject": "bookings", "from": "2026-12-02", "to": "2026-12-02"}, "/to"),
        ({"subject": "bookings", "from": "yesterday"}, "/from"),
    ],
)
def test_what_is_asked_has_to_make_sense(api: Api, query: dict[str, str], pointer: str) -> None:
    answer = log(api, **query)
    assert (answer.status, list(answer.pointers)) == (422, [pointer])


def test_a_range_is_what_happened_in_it(api: Api, made: str) -> None:
    api.clock.forward(hours=2)
    api("PATCH", f"/v1/bookings/{made}", {"title": "Toinen"}, FORM_KEY, If_Match="*")
    subject = f"booking#{made}"
    early = log(api, subject=subject, to="2026-12-01T10:00").json["items"]
    late = log(api, subject=subject, **{"from": "2026-12-01T10:00"}).json["items"]
    assert [each["action"] for each in early] == ["book"]
    assert [each["action"] for each in late] == ["read-audit", "change"]


def test_the_log_is_staff_s(api: Api, sami: str) -> None:
    assert log(api, key=None, subject="bookings").status == 401
    assert log(api, key=FORM_KEY, subject="bookings").status == 404
    aino = api.logs_in()
    assert api("GET", f"{AUDIT}?subject=bookings", Cookie=aino).status == 404
    assert api("GET", f"{AUDIT}?subject=bookings", Cookie=sami).status == 200


def test_a_request_s_link_of_the_mailbox_decides_that_one_and_no_other(api: Api) -> None:
    """What the mailbox may do is tied to the booking of its mail, wherever it is asked."""
    one, other = (
        api("POST", "/v1/bookings", booking(space_ids=["lab"], **times), FORM_KEY).json
        for times in ({}, {"start": "2026-12-03T10:00", "end": "2026-12-03T11:00"})
    )
    first, second = (api.store.bookings[each["booking_id"]] for each in (one, other))
    actor = links.actor_of_decision(first.booking_id)
    assert may(actor, Action.RUN, first)
    assert not may(actor, Action.RUN, second)
    assert not may(actor, Action.READ_BOOKING, second)
    assert not any(may(actor, each) for each in (Action.RUN, Action.AUDIT, Action.SEE_PEOPLE))
