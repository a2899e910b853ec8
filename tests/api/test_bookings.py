"""Bookings over HTTP: what is answered, with which headers, to whom."""

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking, eero


def test_a_booking_is_answered_with_all_that_api_md_says(api: Api) -> None:
    answer = api("POST", "/v1/bookings", booking("hall", attendees=12, equipment={"screen": 1}))
    assert answer.status == 201
    body = answer.json
    assert body.pop("booking_id").startswith("b_")
    assert body == {
        "state": "confirmed",
        "space_ids": ["hall"],
        "units": 1,
        "start": "2026-12-02T10:00:00+02:00",
        "end": "2026-12-02T11:00:00+02:00",
        "time_zone": "Europe/Helsinki",
        "title": "Suunnittelu",
        "notes": "",
        "attendees": 12,
        "equipment": {"screen": 1},
        "facilitator": None,
        "version": 1,
        "created_at": "2026-12-01T09:00:00+02:00",
        "confirm_by": None,
        "pending_change": None,
        "reason": "",
    }


def test_a_new_booking_has_an_absolute_address_and_a_strong_tag(api: Api) -> None:
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    address = f"https://lab.example/v1/bookings/{answer.json['booking_id']}"
    assert answer.headers["Location"] == address
    assert answer.headers["ETag"] == '"1"'
    found = api("GET", address.removeprefix("https://lab.example"), key=FORM_KEY)
    assert (found.json, found.headers["ETag"]) == (answer.json, '"1"')


def test_one_space_may_be_named_by_space_id(api: Api) -> None:
    body = api.books(space_ids=..., space_id="studio")
    assert body["space_ids"] == ["studio"]


def test_space_id_and_space_ids_together_are_refused(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", booking(space_id="studio"))
    assert (answer.status, answer.pointers) == (422, {"/space_id": "invalid-request"})


def test_no_space_at_all_is_refused(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", booking(space_ids=...))
    assert (answer.status, answer.pointers) == (422, {"/space_ids": "invalid-request"})


def test_several_spaces_units_equipment_and_a_facilitator_come_together(api: Api) -> None:
    body = api.books(
        space_ids=["studio", "desks"],
        units=3,
        equipment={"screen": 2},
        facilitation={"wanted": True, "notes": "Alustus ja purku"},
    )
    assert (body["space_ids"], body["units"], body["equipment"]) == (
        ["studio", "desks"],
        3,
        {"screen": 2},
    )
    assert body["facilitator"] in ("facilitator-1", "facilitator-2")


def test_no_free_facilitator_is_a_conflict_named_facilitator(api: Api) -> None:
    """B25, B28."""
    wanted = {"facilitation": {"wanted": True}}
    api.books(space_ids=["pod"], **wanted)
    api.books(space_ids=["studio"], **wanted)
    answer = api("POST", "/v1/bookings", booking("hall-a", **wanted), FORM_KEY)
    assert (answer.status, answer.problem) == (409, "slot-taken")
    named = {each.get("resource_id") for each in answer.json["conflicts"]}
    assert named == {"facilitator"}


def test_a_space_that_needs_approval_is_pending_and_staff_s_own_is_confirmed(api: Api) -> None:
    assert api.books(space_ids=["lab"])["state"] == "pending"
    later = {"start": "2026-12-03T10:00", "end": "2026-12-03T11:00"}
    assert api.books(STAFF_KEY, space_ids=["lab"], **later)["state"] == "confirmed"


def test_with_prove_address_nobody_s_booking_is_held_for_half_an_hour(make_api) -> None:
    api = make_api(prove_address=True)
    held = api.books(key=None)
    assert (held["state"], held["confirm_by"]) == ("held", "2026-12-01T09:30:00+02:00")
    assert api.books(space_ids=["studio"])["state"] == "confirmed"


def test_times_are_answered_in_the_site_s_zone(api: Api) -> None:
    """B91."""
    body = api.books(start="2026-12-02T08:00:00Z", end="2026-12-02T10:00:00+01:00")
    assert (body["start"], body["end"]) == (
        "2026-12-02T10:00:00+02:00",
        "2026-12-02T11:00:00+02:00",
    )


def test_a_time_without_offset_is_the_site_s(api: Api) -> None:
    body = api.books(start="2026-12-02T10:00", end="2026-12-02 11:00:00")
    assert body["start"] == "2026-12-02T10:00:00+02:00"


def test_a_booking_is_seen_by_the_key_that_made_it_and_by_staff_alone(api: Api) -> None:
    made = api.books()
    nobodys = api.books(key=None, space_ids=["studio"], person=eero())
    path = f"/v1/bookings/{made['booking_id']}"
    assert api("GET", path, key=FORM_KEY).json == made
    assert api("GET", path).status == 401
    other = api("GET", f"/v1/bookings/{nobodys['booking_id']}", key=FORM_KEY)
    assert (other.status, other.problem) == (404, "not-found")
    staff = api("GET", path, key=STAFF_KEY).json
    assert staff["person"]["email"] == "aino.aalto@gov.fi"
    assert staff["made_by"] == "k_form"
    assert "person" not in made


def test_what_may_not_be_seen_and_what_is_not_there_look_alike(api: Api) -> None:
    hidden = api.books(STAFF_KEY)["booking_id"]
    answers = [
        api(method, f"/v1/bookings/{booking_id}", body, FORM_KEY, If_Match="*")
        for booking_id in (hidden, "b_nobody")
        for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None))
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.raw for answer in answers}) == 1


