"""Staff's settings over HTTP: what changes, who is affected, what stays."""

from typing import Any

from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, booking, eero

POD = "/v1/staff/spaces/pod"


def change(api: Api, path: str, body: dict[str, Any], **headers: str) -> Answer:
    answer = api("PATCH", path, body, STAFF_KEY, **({"If_Match": "*"} | headers))
    assert answer.status == 200, answer.text
    return answer


def affected(answer: Answer) -> dict[str, list[str]]:
    """The bookings that a change leaves outside the rules, and the rules."""
    return {
        each["booking_id"]: [error["code"] for error in each["errors"]]
        for each in answer.json["affected"]
    }


def test_a_space_is_made_and_can_be_booked(api: Api) -> None:
    body = {
        "space_id": "attic",
        "name": {"fi": "Ullakko", "en": "Attic"},
        "capacity": 6,
        "hours": {"wed": [["10:00", "12:00"]]},
    }
    answer = api("POST", "/v1/staff/spaces", body, STAFF_KEY)
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    assert answer.headers["Location"] == "https://lab.example/v1/staff/spaces/attic"
    assert answer.json["name"] == {"fi": "Ullakko", "sv": "", "en": "Attic"}
    assert answer.json["affected"] == []
    assert api.books(space_ids=["attic"])["state"] == "confirmed"
    shown = api("GET", "/v1/staff/spaces/attic", key=STAFF_KEY)
    assert shown.json == {name: value for name, value in answer.json.items() if name != "affected"}


