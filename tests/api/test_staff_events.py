"""Events as staff write, publish, change and call them off, and as everybody else sees them meanwhile."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.services import signups
from chalicelib.services.signups import SignUpRequest
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking
from tests.builders import FORM, an_intent
from tests.event_builders import somebody

LIST = "/v1/staff/events"
EVENT = {
    "title": {"fi": "Ideapaja", "sv": "Idéverkstad", "en": "Workshop"},
    "start": "2026-12-10T09:00",
    "end": "2026-12-10T11:00",
    "room": {"limit": 2, "most_waiting": 3},
}
RANGE = "?from=2026-12-01&to=2026-12-31"


def write(api: Api, *, publish: bool = True, **changes: Any) -> str:
    answer = api("POST", LIST, EVENT | changes, STAFF_KEY)
    assert answer.status == 201, answer.text
    event_id = str(answer.json["event_id"])
    if publish:
        assert api("POST", f"{LIST}/{event_id}/publish", {}, STAFF_KEY).status == 200
    return event_id


def sign_up(api: Api, event_id: str, *names: str) -> None:
    for name in names:
        request = SignUpRequest(event_id, person=somebody(name), accept_terms=True)
        signups.sign_up(api.ports, request, an_intent(FORM, fingerprint=name))


def patch(api: Api, event_id: str, tag: str = "*", **changes: Any) -> Any:
    return api("PATCH", f"{LIST}/{event_id}", changes, STAFF_KEY, If_Match=tag)


def test_an_event_is_written_as_a_draft_with_all_that_is_left_out(api: Api) -> None:
    answer = api("POST", LIST, EVENT, STAFF_KEY)
    body = answer.json
    event_id = body["event_id"]
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://lab.example{LIST}/{event_id}"
    assert body | {"event_id": "", "opens_at": ""} == {
        "event_id": "",
        "state": "draft",
        "title": EVENT["title"],
        "description": {"fi": "", "sv": "", "en": ""},
        "start": "2026-12-10T09:00:00+02:00",
        "end": "2026-12-10T11:00:00+02:00",
        "time_zone": "Europe/Helsinki",
        "opens_at": "",
        "closes_at": "2026-12-10T09:00:00+02:00",
        "open": False,
        "ways": {
            "room": {
                "limit": 2,
                "free": 2,
                "waiting": 0,
                "most_waiting": 3,
                "held": 0,
                "over": 0,
            }
        },
        "group_size": 1,
        "audience": [],
        "questions": [],
        "asks_diet": False,
        "asks_accessibility": False,
        "space_id": "",
        "address": "",
        "contact": "",
        "reason": "",
        "booking_id": "",
        "series_id": "",
        "remote_link": "",
        "feedback_link": "",
        "promote_until": None,
        "offers_within_minutes": 0,
        "offer_minutes": 120,
        "hold_minutes": 30,
        "reminders": ["P1D", "PT1H"],
        "version": 1,
    }
    shown = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY)
    assert (shown.json, shown.headers["ETag"]) == (body, answer.headers["ETag"])


def test_a_draft_is_nobody_else_s_until_it_is_published(api: Api) -> None:
    event_id = write(api, publish=False)
    assert api("GET", f"/v1/events/{event_id}").status == 404
    assert api("GET", f"/v1/events{RANGE}").json["items"] == []
    assert [each["event_id"] for each in api("GET", LIST + RANGE, key=STAFF_KEY).json["items"]] == [
        event_id
    ]
    published = api("POST", f"{LIST}/{event_id}/publish", {}, STAFF_KEY)
    assert (published.status, published.json["state"], published.json["open"]) == (
        200,
        "published",
        True,
    )
    assert api("GET", f"/v1/events/{event_id}").json["title"] == EVENT["title"]
    assert len(api("GET", f"/v1/events{RANGE}").json["items"]) == 1
    twice = api("POST", f"{LIST}/{event_id}/publish", {}, STAFF_KEY)
    assert (twice.status, twice.problem) == (409, "stale-state")


def test_what_is_the_wrong_way_round_is_named_all_of_it_and_nothing_written(api: Api) -> None:
    wrong = {
        "end": "2026-12-10T08:00",
        "opens_at": "2026-12-09T09:00",
        "closes_at": "2026-12-09T08:00",
    }
    answer = api("POST", LIST, EVENT | wrong, STAFF_KEY)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert [each["pointer"] for each in answer.json["errors"]] == ["/end", "/closes_at"]
    assert api.store.events == {}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"space_id": "nowhere"}, "/space_id"),
        ({"remote_link": "http://video.example"}, "/remote_link"),
        ({"remote_link": "javascript:alert(1)"}, "/remote_link"),
        ({"feedback_link": "http://forms.example"}, "/feedback_link"),
        ({"feedback_link": "javascript:alert(1)"}, "/feedback_link"),
        ({"room": {"limit": -1}}, "/room/limit"),
        ({"group_size": 0}, "/group_size"),
        ({"start": "2026-13-01"}, "/start"),
    ],
)
def test_what_cannot_be_is_refused(api: Api, changes: dict[str, Any], pointer: str) -> None:
    answer = api("POST", LIST, EVENT | changes, STAFF_KEY)
    assert answer.status == 422
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]
    assert api.store.events == {}


def test_the_link_to_join_is_in_no_text_that_everybody_reads(api: Api) -> None:
    """I-14: neither written with the event nor later, by a text or by the link."""
    link = "https://video.example/abc"
    texts = {
        "title": {"fi": "Työpaja", "en": link},
        "description": {"fi": f"Liity: <{link}>"},
        "contact": link,
        "address": link,
    }
    remote = {"remote": {"limit": 5}, "remote_link": link}
    answer = api("POST", LIST, EVENT | remote | texts, STAFF_KEY)
    assert answer.status == 422
    pointers = ["/title/en", "/description/fi", "/address", "/contact"]
    assert [each["pointer"] for each in answer.json["errors"]] == pointers
    assert "Kaikki näkevät" in answer.json["errors"][0]["message"]
    assert api.store.events == {}
    event_id = write(api, contact=link)
    answer = api("PATCH", f"{LIST}/{event_id}", remote, STAFF_KEY, If_Match="*")
    assert [each["pointer"] for each in answer.json["errors"]] == ["/contact"]
    assert api.store.events[event_id].programme.remote_link == ""


def test_an_event_is_to_come(api: Api) -> None:
    answer = api("POST", LIST, EVENT | {"start": "2026-12-01T09:00"}, STAFF_KEY)  # which is now
    assert (answer.status, answer.problem) == (422, "in-the-past")
    assert api.store.events == {}


def test_an_event_has_a_way_to_take_part(api: Api) -> None:
    answer = api("POST", LIST, {**EVENT, "room": None}, STAFF_KEY)
    assert answer.status == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/room"]


def test_only_what_is_named_changes(api: Api) -> None:
    event_id = write(api, description={"fi": "Tervetuloa", "en": "Welcome"}, contact="Sami Salo")
    before = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY)
    answer = patch(
        api,
        event_id,
        before.headers["ETag"],
        title={"sv": "Verkstad"},
        description={"en": "Come in"},
        group_size=3,
        promote_until="2026-12-10T08:00",
        offers_within_minutes=1440,
    )
    assert answer.status == 200, answer.text
    assert answer.json == before.json | {
        "title": EVENT["title"] | {"sv": "Verkstad"},
        "description": {"fi": "Tervetuloa", "sv": "", "en": "Come in"},
        "group_size": 3,
        "promote_until": "2026-12-10T08:00:00+02:00",
        "offers_within_minutes": 1440,
        "version": 3,
    }
    assert patch(api, event_id, promote_until=None).json["promote_until"] is None


def test_the_event_of_the_readme_can_be_written_published_and_come_again(api: Api) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    rest = readme.partition('"$E/v1/staff/events" ')[2]
    written = api("POST", LIST, json.loads(rest.split("'")[3]), STAFF_KEY)
    assert written.status == 201, written.text
    path = f"{LIST}/{written.json['event_id']}"
    rule = rest.partition('/series"')[2].split("'")[3]
    series = api("POST", f"{path}/series", json.loads(rule), STAFF_KEY)
    assert (series.status, len(series.json["items"])) == (200, 5)
    assert api("POST", f"{path}/publish?scope=all", key=STAFF_KEY).status == 200
    assert [each.public for each in api.store.events.values()] == [True] * 6


def test_sign_up_until_the_start_moves_with_it_and_another_end_of_it_does_not(api: Api) -> None:
    event_id = write(api)
    there = {"start": "2026-12-16T13:00", "end": "2026-12-16T15:00"}
    assert patch(api, event_id, **there).json["closes_at"] == "2026-12-16T13:00:00+02:00"
    earlier = {"start": "2026-12-11T09:00", "end": "2026-12-11T11:00"}
    assert patch(api, event_id, **earlier).json["closes_at"] == "2026-12-11T09:00:00+02:00"
    both = patch(api, event_id, **there, closes_at="2026-12-15T12:00").json
    assert both["closes_at"] == "2026-12-15T12:00:00+02:00"
    assert patch(api, event_id, **earlier).json["closes_at"] == "2026-12-15T12:00:00+02:00"


def test_an_event_moved_before_its_sign_up_opens_keeps_when_it_closes(api: Api) -> None:
    """R-09: by a typo, to be put right."""
    event_id = write(api, opens_at="2026-12-02T09:00")
    past = patch(api, event_id, start="2026-12-01T12:00", end="2026-12-01T13:00")
    assert (past.status, past.json["closes_at"]) == (200, "2026-12-10T09:00:00+02:00")


def test_rules_of_reminders_are_staff_s_to_set_and_each_counts_once(api: Api) -> None:
    path = f"{LIST}/{write(api)}"
    for rules, kept in ((["P2D", "PT3H", "P2D"], ["P2D", "PT3H"]), ([], [])):
        answer = api("PATCH", path, {"reminders": rules}, STAFF_KEY, If_Match="*")
        assert (answer.status, answer.json["reminders"]) == (200, kept)
    for wrong in (["1 day"], ["P0D"], ["PT1M"], ["P1D\n"], ["P1D"] * 6):
        assert api("PATCH", path, {"reminders": wrong}, STAFF_KEY, If_Match="*").status in (
            400,
            422,
        )


def test_another_s_change_is_not_written_over_but_a_sign_up_is_no_change(api: Api) -> None:
    event_id = write(api)
    tag = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).headers["ETag"]
    sign_up(api, event_id, "aino")
    assert patch(api, event_id, tag, group_size=2).status == 200
    stale = patch(api, event_id, tag, group_size=4)
    assert (stale.status, stale.problem) == (412, "stale-version")
    assert api("PATCH", f"{LIST}/{event_id}", {}, STAFF_KEY).status == 428
    assert api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["group_size"] == 2


def test_more_seats_go_to_who_waits_and_fewer_remove_nobody(api: Api) -> None:
    """W-09, W-11."""
    event_id = write(api)
    sign_up(api, event_id, "aino", "eero", "pia", "sami")
    public = api("GET", f"/v1/events/{event_id}").json["ways"]["room"]
    assert public == {"limit": 2, "free": 0, "waiting": 2, "most_waiting": 3}
    patch(api, event_id, room={"limit": 3})
    public = api("GET", f"/v1/events/{event_id}").json["ways"]["room"]
    assert public == {"limit": 3, "free": 0, "waiting": 1, "most_waiting": 3}
    lowered = patch(api, event_id, room={"limit": 1}).json["ways"]["room"]
    assert (lowered["over"], lowered["free"], lowered["waiting"]) == (2, 0, 1)
    assert lowered["most_waiting"] == 3


def test_another_way_is_added_later(api: Api) -> None:
    event_id = write(api)
    sign_up(api, event_id, "aino")
    ways = patch(api, event_id, remote={"limit": None}).json["ways"]
    assert ways["room"]["free"] == 1
    assert ways["remote"] == {
        "limit": None,
        "free": None,  # as many as come
        "waiting": 0,
        "most_waiting": 0,
        "held": 0,
        "over": 0,
    }


def test_a_new_time_or_place_is_told_to_calendars_and_nothing_else_is(api: Api) -> None:
    """R-11, I-04."""
    event_id = write(api)
    told = lambda: (  # noqa: E731  # read three times
        api.store.events[event_id].calendar_sequence,
        api.store.events[event_id].revision,
    )
    patch(api, event_id, contact="Sami Salo")
    assert told() == (0, 0)
    patch(api, event_id, start="2026-12-10T10:00", end="2026-12-10T12:00")
    assert told() == (1, 1)
    patch(api, event_id, space_id="hall")
    assert told() == (2, 2)
    patch(api, event_id, start="2026-12-10T13:00")
    assert told() == (2, 2)  # which would have ended before it starts


def test_calling_off_ends_every_sign_up_and_twice_is_once(api: Api) -> None:
    """W-16."""
    event_id = write(api)
    sign_up(api, event_id, "aino", "eero", "pia")
    first = api("DELETE", f"{LIST}/{event_id}?reason=Sairaus", key=STAFF_KEY, If_Match="*")
    assert (first.status, first.json["state"], first.json["reason"]) == (
        200,
        "cancelled",
        "Sairaus",
    )
    assert {each.state.value for each in api.store.signups.values()} == {"called-off"}
    again = api("DELETE", f"{LIST}/{event_id}", key=STAFF_KEY, If_Match='"1"')
    assert (again.status, again.json) == (200, first.json)
    shown = api("GET", f"/v1/events/{event_id}").json
    assert (shown["state"], shown["reason"], shown["open"]) == ("cancelled", "Sairaus", False)
    assert patch(api, event_id, group_size=2).status == 409


def test_a_draft_that_is_called_off_stays_unseen(api: Api) -> None:
    event_id = write(api, publish=False, contact="Salainen hanke")
    gone = api("DELETE", f"{LIST}/{event_id}", key=STAFF_KEY, If_Match="*")
    assert gone.json["state"] == "cancelled"
    assert api("GET", f"/v1/events/{event_id}").status == 404
    assert api("GET", f"/v1/events{RANGE}").json["items"] == []


def test_a_repeated_request_writes_one_event(api: Api) -> None:
    one, two = (api("POST", LIST, EVENT, STAFF_KEY, Idempotency_Key="k") for _ in range(2))
    assert one.json == two.json
    assert two.headers["Idempotency-Replayed"] == "true"
    assert len(api.store.events) == 1


def test_an_event_is_no_form_s_to_write(api: Api) -> None:
    assert api("POST", LIST, EVENT, FORM_KEY).status == 404


TOPIC = {
    "id": "topic",
    "kind": "choice",
    "text": {"fi": "Aihe", "sv": "Ämne", "en": "Topic"},
    "required": True,
    "choices": [{"id": each, "text": {"fi": each, "sv": each, "en": each}} for each in "ab"],
}


def test_what_an_event_asks_and_for_whom_it_is_everybody_reads(api: Api) -> None:
    asked = {
        "audience": ["employee"],
        "questions": [TOPIC],
        "asks_diet": True,
        "asks_accessibility": True,
    }
    event_id = write(api, **asked)
    for path in (f"/v1/events/{event_id}", f"{LIST}/{event_id}"):
        shown = api("GET", path, key=STAFF_KEY).json
        assert {name: shown[name] for name in asked} == asked
    assert patch(api, event_id, group_size=2).json["questions"] == [TOPIC]
    fewer = {"audience": [], "questions": [], "asks_diet": False}
    changed = patch(api, event_id, **fewer).json
    assert {name: changed[name] for name in asked} == fewer | {"asks_accessibility": True}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"audience": ["everybody"]}, "/audience/0"),
        ({"questions": [TOPIC | {"kind": "number"}]}, "/questions/0/kind"),
        ({"questions": [TOPIC | {"id": "a b"}]}, "/questions/0/id"),
        ({"questions": [TOPIC | {"choices": []}]}, "/questions/0/choices"),
        ({"questions": [TOPIC, TOPIC]}, "/questions/1/id"),
        ({"questions": [TOPIC] * 31}, "/questions"),
    ],
)
def test_questions_that_cannot_be_are_refused_where_they_are(
    api: Api, change: dict[str, Any], pointer: str
) -> None:
    event_id = write(api)
    for answer in (patch(api, event_id, **change), api("POST", LIST, EVENT | change, STAFF_KEY)):
        assert (answer.status, answer.problem) == (422, "invalid-request")
        assert list(answer.pointers) == [pointer]


def test_the_place_of_an_event_is_booked_with_it_and_conflicts_are_told(api: Api) -> None:
    """B36: whoever comes second is told when it is taken, and of other times."""
    event_id = write(api, publish=False, space_id="studio")
    event = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json
    place = api("GET", f"/v1/bookings/{event['booking_id']}", key=STAFF_KEY).json
    assert (place["event_id"], place["person"], place["title"]) == (event_id, None, "Ideapaja")
    assert (place["start"], place["end"]) == (event["start"], event["end"])
    times = {"start": "2026-12-10T10:00", "end": "2026-12-10T12:00"}
    for answer in (
        api("POST", "/v1/bookings", booking("studio", **times), FORM_KEY),
        api("POST", LIST, EVENT | times | {"space_id": "studio"}, STAFF_KEY),
    ):
        assert (answer.status, answer.problem) == (409, "slot-taken")
        assert {each["space_id"] for each in answer.json["conflicts"]} == {"studio"}
        assert answer.json["alternatives"]
    moved = patch(api, event_id, start="2026-12-10T13:00", end="2026-12-10T15:00")
    assert moved.json["booking_id"] == event["booking_id"]
    assert api("POST", "/v1/bookings", booking("studio", **times), FORM_KEY).status == 201
    refused = patch(api, event_id, start="2026-12-10T11:00")
    assert (refused.status, refused.problem) == (409, "slot-taken")
    assert patch(api, event_id, space_id="").json["booking_id"] == ""


def test_the_place_of_an_event_is_no_booking_to_be_changed(api: Api) -> None:
    event_id = write(api, space_id="studio")
    booking_id = api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["booking_id"]
    path = f"/v1/bookings/{booking_id}"
    assert api("GET", path, key=FORM_KEY).status == 404
    for answer in (
        api("DELETE", path, key=STAFF_KEY, If_Match="*"),
        api("PATCH", path, {"title": "Muu"}, STAFF_KEY, If_Match="*"),
        api("POST", f"/v1/staff/bookings/{booking_id}/approve", {}, STAFF_KEY),
    ):
        assert (answer.status, answer.problem) == (409, "stale-state")
        assert "tapahtuma" in answer.json["detail"]
    listed = api("GET", f"/v1/staff/bookings{RANGE}", key=STAFF_KEY).json["items"]
    assert [each["event_id"] for each in listed] == [event_id]


def test_rules_of_booking_count_for_an_event_unless_staff_say_they_do_not(api: Api) -> None:
    late = {"start": "2026-12-10T20:00", "end": "2026-12-10T21:00", "space_id": "pod"}
    late["room"] = {"limit": 5}
    answer = api("POST", LIST, EVENT | late, STAFF_KEY)
    assert dict(answer.pointers) == {
        "/start": "outside-opening-hours",
        "/room/limit": "over-capacity",
    }
    override = {"override": ["outside-opening-hours", "over-capacity"]}
    assert api("POST", LIST, EVENT | late | override, STAFF_KEY).status == 201
    assert api("POST", LIST, EVENT | {"override": ["slot-taken"]}, STAFF_KEY).status == 422


def test_a_copy_is_a_draft_at_another_time(api: Api) -> None:
    """R-14"""
    event_id = write(api, space_id="studio", closes_at="2026-12-09T16:00")
    sign_up(api, event_id, "aino")
    path = f"{LIST}/{event_id}/copies"
    answer = api("POST", path, {"start": "2026-12-17T10:00"}, STAFF_KEY)
    body = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://lab.example{LIST}/{body['event_id']}"
    assert (body["state"], body["ways"]["room"]["free"], body["version"]) == ("draft", 2, 1)
    assert body["end"] == "2026-12-17T12:00:00+02:00"
    assert body["closes_at"] == "2026-12-16T17:00:00+02:00"
    assert api("GET", f"/v1/events/{body['event_id']}").status == 404
    taken = api("POST", path, {"start": "2026-12-17T11:00"}, STAFF_KEY)
    assert (taken.status, taken.problem) == (409, "slot-taken")
    past = api("POST", path, {"start": "2026-01-01T11:00"}, STAFF_KEY)
    assert (past.status, past.problem) == (422, "in-the-past")