def test_get_answers_304_for_the_tag_it_gave(api: Api) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    for tag in ('"1"', 'W/"1"', '"0", "1"', "*"):
        answer = api("GET", path, key=FORM_KEY, If_None_Match=tag)
        assert (answer.status, answer.raw, answer.headers["ETag"]) == (304, b"", '"1"')
    assert api("GET", path, key=FORM_KEY, If_None_Match='"0"').status == 200
    assert api("HEAD", path, key=FORM_KEY, If_None_Match='"1"').status == 304


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_needs_if_match(api: Api, method: str) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    before = api.contents()
    body = {"title": "Uusi"} if method == "PATCH" else None
    answer = api(method, path, body, FORM_KEY)
    assert (answer.status, answer.problem) == (428, "precondition-required")
    assert api.contents() == before


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', "1", '"', "", "garbage", '"1'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_or_weak_tag_changes_nothing(api: Api, method: str, tag: str) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    before = api.contents()
    body = {"title": "Uusi"} if method == "PATCH" else None
    answer = api(method, path, body, FORM_KEY, If_Match=tag)
    assert (answer.status, answer.problem) == (412, "stale-version")
    assert api.contents() == before


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"'])
def test_the_present_tag_or_a_star_changes_it(api: Api, tag: str) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    answer = api("PATCH", path, {"title": "Uusi"}, FORM_KEY, If_Match=tag)
    assert (answer.status, answer.json["title"], answer.headers["ETag"]) == (200, "Uusi", '"2"')
    assert answer.json["version"] == 2


def test_two_edits_of_one_version_lose_nothing(api: Api) -> None:
    """B44."""
    path = f"/v1/bookings/{api.books()['booking_id']}"
    moved = {"start": "2026-12-02T12:00", "end": "2026-12-02T13:00"}
    assert api("PATCH", path, moved, FORM_KEY, If_Match='"1"').status == 200
    late = api("PATCH", path, {"title": "Uusi"}, FORM_KEY, If_Match='"1"')
    assert (late.status, late.problem) == (412, "stale-version")
    now = api("GET", path, key=FORM_KEY).json
    assert (now["start"], now["title"]) == ("2026-12-02T12:00:00+02:00", "Suunnittelu")


def test_everything_of_a_booking_can_be_changed_at_once(api: Api) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    change = {
        "start": "2026-12-02T12:00",
        "end": "2026-12-02T14:00",
        "space_ids": ["desks"],
        "units": 4,
        "equipment": {"screen": 1},
        "title": "Uusi",
        "notes": "Kaksi\nriviä",
        "attendees": 4,
    }
    body = api("PATCH", path, change, FORM_KEY, If_Match="*").json
    assert body["start"] == "2026-12-02T12:00:00+02:00"
    assert {name: body[name] for name in change if name not in ("start", "end")} == {
        name: value for name, value in change.items() if name not in ("start", "end")
    }


def test_a_longer_time_on_a_space_that_needs_approval_waits(api: Api) -> None:
    """B47."""
    made = api.books(space_ids=["lab"])
    path = f"/v1/bookings/{made['booking_id']}"
    approve = f"/v1/staff/bookings/{made['booking_id']}/approve"
    assert api("POST", approve, key=STAFF_KEY).status == 200
    body = api("PATCH", path, {"end": "2026-12-02T13:00"}, FORM_KEY, If_Match="*").json
    assert (body["state"], body["end"]) == ("confirmed", "2026-12-02T11:00:00+02:00")
    assert body["pending_change"] == {
        "start": "2026-12-02T10:00:00+02:00",
        "end": "2026-12-02T13:00:00+02:00",
        "space_ids": ["lab"],
        "units": 1,
        "equipment": {},
    }


def test_a_running_booking_ended_now_ends_at_the_next_quarter(api: Api) -> None:
    """B51."""
    path = f"/v1/bookings/{api.books(end='2026-12-02T12:00')['booking_id']}"
    api.clock.forward(hours=26, minutes=5)
    now = "2026-12-02T11:05:00+02:00"
    body = api("PATCH", path, {"end": now}, FORM_KEY, If_Match="*").json
    assert body["end"] == "2026-12-02T11:15:00+02:00"


