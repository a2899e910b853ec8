"""Over HTTP: who is expected, who came, by whose ticket, and that looking at it is noted."""

from typing import Any

import pytest

from chalicelib.services import links, signups
from chalicelib.services.signups import Guest, SignUpRequest
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_staff_events import write
from tests.builders import FORM, an_intent
from tests.event_builders import somebody

LIST = "/v1/staff/events"


def signs_up(api: Api, event_id: str, name: str, *guests: str, **told: Any) -> str:
    """Returns the id of the sign-up."""
    party = tuple(Guest(each) for each in guests)
    request = SignUpRequest(
        event_id, person=somebody(name), guests=party, accept_terms=True, **told
    )
    made = signups.sign_up(api.ports, request, an_intent(FORM, fingerprint=name)).value
    assert made
    return made.signup.signup_id


@pytest.fixture
def event_id(api: Api) -> str:
    questions = [{"id": "level", "text": {"fi": "Taso"}}]
    return write(api, group_size=4, room={"limit": 3, "most_waiting": 3}, questions=questions)


def comes(api: Api, signup_id: str, body: Any = None, **headers: str) -> Any:
    address = f"/v1/staff/signups/{signup_id}/check-in"
    return api("POST", address, body or {}, STAFF_KEY, **headers)


def test_the_list_has_all_that_a_host_needs(api: Api, event_id: str) -> None:
    signs_up(
        api,
        event_id,
        "åke",
        "Bertta Öhman",
        diet="Vegaani",
        accessibility="Pyörätuoli",
        answers={"level": "first"},
    )
    signs_up(api, event_id, "wivi")
    signs_up(api, event_id, "aino")
    answer = api("GET", f"{LIST}/{event_id}/signups", key=STAFF_KEY)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert [each["person"]["name"] for each in answer.json["items"]] == ["Aino", "Wivi", "Åke"]
    waits, _, leads = answer.json["items"]
    assert (waits["state"], waits["position"], waits["number"]) == ("waiting", 1, 1)
    assert leads | {"signup_id": "", "created_at": ""} == {
        "signup_id": "",
        "event_id": event_id,
        "state": "confirmed",
        "way": "room",
        "size": 2,
        "position": None,
        "number": None,
        "person": {
            "name": "Åke",
            "email": "åke@gov.fi",
            "organisation": "",
            "language": "fi",
            "suppressed": "",
        },
        "diet": "Vegaani",
        "accessibility": "Pyörätuoli",
        "answers": {"level": "first"},
        "arrived_at": None,
        "guests": [
            {"name": "Bertta Öhman", "diet": "", "accessibility": "", "arrived_at": None},
        ],
        "created_at": "",
        "version": 1,
    }


def test_the_list_says_to_whom_mail_does_not_arrive(api: Api, event_id: str) -> None:
    """R-18"""
    signs_up(api, event_id, "aino", "Bertta Öhman")
    signs_up(api, event_id, "eero")
    bounced = {each.person.name: each.person_id for each in api.store.signups.values()}["Eero"]
    api.ports.people.suppress(bounced, "bounce", api.clock.now())
    listed = api("GET", f"{LIST}/{event_id}/signups", key=STAFF_KEY).json["items"]
    assert [(each["person"]["name"], each["person"]["suppressed"]) for each in listed] == [
        ("Aino", ""),
        ("Eero", "bounce"),
    ]


def test_a_page_at_a_time_and_by_state(api: Api, event_id: str) -> None:
    for name in ("eero", "aino", "pia", "sami", "outi"):
        signs_up(api, event_id, name)
    found: list[str] = []
    query = "?limit=2"
    while query:
        page = api("GET", f"{LIST}/{event_id}/signups{query}", key=STAFF_KEY).json
        assert len(page["items"]) <= 2
        found += [each["person"]["name"] for each in page["items"]]
        query = f"?limit=2&cursor={page['next']}" if page["next"] else ""
    assert found == ["Aino", "Eero", "Outi", "Pia", "Sami"]
    waiting = api("GET", f"{LIST}/{event_id}/signups?state=waiting", key=STAFF_KEY).json
    assert [each["person"]["name"] for each in waiting["items"]] == ["Outi", "Sami"]
    assert [each["position"] for each in waiting["items"]] == [2, 1]


def test_a_cursor_is_of_its_own_event_and_list_and_names_nobody(api: Api, event_id: str) -> None:
    for name in ("aino", "eero"):
        signs_up(api, event_id, name)
    cursor = api("GET", f"{LIST}/{event_id}/signups?limit=1", key=STAFF_KEY).json["next"]
    assert cursor
    other = write(api)
    for address in (
        f"{LIST}/{other}/signups?limit=1&cursor={cursor}",
        f"{LIST}/{event_id}/signups?state=waiting&cursor={cursor}",
    ):
        assert api("GET", address, key=STAFF_KEY).pointers == {"/cursor": "invalid-request"}


