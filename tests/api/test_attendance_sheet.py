"""The attendance list as a file, over HTTP: who is in it, in which language, with which note, and that it is noted."""

import base64
import csv
import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook

from app import app
from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api
from tests.api.test_staff_attendance import LIST, comes, signs_up
from tests.api.test_staff_events import write

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LANGUAGES = ("fi", "sv", "en")
LEVEL = {
    "id": "level",
    "kind": "choice",
    "text": {"fi": "Taso", "sv": "Nivå", "en": "Level"},
    "choices": [
        {"id": "first", "text": {"fi": "Alkeet", "sv": "Grunder", "en": "Basics"}},
        {"id": "second", "text": {"fi": "Jatko", "sv": "Fortsättning", "en": "More"}},
    ],
}
LUNCH = {"id": "lunch", "kind": "yes-no", "text": {"fi": "Lounas", "sv": "Lunch", "en": "Lunch"}}


@pytest.fixture
def event_id(api: Api) -> str:
    room = {"limit": 3, "most_waiting": 3}
    made = write(api, group_size=4, room=room, questions=[LEVEL, LUNCH])
    party = signs_up(
        api, made, "åke", "=1+1", diet="Vegaani", answers={"level": "first", "lunch": True}
    )
    signs_up(api, made, "aino", accessibility="+hissi")
    signs_up(api, made, "pia")
    comes(api, party, {"persons": [1]})
    return made


def take(api: Api, event_id: str, kind: str = "csv", query: str = "", **headers: str) -> Answer:
    return api("GET", f"{LIST}/{event_id}/signups.{kind}{query}", key=STAFF_KEY, **headers)


def rows_of(answer: Answer) -> list[list[str]]:
    text = answer.raw.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def book_of(answer: Answer) -> Any:
    return load_workbook(io.BytesIO(answer.raw))


def test_one_row_a_person_and_a_note_before_them(api: Api, event_id: str) -> None:
    """P-06"""
    answer = take(api, event_id, Accept_Language="fi")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="osallistujat-2026-12-10.csv"'
    )
    rows = rows_of(answer)
    note, empty, head, people = rows[:4], rows[4], rows[5], rows[6:]
    assert empty == []
    assert note[0][0] == (
        "Ideapaja, to 10.12.2026 klo 9.00–11.00. Luettelo on haettu ti 1.12.2026 klo 9.00."
    )
    assert "henkilötietoja" in note[1][0]
    assert "viimeistään to 17.12.2026" in note[2][0]
    assert head[:3] == ["Nimi", "Ilmoittaja", "Sähköposti"]
    assert head[-2:] == ["Taso", "Lounas"]
    assert {len(row) for row in people} == {len(head)}
    at = "2026-12-01 09:00"
    assert people == [
        [
            "Aino",
            "",
            "aino@gov.fi",
            "",
            "",
            "paikan päällä",
            "vahvistettu",
            "",
            "",
            "'+hissi",
            at,
            "",
            "",
        ],
        ["Pia", "", "pia@gov.fi", "", "", "paikan päällä", "jonossa", "", "", "", at, "", ""],
        [
            *("Åke", "", "åke@gov.fi", "", "", "paikan päällä", "vahvistettu"),
            *("", "Vegaani", "", at, "Alkeet", "kyllä"),
        ],
        ["'=1+1", "Åke", "", "", "", "paikan päällä", "vahvistettu", at, "", "", at, "", ""],
    ]


def test_a_workbook_has_the_same_and_no_formula(api: Api, event_id: str) -> None:
    """P-06, S-21"""
    answer = take(api, event_id, "xlsx", Accept_Language="fi")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == XLSX
    assert answer.headers["Content-Disposition"].endswith('osallistujat-2026-12-10.xlsx"')
    note, table = book_of(answer).worksheets
    cells = [each for page in (note, table) for row in page.iter_rows() for each in row]
    assert {each.data_type for each in cells if each.value is not None} == {"s"}
    assert "henkilötietoja" in note["A2"].value
    assert [each.value for each in table["A"]] == ["Nimi", "Aino", "Pia", "Åke", "=1+1"]
    assert table["J2"].value == "+hissi"


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_the_reader_s_language_or_the_one_that_is_asked_for(
    api: Api, event_id: str, language: str
) -> None:
    first = take(api, event_id, Accept_Language=language)
    assert first.headers["Content-Language"] == language
    asked = take(api, event_id, query=f"?language={language}", Accept_Language="de")
    assert asked.raw == first.raw
    rows = rows_of(first)
    assert not [cell for row in rows for cell in row if "{" in cell]
    words = {"fi": "Alkeet", "sv": "Grunder", "en": "Basics"}
    assert words[language] in rows[-2]
    others = [each for each in LANGUAGES if each != language]
    assert all(rows[:4] != rows_of(take(api, event_id, query=f"?language={o}"))[:4] for o in others)


