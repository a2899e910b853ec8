"""Limits over HTTP: what is counted, by whom, and how it is said."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.limits import COUNT_THEMSELVES
from chalicelib.domain.limits import LIMITS, By, Limit, Purpose
from chalicelib.domain.people import ANONYMOUS, Role
from chalicelib.services import links
from chalicelib.services.access import Action, may
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api, booking, eero
from tests.api.every import EVERY
from tests.api.test_forms import form
from tests.form_tokens import form_token

# Of what nobody in particular may do, all that has a limit of its own; the rest are other writes.
APART = {
    "POST /v1/events/{event_id}/signups": Purpose.BOOK,
    "POST /v1/signups/{signup_id}/confirm": Purpose.CODE,
    "POST /v1/signups/{signup_id}/code": Purpose.CODE,
    "POST /prove/{signup_id}": Purpose.CODE,
    "POST /v1/bookings": Purpose.BOOK,
    "POST /v1/bookings/preview": Purpose.LOOK_UP,
    "POST /v1/bookings/{booking_id}/confirm": Purpose.CODE,
    "POST /v1/bookings/{booking_id}/code": Purpose.CODE,
    "POST /confirm/{booking_id}": Purpose.CODE,
    "POST /v1/auth/links": Purpose.LINK,
    "POST /login": Purpose.LINK,
    "POST /v1/auth/session": Purpose.LOG_IN,
    "POST /login/code": Purpose.LOG_IN,
    "POST /login/{login_id}/{token}": Purpose.LOG_IN,
}
CODE = {"code": "22222222"}


def at_most(monkeypatch: pytest.MonkeyPatch, most: int, purpose: Purpose, by: By) -> None:
    """Let there be fewer of something, so that a test need not make thousands."""
    known = [
        replace(each, most=most) if (each.purpose, each.by) == (purpose, by) else each
        for each in LIMITS
    ]
    monkeypatch.setattr("chalicelib.domain.limits.LIMITS", tuple(known))


def stopped(answer: Answer, seconds: int | None = None) -> None:
    assert (answer.status, answer.problem) == (429, "too-many-requests")
    assert answer.headers["Retry-After"] == str(answer.json["retry_after"])
    assert seconds in (None, answer.json["retry_after"])


def attempts(api: Api, number: int, *request: Any, **more: Any) -> set[int]:
    """The statuses of so many requests, each from the same network."""
    return {api(*request, **more).status for _ in range(number)}


def test_every_operation_is_counted_as_what_it_is() -> None:
    """A new operation that anybody may do, and that is not a look, is another write or stands here."""
    open_to_all = {
        name: operation.purpose
        for name, operation in EVERY.items()
        if operation.method != "GET"
        and operation.action is not Action.LOOK
        and may(ANONYMOUS, operation.action)
    }
    assert {
        name: purpose for name, purpose in open_to_all.items() if purpose is not Purpose.WRITE
    } == APART
    assert [name for name, each in EVERY.items() if each.purpose is not Purpose.WRITE] == [
        name for name in EVERY if name in APART
    ]


def test_every_purpose_has_a_limit_by_network() -> None:
    limited = {each.purpose for each in LIMITS if each.by is By.NETWORK}
    assert limited | {Purpose.LOG_IN} == set(Purpose)


def test_what_looks_by_a_post_changes_nothing() -> None:
    """It is not counted, so it has to be a look indeed."""
    looks = [name for name, each in EVERY.items() if each.action is Action.LOOK]
    assert [name for name in looks if not name.startswith("GET ")] == [
        "POST /v1/freebusy",
        "POST /book",
        "POST /events/{event_id}/signup",
    ]


def test_fifty_posts_a_minute_from_one_address(make_api) -> None:
    """B120: ten are looked at; nobody but who is held a time for gets a mail."""
    api = make_api(prove_address=True)
    answers = [
        api(
            "POST",
            "/v1/bookings",
            booking(person={"name": "Aino Aalto", "email": f"aino.{number}@gov.fi"}),
        )
        for number in range(50)
    ]
    assert [answer.status for answer in answers].count(429) == 40
    for answer in answers[10:]:
        stopped(answer, 60)
    held = [answer for answer in answers if answer.status == 201]
    assert len(held) == 1
    assert len(api.store.messages) == 1


def test_refusals_count_and_what_cannot_be_read_counts(api: Api) -> None:
    wrong = booking(title="x" * 1000)
    late = booking(start="2026-11-30T10:00", end="2026-11-30T11:00")
    assert attempts(api, 4, "POST", "/v1/bookings", wrong) == {422}
    assert attempts(api, 3, "POST", "/v1/bookings", late) == {422}
    assert attempts(api, 3, "POST", "/v1/bookings", form=form(website="x")) == {422}
    stopped(api("POST", "/v1/bookings", booking()))
    assert not api.store.bookings


def test_sixty_bookings_an_hour_from_one_address(api: Api) -> None:
    for _ in range(6):
        assert 429 not in attempts(api, 10, "POST", "/v1/bookings", booking())
        api.clock.forward(minutes=1)
    stopped(api("POST", "/v1/bookings", booking()), 54 * 60)
    api.clock.forward(minutes=54)
    assert api("POST", "/v1/bookings", booking("studio")).status == 201


def test_a_header_does_not_make_another_address(api: Api) -> None:
    """Only what API Gateway saw is believed."""
    for number in range(10):
        api("POST", "/v1/bookings", booking(), X_Forwarded_For=f"192.0.2.{number}")
    said = {"X_Forwarded_For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    stopped(api("POST", "/v1/bookings", booking(), **said))


def test_networks_are_counted_apart(api: Api) -> None:
    """Of IPv6 by the /64 that one household has."""
    for address in ("192.0.2.7", "2001:db8:1:2::1"):
        api.come_from(address)
        assert 429 not in attempts(api, 10, "POST", "/v1/bookings", booking())
    for address in ("192.0.2.7", "2001:db8:1:2:ffff::9", "::ffff:192.0.2.7"):
        api.come_from(address)
        stopped(api("POST", "/v1/bookings", booking()))
    api.come_from("2001:db8:1:3::1")
    assert api("POST", "/v1/bookings", booking()).status != 429


def test_many_networks_book_for_one_organisation(make_api, monkeypatch: pytest.MonkeyPatch) -> None:
    at_most(monkeypatch, 3, Purpose.BOOK, By.ORGANISATION)
    api = make_api()
    for number in range(5):
        api.come_from(f"192.0.2.{number}")
        answer = api("POST", "/v1/bookings", booking())
        if number < 3:
            assert answer.status != 429
        else:
            stopped(answer, 3600)
    other = {"name": "Sami Salo", "email": "sami.salo@tyo2lab.fi"}
    assert api("POST", "/v1/bookings", booking("studio", person=other)).status == 201


def test_a_session_writes_sixty_times_a_minute(api: Api) -> None:
    aino, other = api.logs_in(name="Aino Aalto"), api.logs_in("eero.eskola@gov.fi")
    change = ("PATCH", "/v1/me", {"language": "sv"})
    assert 429 not in attempts(api, 60, *change, Cookie=aino, If_Match="*", **OURS)
    stopped(api(*change, Cookie=aino, If_Match="*", **OURS), 60)
    api.come_from("192.0.2.99")
    stopped(api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS))
    assert api(*change, Cookie=other, If_Match="*", **OURS).status == 200
    assert api("GET", "/v1/me", Cookie=aino).status == 200


def test_a_person_books_a_hundred_and_twenty_times_a_day(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    book = ("POST", "/v1/bookings", booking(person=...))
    for _ in range(3):
        assert 429 not in attempts(api, 40, *book, Cookie=aino, **OURS)
        api.clock.forward(minutes=1)
    answer = api(*book, Cookie=aino, Accept_Language="en", **OURS)
    stopped(answer)
    assert answer.json["detail"] == (
        "There have been too many requests. Try again in 16\u00a0h 57\u00a0min."
    )
    assert api("PATCH", "/v1/me", {}, Cookie=aino, If_Match="*", **OURS).status == 200


def test_keys_and_staff_have_limits_of_their_own(make_api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far higher: shown at a figure that a test can reach."""
    at_most(monkeypatch, 70, Purpose.WRITE, By.KEY)
    api = make_api()
    for key in (FORM_KEY, STAFF_KEY):
        assert 429 not in attempts(api, 70, "POST", "/v1/bookings", booking(), key)
        stopped(api("POST", "/v1/bookings", booking(), key), 60)
    sami = api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    asked = ("PATCH", "/v1/staff/settings", {})
    assert 429 not in attempts(api, 70, *asked, Cookie=sami, If_Match="*", **OURS)
    stopped(api(*asked, Cookie=sami, If_Match="*", **OURS))