def test_looking_at_the_list_is_noted_with_whom_it_showed(api: Api, event_id: str) -> None:
    shown = [signs_up(api, event_id, name) for name in ("aino", "eero")]
    api("GET", f"{LIST}/{event_id}/signups?state=confirmed", key=STAFF_KEY)
    entry = api.store.audit[-1]
    assert (entry["subject"], entry["actor"], entry["action"]) == (
        f"event#{event_id}",
        "p_sami",
        "list-signups",
    )
    assert entry["signups"] == shown
    assert entry["filters"] == ["state"]
    assert "Aino" not in str(api.store.audit)


def test_what_cannot_be_noted_is_not_shown(api: Api, event_id: str) -> None:
    signs_up(api, event_id, "aino")

    def fail(name: str) -> None:
        if name == "commit":
            raise ConnectionError

    api.store.before = fail
    answer = api("GET", f"{LIST}/{event_id}/signups", key=STAFF_KEY)
    assert answer.status >= 500
    assert "Aino" not in answer.text


def test_some_of_a_party_come_and_it_is_taken_back(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta", "Celia")
    first = comes(api, signup_id, {"persons": [0, 2]})
    assert first.status == 200, first.text
    assert first.json == {
        "signup_id": signup_id,
        "event_id": event_id,
        "state": "confirmed",
        "way": "room",
        "size": 3,
        "arrived_at": ["2026-12-01T09:00:00+02:00", None, "2026-12-01T09:00:00+02:00"],
    }
    again = comes(api, signup_id, {"persons": [2]})
    assert (again.status, again.json) == (200, first.json)
    assert None not in comes(api, signup_id).json["arrived_at"]
    address = f"/v1/staff/signups/{signup_id}/check-in"
    undone = api("DELETE", f"{address}?persons=0&persons=1", key=STAFF_KEY)
    assert undone.json["arrived_at"] == [None, None, "2026-12-01T09:00:00+02:00"]
    for _ in range(2):
        assert api("DELETE", address, key=STAFF_KEY).json["arrived_at"] == [None] * 3


def test_answers_of_writes_are_kept_and_name_nobody(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta", diet="Vegaani")
    before = set(api.store.records)
    comes(api, signup_id, Idempotency_Key="k")
    kept = str([each for token, each in api.store.records.items() if token not in before])
    assert "check-in" in str(api.store.audit)
    assert not [each for each in ("Aino", "Bertta", "Vegaani", "gov.fi") if each in kept]
    replayed = comes(api, signup_id, Idempotency_Key="k")
    assert replayed.headers["Idempotency-Replayed"] == "true"
    other = comes(api, signup_id, {"persons": [1]}, Idempotency_Key="k")
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


def test_who_waits_is_told_of_as_waiting(api: Api, event_id: str) -> None:
    signs_up(api, event_id, "aino", "b", "c")
    waits = signs_up(api, event_id, "eero")
    answer = comes(api, waits)
    assert (answer.status, answer.problem) == (409, "stale-state")
    assert answer.json["state"] == "waiting"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"persons": []}, "/persons"),
        ({"persons": [-1]}, "/persons/0"),
        ({"persons": ["0"]}, "/persons/0"),
        ({"persons": [0, 1]}, "/persons/1"),
        ({"names": []}, "/names"),
    ],
)
def test_what_cannot_be_is_refused(
    api: Api, event_id: str, body: dict[str, Any], pointer: str
) -> None:
    signup_id = signs_up(api, event_id, "aino")
    answer = comes(api, signup_id, body)
    assert (answer.status, list(answer.pointers)) == (422, [pointer])