@pytest.mark.parametrize(
    ("language", "told"),
    [("fi", "eivät tule perille"), ("sv", "kommer inte fram"), ("en", "does not arrive")],
)
def test_files_say_to_whom_mail_does_not_arrive(
    api: Api, event_id: str, language: str, told: str
) -> None:
    """R-18"""
    bounced = {each.person.name: each.person_id for each in api.store.signups.values()}["Åke"]
    api.ports.people.suppress(bounced, "bounce", api.clock.now())
    rows = rows_of(take(api, event_id, query=f"?language={language}"))[5:]
    assert [(row[0], row[3]) for row in rows[1:]] == [
        ("Aino", ""),
        ("Pia", ""),
        ("Åke", told),
        ("'=1+1", ""),  # a guest has no address of their own
    ]
    _, table = book_of(take(api, event_id, "xlsx", query=f"?language={language}")).worksheets
    assert [each.value for each in table["D"]] == [rows[0][3], "", "", told, ""]


def test_who_has_left_is_in_no_file_unless_asked_for(api: Api, event_id: str) -> None:
    (gone,) = [each for each in api.store.signups.values() if each.person.name == "Pia"]
    api("DELETE", f"/v1/signups/{gone.signup_id}", key=STAFF_KEY, If_Match="*")
    assert "Pia" not in take(api, event_id).text
    removed = rows_of(take(api, event_id, query="?state=removed"))
    assert [row[0] for row in removed[6:]] == ["Pia"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_who_took_the_file_is_noted_or_it_is_not_given(api: Api, event_id: str, kind: str) -> None:
    """P-06"""
    take(api, event_id, kind)
    entry = api.store.audit[-1]
    assert (entry["subject"], entry["actor"], entry["action"]) == (
        f"event#{event_id}",
        "p_sami",
        f"export-{kind}",
    )

    def fail(name: str) -> None:
        if name == "commit":
            raise ConnectionError

    api.store.before = fail
    assert take(api, event_id, kind).status >= 500


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_for_hosts(api: Api, event_id: str, kind: str) -> None:
    address = f"{LIST}/{event_id}/signups.{kind}"
    assert api("GET", address, key=FORM_KEY).status == 404
    assert api("GET", address).status == 401
    assert api("GET", f"{LIST}/e_nothing/signups.{kind}", key=STAFF_KEY).status == 404
    head = api("HEAD", address, key=STAFF_KEY)
    assert (head.status, head.raw) == (200, b"")


@pytest.mark.parametrize("accept", [None, "text/html,*/*;q=0.8", XLSX, "text/html"])
def test_bytes_go_out_of_the_function_in_base64_whatever_is_accepted(
    api: Api, event_id: str, accept: str | None
) -> None:
    """A browser asks for text/html first; a program may ask for nothing."""
    headers = {"authorization": f"Bearer {STAFF_KEY}"} | ({"accept": accept} if accept else {})
    path = "/v1/staff/events/{event_id}/signups.xlsx"
    answer = app(
        {
            "requestContext": {
                "httpMethod": "GET",
                "resourcePath": path,
                "path": path,
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "headers": headers,
            "pathParameters": {"event_id": event_id},
            "multiValueQueryStringParameters": None,
            "stageVariables": {},
            "body": None,
        },
        None,
    )
    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"] is True
    json.dumps(answer)  # as Lambda does
    assert base64.b64decode(answer["body"]).startswith(b"PK")


def test_a_body_that_the_gateway_encoded_is_read_as_it_was(api: Api, event_id: str) -> None:
    """All bodies come in base64 where all media types are binary."""
    path = "/v1/staff/events/{event_id}/check-in"
    body = base64.b64encode(b'{"code": "23456789"}').decode()
    answer = app(
        {
            "requestContext": {
                "httpMethod": "POST",
                "resourcePath": path,
                "path": path,
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "headers": {
                "authorization": f"Bearer {STAFF_KEY}",
                "content-type": "application/json",
            },
            "pathParameters": {"event_id": event_id},
            "multiValueQueryStringParameters": None,
            "stageVariables": {},
            "body": body,
            "isBase64Encoded": True,
        },
        None,
    )
    assert answer["statusCode"] == 422
    assert json.loads(answer["body"])["errors"][0]["pointer"] == "/code"
