"""A person's own sign-ups as a list: theirs and those they come along in, those to come first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api
from tests.api.test_signups import one, signs_up
from tests.api.test_staff_events import write

OWN = "/v1/me/signups"
AINO = "aino@gov.fi"
ALONG = [{"name": "Aino", "email": AINO}]


def event_on(api: Api, day: int, hour: int = 9, **changes: Any) -> str:
    times = {"start": f"2026-12-{day:02}T{hour:02}:00", "end": f"2026-12-{day:02}T{hour + 1:02}:00"}
    return write(api, group_size=4, **(times | changes))


def listed(api: Api, cookie: str, query: str = "") -> Answer:
    answer = api("GET", f"{OWN}{query}", Cookie=cookie)
    assert answer.status == 200, answer.text
    return answer


def ids(answer: Answer) -> list[str]:
    return [each["event"]["event_id"] for each in answer.json["items"]]


def pages(api: Api, cookie: str, limit: int) -> list[list[str]]:
    found, cursor = [], ""
    while True:
        answer = listed(api, cookie, f"?limit={limit}{cursor}")
        found.append(ids(answer))
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"


def test_those_to_come_are_first_by_start_then_those_that_are_over_the_last_first(
    api: Api,
) -> None:
    days = {day: event_on(api, day) for day in (9, 2, 3, 11)}
    for event_id in days.values():
        signs_up(api, event_id)
    api.clock.forward(days=5)
    answer = listed(api, api.logs_in(AINO))
    assert ids(answer) == [days[day] for day in (9, 11, 3, 2)]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["next"] is None


def test_a_line_says_when_it_is_and_how_one_stands(api: Api) -> None:
    event_id = event_on(api, 9, room={"limit": 1, "most_waiting": 9})
    signs_up(api, event_id, "eero")
    signs_up(api, event_id, "pia", guests=[{"name": "Outi"}])
    made = signs_up(api, event_id).json
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    event = line.pop("event")
    assert line == {
        **{key: value for key, value in made.items() if key != "event_id"},
        "leads": True,
    }
    assert (line["state"], line["position"], line["persons_before"]) == ("waiting", 2, 2)
    assert event == {
        "event_id": event_id,
        "state": "published",
        "title": {"fi": "Ideapaja", "sv": "Idéverkstad", "en": "Workshop"},
        "start": "2026-12-09T09:00:00+02:00",
        "end": "2026-12-09T10:00:00+02:00",
        "time_zone": "Europe/Helsinki",
    }


def test_who_comes_along_sees_that_and_nothing_of_who_leads(api: Api) -> None:
    made = signs_up(api, event_on(api, 9), "eero", guests=[*ALONG]).json
    answer = listed(api, api.logs_in(AINO))
    (line,) = answer.json["items"]
    assert (line["leads"], line["signup_id"], line["state"]) == (False, None, "confirmed")
    for word in ("Eero", "eero", api.person_id("eero@gov.fi").removeprefix("p_")):
        assert word not in answer.text
    assert made["signup_id"] not in answer.text


def test_one_s_own_are_nobody_else_s(api: Api) -> None:
    signs_up(api, event_on(api, 9))
    assert listed(api, api.logs_in("eero@gov.fi")).json == {"items": [], "next": None}
    assert api("GET", OWN).status == 401
    for key in (FORM_KEY, STAFF_KEY):
        assert api("GET", OWN, key=key).status == 404


def test_of_several_parties_at_one_event_what_one_is_in_now_counts(api: Api) -> None:
    event_id = event_on(api, 9, room={"limit": 9})
    signup_id = signs_up(api, event_id).json["signup_id"]
    api("DELETE", one(signup_id), key=FORM_KEY, If_Match="*")
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    assert (line["leads"], line["state"]) == (True, "left")
    theirs = signs_up(api, event_id, "eero", guests=[*ALONG]).json["signup_id"]
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    assert (line["leads"], line["state"]) == (False, "confirmed")
    api("DELETE", one(theirs), key=FORM_KEY, If_Match="*")
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    assert (line["leads"], line["state"]) == (True, "left")


def test_what_ran_out_is_over_whether_or_not_the_clock_has_come_by(make_api: Any) -> None:
    api = make_api(prove_address=True)
    signs_up(api, event_on(api, 9), key=None)
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    assert (line["state"], bool(line["confirm_by"])) == ("held", True)
    api.clock.forward(hours=1)
    (line,) = listed(api, api.logs_in(AINO)).json["items"]
    assert (line["state"], line["confirm_by"]) == ("expired", None)


def test_an_event_that_nobody_may_see_yet_is_not_in_it(api: Api) -> None:
    event_id = event_on(api, 9)
    signs_up(api, event_id)
    api.store.events[event_id] = replace(api.store.events[event_id], announced=False)
    assert ids(listed(api, api.logs_in(AINO))) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_are_the_whole_in_order(api: Api, limit: int) -> None:
    made = [event_on(api, day, hour) for day in (2, 9) for hour in (9, 13)]
    for event_id in made:
        signs_up(api, event_id)
    api.clock.forward(days=5)
    found = pages(api, api.logs_in(AINO), limit)
    assert all(len(page) <= limit for page in found)
    assert [each for page in found for each in page] == [made[2], made[3], made[1], made[0]]


def test_an_event_that_ends_between_two_pages_is_in_the_list_once(api: Api) -> None:
    """What is over is judged as of the first page."""
    made = [event_on(api, day) for day in (2, 3, 4)]
    for event_id in made:
        signs_up(api, event_id)
    api.clock.time = api.store.events[made[0]].ends_at - timedelta(minutes=1)
    cookie = api.logs_in(AINO)
    first = listed(api, cookie, "?limit=1")
    api.clock.forward(minutes=2)
    rest = listed(api, cookie, f"?limit=9&cursor={first.json['next']}")
    assert ids(first) + ids(rest) == made


def test_what_one_leads_is_accepted_and_left_by_the_same_session(api: Api) -> None:
    event_id = event_on(api, 9, room={"limit": 1, "most_waiting": 1}, offers_within_minutes=44_640)
    eero = signs_up(api, event_id, "eero").json["signup_id"]
    signs_up(api, event_id)
    api("DELETE", one(eero), key=FORM_KEY, If_Match="*")
    cookie = api.logs_in(AINO)
    (line,) = listed(api, cookie).json["items"]
    assert (line["state"], bool(line["offer_until"])) == ("offered", True)
    mine = one(line["signup_id"])
    assert api("POST", f"{mine}/accept", {}, Cookie=cookie, **OURS).json["state"] == "confirmed"
    assert api("DELETE", mine, Cookie=cookie, If_Match="*", **OURS).json["state"] == "left"


def test_a_place_is_of_one_s_own_list(api: Api) -> None:
    for day in (2, 3):
        signs_up(api, event_on(api, day), "eero")
    place = listed(api, api.logs_in("eero@gov.fi"), "?limit=1").json["next"]
    assert place
    answer = api("GET", f"{OWN}?cursor={place}", Cookie=api.logs_in(AINO))
    assert answer.pointers == {"/cursor": "invalid-request"}
    answer = api("GET", f"{OWN}?limit=0", Cookie=api.logs_in(AINO))
    assert answer.pointers == {"/limit": "invalid-request"}