def test_codes_are_tried_twenty_times_in_ten_minutes(api: Api) -> None:
    """Of bookings, on the page and of logins alike, and asking for another mail counts with them."""
    one = "/v1/bookings/b_1"
    assert attempts(api, 25, "POST", f"{one}/confirm", CODE) == {422}
    assert attempts(api, 25, "POST", f"{one}/code", {}) == {202}
    assert attempts(api, 25, "POST", "/v1/auth/session", CODE) == {422}
    assert attempts(api, 25, "POST", "/confirm/b_1", form=CODE) == {409}
    for path in (f"{one}/confirm", "/v1/auth/session"):
        stopped(api("POST", path, CODE), 600)
    stopped(api("POST", f"{one}/code", {}))
    assert api("POST", "/confirm/b_1", form=CODE).status == 429


def test_a_link_to_log_in_by_is_asked_for_a_hundred_times_in_ten_minutes(api: Api) -> None:
    for number in range(100):
        body = {"email": f"aino.{number}@gov.fi"}
        assert api("POST", "/v1/auth/links", body).status == 202
    stopped(api("POST", "/v1/auth/links", {"email": "eero.eskola@gov.fi"}), 600)
    assert len(api.store.messages) == 100


def test_the_answer_for_an_address_that_has_had_its_mails_is_the_same(api: Api) -> None:
    """Five go out in an hour; what anybody sees stays as it is."""
    seen = set()
    for number in range(7):
        api.come_from(f"192.0.2.{number}")
        answer = api("POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"})
        kept = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
        assert len(answer.headers["Set-Cookie"]) > 100
        seen.add((answer.status, answer.raw, tuple(sorted(kept.items()))))
    assert len(seen) == 1
    assert len(api.store.messages) == 5


