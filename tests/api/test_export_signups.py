"""A person's sign-ups to take with them: their own in full, of parties that others lead their own part alone."""

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api.cursors import sealed
from chalicelib.domain.signups import SignUp
from chalicelib.services import export, own_signups, retention
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_export import MOST_BYTES, taken
from tests.api.test_signups import a_person, one, signs_up
from tests.api.test_staff_events import write

AINO = "aino@gov.fi"
QUESTIONS = [{"id": "why", "text": {"fi": "Miksi?"}}]
# What is not handed out of a sign-up, and why; a new field has to be handed out or named here.
LEFT_OUT = {
    "event_id": "is said of its event",
    "person_id": "is said once, of all of it",
    "members": "are called guests",
}


def event_of(api: Api, **changes: Any) -> str:
    asked = {"asks_diet": True, "asks_accessibility": True, "questions": QUESTIONS}
    return write(api, group_size=4, room={"limit": 9}, **(asked | changes))


def signed_up(api: Api, cookie: str, query: str = "") -> list[Any]:
    found: list[Any] = taken(api, cookie, query).json["signups"]
    return found


def a_guest(name: str = "aino", **said: str) -> dict[str, str]:
    return {"name": name.title(), "email": f"{name}@gov.fi", **said}


def test_of_one_s_own_sign_up_all_is_handed_out(api: Api) -> None:
    event_id = event_of(api)
    signup_id = signs_up(
        api,
        event_id,
        diet="Vegaani",
        accessibility="Hissi",
        guests=[a_guest("eero", diet="Kala"), {"name": "Outi"}],
        answers={"why": "Kiinnostaa"},
    ).json["signup_id"]
    api("GET", one(signup_id), key=STAFF_KEY)
    api("POST", f"/v1/staff/signups/{signup_id}/check-in", {"persons": [0, 2]}, STAFF_KEY)
    (found,) = signed_up(api, api.logs_in(AINO))
    assert found["event"]["event_id"] == event_id
    assert found["event"]["title"]["fi"]
    assert (found["leads"], found["state"], found["way"], found["size"]) == (
        True,
        "confirmed",
        "room",
        3,
    )
    assert (found["name"], found["diet"], found["accessibility"]) == ("Aino", "Vegaani", "Hissi")
    assert found["arrived_at"]
    own = found["own"]
    assert own["signup_id"] == signup_id
    assert own["person"]["email"] == AINO
    assert own["answers"] == {"why": "Kiinnostaa"}
    assert own["made_by"] == "system"
    assert [each["name"] for each in own["guests"]] == ["Eero", "Outi"]
    assert own["guests"][0]["diet"] == "Kala"
    assert [bool(each["arrived_at"]) for each in own["guests"]] == [False, True]
    done = {(each["action"], each["by"]) for each in own["log"]}
    assert done >= {("sign-up", "system"), ("check-in", "staff"), ("read", "staff")}


def test_every_field_of_a_sign_up_is_handed_out_or_has_a_reason(api: Api) -> None:
    signs_up(api, event_of(api))
    (found,) = signed_up(api, api.logs_in(AINO))
    names = {each.name for each in fields(SignUp)}
    assert names - set(LEFT_OUT) <= {*found, *found["own"]}


def test_who_comes_along_sees_their_own_part_and_nothing_of_others(api: Api) -> None:
    event_id = event_of(api)
    along = [a_guest("aino", diet="Vegaani"), a_guest("pia", diet="Kala")]
    leader = a_person("eero")
    signup_id = signs_up(
        api,
        event_id,
        "eero",
        guests=along,
        diet="Kana",
        answers={"why": "Salainen syy"},
    ).json["signup_id"]
    answer = taken(api, api.logs_in(AINO))
    (found,) = answer.json["signups"]
    assert (found["leads"], found["own"]) == (False, None)
    assert (found["name"], found["diet"], found["size"]) == ("Aino", "Vegaani", 3)
    assert (found["event"]["event_id"], found["state"]) == (event_id, "confirmed")
    hidden = (leader["name"], leader["email"], "Pia", "Kala", "Kana", "Salainen", signup_id)
    for word in (*hidden, api.person_id("eero@gov.fi"), api.person_id("pia@gov.fi")):
        assert word not in answer.text, word


