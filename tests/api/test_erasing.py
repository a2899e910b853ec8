"""Being forgotten, by oneself and by an admin."""

from datetime import date

import pytest

from chalicelib.domain.people import ERASED, Role
from chalicelib.services import retention
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Api, booking

ME = "/v1/me?confirm=true"


@pytest.fixture
def aino(api: Api) -> str:
    """The Cookie header of Aino's session."""
    return api.logs_in(name="Aino Aalto")


def later(api: Api) -> None:
    """The clock has come by behind the fence."""
    api.clock.forward(minutes=5)
    retention.run(api.ports)


def an_admin(api: Api) -> str:
    return api.logs_in("sami.salo@tyo2lab.fi", granted=Role.ADMIN)


def test_b117_who_is_forgotten_is_logged_out_and_their_booking_is_nobody_s(
    api: Api, aino: str
) -> None:
    """B117: feeds and mails gone; the booking is cancelled and kept."""
    made = api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS).json
    answer = api("DELETE", ME, Cookie=aino)
    assert answer.status == 202
    assert answer.json == {
        "person_id": api.person_id("aino.aalto@gov.fi"),
        "state": "going on",
        "left": ["messages", "account"],
    }
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert api("GET", "/v1/me", Cookie=aino).status == 401
    seen = api("GET", f"/v1/bookings/{made['booking_id']}", key=STAFF_KEY)
    assert seen.json["state"] == "cancelled"
    assert "Aino" not in seen.text
    assert "Suunnittelu" not in seen.text
    assert (
        api("GET", "/v1/availability?from=2026-12-02&to=2026-12-03&space_id=pod").text.count(
            "booked"
        )
        == 0
    )


def test_after_some_minutes_the_same_address_is_a_newcomer_s(api: Api, aino: str) -> None:
    api("DELETE", ME, Cookie=aino)
    refused = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert refused.codes == ["email-not-allowed"]
    later(api)
    assert api("POST", "/v1/bookings", booking(), FORM_KEY).status == 201
    again = api.logs_in()
    assert api("GET", "/v1/me", Cookie=again).json["name"] == ""


@pytest.mark.parametrize("query", ["", "?confirm=false", "?confirm=1", "?confirm=true&sure=yes"])
def test_it_has_to_be_meant(api: Api, aino: str, query: str) -> None:
    answer = api("DELETE", f"/v1/me{query}", Cookie=aino)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert api("GET", "/v1/me", Cookie=aino).status == 200


def test_only_whoever_has_logged_in_is_forgotten_by_themselves(api: Api) -> None:
    assert api("DELETE", ME).status == 401
    assert api("DELETE", ME, key=STAFF_KEY).status == 404


def test_another_site_cannot_have_somebody_forgotten(api: Api, aino: str) -> None:
    other = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = api("DELETE", ME, Cookie=aino, **other)
    assert (answer.status, answer.problem) == (403, "forbidden")
    assert api("GET", "/v1/me", Cookie=aino).status == 200


def test_an_admin_forgets_whoever_asks(api: Api) -> None:
    made = api.books()["booking_id"]
    address = f"/v1/staff/persons/{api.person_id('aino.aalto@gov.fi')}?confirm=true"
    admin = an_admin(api)
    answer = api("DELETE", address, Cookie=admin)
    assert (answer.status, answer.json["state"]) == (202, "going on")
    later(api)
    answer = api("DELETE", address, Cookie=admin)
    assert (answer.status, answer.json["state"], answer.json["left"]) == (202, "done", [])
    assert api.store.bookings[made].person_id == ERASED


def test_the_answer_is_given_again_to_the_same_key(api: Api) -> None:
    api.books()
    address = f"/v1/staff/persons/{api.person_id('aino.aalto@gov.fi')}?confirm=true"
    admin = an_admin(api)
    sent = {"Cookie": admin, "Idempotency_Key": "forget-1"}
    assert api("DELETE", address, **sent).status == 202
    assert api("DELETE", address, **sent).json["state"] == "going on"


def test_hosts_do_not_forget_people(api: Api) -> None:
    """That is for admins, and nobody hears that there is such a person."""
    api.books()
    address = f"/v1/staff/persons/{api.person_id('aino.aalto@gov.fi')}?confirm=true"
    host = api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    assert api("DELETE", address).status == 401
    assert api("DELETE", address, Cookie=host).status == 404
    assert api("DELETE", address, key=FORM_KEY).status == 404


@pytest.mark.parametrize("person_id", ["p_nobody", "keys", "erasures", "retention", ERASED])
def test_who_is_nobody_is_not_found(api: Api, person_id: str) -> None:
    answer = api("DELETE", f"/v1/staff/persons/{person_id}?confirm=true", Cookie=an_admin(api))
    assert answer.status == 404


def test_while_somebody_is_forgotten_staff_see_nothing_of_them(api: Api, aino: str) -> None:
    person_id = api.person_id("aino.aalto@gov.fi")
    admin = an_admin(api)
    api("DELETE", f"/v1/staff/persons/{person_id}?confirm=true", Cookie=admin)
    seen = api("GET", f"/v1/staff/persons/{person_id}", Cookie=admin)
    assert (seen.status, seen.json["name"], seen.json["email"]) == (200, "", "")
    listed = api("GET", "/v1/staff/persons", Cookie=admin)
    assert person_id not in listed.text
    later(api)
    assert api("GET", f"/v1/staff/persons/{person_id}", Cookie=admin).status == 404


def test_a_partner_s_invitation_goes_with_them(api: Api) -> None:
    pia = api.logs_in("pia.peltola@partner.example", partner_until=date(2026, 12, 31))
    api("DELETE", ME, Cookie=pia)
    later(api)
    asked = api("POST", "/v1/auth/links", {"email": "pia.peltola@partner.example"})
    assert asked.status == 202  # as for everybody
    assert not [
        one for one in api.store.profiles if one == api.person_id("pia.peltola@partner.example")
    ]


def test_the_last_admin_stays(api: Api) -> None:
    admin = an_admin(api)
    api.store.admins.clear()
    api.store.admins.add(api.person_id("sami.salo@tyo2lab.fi"))
    refused = api("DELETE", ME, Cookie=admin)
    assert (refused.status, refused.problem) == (409, "stale-state")
    api.store.admins.add("p_another")
    assert api("DELETE", ME, Cookie=admin).status == 202
    assert api.store.admins == {"p_another"}