def test_who_may_book_is_not_tried_out_by_previews(api: Api) -> None:
    asked = ("POST", "/v1/bookings/preview", booking())
    assert attempts(api, 30, *asked) == {200}
    stopped(api(*asked))
    assert attempts(api, 40, *asked, FORM_KEY) == {200}
    assert api("POST", "/v1/bookings", booking()).status == 201


def test_looks_are_not_counted(api: Api) -> None:
    day = {"from": "2026-12-02", "to": "2026-12-03", "resources": ["pod"]}
    api.store.calls.clear()
    assert attempts(api, 70, "POST", "/v1/freebusy", day) == {200}
    assert attempts(api, 70, "GET", "/v1/spaces") == {200}
    assert attempts(api, 15, "POST", "/book", form={"space_id": "pod"}) == {200}
    assert "limits.count" not in api.store.calls
    assert not api.store.counters


def test_a_write_is_counted_in_one_call_before_all_others(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    api.ports.settings.get()
    for more, before in (({}, 0), ({"Cookie": aino, **OURS}, 1), ({"key": STAFF_KEY}, 1)):
        api.store.calls.clear()
        api("POST", "/v1/bookings", booking(person=eero()), **more)
        calls = [name for name in api.store.calls if name not in ("queue.send", "catalog.revision")]
        assert calls[before:][:2] == ["limits.count", "snapshot"]
        assert calls.count("limits.count") == 1


def test_what_counts_itself_is_not_counted_twice(api: Api) -> None:
    api.store.calls.clear()
    api("POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"})
    assert "limits.count" not in api.store.calls
    assert set(COUNT_THEMSELVES) == {Purpose.LINK, Purpose.LOG_IN}


def test_a_repeat_under_its_key_is_answered_once_it_may_be_asked_again(api: Api) -> None:
    """It counts like any other, and loses nothing: its answer is kept for two days."""
    first = api("POST", "/v1/bookings", booking(), Idempotency_Key="k")
    assert attempts(api, 9, "POST", "/v1/bookings", booking(), Idempotency_Key="k") == {201}
    stopped(api("POST", "/v1/bookings", booking(), Idempotency_Key="k"))
    api.clock.forward(minutes=1)
    again = api("POST", "/v1/bookings", booking(), Idempotency_Key="k")
    assert (again.raw, again.headers["Idempotency-Replayed"]) == (first.raw, "true")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fi",
            (
                "Varaus- ja ilmoittautumisyrityksiä on tullut liian monta. Yritä uudelleen "
                "1\u00a0min kuluttua. Kirjautuneena pääset jatkamaan heti."
            ),
        ),
        (
            "sv",
            (
                "Det har kommit för många försök att boka eller anmäla sig. Försök igen om "
                "1\u00a0min. Den som loggar in kan fortsätta genast."
            ),
        ),
        (
            "en",
            (
                "There have been too many attempts to book or sign up. Try again in 1\u00a0min. "
                "Who logs in can go on at once."
            ),
        ),
    ],
)
def test_the_form_says_so_and_keeps_what_was_typed(api: Api, language: str, said: str) -> None:
    attempts(api, 10, "POST", "/v1/bookings", booking(start="2026-11-30T10:00"))
    sent = form(title="Syyssuunnittelu", lang=language)
    answer = api("POST", "/v1/bookings", form=sent, Accept="text/html")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert said in answer.text
    assert 'value="Syyssuunnittelu"' in answer.text
    plain = api("POST", "/v1/bookings", booking(), Accept_Language=language)
    assert plain.json["detail"] == said


