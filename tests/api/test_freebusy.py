"""Free and busy in the shapes of Google's freeBusy and Graph's getSchedule."""

from urllib.parse import urlencode

import pytest

from tests.api.conftest import STAFF_KEY, Answer, Api
from tests.builders import a_space

MORNING = {"from": "2026-12-02T08:00", "to": "2026-12-02T12:00"}


def both(api: Api, **asked: object) -> Answer:
    """The answer of POST, which is that of GET as well."""
    body = MORNING | asked
    posted = api("POST", "/v1/freebusy", body)
    got = api("GET", f"/v1/freebusy?{urlencode(body, doseq=True)}")
    assert (got.status, got.json) == (posted.status, posted.json)
    return posted


def test_both_forms_give_busy_times_and_a_digit_an_interval(api: Api) -> None:
    api.books(space_ids=["hall-a"])
    answer = both(api, resources=["hall", "pod", "cellar"], interval_minutes=30)
    busy = [{"start": "2026-12-02T10:00:00+02:00", "end": "2026-12-02T11:00:00+02:00"}]
    assert answer.json == {
        "from": "2026-12-02T08:00:00+02:00",
        "to": "2026-12-02T12:00:00+02:00",
        "time_zone": "Europe/Helsinki",
        "resources": {
            "hall": {"busy": busy, "view": "00002200", "error": None},
            "pod": {"busy": [], "view": "00000000", "error": None},
            "cellar": {"busy": [], "view": "", "error": "unknown-space"},
        },
    }


def test_a_digit_is_the_highest_that_occurs_in_its_interval(api: Api) -> None:
    """0 free, 1 pending or held, 2 busy, 3 closed."""
    closure = {"space_ids": ["pod"], "start": "2026-12-02T11:00", "end": "2026-12-02T11:15"}
    api("POST", "/v1/staff/closures", closure, STAFF_KEY)
    api.books(space_ids=["pod"], end="2026-12-02T10:30")
    api.books(space_ids=["lab"], start="2026-12-02T08:30", end="2026-12-02T09:15")
    answer = both(api, resources=["pod", "hall"], interval_minutes=60)
    views = {name: found["view"] for name, found in answer.json["resources"].items()}
    assert views == {"pod": "0023", "hall": "1100"}
    night = both(api, resources=["pod"], **{"from": "2026-12-02T07:30", "to": "2026-12-02T09:00"})
    assert night.json["resources"]["pod"]["view"] == "300"


def test_people_and_equipment_have_calendars_too(api: Api) -> None:
    api.books(equipment={"screen": 2}, facilitation={"wanted": True})
    found = both(api, resources=["screen", "facilitator-1"]).json["resources"]
    assert [found[name]["view"] for name in ("screen", "facilitator-1")] == ["00002200"] * 2


def test_a_last_interval_may_be_short(api: Api) -> None:
    answer = both(api, resources=["pod"], to="2026-12-02T08:50", interval_minutes=20)
    assert answer.json["resources"]["pod"]["view"] == "000"


def test_50_resources_and_62_days_are_answered(make_api) -> None:
    spaces = [a_space(f"room-{number}") for number in range(50)]
    api = make_api(*spaces)
    api.books(space_ids=["room-7"])
    names = [space.space_id for space in spaces]
    answer = both(api, resources=names, **{"from": "2026-12-02", "to": "2027-02-02"})
    found = answer.json["resources"]
    assert list(found) == names
    assert {len(each["view"]) for each in found.values()} == {62 * 48}
    assert found["room-7"]["view"][20:22] == "22"


def test_51_resources_are_too_many(api: Api) -> None:
    answer = both(api, resources=[f"room-{number}" for number in range(51)])
    assert (answer.status, answer.pointers) == (422, {"/resources": "invalid-request"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"resources": []},
        {"resources": [""]},
        {"resources": ["x" * 65]},
        {"interval_minutes": 0},
        {"interval_minutes": 1441},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_asked_is_refused_in_both_forms(api: Api, wrong: dict) -> None:
    answer = api("POST", "/v1/freebusy", MORNING | {"resources": ["pod"]} | wrong)
    got = api(
        "GET", f"/v1/freebusy?{urlencode(MORNING | {'resources': 'pod'} | wrong, doseq=True)}"
    )
    assert answer.status == got.status == 422
    (name,) = wrong
    assert any(pointer.startswith(f"/{name}") for pointer in answer.pointers)


def test_the_time_zone_of_the_answer_is_the_site_s(api: Api) -> None:
    answer = both(api, resources=["pod"], time_zone="Europe/Brussels")
    assert answer.json["time_zone"] == "Europe/Helsinki"


@pytest.mark.parametrize("name", ["a/b", "pod#1", "%", "pod\x00", "ä", "desks.1"])
def test_a_strange_resource_has_its_own_error(api: Api, name: str) -> None:
    answer = both(api, resources=["pod", name])
    assert answer.json["resources"][name]["error"] == "unknown-space"
    assert answer.json["resources"]["pod"]["error"] is None


def test_nothing_says_whose_a_busy_time_is(api: Api) -> None:
    api.books()
    text = both(api, resources=["pod"]).text
    assert "Suunnittelu" not in text
    assert "b_" not in text


def test_busy_times_that_touch_are_one(api: Api) -> None:
    """Setup, the booking and cleanup, and the next booking's: a calendar has no use for the seams."""
    api.books(space_ids=["studio"], start="2026-12-02T09:00", end="2026-12-02T10:00")
    api.books(space_ids=["studio"], start="2026-12-02T10:30", end="2026-12-02T11:00")
    found = both(api, resources=["studio"]).json["resources"]["studio"]
    busy = {"start": "2026-12-02T08:45:00+02:00", "end": "2026-12-02T11:15:00+02:00"}
    assert found["busy"] == [busy]


def test_what_may_not_take_place_is_no_busier_with_its_setup(api: Api) -> None:
    """1 pending or held, its buffers too."""
    api("PATCH", "/v1/staff/spaces/studio", {"needs_approval": True}, STAFF_KEY, If_Match="*")
    api.books(space_ids=["studio"], start="2026-12-02T09:00", end="2026-12-02T10:00")
    found = both(api, resources=["studio"], interval_minutes=15).json["resources"]["studio"]
    assert found["view"] == "0001111110000000"


def test_what_is_over_is_closed(api: Api) -> None:
    day = {"from": "2026-12-01T08:00", "to": "2026-12-01T11:00"}
    found = both(api, resources=["pod"], interval_minutes=60, **day).json["resources"]["pod"]
    assert found["view"] == "300"


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "Europe/"])
def test_a_time_zone_that_there_is_not_is_a_mistake(api: Api, name: str) -> None:
    answer = api("POST", "/v1/freebusy", MORNING | {"resources": ["pod"], "time_zone": name})
    assert answer.pointers == {"/time_zone": "invalid-request"}
