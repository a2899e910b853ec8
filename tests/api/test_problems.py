"""Errors: RFC 9457, in three languages, with every broken rule at once."""

import pytest

from chalicelib.api.problems import status_of
from chalicelib.api.texts import TITLES
from chalicelib.domain.errors import CONFLICTS, RULES, Unavailable
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking, eero
from tests.builders import a_space

# The order of api.md's "Problem types, in order", without those of events and series.
EVERYTHING = [
    "unknown-space",
    "email-not-allowed",
    "terms-not-accepted",
    "in-the-past",
    "off-grid",
    "too-short",
    "outside-opening-hours",
    "over-capacity",
    "quota-exceeded",
]


def test_a_refusal_has_the_shape_of_rfc_9457(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", booking(attendees=3), Accept_Language="en")
    assert answer.status == 422
    assert answer.json == {
        "type": "/problems/over-capacity",
        "title": "There is not enough room",
        "status": 422,
        "detail": "At most 2.",
        "instance": answer.headers["X-Request-Id"],
        "errors": [
            {"pointer": "/attendees", "code": "over-capacity", "message": "At most 2."},
        ],
    }


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("fi", "fi", "Aika on mennyt"),
        ("sv-FI,sv;q=0.9,en;q=0.5", "sv", "Tiden har passerat"),
        ("de, en;q=0.5, fi;q=0.4", "en", "The time has passed"),
        ("en;q=0, sv;q=0.1", "sv", "Tiden har passerat"),
        ("xx", "fi", "Aika on mennyt"),
        ("", "fi", "Aika on mennyt"),
    ],
)
def test_a_refusal_is_in_the_reader_s_language(
    api: Api, accepted: str, language: str, title: str
) -> None:
    past = booking(start="2026-11-30T10:00", end="2026-11-30T11:00")
    answer = api("POST", "/v1/bookings", past, Accept_Language=accepted)
    assert (answer.json["title"], answer.headers["Content-Language"]) == (title, language)


def test_every_broken_rule_is_named_at_once_in_the_order_of_api_md(make_api) -> None:
    api = make_api(live_bookings=0)
    body = booking(
        "pod",
        "cellar",
        start="2026-11-28T20:05:00+02:00",
        end="2026-11-28T20:15:00+02:00",
        attendees=99,
        person={"name": "Pia Peltola", "email": "pia.peltola@partner.example"},
        accept_terms=False,
    )
    answer = api("POST", "/v1/bookings", body, FORM_KEY)
    assert answer.status == 422
    assert list(dict.fromkeys(answer.codes)) == EVERYTHING
    assert answer.problem == EVERYTHING[0]
    assert api.store.bookings == {}


def test_the_type_is_the_first_of_the_broken_rules(api: Api, untouched: None) -> None:
    far = booking(start="2028-12-04T10:00", end="2028-12-04T11:00", attendees=3)
    answer = api("POST", "/v1/bookings", far)
    assert (answer.problem, answer.codes) == ("too-far-ahead", ["too-far-ahead", "over-capacity"])


def test_a_broken_rule_comes_before_a_conflict_and_both_are_told(api: Api) -> None:
    api.books()
    answer = api("POST", "/v1/bookings", booking(accept_terms=False), FORM_KEY)
    assert (answer.status, answer.problem) == (422, "terms-not-accepted")
    assert answer.codes == ["terms-not-accepted", "slot-taken"]
    assert answer.json["conflicts"][0]["space_id"] == "pod"


def test_a_time_that_cannot_be_read_hides_no_other_rule(api: Api, untouched: None) -> None:
    body = booking(
        "pod",
        "cellar",
        start="2027-10-31T03:30",
        end="2027-02-30T11:00",
        attendees=99,
        person={"name": "Pia Peltola", "email": "pia.peltola@partner.example"},
        accept_terms=False,
    )
    answer = api("POST", "/v1/bookings", body, FORM_KEY)
    assert answer.codes == [
        "invalid-request",
        "ambiguous-local-time",
        "unknown-space",
        "email-not-allowed",
        "terms-not-accepted",
        "over-capacity",
    ]


def test_an_end_before_the_start_hides_no_other_rule(api: Api, untouched: None) -> None:
    body = booking("cellar", end="2026-12-02T09:00", accept_terms=False)
    answer = api("POST", "/v1/bookings", body, FORM_KEY)
    assert answer.codes == ["invalid-request", "unknown-space", "terms-not-accepted"]


def test_a_field_of_the_wrong_type_hides_no_other_rule(api: Api, untouched: None) -> None:
    body = booking("cellar", attendees="many", title=5, accept_terms=False)
    answer = api("POST", "/v1/bookings", body, FORM_KEY)
    assert answer.pointers == {
        "/attendees": "invalid-request",
        "/title": "invalid-request",
        "/space_ids/0": "unknown-space",
        "/accept_terms": "terms-not-accepted",
    }


def test_a_local_time_that_comes_twice_is_refused_with_what_it_may_mean(api: Api) -> None:
    """B79."""
    twice = booking(start="2027-10-31T03:30", end="2027-10-31T05:00")
    answer = api("POST", "/v1/bookings", twice, FORM_KEY)
    assert (answer.status, answer.problem) == (422, "ambiguous-local-time")
    assert answer.pointers == {"/start": "ambiguous-local-time"}
    assert answer.json["candidates"] == ["2027-10-31T03:30:00+03:00", "2027-10-31T03:30:00+02:00"]