def test_delete_cancels_and_get_goes_on_showing_it(api: Api) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    answer = api("DELETE", f"{path}?reason=Muutos", key=FORM_KEY, If_Match='"1"')
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (
        200,
        "cancelled",
        "Muutos",
    )
    assert answer.headers["ETag"] == '"2"'
    assert api("GET", path, key=FORM_KEY).json == answer.json
    assert api.books()["state"] == "confirmed"


@pytest.mark.parametrize("tag", ['"1"', '"2"', '"99"', 'W/"1"', "garbage", None])
def test_a_second_delete_is_answered_as_the_first_whatever_its_tag(
    api: Api, tag: str | None
) -> None:
    """B53."""
    path = f"/v1/bookings/{api.books()['booking_id']}"
    first = api("DELETE", f"{path}?reason=Muutos", key=FORM_KEY, If_Match='"1"')
    before = api.contents()
    headers = {} if tag is None else {"If_Match": tag}
    again = api("DELETE", path, key=FORM_KEY, **headers)
    assert (again.status, again.json, again.headers["ETag"]) == (200, first.json, '"2"')
    assert api.contents() == before


def test_a_booking_that_began_is_not_cancelled(api: Api) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    api.clock.forward(hours=25)
    answer = api("DELETE", path, key=FORM_KEY, If_Match="*")
    assert (answer.status, answer.problem) == (422, "already-started")


def test_a_hold_that_ran_out_is_expired_when_read(make_api) -> None:
    """B55."""
    api = make_api(prove_address=True)
    held = api.books(key=None)
    api.clock.forward(minutes=30)
    body = api("GET", f"/v1/bookings/{held['booking_id']}", key=STAFF_KEY).json
    assert body["state"] == "expired"


def test_a_conflict_says_when_and_where_but_never_whose(api: Api) -> None:
    """B116."""
    api.books(person=eero(), title="Salainen")
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert (answer.status, answer.problem) == (409, "slot-taken")
    assert answer.json["conflicts"] == [
        {
            "space_id": "pod",
            "start": "2026-12-02T10:00:00+02:00",
            "end": "2026-12-02T11:00:00+02:00",
            "reason": "booked",
        }
    ]
    for secret in ("Eero", "eskola", "Salainen", "b_", "p_"):
        assert secret not in answer.text


def test_a_conflict_of_a_combined_space_names_the_space_asked_for(api: Api) -> None:
    """B21."""
    api.books(space_ids=["hall-a"])
    answer = api("POST", "/v1/bookings", booking("hall"), FORM_KEY)
    assert {each["space_id"] for each in answer.json["conflicts"]} == {"hall"}


def test_equipment_that_is_taken_is_named_as_a_resource(api: Api) -> None:
    api.books(space_ids=["studio"], equipment={"screen": 2})
    answer = api("POST", "/v1/bookings", booking(equipment={"screen": 1}), FORM_KEY)
    assert answer.status == 409
    assert {each["resource_id"] for each in answer.json["conflicts"]} == {"screen"}


def test_what_a_conflict_offers_instead_can_be_booked(api: Api) -> None:
    api.books()
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert answer.json["alternatives"]
    for offer in answer.json["alternatives"]:
        asked = {name: offer[name] for name in ("space_ids", "start", "end")}
        item = api("POST", "/v1/bookings/preview", booking(**asked), FORM_KEY).json["items"][0]
        assert item["possible"], offer


def test_staff_may_break_rules_that_others_may_not(api: Api) -> None:
    night = {"start": "2026-12-02T20:00", "end": "2026-12-02T20:15"}
    override = {"override": ["outside-opening-hours", "too-short"]}
    assert api.books(STAFF_KEY, **night, **override)["start"] == "2026-12-02T20:00:00+02:00"
    before = api.contents()
    refused = api("POST", "/v1/bookings", booking("studio", **night, **override), FORM_KEY)
    assert refused.pointers["/override"] == "invalid-request"
    assert api.contents() == before


def test_the_quota_of_live_bookings_is_kept(make_api) -> None:
    api = make_api(live_bookings=1)
    api.books()
    answer = api("POST", "/v1/bookings", booking("studio"), FORM_KEY)
    assert (answer.status, answer.problem) == (422, "quota-exceeded")
    assert api.books(space_ids=["studio"], person=eero())["state"] == "confirmed"


def test_a_single_space_can_be_moved_to_by_its_single_name(api: Api) -> None:
    made = api.books()
    path = f"/v1/bookings/{made['booking_id']}"
    answer = api("PATCH", path, {"space_id": "studio"}, FORM_KEY, If_Match="*")
    assert answer.json["space_ids"] == ["studio"]
    both = {"space_id": "pod", "space_ids": ["pod"]}
    assert api("PATCH", path, both, FORM_KEY, If_Match="*").pointers == {
        "/space_id": "invalid-request"
    }


def test_a_change_of_nothing_keeps_the_etag(api: Api) -> None:
    made = api.books()
    answer = api("PATCH", f"/v1/bookings/{made['booking_id']}", {}, FORM_KEY, If_Match='"1"')
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json == made
