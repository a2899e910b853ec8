"""Spaces for some and not for others: of what is not theirs people see when it is busy, and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.people import Role
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api, booking, eero
from tests.builders import a_space

PIA = {"name": "Pia Peltola", "email": "pia.peltola@partner.example"}
DAY = "from=2026-12-02T08:00&to=2026-12-02T12:00"
SPACES = {
    "attic": ("employee",),
    "den": ("partner",),
    "office": (),  # hosts' alone
}
Ask = Callable[..., Answer]


@pytest.fixture
def api(make_api: Any) -> Api:
    made: Api = make_api(*(a_space(key, open_to=whom) for key, whom in SPACES.items()))
    return made


def asker(api: Api, who: str) -> Ask:
    """Requests of somebody, by how they show who they are."""
    if who == "anonymous":
        return api
    if who in ("form", "staff key"):
        key = FORM_KEY if who == "form" else STAFF_KEY
        return lambda method, path, body=None, **headers: api(method, path, body, key, **headers)
    known = {
        "employee": {"email": "aino.aalto@gov.fi", "name": "Aino Aalto"},
        "partner": {"email": PIA["email"], "name": PIA["name"], "partner_until": date(2027, 1, 31)},
        "staff": {"email": "sami.salo@tyo2lab.fi", "name": "Sami Salo", "granted": Role.STAFF},
    }
    cookie = api.logs_in(**known[who])
    return lambda method, path, body=None, **headers: api(
        method, path, body, Cookie=cookie, **OURS, **headers
    )


# Who sees which of the three. A visitor or a form may be anybody's: only hosts' own are hidden.
SEES = {
    "anonymous": {"attic", "den"},
    "form": {"attic", "den"},
    "employee": {"attic"},
    "partner": {"den"},
    "staff": {"attic", "den", "office"},
    "staff key": {"attic", "den", "office"},
}
EACH = [(who, space_id) for who in SEES for space_id in SPACES]


@pytest.mark.parametrize(("who", "space_id"), EACH)
def test_a_space_is_there_for_whom_it_is_open(api: Api, who: str, space_id: str) -> None:
    """B115: one that is not is answered word for word as one that there never was."""
    ask, seen = asker(api, who), space_id in SEES[who]
    one, never = ask("GET", f"/v1/spaces/{space_id}"), ask("GET", "/v1/spaces/cellar")
    assert one.status == (200 if seen else 404)
    assert seen or (one.raw, one.headers) == (never.raw, never.headers)
    listed = [each["space_id"] for each in ask("GET", "/v1/spaces").json["items"]]
    assert (space_id in listed) is seen
    found = [each["space_id"] for each in ask("GET", f"/v1/availability?{DAY}").json["items"]]
    assert (space_id in found) is seen
    named = ask("GET", f"/v1/availability?{DAY}&space_id={space_id}")
    assert (named.status == 200) is seen
    assert seen or named.problem == "unknown-space"


@pytest.mark.parametrize(("who", "space_id"), EACH)
def test_a_space_is_booked_by_whom_it_is_open_to(api: Api, who: str, space_id: str) -> None:
    """B115: what somebody does not see, they cannot book, nor learn from what a preview says."""
    ask, seen = asker(api, who), space_id in SEES[who]
    person = {"person": ...} if who in ("employee", "partner") else {}
    if who in ("anonymous", "form"):  # judged by who it is for: Aino, an employee
        seen = space_id == "attic"
    found = ask("POST", "/v1/bookings/preview", booking(space_id, **person)).json["items"][0]
    assert found["possible"] is seen
    offered = {each for other in found["alternatives"] for each in other["space_ids"]}
    assert offered <= {key for key in api.store.spaces if key not in SPACES} | SEES[who]
    answer = ask("POST", "/v1/bookings", booking(space_id, **person))
    assert answer.status == (201 if seen else 422)
    assert seen or answer.problem == "unknown-space"
    assert seen or not api.store.bookings


@pytest.mark.parametrize(("who", "space_id"), EACH)
def test_busy_times_are_everybody_s_but_for_hosts_own_spaces(
    api: Api, who: str, space_id: str
) -> None:
    """B115: free/busy only."""
    api.books(STAFF_KEY, space_ids=[space_id], title="Salainen", person=eero())
    ask = asker(api, who)
    seen = space_id != "office" or who.startswith("staff")
    busy = ask("GET", f"/v1/freebusy?{DAY}&resources={space_id}").json["resources"][space_id]
    assert busy["error"] == (None if seen else "unknown-space")
    assert bool(busy["busy"]) is seen
    for name in ("calendar.ics", "freebusy.ics"):
        answer = ask("GET", f"/v1/spaces/{space_id}/{name}")
        assert answer.status == (200 if seen else 404)
        assert "Salainen" not in answer.text


def test_an_invitation_that_is_over_opens_nothing_more(api: Api) -> None:
    ask = asker(api, "partner")
    assert ask("GET", "/v1/spaces/den").status == 200
    pia = api.person_id(PIA["email"])
    before = api.store.profiles[pia]
    api.store.profiles[pia] = replace(before, partner_until=date(2026, 11, 30))
    assert ask("GET", "/v1/me").status == 401
    refused = api("POST", "/v1/bookings", booking("den", person=PIA), FORM_KEY)
    assert (refused.status, refused.problem) == (422, "email-not-allowed")


@pytest.mark.parametrize("who", [each for each in SEES if not each.startswith("staff")])
def test_whose_booking_is_in_the_way_is_not_said(api: Api, who: str) -> None:
    """B116: time and space only, in whatever is answered."""
    made = api.books(
        FORM_KEY, space_ids=["pod"], person=eero(), title="Salainen kokous", notes="Kuiskaus"
    )
    ask = asker(api, who)
    person = {"person": ...} if who in ("employee", "partner") else {}
    body = booking("pod", **person)
    taken, seen = ask("POST", "/v1/bookings", body), ask("POST", "/v1/bookings/preview", body)
    assert (taken.status, taken.problem) == (409, "slot-taken")
    (conflict,) = taken.json["conflicts"]
    assert conflict == {
        "space_id": "pod",
        "start": "2026-12-02T10:00:00+02:00",
        "end": "2026-12-02T11:00:00+02:00",
        "reason": "booked",
    }
    for answer in (taken, seen):
        said = f"{answer.text} {answer.headers}"
        for word in ("Salainen", "Kuiskaus", "Eero", "Eskola", "gov.fi", made["booking_id"], "p_"):
            assert word not in said, word