def test_a_local_time_that_does_not_exist_is_refused_with_its_neighbours(api: Api) -> None:
    skipped = booking(start="2027-03-28T03:30", end="2027-03-28T05:00")
    answer = api("POST", "/v1/bookings", skipped, FORM_KEY)
    assert (answer.status, answer.problem) == (422, "nonexistent-local-time")
    assert answer.json["candidates"] == ["2027-03-28T02:30:00+02:00", "2027-03-28T04:30:00+03:00"]


def test_a_closure_is_a_rule_and_not_a_conflict(api: Api) -> None:
    """B13."""
    closure = {"space_ids": ["studio"], "start": "2026-12-02T12:00", "end": "2026-12-02T13:00"}
    assert api("POST", "/v1/staff/closures", closure, STAFF_KEY).status == 201
    late = booking("studio", start="2026-12-02T11:00", end="2026-12-02T12:00")
    answer = api("POST", "/v1/bookings", late, FORM_KEY, Accept_Language="en")
    assert (answer.status, answer.problem) == (422, "closed")
    assert "cleanup" in answer.json["detail"]
    assert answer.json["conflicts"][0]["reason"] == "closure"
    early = booking("studio", start="2026-12-02T10:45", end="2026-12-02T11:45")
    assert api("POST", "/v1/bookings", early, FORM_KEY).status == 201


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Bearer  ", "Basic YTpi", "x", ""])
@pytest.mark.parametrize("path", ["/v1/spaces", "/v1/staff/spaces", "/v1/bookings/b_1"])
def test_bad_credentials_are_401_with_a_challenge(
    api: Api, untouched: None, header: str, path: str
) -> None:
    answer = api("GET", path, Authorization=header)
    assert (answer.status, answer.problem) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "errors" not in answer.json


@pytest.mark.parametrize("key", ["ä" * 5, "\ud800", "x" * 10_000, "a\x00b", "a b"])
def test_a_key_of_strange_characters_is_401(api: Api, untouched: None, key: str) -> None:
    assert api("GET", "/v1/spaces", Authorization=f"Bearer {key}").status == 401


def test_the_scheme_of_a_key_has_no_case(api: Api) -> None:
    answer = api("GET", "/v1/staff/settings", Authorization=f"bearer  {STAFF_KEY} ")
    assert answer.status == 200


def test_a_busy_store_is_503_with_when_to_try_again(api: Api) -> None:
    def busy(name: str) -> None:
        if name == "snapshot":
            raise Unavailable(7)

    api.store.before = busy
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (
        503,
        "unavailable",
        "7",
    )
    assert answer.json["retry_after"] == 7
    assert api.store.bookings == {}


def test_an_error_of_ours_is_500_and_says_nothing_of_what_was_sent(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str) -> None:
        if name == "commit":
            raise ValueError("Aino Aalto <aino.aalto@gov.fi> cannot be stored")

    api.store.before = broken
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY, Accept_Language="en")
    assert (answer.status, answer.problem) == (500, "internal")
    assert "Aino" not in answer.text
    (record,) = (record for record in caplog.records if record.message == "unhandled")
    assert record.request_id == answer.json["instance"]
    assert record.error == "ValueError"
    assert "broken" in record.where[-1]


def test_an_error_while_the_settings_are_out_is_still_a_problem(api: Api) -> None:
    def out(name: str) -> None:
        raise RuntimeError(name)

    api.store.before = out
    answer = api("GET", "/v1/spaces", Origin="https://site.example")
    assert (answer.status, answer.problem) == (500, "internal")


def test_a_stale_decision_is_409(api: Api) -> None:
    """B35."""
    made = api.books(space_ids=["lab"])
    path = f"/v1/staff/bookings/{made['booking_id']}"
    assert api("POST", f"{path}/deny", {"reason": "Remontti"}, STAFF_KEY).status == 200
    answer = api("POST", f"{path}/approve", {}, STAFF_KEY)
    assert (answer.status, answer.problem) == (409, "stale-state")


def test_names_of_spaces_come_first_where_there_are_several(api: Api) -> None:
    night = {"start": "2026-12-02T20:00", "end": "2026-12-02T21:00"}
    answer = api("POST", "/v1/bookings", booking("pod", "studio", **night), Accept_Language="en")
    messages = [error["message"] for error in answer.json["errors"]]
    assert [message.partition(":")[0] for message in messages] == ["Pod", "Studio"]


def test_every_problem_has_a_status_and_a_title_in_each_language() -> None:
    statuses = {code: status_of(code) for code in TITLES}
    assert {code for code, status in statuses.items() if status == 409} <= set(CONFLICTS)
    assert {code for code, status in statuses.items() if status == 422} <= set(RULES)
    assert all(len(set(filter(None, titles))) >= 2 for titles in TITLES.values())


def test_a_person_that_is_not_given_is_asked_for(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", booking(person=...), FORM_KEY)
    assert answer.pointers == {"/person": "invalid-request"}


def test_a_key_with_a_person_books_for_them(api: Api) -> None:
    made = api.books(STAFF_KEY, person=..., accept_terms=...)
    found = api("GET", f"/v1/bookings/{made['booking_id']}", key=STAFF_KEY).json
    assert found["person"]["name"] == "Sami Salo"


def test_an_address_outside_the_allowed_domains_is_refused_without_a_list(
    api: Api, untouched: None
) -> None:
    outsider = eero() | {"email": "eero@gov.fi.evil.example"}
    answer = api("POST", "/v1/bookings", booking(person=outsider))
    assert answer.pointers == {"/person/email": "email-not-allowed"}
    assert "tyo2lab" not in answer.text


def test_a_space_no_longer_in_use_is_unknown(make_api) -> None:
    api = make_api(a_space("pod", capacity=2, active=False))
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert (answer.status, answer.problem) == (422, "unknown-space")
