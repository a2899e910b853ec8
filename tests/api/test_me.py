"""A person's own account, in a session."""

from datetime import date

from chalicelib.domain.people import Role
from tests.api.conftest import OURS, Api, booking


def test_who_logs_in_is_who_they_are(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    assert api("GET", "/v1/me", Cookie=aino).json["role"] == "person"
    sami = api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    assert api("GET", "/v1/me", Cookie=sami).json["role"] == "staff"
    pia = api.logs_in("pia.peltola@partner.example", partner_until=date(2026, 12, 31))
    assert api("GET", "/v1/me", Cookie=pia).json["role"] == "partner"


def test_who_has_logged_in_books_in_their_own_name(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    made = api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS)
    assert (made.status, made.json["state"]) == (201, "confirmed")
    address = f"/v1/bookings/{made.json['booking_id']}"
    assert api("GET", address, Cookie=aino).status == 200
    assert api("DELETE", address, Cookie=aino, If_Match="*").status == 200