def test_one_is_in_it_of_what_one_left_and_of_what_is_over(api: Api) -> None:
    event_id = event_of(api)
    signup_id = signs_up(api, event_id).json["signup_id"]
    api("DELETE", one(signup_id), key=FORM_KEY, If_Match="*")
    signs_up(api, event_id, "eero", guests=[a_guest()])
    found = signed_up(api, api.logs_in(AINO))
    assert sorted((each["leads"], each["state"]) for each in found) == [
        (False, "confirmed"),
        (True, "left"),
    ]


def test_diet_and_needs_are_in_it_as_long_as_they_are_kept(api: Api) -> None:
    """P-02"""
    event_id = event_of(api)
    signs_up(api, event_id, diet="Vegaani", accessibility="Hissi")
    retention.run(api.ports)
    event = api.store.events[event_id]
    api.clock.time = event.ends_at.replace(hour=0, minute=30) + timedelta(days=8)
    retention.run(api.ports)
    (found,) = signed_up(api, api.logs_in(AINO))
    assert (found["diet"], found["accessibility"]) == ("", "")
    assert found["state"] == "confirmed"


def signs_up_everywhere(api: Api, count: int) -> list[str]:
    """A person in many events, each with the longest texts there are, of signs that JSON writes longest."""
    event_id = event_of(api)
    signs_up(api, event_id)
    event = api.store.events.pop(event_id)
    ((_, person_id),) = api.store.signups
    made = api.store.signups.pop((event_id, person_id))
    long = {f"q{number}": "😀" * 2000 for number in range(15)}
    found = []
    for number in range(count):
        key = f"e_{number:022d}"
        api.store.events[key] = replace(event, event_id=key)
        api.store.signups[key, person_id] = replace(made, event_id=key, answers=long)
        found.append(key)
    api.store.queues.clear()
    api.store.parties.clear()
    return found


def parts(api: Api, cookie: str) -> list[list[str]]:
    """The events of each part of an export, in order."""
    found, query = [], ""
    while True:
        answer = taken(api, cookie, query)
        assert len(json.dumps({"body": answer.text})) <= MOST_BYTES
        found.append([each["event"]["event_id"] for each in answer.json["signups"]])
        if answer.json["next"] is None:
            return found
        query = f"?cursor={answer.json['next']}"


def test_however_many_there_are_each_part_is_small_and_all_are_in_it_once(api: Api) -> None:
    made = signs_up_everywhere(api, 30)
    found = parts(api, api.logs_in(AINO))
    assert len(found) > 2
    assert [each for part in found for each in part] == made


def test_a_place_in_the_list_names_nobody_else(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cursor holds can be read by whoever has it."""
    monkeypatch.setattr(export, "MOST_SIGNS", 1)
    monkeypatch.setattr(export, "EVENTS", 1)
    monkeypatch.setattr(own_signups, "AT_ONCE", 1)
    for _ in range(3):
        signs_up(api, event_of(api), "eero", guests=[a_guest()])
    opened: list[Any] = []
    seal = export_cursor(opened)
    monkeypatch.setattr("chalicelib.api.export.sealed", seal)
    found = parts(api, api.logs_in(AINO))
    assert [len(each) for each in found[1:4]] == [1, 1, 1]
    assert opened
    assert api.person_id("eero@gov.fi") not in json.dumps(opened)


def export_cursor(opened: list[Any]) -> Any:
    def seal(place: Any, listed: str) -> str:
        opened.append(place)
        return sealed(place, listed)

    return seal


def test_of_an_event_that_is_still_a_draft_one_has_what_is_kept(api: Api) -> None:
    """All that is kept is handed out, also what is not to be seen yet."""
    event_id = event_of(api)
    signs_up(api, event_id)
    api.store.events[event_id] = replace(api.store.events[event_id], announced=False)
    assert len(signed_up(api, api.logs_in(AINO))) == 1


def test_when_one_came_to_an_event_of_which_one_is_named_no_more_is_in_it(api: Api) -> None:
    cookie = api.logs_in(AINO)
    assert taken(api, cookie).json["account"]["came_at"] is None
    api.store.came[api.person_id(AINO)] = api.clock.now()
    assert taken(api, cookie).json["account"]["came_at"] == "2026-12-01T09:00:00+02:00"
