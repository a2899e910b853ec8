"""Who is who over HTTP: staff invite partners and see people, admins say who is a host."""

from typing import Any

import pytest

from chalicelib.domain.people import Role
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api

ALL = "/v1/staff/persons"
PIA = {
    "name": "Pia Peltola",
    "email": "pia.peltola@partner.example",
    "organisation": "Peltola Oy",
    "language": "en",
    "partner_until": "2027-06-30",
}
SAMI = "sami.salo@tyo2lab.fi"


@pytest.fixture
def host(api: Api) -> dict[str, str]:
    """The headers of a host's browser."""
    return {
        "Cookie": api.logs_in("sonja.salo@tyo2lab.fi", "Sonja Salo", granted=Role.STAFF),
        **OURS,
    }


@pytest.fixture
def admin(api: Api) -> dict[str, str]:
    """The headers of an admin's browser."""
    api.store.admins = {api.person_id(SAMI), "p_other"}
    return {"Cookie": api.logs_in(SAMI, "Sami Salo", granted=Role.ADMIN), **OURS}


def invite(api: Api, who: dict[str, str], **changes: Any) -> Answer:
    return api("POST", ALL, PIA | changes, **who)


def change(api: Api, who: dict[str, str], person_id: str, **body: Any) -> Answer:
    return api("PATCH", f"{ALL}/{person_id}", body, If_Match="*", **who)


def test_an_invited_partner_is_somebody_with_an_address_of_their_own(api: Api, host) -> None:
    made = invite(api, host)
    assert made.status == 201
    address = made.headers["Location"].removeprefix("https://lab.example")
    assert made.json == {
        **PIA,
        "person_id": api.person_id(PIA["email"]),
        "role": "partner",
        "granted": None,
        "invited_by": api.person_id("sonja.salo@tyo2lab.fi"),
        "created_at": "2026-12-01T09:00:00+02:00",
        "logged_in_at": None,
        "version": 1,
    }
    seen = api("GET", address, **host)
    assert seen.json == made.json
    assert seen.headers["ETag"] == made.headers["ETag"]
    assert api("GET", address, If_None_Match=seen.headers["ETag"], **host).status == 304
    assert seen.headers["Cache-Control"] == "no-store"


def test_a_partner_logs_in_until_their_day_is_over(api: Api, host) -> None:
    invite(api, host, partner_until="2026-12-02")
    pia = api.logs_in(PIA["email"])
    me = api("GET", "/v1/me", Cookie=pia).json
    assert (me["role"], me["partner_until"], me["name"]) == ("partner", "2026-12-02", PIA["name"])
    api.clock.forward(hours=38)  # Wed 23:00 in Helsinki
    pia = api.logs_in(PIA["email"])
    api.clock.forward(hours=1)
    assert api("GET", "/v1/me", Cookie=pia).status == 401


def test_sessions_end_when_what_somebody_is_changes(api: Api, host) -> None:
    person_id = invite(api, host).json["person_id"]
    for body in ({"partner_until": "2027-01-01"}, {"partner_until": None}):
        pia = api.logs_in(PIA["email"])
        assert api("GET", "/v1/me", Cookie=pia).status == 200
        assert change(api, host, person_id, **body).status == 200
        assert api("GET", "/v1/me", Cookie=pia).status == 401


def test_a_role_is_said_by_admins(api: Api, admin, host) -> None:
    person_id = invite(api, host).json["person_id"]
    pia = api.logs_in(PIA["email"])
    given = change(api, admin, person_id, role="staff")
    assert (given.status, given.json["role"], given.json["granted"]) == (200, "staff", "staff")
    assert api("GET", "/v1/me", Cookie=pia).status == 401
    pia = {"Cookie": api.logs_in(PIA["email"]), **OURS}
    assert api("GET", "/v1/staff/settings", **pia).status == 200
    taken = change(api, admin, person_id, role=None)
    assert (taken.json["role"], taken.json["granted"]) == ("partner", None)
    assert api("GET", "/v1/staff/settings", **pia).status == 401


@pytest.mark.parametrize("who", ["host", "staff-key"])
def test_a_patch_with_a_role_in_it_is_an_admin_s_as_a_whole(api: Api, host, who: str) -> None:
    person_id = invite(api, host).json["person_id"]
    before = api.store.profiles[person_id]
    known = host if who == "host" else {"key": STAFF_KEY}
    for body in (
        {"role": "staff"},
        {"role": None},
        {"role": "admin", "partner_until": "2027-12-01"},
    ):
        assert change(api, known, person_id, **body).status == 404
    assert api.store.profiles[person_id] == before
    assert change(api, known, person_id, partner_until="2027-12-01").status == 200


def test_the_last_admin_is_told_why_they_stay_one(api: Api, admin) -> None:
    api.store.admins = {api.person_id(SAMI)}
    answer = change(api, admin, api.person_id(SAMI), role=None)
    assert (answer.status, answer.problem) == (409, "stale-state")
    assert answer.pointers == {"/role": "stale-state"}
    assert "pääkäyttäj" in answer.json["detail"]
    api.store.admins.add("p_other")
    assert change(api, admin, api.person_id(SAMI), role="staff").status == 200
    assert api("GET", ALL, **admin).status == 401