def test_the_page_of_a_code_says_so_and_shows_its_field(api: Api) -> None:
    attempts(api, 100, "POST", "/v1/bookings/b_1/code", {})
    answer = api("POST", "/confirm/b_1", form={**CODE, "lang": "en"})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
    assert "Try again in 10\u00a0min." in answer.text
    assert 'name="code"' in answer.text


@pytest.mark.parametrize("path", ["/login", "/login/code"])
def test_the_pages_of_a_login_say_so_and_show_their_field(api: Api, path: str) -> None:
    for number in range(100):
        api("POST", "/v1/auth/links", {"email": f"aino.{number % 3}@gov.fi"})
        api("POST", "/v1/auth/session", CODE)
    field = {"email": "aino.aalto@gov.fi"} if path == "/login" else CODE
    answer = api("POST", path, form={**field, "lang": "en"})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
    assert "Try again in 10\u00a0min." in answer.text
    assert f'name="{next(iter(field))}"' in answer.text


def test_an_old_link_does_not_seem_used_up_where_it_is_only_too_early(api: Api) -> None:
    asked = api("POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"})
    pair = asked.headers["Set-Cookie"].partition(";")[0]
    login_id = pair.partition("=")[2].partition(".")[0]
    attempts(api, 100, "POST", "/v1/bookings/b_1/code", {})
    sent = {"lang": "en", "form_token": form_token()}
    answer = api("POST", f"/login/{login_id}/00", form=sent, Cookie=pair, **OURS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
    assert "Try again in 10\u00a0min." in answer.text
    assert "<button" in answer.text


def test_limits_are_told_apart_by_all_that_they_are() -> None:
    assert len({Limit(each.purpose, each.by, 0, each.seconds) for each in LIMITS}) == len(LIMITS)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Samalla osoitteella tai samasta verkosta voi olla kerrallaan 2 vahvistamatonta"),
        ("sv", "Med samma adress eller från samma nätverk kan man ha 2 obekräftade bokningar"),
        ("en", "There may be 2 unconfirmed bookings or sign-ups at a time for one address or"),
    ],
)
def test_a_third_hold_says_what_to_do(make_api, language: str, said: str) -> None:
    api = make_api(prove_address=True)
    for hour in (8, 9):
        body = booking(start=f"2026-12-02T{hour:02d}:00", end=f"2026-12-02T{hour:02d}:30")
        assert api("POST", "/v1/bookings", body).json["state"] == "held"
    before = api.contents()
    for path in ("/v1/bookings", "/v1/bookings/preview"):
        answer = api("POST", path, booking(), Accept_Language=language)
        refusal = answer.json if answer.status == 422 else answer.json["items"][0]
        (error,) = refusal["errors"]
        assert (error["code"], error["pointer"]) == ("quota-exceeded", "")
        assert error["message"].startswith(said)
    page = api("POST", "/v1/bookings", form=form(lang=language), Accept="text/html")
    assert page.status == 422
    assert said in page.text
    assert api.contents() == before
    aino = api.logs_in(name="Aino Aalto")
    mine = api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS)
    assert mine.json["state"] == "confirmed"


def test_where_a_hold_came_from_is_a_digest_and_soon_nothing(make_api) -> None:
    api = make_api(prove_address=True)
    api.come_from("2001:db8:1:2::7")
    booking_id = api("POST", "/v1/bookings", booking()).json["booking_id"]
    held = api.store.bookings[booking_id]
    assert len(held.network) == 64
    assert "2001" not in repr(api.contents())
    code = links.code_of(api.ports, held)
    assert api("POST", f"/v1/bookings/{booking_id}/confirm", {"code": code}).status == 200
    assert api.store.bookings[booking_id].network == ""


def test_staff_switch_anonymous_bookings_off(make_api) -> None:
    api = make_api(prove_address=True)
    body = {"anonymous_holds": 0}
    assert api("PATCH", "/v1/staff/settings", body, STAFF_KEY, If_Match="*").json.items() >= (
        body.items()
    )
    answer = api("POST", "/v1/bookings", booking(), Accept_Language="en")
    assert answer.codes == ["quota-exceeded"]
    assert "Log in, so that nothing has to be confirmed" in answer.json["detail"]
    body = {"anonymous_holds": None}
    changed = api("PATCH", "/v1/staff/settings", body, STAFF_KEY, If_Match="*")
    assert changed.json["anonymous_holds"] is None
    assert api("POST", "/v1/bookings", booking()).status == 201
