"""Bad input: each has its problem type, a clear 4xx, and nothing is written."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking

WRITES = [
    ("POST", "/v1/bookings", FORM_KEY),
    ("PATCH", "/v1/bookings/b_1", FORM_KEY),
    ("POST", "/v1/staff/spaces", STAFF_KEY),
    ("PATCH", "/v1/staff/spaces/pod", STAFF_KEY),
    ("PATCH", "/v1/staff/settings", STAFF_KEY),
    ("POST", "/v1/staff/closures", STAFF_KEY),
    ("POST", "/v1/staff/events", STAFF_KEY),
    ("PATCH", "/v1/staff/events/e_1", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/publish", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/copies", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/series", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/signups/batch", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/notices", STAFF_KEY),
    ("POST", "/v1/staff/events/e_1/check-in", STAFF_KEY),
    ("POST", "/v1/staff/signups/s_1_2/check-in", STAFF_KEY),
    ("POST", "/v1/staff/signups/s_1_2/let-in", STAFF_KEY),
    ("POST", "/v1/events/e_1/signups", FORM_KEY),
    ("PATCH", "/v1/signups/s_1_2", FORM_KEY),
    ("POST", "/v1/signups/s_1_2/hand-over", FORM_KEY),
    ("POST", "/v1/signups/s_1_2/accept", FORM_KEY),
    ("POST", "/v1/staff/events/e_1/walk-ins", STAFF_KEY),
    ("POST", "/v1/staff/bookings/b_1/deny", STAFF_KEY),
    ("POST", "/v1/staff/bookings/b_1/approve", STAFF_KEY),
]
FORMS = ("/v1/bookings", "/v1/events/e_1/signups")
READS = [("POST", "/v1/bookings/preview", FORM_KEY), ("POST", "/v1/freebusy", None)]
NO_FORM = [each for each in [*WRITES, READS[1]] if each[1] not in FORMS]
BROKEN_JSON = {
    "not JSON": b"{",
    "trailing text": b"{} x",
    "an array": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "a number": b"1",
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "half of a surrogate pair": b'{"title": "\\ud800"}',
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "NUL": b"\x00",
    "NaN": b'{"attendees": NaN}',
    "infinity": b'{"attendees": 1e999}',
    "nested too deep": b'{"title":' * 5_000 + b"1" + b"}" * 5_000,
    "nested arrays": b"[" * 30_000 + b"]" * 30_000,
    "a number of 5,000 digits": b'{"attendees": ' + b"9" * 5_000 + b"}",
    "an unknown field": b'{"colour": "red"}',
    "an unknown field with a strange name": json.dumps({"a/b~c\x00": 1}).encode(),
    "the name of a method": b'{"__class__": 1, "model_config": {}}',
}
PATHS = [
    "/v1/spaces/{}",
    "/v1/bookings/{}",
    "/v1/staff/spaces/{}",
    "/v1/staff/closures/{}",
    "/v1/events/{}",
    "/v1/signups/{}",
]
STRANGE_IDS = {
    "a slash": "b%2F1",
    "dots and slashes": "..%2F..%2Fetc",
    "a hash": "b%231",
    "a hash as it is": "b#1",
    "a percent": "b%251",
    "a percent as it is": "b%",
    "NUL": "b%00",
    "a line break": "b%0A",
    "a space": "b%201",
    "a letter with dots": "%C3%A4",
    "half of a surrogate pair": "%ED%A0%80",
    "very long": "b" * 5_000,
    "65 characters": "b" * 65,
    "a question mark": "b%3Fx",
    "a dot": "desks.1",
    "a leading dash": "-b",
    "only dots": "...",
}


@pytest.mark.parametrize("raw", BROKEN_JSON.values(), ids=BROKEN_JSON)
@pytest.mark.parametrize(("method", "path", "key"), WRITES + READS)
def test_a_body_that_is_none_is_refused(
    api: Api, untouched: None, method: str, path: str, key: str, raw: bytes
) -> None:
    answer = api(method, path, raw, key, If_Match="*")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert answer.json["errors"]


def test_an_empty_body_is_refused_with_what_it_needs(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", b"", Content_Type="application/json")
    assert answer.status == 422
    assert {"/start", "/end"} <= set(answer.pointers)


def test_unknown_fields_are_named_where_they_are(api: Api, untouched: None) -> None:
    person = {"name": "Aino Aalto", "email": "aino.aalto@gov.fi", "shoe/size": 38}
    answer = api("POST", "/v1/bookings", booking(person=person, colour="red"))
    assert answer.pointers == {
        "/person/shoe~1size": "invalid-request",
        "/colour": "invalid-request",
    }


WRONG: dict[str, list[Any]] = {
    "space_ids": ["pod", [], [1], ["a/b"], ["A"], ["pod\x00"], [None], ["x" * 41], ["a"] * 21, {}],
    "space_id": ["", 5, "a/b", "pod#1", ["pod"], "pod\n", True],
    "start": [5, None, True, "", "soon", "10:00", "2026-12-02T25:00", "2026-12-02T10:60", []],
    "title": [5, None, "x" * 201, "a\x00b", "a\nb", "a\u2028b", "a\x85b", "a\x9bb", {}],
    "notes": [5, "x" * 4001, "a\x00b", "a\x1bb", "\x7f"],
    "attendees": [0, -1, 1.5, "2", True, 10_001, None, [], 2**63, -(2**63)],
    "units": [0, "1", 1.5, 1001, None],
    "equipment": [{"screen": -1}, {"screen": 101}, {"screen": "1"}, {"A b": 1}, [], "screen"],
    "facilitation": [True, {"wanted": "yes"}, {"wanted": True, "who": "Sami"}, []],
    "person": ["Aino", {}, {"name": "Aino"}, {"email": "aino.aalto@gov.fi"}, []],
    "accept_terms": ["yes", 1, None, "on"],
    "override": ["buffers", ["slot-taken"], ["closed"], [1]],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused_at_its_field(
    api: Api, untouched: None, field: str, value: Any
) -> None:
    body = booking(**{field: value})
    if field == "space_id":
        del body["space_ids"]
    answer = api("POST", "/v1/bookings", body, STAFF_KEY)
    if value is None and field in ("space_ids", "person", "space_id"):
        return  # null is as good as nothing there
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert any(pointer.startswith(f"/{field}") for pointer in answer.pointers)


@pytest.mark.parametrize(
    "person",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "Aino\nBcc: everybody@gov.fi"},
        {"name": "Aino\x00"},
        {"name": "x" * 201},
        {"name": 5},
        {"email": "aino"},
        {"email": "@gov.fi"},
        {"email": "aino@"},
        {"email": "aino aalto@gov.fi"},
        {"email": "aino@gov"},
        {"email": "aino@gov.fi\n"},
        {"email": "aino@gov.fi, eero@gov.fi"},
        {"email": "aino@evil.example,x@gov.fi"},
        {"email": "aino;x@gov.fi"},
        {"email": "<aino@gov.fi>"},
        {"email": '"aino"@gov.fi'},
        {"email": ".aino@gov.fi"},
        {"email": "aino..aalto@gov.fi"},
        {"email": "a" * 255 + "@gov.fi"},
        {"email": "aino@" + "a" * 64 + ".gov.fi"},
        {"email": "aino@gov..fi"},
        {"language": "de"},
        {"organisation": "x" * 201},
    ],
)
def test_a_person_that_cannot_be_written_to_is_refused(
    api: Api, untouched: None, person: dict[str, Any]
) -> None:
    whole = {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"} | person
    answer = api("POST", "/v1/bookings", booking(person=whole), FORM_KEY)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert list(answer.pointers) == [f"/person/{name}" for name in person]


IMPOSSIBLE = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T10:00",
    "0001-01-01",
    "1999-12-31T10:00",
    "2200-01-01T10:00",
    "9999-12-31T23:45:00-12:00",
    "9999-12-31T23:45",
    "9999-12-31",
    "10000-01-01T10:00",
    "+10000-01-01T10:00:00Z",
    "2026-02-30T10:00",
    "2026-02-30",
    "2026-13-01T10:00",
    "2026-12-02T24:00",
    "2026-12-02T10:00:60Z",
    "2026-12-02T10:00+2",
    "2026-12-02T10:00:00+24:00",
    "2026-12-02T10:00:00 02:00",
    "2026-12-02T10",
    "2026-12-02T1000",
    "20261202T100000Z",
    "2026-W49-3",
    "2026-W49-3T10:00",
    "2026-336",
    "2026-12-02T10:00[Europe/Helsinki]",
    "\u0662\u0660\u0662\u0666-12-02T10:00",
    "now",
    "1796199600",
    "2026-12-02T10:00\x00",
]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_a_time_that_is_none_is_refused_in_a_body(api: Api, untouched: None, text: str) -> None:
    answer = api("POST", "/v1/bookings", booking(start=text), FORM_KEY)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert "/start" in answer.pointers


@pytest.mark.parametrize("text", [text for text in IMPOSSIBLE if text[19:20] != " "])
@pytest.mark.parametrize("path", ["/v1/availability?", "/v1/freebusy?resources=pod&"])
def test_a_time_that_is_none_is_refused_in_a_query(
    api: Api, untouched: None, path: str, text: str
) -> None:
    answer = api("GET", f"{path}from={quote(text)}&to=2026-12-03")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert answer.pointers == {"/from": "invalid-request"}


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2199-12-31T23:45:00-12:00", "end": "2199-12-31T23:59:00-12:00"},
        {"start": "2000-01-01T00:00:00+14:00", "end": "2000-01-01T01:00:00+14:00"},
        {"start": "2000-01-01", "end": "2199-12-31"},
        {"start": "2026-12-02T10:00:00.000001", "end": "2026-12-02T11:00"},
        {"start": "2026-12-02T10:00:00+00:01", "end": "2026-12-02T11:00:00+00:01"},
    ],
)
def test_a_time_at_the_edge_of_what_can_be_told_is_refused(
    api: Api, untouched: None, change: dict[str, str]
) -> None:
    for body in (booking(**change), booking("lab", **change)):
        assert api("POST", "/v1/bookings", body, FORM_KEY).status == 422
        assert api("POST", "/v1/bookings/preview", body, FORM_KEY).status == 200


@pytest.mark.parametrize(("method", "path", "key"), WRITES + READS)
def test_65_537_bytes_are_too_many(
    api: Api, untouched: None, method: str, path: str, key: str
) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = api(method, path, b" " * 65_537, key, If_Match="*", Content_Type=content_type)
        assert (answer.status, answer.problem) == (413, "too-large")


def test_65_536_bytes_are_not_too_many(api: Api) -> None:
    raw = json.dumps(booking()).encode()
    padded = raw + b" " * (65_536 - len(raw))
    assert len(padded) == 65_536
    assert api("POST", "/v1/bookings", padded, FORM_KEY).status == 201


def test_a_body_that_nobody_reads_may_not_be_too_large_either(api: Api, untouched: None) -> None:
    answer = api("DELETE", "/v1/bookings/b_1", b"x" * 65_537, FORM_KEY, If_Match="*")
    assert (answer.status, answer.problem) == (413, "too-large")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/json-patch+json", "multipart/form-data", "json"],
)
@pytest.mark.parametrize(("method", "path", "key"), WRITES + READS)
def test_another_content_type_is_415(
    api: Api, untouched: None, method: str, path: str, key: str, content_type: str
) -> None:
    answer = api(method, path, b"{}", key, If_Match="*", Content_Type=content_type)
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_a_body_without_a_content_type_is_415(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", b"{}", Content_Type="")
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize(("method", "path", "key"), NO_FORM)
def test_a_form_is_415_where_no_form_posts(
    api: Api, untouched: None, method: str, path: str, key: str
) -> None:
    answer = api(method, path, key=key, form={"reason": "x"}, If_Match="*")
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_a_content_type_may_have_parameters_and_capitals(api: Api) -> None:
    answer = api("POST", "/v1/bookings", booking(), Content_Type="Application/JSON; charset=utf-8")
    assert answer.status == 201


QUERIES = [
    ("/v1/spaces", None),
    ("/v1/availability", None),
    ("/v1/freebusy", None),
    ("/v1/health", None),
    ("/v1/openapi.json", None),
    ("/v1/spaces/pod", None),
    ("/v1/staff/bookings", STAFF_KEY),
    ("/v1/staff/spaces", STAFF_KEY),
    ("/v1/staff/spaces/pod", STAFF_KEY),
    ("/v1/staff/closures", STAFF_KEY),
    ("/v1/events", None),
    ("/v1/events/e_1", None),
    ("/v1/events.ics", None),
    ("/v1/events/e_1/event.ics", None),
    ("/v1/signups/s_1_2", STAFF_KEY),
    ("/v1/staff/events", STAFF_KEY),
    ("/v1/staff/events/e_1/signups", STAFF_KEY),
    ("/v1/staff/events/e_1/figures", STAFF_KEY),
    ("/v1/signups/s_1_2/ticket", STAFF_KEY),
    ("/v1/staff/events/e_1/signups.csv", STAFF_KEY),
    ("/v1/staff/events/e_1/signups.xlsx", STAFF_KEY),
    ("/v1/staff/settings", STAFF_KEY),
]


@pytest.mark.parametrize(("path", "key"), QUERIES)
def test_10_000_query_parameters_are_refused(
    api: Api, untouched: None, path: str, key: str | None
) -> None:
    many = "&".join(f"p{number}={number}" for number in range(10_000))
    answer = api("GET", f"{path}?{many}", key=key)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert len(answer.raw) < 20_000


@pytest.mark.parametrize("name", ["space_id", "equipment", "from", "people"])
def test_one_parameter_10_000_times_is_refused(api: Api, untouched: None, name: str) -> None:
    given = "from=2026-12-02&to=2026-12-03&"
    many = "&".join(f"{name}={number}" for number in range(10_000))
    answer = api("GET", f"/v1/availability?{given}{many}")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert f"/{name}" in answer.pointers


def test_every_wrong_parameter_is_named_at_once(api: Api, untouched: None) -> None:
    query = "from=x&to=2026-12-03&to=2026-12-04&people=-1&minutes=abc&colour=red&A%2FB=1&%ED%A0%80"
    answer = api("GET", f"/v1/availability?{query}=")
    assert set(answer.pointers) >= {"/from", "/to", "/people", "/minutes", "/colour", "/A~1B"}


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "\ud800", "a" * 10_000, "<script>"])
def test_a_parameter_with_a_strange_name_is_refused(api: Api, untouched: None, name: str) -> None:
    answer = api("GET", f"/v1/spaces?{name}=1")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    answer.raw.decode()
    assert len(answer.raw) < 1_000


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "limit=",
        "limit=1&limit=2",
        "limit=%00",
        "limit=99999999999999999999999",
        "cursor=",
        "cursor=x",
        "cursor=x.y",
        "cursor=..",
        "cursor=%00.%00",
        "cursor=%C3%A4",
        "cursor=" + "x" * 2001,
        "cursor=eyJhZnRlciI6ICJhIn0.AAAA",
    ],
)
@pytest.mark.parametrize(("path", "key"), [("/v1/spaces", None), ("/v1/staff/spaces", STAFF_KEY)])
def test_a_page_that_is_none_is_refused(
    api: Api, untouched: None, path: str, key: str | None, query: str
) -> None:
    answer = api("GET", f"{path}?{query}", key=key)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert set(answer.pointers) == {"/" + query.partition("=")[0]}


@pytest.mark.parametrize("name", STRANGE_IDS.values(), ids=STRANGE_IDS)
@pytest.mark.parametrize("path", PATHS)
def test_a_strange_id_is_not_found(api: Api, untouched: None, path: str, name: str) -> None:
    answer = api("GET", path.format(name), key=STAFF_KEY)
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("name", [name for name in STRANGE_IDS.values() if "#" not in name])
def test_a_strange_id_is_never_looked_for(api: Api, name: str) -> None:
    api.store.calls.clear()
    for method, path in (("PATCH", "/v1/bookings/{}"), ("DELETE", "/v1/bookings/{}")):
        answer = api(method, path.format(name), {}, STAFF_KEY, If_Match="*")
        assert answer.status == 404
    assert not [call for call in api.store.calls if call in ("snapshot", "bookings.get", "commit")]


def test_a_query_that_cannot_be_unicode_is_refused(api: Api, untouched: None) -> None:
    answer = api("GET", "/v1/freebusy?from=2026-12-02&to=2026-12-03&resources=\ud800")
    assert answer.status == 422


@pytest.mark.parametrize(
    "change",
    [
        {"hours": {"mon": [["08:00", "07:00"]]}},
        {"hours": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}},
        {"hours": {"mon": [["08:00"]]}},
        {"hours": {"mon": [["8:00", "12:00"]]}},
        {"hours": {"mon": [["08:10", "12:00"]]}},
        {"hours": {"mon": [["24:00", "24:00"]]}},
        {"hours": {"mon": "08:00-12:00"}},
        {"hours": {"holiday": []}},
        {"exceptions": [{"date": "2026-02-30", "hours": []}]},
        {"exceptions": [{"date": "0001-01-01", "hours": []}]},
        {"exceptions": [{"date": "2026-12-24", "hours": [["12:00", "08:00"]]}]},
        {"exceptions": [{"date": "24.12.2026"}]},
        {"capacity": -1},
        {"capacity": 2.5},
        {"setup_minutes": 10},
        {"min_minutes": 600},
        {"grid_minutes": 0},
        {"parts": ["hall-a"]},
        {"units": 2},
        {"kind": "pool"},
        {"kind": "cupboard"},
        {"name": {"de": "Kapsel"}},
        {"name": {"fi": "a\nb"}},
        {"open_to": ["everybody"]},
        {"space_id": "other"},
        {"version": 7},
    ],
)
def test_settings_of_a_space_that_cannot_be_are_refused(
    api: Api, untouched: None, change: dict[str, Any]
) -> None:
    answer = api("PATCH", "/v1/staff/spaces/pod", change, STAFF_KEY, If_Match="*")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    (field,) = change
    assert all(pointer.startswith(f"/{field}") for pointer in answer.pointers)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "lab.example"},
        {"base_url": "https://lab.example/"},
        {"base_url": "javascript:alert(1)"},
        {"base_url": "https://lab.example/\r\nX: y"},
        {"allowed_domains": ["Gov.fi"]},
        {"allowed_domains": ["*"]},
        {"allowed_sites": ["https://site.example/path"]},
        {"allowed_sites": ["*"]},
        {"hold_minutes": 0},
        {"live_bookings": -1},
        {"salt": "x"},
        {"time_zone": "Europe/Stockholm"},
    ],
)
def test_settings_of_the_site_that_cannot_be_are_refused(
    api: Api, untouched: None, change: dict[str, Any]
) -> None:
    answer = api("PATCH", "/v1/staff/settings", change, STAFF_KEY, If_Match="*")
    assert (answer.status, answer.problem) == (422, "invalid-request")