def test_what_is_said_of_a_person_is_theirs_to_know_and_staff_s(api: Api) -> None:
    aino = {"Cookie": api.logs_in(), **OURS}
    person_id = api.person_id("aino.aalto@gov.fi")
    requests = (
        ("GET", ALL, None),
        ("POST", ALL, PIA),
        ("GET", f"{ALL}/{person_id}", None),
        ("PATCH", f"{ALL}/{person_id}", {"partner_until": "2027-01-01"}),
    )
    for method, path, body in requests:
        assert api(method, path, body, If_Match="*", **aino).status == 404
        assert api(method, path, body, FORM_KEY, If_Match="*").status == 404
        assert api(method, path, body, If_Match="*").status == 401
        assert api(method, path, body, STAFF_KEY, If_Match="*").status in (200, 201)


def test_a_change_is_of_what_one_has_seen(api: Api, host) -> None:
    made = invite(api, host)
    path = f"{ALL}/{made.json['person_id']}"
    body = {"partner_until": "2027-01-01"}
    assert api("PATCH", path, body, **host).status == 428
    assert api("PATCH", path, body, If_Match='"7-partner"', **host).status == 412
    done = api("PATCH", path, body, If_Match=made.headers["ETag"], **host)
    assert (done.status, done.json["version"]) == (200, 2)
    assert api("PATCH", path, body, If_Match=made.headers["ETag"], **host).status == 412
    assert api("PATCH", f"{ALL}/p_none", body, If_Match="*", **host).status == 404


def test_the_same_request_again_invites_once(api: Api, host) -> None:
    for _ in range(2):
        answer = api("POST", ALL, PIA, Idempotency_Key="one", **host)
        assert (answer.status, answer.json["version"]) == (201, 1)
    assert len([each for each in api.store.messages.values() if each.kind == "invitation"]) == 1
    other = api("POST", ALL, PIA | {"partner_until": "2027-07-01"}, Idempotency_Key="one", **host)
    assert other.problem == "idempotency-mismatch"


def test_null_is_not_the_same_request_as_nothing(api: Api, host) -> None:
    path = f"{ALL}/{invite(api, host).json['person_id']}"
    sent = {"If_Match": "*", "Idempotency_Key": "one", **host}
    assert api("PATCH", path, {}, **sent).json["partner_until"] == PIA["partner_until"]
    assert api("PATCH", path, {"partner_until": None}, **sent).problem == "idempotency-mismatch"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"partner_until": "2026-11-30"}, "/partner_until"),
        ({"partner_until": "2028-12-02"}, "/partner_until"),
        ({"partner_until": "2027-02-30"}, "/partner_until"),
        ({"partner_until": "soon"}, "/partner_until"),
        ({"partner_until": None}, "/partner_until"),
        ({"email": "pia"}, "/email"),
        ({"email": '"pia"@partner.example'}, "/email"),
        ({"name": " "}, "/name"),
        ({"name": "Pia\r\nBcc: x@y.fi"}, "/name"),
        ({"role": "admin"}, "/role"),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said(api: Api, host, changes, pointer) -> None:
    answer = invite(api, host, **changes)
    assert (answer.status, answer.pointers) == (422, {pointer: "invalid-request"})
    assert not [each for each in api.store.messages.values() if each.kind == "invitation"]


def test_people_are_found_by_address_and_listed_by_role(api: Api, host, admin) -> None:
    pia = invite(api, host).json["person_id"]
    eve = invite(api, host, email="eve@partner.example", name="Eve").json["person_id"]
    change(api, admin, eve, role="staff")

    def listed(query: str) -> list[str]:
        return [each["person_id"] for each in api("GET", f"{ALL}?{query}", **host).json["items"]]

    assert listed("") == sorted([pia, eve])
    assert listed("role=partner") == [pia]
    assert listed("role=staff") == [eve]
    assert listed("email=Pia.Peltola%40PARTNER.example") == [pia]
    assert listed("email=nobody%40partner.example") == []
    first = api("GET", f"{ALL}?limit=1", **host).json
    second = api("GET", f"{ALL}?limit=1&cursor={first['next']}", **host).json
    assert [each["person_id"] for each in [*first["items"], *second["items"]]] == sorted([pia, eve])
    assert second["next"] is None
    assert api("GET", f"{ALL}?limit=1&role=staff&cursor={first['next']}", **host).status == 422


def test_looking_is_noted_by_ids(api: Api, host) -> None:
    person_id = invite(api, host).json["person_id"]
    api.store.audit.clear()
    api("GET", f"{ALL}/{person_id}", **host)
    api("GET", f"{ALL}?email=pia.peltola%40partner.example", key=STAFF_KEY)
    assert [(each["subject"], each["actor"], each["action"]) for each in api.store.audit] == [
        (f"person#{person_id}", api.person_id("sonja.salo@tyo2lab.fi"), "read"),
        (f"person#{person_id}", "p_sami", "read"),
    ]
    assert "peltola" not in repr(api.store.audit).lower()