def test_by_a_ticket_scanned_or_typed(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta")
    signs_up(api, event_id, "eero")
    address = f"{LIST}/{event_id}/check-in"
    code = links.ticket_code(api.ports, signup_id)
    url = links.ticket_url(api.ports, signup_id)
    assert url == f"https://lab.example/staff/tickets/{signup_id}/{code}"
    for shown in (url, code.lower()):
        answer = api("POST", address, {"code": shown, "persons": [1]}, STAFF_KEY)
        assert answer.json["signup_id"] == signup_id
    assert answer.json["arrived_at"][0] is None
    wrong = api("POST", address, {"code": "23456789"}, STAFF_KEY)
    assert (wrong.status, wrong.pointers) == (422, {"/code": "invalid-request"})


def test_a_list_is_no_form_s_to_see(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino")
    assert api("GET", f"{LIST}/{event_id}/signups", key=FORM_KEY).status == 404
    assert api("POST", f"/v1/staff/signups/{signup_id}/check-in", {}, FORM_KEY).status == 404
    assert api("GET", f"{LIST}/e_nothing/signups", key=STAFF_KEY).status == 404


def test_who_is_at_the_door_is_let_in_with_or_without_an_address(api: Api, event_id: str) -> None:
    """S-21: what is told of diets has its limit."""
    address = f"{LIST}/{event_id}/walk-ins"
    body = {"name": "Ohto Ohikulkija", "guests": [{"name": "Vieras", "diet": "Maidoton"}]}
    answer = api("POST", address, body, STAFF_KEY, Idempotency_Key="k")
    assert answer.status == 201, answer.text
    signup_id = answer.json["signup_id"]
    assert answer.headers["Location"] == f"https://lab.example/v1/signups/{signup_id}"
    assert answer.json["arrived_at"] == ["2026-12-01T09:00:00+02:00"] * 2
    assert "Ohto" not in answer.text
    again = api("POST", address, body, STAFF_KEY, Idempotency_Key="k")
    assert again.json == answer.json
    # The answer is as the document says, though an address is none.
    alone = api("GET", f"/v1/signups/{signup_id}", key=STAFF_KEY)
    assert (alone.status, alone.json["person"]["email"]) == (200, "")
    known = api("POST", address, {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"}, STAFF_KEY)
    assert known.json["signup_id"].endswith(api.person_id("aino.aalto@gov.fi")[2:])
    full = api("POST", address, {"name": "Eero"}, STAFF_KEY)
    assert (full.status, full.problem) == (409, "event-full")
    more = api("POST", address, {"name": "Eero", "override": ["event-full"]}, STAFF_KEY)
    assert more.status == 201
    seats = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["ways"]["room"]
    assert (seats["free"], seats["over"]) == (0, 1)
    listed = api("GET", f"{LIST}/{event_id}/signups", key=STAFF_KEY).json["items"]
    assert [each["person"]["name"] for each in listed] == ["Aino Aalto", "Eero", "Ohto Ohikulkija"]
    wrong = {"name": " ", "email": "x", "diet": "x" * 2001, "override": ["slot-taken"], "way": "x"}
    refused = api("POST", address, wrong, STAFF_KEY)
    assert set(refused.pointers) == {"/name", "/email", "/diet", "/override/0", "/way"}


def test_the_caterer_s_counts_have_no_names(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta", diet="Vegaani", accessibility="Hissi")
    signs_up(api, event_id, "eero", diet="vegaani")
    signs_up(api, event_id, "pia", diet="vegaani")  # who waits
    comes(api, signup_id, {"persons": [1]})
    answer = api("GET", f"{LIST}/{event_id}/figures", key=STAFF_KEY)
    assert answer.json == {
        "event_id": event_id,
        "ways": {
            "room": {
                "limit": 3,
                "confirmed": 3,
                "arrived": 1,
                "held": 0,
                "offered": 0,
                "waiting": 1,
            }
        },
        "diets": [{"text": "vegaani", "persons": 2}],
        "accessibility": [{"text": "hissi", "persons": 1}],
        "answers": [],
    }
    assert api("GET", f"{LIST}/e_nothing/figures", key=STAFF_KEY).status == 404


def test_what_was_chosen_is_counted(api: Api) -> None:
    question = {
        "id": "level",
        "kind": "choice",
        "text": {"fi": "Taso"},
        "choices": [{"id": "first", "text": {"fi": "A"}}, {"id": "second", "text": {"fi": "B"}}],
    }
    event_id = write(api, questions=[question])
    signs_up(api, event_id, "aino", answers={"level": "second"})
    answer = api("GET", f"{LIST}/{event_id}/figures", key=STAFF_KEY)
    assert answer.json["answers"] == [{"question_id": "level", "counts": {"first": 0, "second": 1}}]


def test_who_has_a_seat_has_a_ticket_and_nobody_else(api: Api, event_id: str) -> None:
    signs_up(api, event_id, "eero", "b", "c")
    waits = signs_up(api, event_id, "pia")
    cookie = api.logs_in("eero@gov.fi", "Eero Eskola")
    mine = next(each for each in api.store.signups.values() if each.person.name == "Eero")
    address = f"/v1/signups/{mine.signup_id}/ticket"
    answer = api("GET", address, Cookie=cookie)
    assert answer.status == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "code": links.ticket_code(api.ports, mine.signup_id),
        "url": links.ticket_url(api.ports, mine.signup_id),
        "qr": api.ports.qr(links.ticket_url(api.ports, mine.signup_id)),
    }
    assert answer.json["qr"].startswith("data:image/svg+xml")
    assert api("GET", f"/v1/signups/{waits}/ticket", Cookie=cookie).status == 404
    none = api("GET", f"/v1/signups/{waits}/ticket", key=STAFF_KEY)
    assert (none.status, none.problem, none.json["state"]) == (409, "stale-state", "waiting")
