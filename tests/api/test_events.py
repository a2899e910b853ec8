"""Events as anyone sees them: what there is, how many seats, and nobody's name."""

from typing import Any

import pytest

from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_staff_events import LIST, patch, sign_up, write
from tests.builders import at

DAYS = "?from=2026-12-01&to=2026-12-31"


def shown(api: Api, more: str = "") -> list[str]:
    answer = api("GET", f"/v1/events{DAYS}{more}")
    assert answer.status == 200, answer.text
    return [each["event_id"] for each in answer.json["items"]]


def test_a_full_event_says_how_many_wait_and_never_who(api: Api) -> None:
    """P-07."""
    links = {
        "remote_link": "https://video.example/secret",
        "feedback_link": "https://forms.example",
    }
    event_id = write(api, remote={"limit": None}, **links)
    sign_up(api, event_id, "aino", "eero", "pia", "sami")
    patch(api, event_id, room={"limit": 1, "most_waiting": 3})
    answer = api("GET", f"/v1/events/{event_id}")
    assert answer.json["ways"]["room"] == {
        "limit": 1,
        "free": 0,
        "waiting": 2,
        "most_waiting": 3,
    }
    for told in ("aino", "eero", "pia", "@", "video.example", "forms.example"):
        assert told not in answer.text.lower()


def test_events_overlap_their_range_by_start(api: Api) -> None:
    api.clock.time = at("2026-11-20 09:00")
    late = write(api, start="2026-12-30T23:00", end="2027-01-02T12:00")
    early = write(api, start="2026-11-30T23:00", end="2026-12-01T01:00")
    write(api, start="2026-11-30T22:00", end="2026-12-01T00:00")
    write(api, start="2026-12-31T00:00", end="2026-12-31T01:00")
    assert shown(api) == [early, late]
    assert shown(api, "&limit=1") == [early]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_have_every_event_once(api: Api, limit: int) -> None:
    made = [
        write(api, start=f"2026-{day}T09:00", end=f"2026-{day}T10:00")
        for day in ("12-02", "12-10", "12-10", "12-20")
    ]
    drafts = write(api, publish=False, start="2026-12-05T09:00", end="2026-12-05T10:00")
    found: list[str] = []
    cursor = ""
    while True:
        page = api("GET", f"/v1/events{DAYS}&limit={limit}{cursor}").json
        found += [each["event_id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(found) == sorted(made)
    assert drafts not in found


def test_filters(api: Api) -> None:
    hall = write(api, space_id="hall")
    both = write(api, remote={"limit": None})
    full = write(api, room={"limit": 0, "most_waiting": 1})
    closed = write(api, opens_at="2026-12-09T09:00")
    assert set(shown(api)) == {hall, both, full, closed}
    assert shown(api, "&space_id=hall") == [hall]
    assert shown(api, "&way=remote") == [both]
    assert set(shown(api, "&free=true")) == {hall, both}
    sign_up(api, hall, "aino", "eero", "pia")
    assert shown(api, "&free=true") == [both]
    api("DELETE", f"{LIST}/{both}", key=STAFF_KEY, If_Match="*")
    assert shown(api, "&free=true") == []
    states: list[Any] = [
        each["event_id"]
        for each in api("GET", f"{LIST}{DAYS}&state=cancelled", key=STAFF_KEY).json["items"]
    ]
    assert states == [both]


def test_an_event_has_a_tag_that_changes_with_its_seats(api: Api) -> None:
    event_id = write(api)
    path = f"/v1/events/{event_id}"
    tag = api("GET", path).headers["ETag"]
    assert api("GET", path, If_None_Match=tag).status == 304
    sign_up(api, event_id, "aino")
    again = api("GET", path, If_None_Match=tag)
    assert (again.status, again.json["ways"]["room"]["free"]) == (200, 1)


def test_what_there_is_not_is_not_found(api: Api) -> None:
    for path in ("/v1/events/e_none", f"{LIST}/e_none"):
        assert api("GET", path, key=STAFF_KEY).status == 404
    assert api("POST", f"{LIST}/e_none/publish", {}, STAFF_KEY).status == 404
    assert patch(api, "e_none").status == 404


def test_a_range_that_is_too_long_is_refused(api: Api) -> None:
    answer = api("GET", "/v1/events?from=2026-12-01&to=2027-06-01")
    assert (answer.status, answer.problem) == (422, "range-too-long")
