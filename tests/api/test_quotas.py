"""Quotas over HTTP: shown before one books, named with their numbers, and set by staff."""

import pytest

from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Api, booking, eero

LIMITS = {
    "live_bookings": 4,
    "hours_per_week": 2,
    "organisation_live_bookings": 3,
    "organisation_hours_per_week": 5,
}


def test_one_sees_how_one_stands_before_one_books(make_api) -> None:
    api = make_api(live_bookings=4, hours_per_week=2)
    aino = api.logs_in(name="Aino Aalto")
    api.books()
    asked = api("GET", "/v1/me", Cookie=aino).json["quota"]
    assert asked == {
        "live_bookings": {"used": 1, "limit": 4},
        "weeks": [
            {"week": "2026-W49", "used_minutes": 60, "limit_minutes": 120},
            {"week": "2026-W50", "used_minutes": 0, "limit_minutes": 120},
        ],
        "organisation": None,
    }


def test_the_organisation_s_share_is_shown_where_it_has_a_limit(make_api) -> None:
    api = make_api(organisation_hours_per_week=5)
    aino = api.logs_in(name="Aino Aalto")
    api.books(person=eero())
    changed = api("PATCH", "/v1/me", {"language": "sv"}, Cookie=aino, If_Match="*", **OURS)
    assert changed.json["quota"]["organisation"] == {
        "live_bookings": {"used": 1, "limit": None},
        "weeks": [
            {"week": "2026-W49", "used_minutes": 60, "limit_minutes": 300},
            {"week": "2026-W50", "used_minutes": 0, "limit_minutes": 300},
        ],
    }


def test_staff_set_quotas_and_lift_them(api: Api) -> None:
    path = "/v1/staff/settings"
    after = api("PATCH", path, LIMITS, STAFF_KEY, If_Match="*")
    assert after.json.items() >= LIMITS.items()
    nothing = dict.fromkeys(LIMITS)
    assert api("PATCH", path, nothing, STAFF_KEY, If_Match="*").json.items() >= nothing.items()


@pytest.mark.parametrize("name", LIMITS)
def test_a_quota_below_nothing_is_refused(api: Api, untouched: None, name: str) -> None:
    answer = api("PATCH", "/v1/staff/settings", {name: -1}, STAFF_KEY, If_Match="*")
    assert answer.pointers == {f"/{name}": "invalid-request"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fi",
            (
                "Viikolla 49 yhden henkilön varauksia voi olla enintään 2 tuntia. Lyhennä varausta, "
                "valitse toinen viikko tai peru jokin varaus. Käytössä on jo 1\u00a0h 30\u00a0min."
            ),
        ),
        (
            "sv",
            (
                "Under vecka 49 kan en person ha bokningar för högst 2 timmar. Förkorta bokningen, välj "
                "en annan vecka eller avboka någon bokning. 1\u00a0h 30\u00a0min är redan i bruk."
            ),
        ),
        (
            "en",
            (
                "In week 49 one person may have at most 2 hours of bookings. Make it shorter, choose "
                "another week, or cancel a booking. 1\u00a0h 30\u00a0min are in use already."
            ),
        ),
    ],
)
def test_a_preview_names_the_quota_with_its_numbers(make_api, language: str, said: str) -> None:
    api = make_api(hours_per_week=2)
    api.books(end="2026-12-02T11:30:00+02:00")
    asked = ("POST", "/v1/bookings/preview", booking("studio"))
    (item,) = api(*asked, FORM_KEY, Accept_Language=language).json["items"]
    assert (item["possible"], [each["code"] for each in item["errors"]]) == (
        False,
        ["quota-exceeded"],
    )
    assert item["errors"][0]["message"] == said
    refused = api("POST", "/v1/bookings", booking("studio"), FORM_KEY, Accept_Language=language)
    assert refused.json["errors"] == item["errors"]
    (item,) = api(*asked, Accept_Language=language).json["items"]
    assert said.startswith(item["errors"][0]["message"])
    assert "30" not in item["errors"][0]["message"]


@pytest.mark.parametrize("quota", LIMITS)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_quota_says_what_it_is_and_what_to_do(make_api, quota: str, language: str) -> None:
    api = make_api(**{quota: 1})
    api.books()
    answer = api("POST", "/v1/bookings", booking("studio"), FORM_KEY, Accept_Language=language)
    (error,) = answer.json["errors"]
    assert "…" not in error["message"]
    assert "1" in error["message"]
    assert len(error["message"].split(". ")) > 2