def test_an_id_in_use_is_a_conflict(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/staff/spaces", {"space_id": "pod", "name": {}}, STAFF_KEY)
    assert (answer.status, answer.problem) == (409, "stale-state")
    assert answer.pointers == {"/space_id": "stale-state"}


def test_only_what_is_named_changes(api: Api) -> None:
    before = api("GET", POD, key=STAFF_KEY).json
    answer = change(api, POD, {"name": {"sv": "Kapsel"}, "hours": {"fri": [["09:00", "24:00"]]}})
    after = answer.json
    assert after.pop("affected") == []
    assert after["name"] == {"fi": "Pod", "sv": "Kapsel", "en": "Pod"}
    assert after["hours"] == before["hours"] | {"fri": [["09:00", "24:00"]]}
    assert {name for name in after if after[name] != before[name]} == {"name", "hours", "version"}
    assert (after["version"], answer.headers["ETag"]) == (2, '"2"')


def test_dated_exceptions_are_replaced_whole_and_kept_in_order(api: Api) -> None:
    exceptions = [
        {"date": "2026-12-24", "hours": []},
        {"date": "2026-12-23", "hours": [["12:00", "14:00"], ["08:00", "10:00"]]},
    ]
    first = change(api, POD, {"exceptions": exceptions}).json["exceptions"]
    assert first == [
        {"date": "2026-12-23", "hours": [["08:00", "10:00"], ["12:00", "14:00"]]},
        {"date": "2026-12-24", "hours": []},
    ]
    assert change(api, POD, {"exceptions": []}).json["exceptions"] == []


def test_a_booking_outside_shorter_hours_is_kept_and_listed(api: Api) -> None:
    """B119."""
    late = api.books(start="2026-12-02T15:00", end="2026-12-02T17:00")
    api.books(start="2026-12-02T10:00", end="2026-12-02T11:00")
    answer = change(api, POD, {"hours": {"wed": [["08:00", "16:00"]]}})
    assert affected(answer) == {late["booking_id"]: ["outside-opening-hours"]}
    shown = answer.json["affected"][0]
    assert (shown["start"], shown["state"]) == ("2026-12-02T15:00:00+02:00", "confirmed")
    kept = api("GET", f"/v1/bookings/{late['booking_id']}", key=FORM_KEY).json
    assert kept == late


def test_a_space_put_into_a_combined_one_lists_the_bookings_that_meet(api: Api) -> None:
    """B27."""
    pods = api.books()
    halls = api.books(space_ids=["hall"], person=eero())
    answer = change(api, "/v1/staff/spaces/hall", {"parts": ["hall-a", "hall-b", "pod"]})
    both = {pods["booking_id"]: ["slot-taken"], halls["booking_id"]: ["slot-taken"]}
    assert affected(answer) == both
    assert pods["booking_id"] in api.store.bookings


def test_longer_buffers_leave_bookings_as_they_are_and_list_them(api: Api) -> None:
    """B15."""
    first = api.books(space_ids=["studio"], start="2026-12-02T10:00", end="2026-12-02T11:00")
    second = api.books(space_ids=["studio"], start="2026-12-02T11:30", end="2026-12-02T12:30")
    answer = change(api, "/v1/staff/spaces/studio", {"setup_minutes": 60, "cleanup_minutes": 60})
    assert affected(answer) == {
        first["booking_id"]: ["slot-taken"],
        second["booking_id"]: ["slot-taken"],
    }
    held = api.store.bookings[first["booking_id"]].footprint["studio"]
    assert held[0][1] - held[0][0] == 6  # an hour with its own quarters before and after
    near = booking("studio", start="2026-12-02T13:15", end="2026-12-02T14:00")
    assert api("POST", "/v1/bookings", near, FORM_KEY).status == 409


def test_a_space_taken_out_of_use_lists_its_bookings(api: Api) -> None:
    """B56."""
    made = api.books()
    answer = change(api, POD, {"active": False})
    assert affected(answer) == {made["booking_id"]: ["unknown-space"]}
    assert api("GET", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY).json == made


def test_what_is_over_and_what_is_cancelled_is_not_affected(api: Api) -> None:
    over = api.books(start="2026-12-01T10:00", end="2026-12-01T11:00")
    gone = api.books()
    api("DELETE", f"/v1/bookings/{gone['booking_id']}", key=FORM_KEY, If_Match="*")
    api.clock.forward(hours=3)
    assert over["booking_id"] not in affected(change(api, POD, {"active": False}))


def test_messages_of_affected_bookings_are_in_staff_s_language(api: Api) -> None:
    api.books(attendees=2)
    answer = change(api, POD, {"capacity": 1}, Accept_Language="sv")
    assert answer.json["affected"][0]["errors"] == [
        {"pointer": "/attendees", "code": "over-capacity", "message": "Högst 1."}
    ]


def test_staff_see_all_spaces_a_page_at_a_time(api: Api) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = api("GET", f"/v1/staff/spaces?limit=4{cursor}", key=STAFF_KEY).json
        seen += [each["space_id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(api.store.spaces)


def test_an_unknown_space_is_not_found(api: Api, untouched: None) -> None:
    for method, body in (("GET", None), ("PATCH", {})):
        answer = api(method, "/v1/staff/spaces/cellar", body, STAFF_KEY, If_Match="*")
        assert (answer.status, answer.problem) == (404, "not-found")


def test_a_change_of_settings_needs_the_version_it_is_based_on(api: Api) -> None:
    for path, body in ((POD, {"capacity": 3}), ("/v1/staff/settings", {"hold_minutes": 5})):
        assert api("PATCH", path, body, STAFF_KEY).problem == "precondition-required"
        assert api("PATCH", path, body, STAFF_KEY, If_Match='"9"').problem == "stale-version"
        assert api("PATCH", path, body, STAFF_KEY, If_Match='W/"1"').problem == "stale-version"
        answer = change(api, path, body, If_Match='"1"')
        assert (answer.headers["ETag"], answer.json["version"]) == ('"2"', 2)
        assert api("PATCH", path, body, STAFF_KEY, If_Match='"1"').problem == "stale-version"


def test_the_site_s_settings_are_shown_without_the_salt(api: Api) -> None:
    answer = api("GET", "/v1/staff/settings", key=STAFF_KEY)
    assert answer.headers["ETag"] == '"1"'
    assert answer.json == {
        "name": {"fi": "Työ 2.0 Lab", "sv": "Arbete 2.0 Lab", "en": "Work 2.0 Lab"},
        "time_zone": "Europe/Helsinki",
        "base_url": "https://lab.example",
        "prove_address": False,
        "hold_minutes": 30,
        "anonymous_holds": 20,
        "live_bookings": None,
        "hours_per_week": None,
        "organisation_live_bookings": None,
        "organisation_hours_per_week": None,
        "allowed_domains": [
            {"domain": each, "since": None, "until": None, "confirmed": True, "note": ""}
            for each in ("gov.fi", "tyo2lab.fi")
        ],
        "allowed_sites": [],
        "mailbox": "",
        "mail_texts": {},
        "version": 1,
    }
    assert "salt" not in answer.text


def test_the_site_s_settings_change_and_are_obeyed_at_once(api: Api) -> None:
    api.books()
    body = {"live_bookings": 1, "name": {"sv": "Labbet"}, "allowed_domains": ["gov.fi"]}
    after = change(api, "/v1/staff/settings", body).json
    assert (after["live_bookings"], after["name"]["sv"]) == (1, "Labbet")
    refused = api("POST", "/v1/bookings", booking("studio"), FORM_KEY)
    assert refused.problem == "quota-exceeded"
    assert change(api, "/v1/staff/settings", {"live_bookings": None}).json["live_bookings"] is None
    assert api.books(space_ids=["studio"])["state"] == "confirmed"


def test_names_of_fields_are_audited_and_never_their_values(api: Api) -> None:
    change(api, POD, {"capacity": 3, "name": {"fi": "Salainen"}})
    entry = api.store.audit[-1]
    assert (entry["subject"], entry["actor"], entry["fields"]) == (
        "space#pod",
        "p_sami",
        ["capacity", "name"],
    )
    assert "Salainen" not in str(entry)


def test_the_audit_of_a_booking_names_nobody(api: Api) -> None:
    api.books(title="Salainen")
    assert "Aino" not in str(api.store.audit)
    assert "Salainen" not in str(api.store.audit)
