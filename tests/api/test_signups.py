"""Signing up for events over HTTP, and what becomes of it."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.signups import parts_of
from chalicelib.services import links, opening
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api
from tests.api.test_staff_events import patch, write


def a_person(name: str = "aino", **more: Any) -> dict[str, Any]:
    return {"name": name.title(), "email": f"{name}@gov.fi", **more}


def signs_up(
    api: Api, event_id: str, name: str = "aino", key: str | None = FORM_KEY, **more: Any
) -> Answer:
    headers = more.pop("headers", {})
    body = {"person": a_person(name), "accept_terms": True} | more
    body = {field: value for field, value in body.items() if value is not ...}
    return api("POST", f"/v1/events/{event_id}/signups", body, key, **headers)


def one(signup_id: str) -> str:
    return f"/v1/signups/{signup_id}"


def bearer(api: Api, signup_id: str) -> str:
    return opening.bearer_of(signup_id, links.token_of(api.ports, "signup", signup_id), "signup")


def code_of(api: Api, signup_id: str) -> str:
    return links.signup_code(api.ports, stored(api, signup_id))


def stored(api: Api, signup_id: str) -> Any:
    event_id, person_id = parts_of(signup_id) or ("", "")
    return api.store.signups[event_id, person_id]


@pytest.fixture
def api(make_api: Any) -> Api:
    made: Api = make_api(prove_address=True)
    return made


@pytest.fixture
def event(api: Api) -> str:
    """Two seats, three may wait, parties of up to four, and a link to join from afar."""
    return write(
        api,
        group_size=4,
        remote={"limit": 1},
        remote_link="https://meet.example/secret",
    )


def test_a_seat_is_confirmed_where_somebody_vouches(api: Api, event: str) -> None:
    answer = signs_up(api, event, diet="Vegaani", guests=[{"name": "Eero", "diet": "Kala"}])
    body = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://lab.example/v1/signups/{body['signup_id']}"
    assert body | {"signup_id": "", "created_at": ""} == {
        "signup_id": "",
        "event_id": event,
        "state": "confirmed",
        "way": "room",
        "size": 2,
        "position": None,
        "persons_before": None,
        "confirm_by": None,
        "offer_until": None,
        "created_at": "",
    }
    read = api("GET", one(body["signup_id"]), key=FORM_KEY)
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert read.json["person"] | {"organisation": "", "language": ""} == {
        "name": "Aino",
        "email": "aino@gov.fi",
        "organisation": "",
        "language": "",
    }
    assert read.json["guests"] == [{"name": "Eero", "diet": "Kala", "accessibility": ""}]
    assert (read.json["diet"], read.json["remote_link"]) == ("Vegaani", "")
    assert api("GET", f"/v1/events/{event}").json["ways"]["room"]["free"] == 0


def test_who_waits_is_told_where_they_stand_and_it_is_true(api: Api, event: str) -> None:
    """S-14, S-20: a party is whole, in the room or in the queue."""
    signs_up(api, event, "aino")
    party = signs_up(api, event, "eero", guests=[{"name": "Vieras"}]).json
    alone = signs_up(api, event, "pia")
    assert (party["state"], party["position"], party["persons_before"]) == ("waiting", 1, 0)
    assert (alone.json["position"], alone.json["persons_before"]) == (2, 2)
    assert signs_up(api, event, "sami").json["type"] == "/problems/event-full"
    api("DELETE", one(party["signup_id"]), key=FORM_KEY, If_Match="*")
    found = api("GET", one(alone.json["signup_id"]), key=FORM_KEY).json
    assert (found["state"], found["position"]) == ("confirmed", None)


def test_nobody_in_particular_has_to_prove_their_address(api: Api, event: str) -> None:
    made = signs_up(api, event, key=None).json
    assert (made["state"], made["confirm_by"] is not None) == ("held", True)
    address = f"{one(made['signup_id'])}/confirm"
    assert api("GET", one(made["signup_id"])).status == 401
    wrong = api("POST", address, {"code": "23456789"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/code")
    code = code_of(api, made["signup_id"])
    for _ in range(2):
        proved = api("POST", address, {"code": code.lower()})
        assert (proved.status, proved.json["state"]) == (200, "confirmed")


def test_a_place_in_the_queue_is_kept_by_proof_and_lapses_without(api: Api, event: str) -> None:
    for name in ("a", "b"):
        signs_up(api, event, name)
    kept, lost = (signs_up(api, event, name, key=None).json for name in ("c", "d"))
    assert [each["state"] for each in (kept, lost)] == ["waiting", "waiting"]
    address = f"{one(kept['signup_id'])}/confirm"
    for _ in range(2):
        proved = api("POST", address, {"code": code_of(api, kept["signup_id"])})
        assert (proved.json["state"], proved.json["confirm_by"]) == ("waiting", None)
    assert stored(api, kept["signup_id"]).version == 2
    api.clock.forward(minutes=31)
    late = api(
        "POST", f"{one(lost['signup_id'])}/confirm", {"code": code_of(api, lost["signup_id"])}
    )
    assert (late.status, late.json["type"]) == (409, "/problems/hold-expired")


def test_the_code_of_what_there_is_not_is_a_wrong_one(api: Api, event: str) -> None:
    made = signs_up(api, event, key=None).json["signup_id"]
    code = code_of(api, made)
    del api.store.signups[parts_of(made)]
    for signup_id in (made, "s_1_2", "b_1"):
        answer = api("POST", f"{one(signup_id)}/confirm", {"code": code})
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/code"), signup_id


def test_the_same_person_is_signed_up_once(api: Api, event: str) -> None:
    """S-05, S-06, S-08."""
    first = signs_up(api, event, headers={"Idempotency_Key": "one"})
    again = signs_up(api, event, headers={"Idempotency_Key": "one"})
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    for email in ("Aino@Gov.fi", " aino@gov.fi ", "AINO@GOV.FI"):
        answer = signs_up(api, event, person=a_person(email=email))
        found = [(each["code"], each["pointer"]) for each in answer.json["errors"]]
        assert found == [("already-signed-up", "/person/email")]
    assert len(api.store.signups) == 1


@pytest.mark.parametrize("taken", [0, 2])
def test_who_is_in_already_is_answered_as_anybody_would_be(
    api: Api, event: str, taken: int
) -> None:
    """S-06: whoever asks learns nothing; nothing is changed either, but that a mail tells."""
    for number in range(taken - 1):
        signs_up(api, event, f"other{number}")
    signs_up(api, event, "aino")
    before = dict(api.store.signups)
    known = signs_up(api, event, "aino", key=None, headers={"Idempotency_Key": "k"})
    assert api.store.signups == before
    replayed = signs_up(api, event, "aino", key=None, headers={"Idempotency_Key": "k"})
    unknown = signs_up(api, event, "eero", key=None, headers={"Idempotency_Key": "l"})
    replayed_too = signs_up(api, event, "eero", key=None, headers={"Idempotency_Key": "l"})
    hidden = {"signup_id": ""}
    assert known.json | hidden == unknown.json | hidden
    assert (known.status, sorted(known.headers)) == (unknown.status, sorted(unknown.headers))
    assert len(known.headers["ETag"]) == len(unknown.headers["ETag"])
    assert (replayed.json, replayed_too.json) == (known.json, unknown.json)


@pytest.mark.parametrize("seats", [1, 5])
def test_nor_does_the_store_hear_more_of_who_is_in(make_api: Any, seats: int) -> None:
    """S-06: the same calls in the same order, so that time tells nothing either."""
    heard = {}
    for name in ("aino", "nobody"):
        api = make_api(prove_address=True)
        event = write(api, room={"limit": seats, "most_waiting": 5})
        signs_up(api, event, "aino")
        api.store.calls.clear()
        assert signs_up(api, event, name, key=None).status == 201
        heard[name] = list(api.store.calls)
    assert heard["aino"] == heard["nobody"]
    assert heard["aino"]


def test_nor_are_they_told_where_no_address_is_proved(make_api: Any) -> None:
    """S-06."""
    api = make_api(prove_address=False)
    event = write(api, room={"limit": 3})
    known, *_, unknown = (signs_up(api, event, name, key=None) for name in ("a", "a", "b"))
    assert known.json | {"signup_id": ""} == unknown.json | {"signup_id": ""}
    assert len(api.store.signups) == 2


def test_who_left_before_is_answered_as_who_never_came(api: Api, event: str) -> None:
    for _ in range(3):
        made = signs_up(api, event, "aino").json["signup_id"]
        api("DELETE", one(made), key=FORM_KEY, If_Match="*")
    back, new = (signs_up(api, event, name, key=None) for name in ("aino", "eero"))
    assert back.json | {"signup_id": ""} == new.json | {"signup_id": ""}
    assert len(back.headers["ETag"]) == len(new.headers["ETag"])


def test_nobody_in_particular_cannot_ask_after_guests(api: Api, event: str) -> None:
    signs_up(api, event, "eero")
    guests = [{"name": "Eero", "email": "eero@gov.fi"}]
    for name in ("aino", "pia"):
        answer = signs_up(api, event, name, key=None, guests=guests)
        found = [(each["code"], each["pointer"]) for each in answer.json["errors"]]
        assert found == [("invalid-request", "/guests/0/email")]
        assert "kirjautuneena" in answer.text
    named = signs_up(api, event, key=FORM_KEY, guests=guests)
    assert named.json["errors"][0]["pointer"] == "/guests/0/email"


def test_an_address_outside_is_refused_without_a_list(api: Api, event: str) -> None:
    """S-13."""
    answer = signs_up(api, event, key=None, person=a_person(email="aino@elsewhere.example"))
    assert (answer.status, answer.json["type"]) == (422, "/problems/email-not-allowed")
    assert "gov.fi" not in answer.text
    assert not api.store.signups


def test_terms_texts_and_names(api: Api, event: str) -> None:
    """S-21."""
    refused = signs_up(api, event, accept_terms=False)
    assert refused.json["errors"][0]["code"] == "terms-not-accepted"
    long = signs_up(api, event, diet="x" * 2001)
    assert (long.status, long.json["errors"][0]["pointer"]) == (422, "/diet")
    assert "2000" in long.text
    assert not api.store.signups
    html = signs_up(api, event, diet="x" * 2000, person=a_person() | {"name": "<b>Aino</b>"})
    found = api("GET", one(html.json["signup_id"]), key=FORM_KEY).json
    assert found["person"]["name"] == "<b>Aino</b>"


def test_the_window_and_what_hosts_may_past_it(api: Api, event: str) -> None:
    """S-01, S-02, S-04."""
    patch(api, event, opens_at="2026-12-02T08:00", closes_at="2026-12-03T08:00")
    early = signs_up(api, event)
    assert (early.status, early.json["type"]) == (422, "/problems/signup-not-open")
    assert early.json["detail"] == "Ilmoittautuminen avautuu 2.12.2026 klo 8.00."
    assert not api.store.signups
    api.clock.forward(days=5)
    assert signs_up(api, event).status == 422
    added = signs_up(api, event, key=STAFF_KEY)
    assert (added.status, added.json["state"]) == (201, "confirmed")
    entry = next(each for each in api.store.audit if each["action"] == "sign-up")
    assert entry["actor"] != "anonymous"


def test_who_loses_every_race_is_told_to_try_again(api: Api, event: str) -> None:
    """W-29: nothing is written, and the 503 is what the interface's metric counts."""

    def lose(name: str) -> None:
        if name == "commit":
            raise VersionRaced

    messages = dict(api.store.messages)
    api.store.before = lose
    answer = signs_up(api, event, headers={"Idempotency_Key": "k"})
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert (api.store.signups, api.store.messages) == ({}, messages)
    api.store.before = lambda _name: None
    assert signs_up(api, event, headers={"Idempotency_Key": "k"}).status == 201


def test_a_draft_and_what_there_is_not_is_not_found(api: Api) -> None:
    draft = write(api, publish=False)
    assert signs_up(api, draft).status == signs_up(api, "e_none").status == 404
    assert signs_up(api, draft, key=STAFF_KEY).status == 201


def test_the_link_of_a_mail_opens_one_s_own_sign_up_and_nothing_else(api: Api, event: str) -> None:
    made, other = (signs_up(api, event, name).json["signup_id"] for name in ("aino", "eero"))
    key = bearer(api, made)
    assert api("GET", one(made), key=key).json["state"] == "confirmed"
    assert api("GET", one(other), key=key).status == 404
    assert api("GET", f"/v1/events/{event}", key=key).status == 404
    edited = api("PATCH", one(made), {"diet": "Vegaani"}, key, If_Match="*")
    assert edited.status == 200
    assert stored(api, made).diet == "Vegaani"
    gone = api("DELETE", one(made), key=key, If_Match="*")
    assert gone.json["state"] == "left"
    # L-05: it still shows that it is over.
    assert api("GET", one(made), key=key).json["state"] == "left"
    api.clock.time = api.store.events[event].ends_at
    assert api("GET", one(made), key=key).status == 401


@pytest.mark.parametrize("how", ["another's", "a booking's", "made up"])
def test_a_wrong_link_opens_nothing(api: Api, event: str, how: str) -> None:
    made, other = (signs_up(api, event, name).json["signup_id"] for name in ("aino", "eero"))
    token = {
        "another's": links.token_of(api.ports, "signup", other),
        "a booking's": links.token_of(api.ports, "manage", made),
        "made up": "0" * 48,
    }[how]
    answer = api("GET", one(made), key=opening.bearer_of(made, token, "signup"))
    assert answer.status == 401


def test_who_changes_what_they_have_not_seen_is_stopped(api: Api, event: str) -> None:
    """W-07: who meant to leave the queue and has a seat by now is told, and keeps it."""
    for name in ("a", "b"):
        signs_up(api, event, name)
    waiting = signs_up(api, event, "c")
    tag, address = waiting.headers["ETag"], one(waiting.json["signup_id"])
    gone = next(each for each in api.store.signups.values() if each.person.name == "A")
    api("DELETE", one(gone.signup_id), key=FORM_KEY, If_Match="*")
    assert api("DELETE", address, key=FORM_KEY).status == 428
    for method, body in (("DELETE", None), ("PATCH", {"diet": "x"}), ("PATCH", {"way": "remote"})):
        assert api(method, address, body, FORM_KEY, If_Match=tag).status == 412
    told = api("DELETE", f"{address}?in_queue=true", key=FORM_KEY, If_Match="*")
    assert (told.status, told.json["type"]) == (409, "/problems/stale-state")
    assert api("GET", address, key=FORM_KEY).json["state"] == "confirmed"


def test_left_twice_is_left_once(api: Api, event: str) -> None:
    """W-15."""
    answer = signs_up(api, event)
    made, tag = answer.json["signup_id"], answer.headers["ETag"]
    answers = [api("DELETE", one(made), key=FORM_KEY, If_Match=tag) for _ in range(2)]
    assert [each.status for each in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert [each["action"] for each in api.store.audit].count("leave") == 1


def test_hosts_remove_and_who_waits_is_promoted(api: Api, event: str) -> None:
    """W-13."""
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c")]
    removed = api("DELETE", one(made[0]), key=STAFF_KEY, If_Match="*")
    assert removed.json["state"] == "removed"
    assert stored(api, made[2]).state == "confirmed"


def test_from_the_room_to_remote_with_what_else_changed(api: Api, event: str) -> None:
    """S-24; I-14: the link is of confirmed remote people and nobody else's."""
    mine, other, waits = (signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c"))
    change = {"way": "remote", "diet": "Kala"}
    tag = api("GET", one(mine), key=FORM_KEY).headers["ETag"]
    answer = api("PATCH", one(mine), change, FORM_KEY, If_Match=tag)
    assert (answer.status, answer.json["way"]) == (200, "remote")
    assert (stored(api, mine).diet, stored(api, mine).version) == ("Kala", 2)
    assert stored(api, waits).state == "confirmed"
    assert api("GET", one(mine), key=FORM_KEY).json["remote_link"] == "https://meet.example/secret"
    assert api("GET", one(waits), key=FORM_KEY).json["remote_link"] == ""
    full = api("PATCH", one(other), {"way": "remote"}, FORM_KEY, If_Match="*")
    assert (full.status, full.json["errors"][0]["pointer"]) == (409, "/way")
    again = api("PATCH", one(mine), {"way": "remote"}, FORM_KEY, If_Match="*")
    assert (again.status, stored(api, mine).version) == (200, 2)
    edit = api("PATCH", one(mine), {"way": "remote", "diet": ""}, FORM_KEY, If_Match="*")
    assert (edit.status, stored(api, mine).diet, stored(api, mine).way) == (200, "", "remote")


def test_nothing_is_changed_once_an_event_is_over(api: Api, event: str) -> None:
    made = signs_up(api, event).json["signup_id"]
    api.clock.time = api.store.events[event].ends_at
    for method, body in (("PATCH", {"diet": "x"}), ("DELETE", None)):
        answer = api(method, one(made), body, FORM_KEY, If_Match="*")
        assert (answer.status, answer.json["type"]) == (409, "/problems/stale-state")
    assert api("DELETE", one(made), key=STAFF_KEY, If_Match="*").status == 200


def test_an_offer_is_accepted_or_given_on(api: Api, event: str) -> None:
    """W-20."""
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c", "d")]
    patch(api, event, offers_within_minutes=44_640)
    for leaves in made[:2]:
        api("DELETE", one(leaves), key=FORM_KEY, If_Match="*")
    shown = api("GET", one(made[2]), key=FORM_KEY).json
    assert (shown["state"], shown["offer_until"] is not None) == ("offered", True)
    for _ in range(2):
        answer = api("POST", f"{one(made[2])}/accept", {}, FORM_KEY)
        assert (answer.status, answer.json["state"]) == (200, "confirmed")
        answer = api("POST", f"{one(made[3])}/decline", {}, FORM_KEY)
        assert (answer.status, answer.json["state"]) == (200, "declined")
    assert Counter(each["action"] for each in api.store.audit)["accept"] == 1


def test_a_place_is_handed_to_a_colleague(api: Api, event: str) -> None:
    """S-25: no seat is freed, and the old link is dead."""
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c")]
    old = bearer(api, made[0])
    answer = api("POST", f"{one(made[0])}/hand-over", {"person": a_person("pia")}, old)
    assert (answer.status, answer.json["state"]) == (201, "confirmed")
    new = answer.json["signup_id"]
    assert answer.headers["Location"].endswith(one(new))
    assert api("GET", one(made[0]), key=old).status == 401
    assert api("GET", one(new), key=bearer(api, new)).json["person"]["name"] == "Pia"
    assert stored(api, made[2]).state == "waiting"
    refused = api("POST", f"{one(new)}/hand-over", {"person": a_person("b")}, bearer(api, new))
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, "/person/email")


def test_who_has_logged_in_signs_up_for_themselves_and_hands_over(api: Api, event: str) -> None:
    cookie = {"Cookie": api.logs_in("aino@gov.fi", "Aino"), **OURS}
    made = signs_up(api, event, key=None, person=..., headers=cookie)
    assert (made.status, made.json["state"]) == (201, "confirmed")
    address = one(made.json["signup_id"])
    assert api("GET", address, **cookie).json["person"]["name"] == "Aino"
    other = signs_up(api, event, "eero").json["signup_id"]
    assert api("GET", one(other), **cookie).status == 404
    given = api("POST", f"{address}/hand-over", {"person": a_person("pia")}, **cookie)
    assert given.status == 201
    assert api("GET", one(given.json["signup_id"]), **cookie).status == 404


def test_hosts_move_a_party_up(api: Api, event: str) -> None:
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c", "d")]
    answer = api("POST", f"/v1/staff/signups/{made[3]}/move-up", {}, STAFF_KEY)
    assert (answer.status, answer.json["position"]) == (200, 1)
    assert api("GET", one(made[2]), key=STAFF_KEY).json["position"] == 2
    seated = api("POST", f"/v1/staff/signups/{made[0]}/move-up", {}, STAFF_KEY)
    assert (seated.status, seated.json["type"]) == (409, "/problems/stale-state")


def test_hosts_reading_of_somebody_else_s_is_noted(api: Api, event: str) -> None:
    made = signs_up(api, event).json["signup_id"]
    api("GET", one(made), key=FORM_KEY)
    assert not [each for each in api.store.audit if each["action"] == "read"]
    api("GET", one(made), key=STAFF_KEY)
    assert [each["subject"] for each in api.store.audit if each["action"] == "read"] == [
        f"signup#{made}"
    ]


def test_a_form_signs_up_with_its_flat_names(api: Api, event: str) -> None:
    form = {
        "name": "Aino",
        "email": "aino@gov.fi",
        "guest_2_name": "Kaksi",
        "guest_1_name": "Yksi",
        "guest_1_diet": "Kala",
        "guest_3_name": "",
        "diet": "Vegaani",
        "accept_terms": "on",
        "way": "room",
    }
    answer = api("POST", f"/v1/events/{event}/signups", form=form)
    assert (answer.status, answer.json["state"], answer.json["size"]) == (201, "waiting", 3)
    made = stored(api, answer.json["signup_id"])
    assert [(each.name, each.diet) for each in made.members] == [("Yksi", "Kala"), ("Kaksi", "")]
    assert (made.person.name, made.diet) == ("Aino", "Vegaani")


def test_nothing_said_of_oneself_is_kept_with_an_answer(api: Api, event: str) -> None:
    guests = [{"name": "Vierasnimi", "diet": "Kalaruoka"}]
    more = {"headers": {"Idempotency_Key": "k"}, "accessibility": "Pyörätuoli"}
    signs_up(api, event, guests=guests, diet="Vegaani", **more)
    kept = repr(list(api.store.records.values()))
    for said in ("Vierasnimi", "Kalaruoka", "Vegaani", "Pyörätuoli", "Aino", "aino@"):
        assert said not in kept


QUESTIONS = [
    {"id": "team", "text": {"fi": "Tiimi"}, "required": True},
    {
        "id": "lunch",
        "kind": "choice",
        "text": {"fi": "Lounas"},
        "choices": [{"id": "soup", "text": {"fi": "Keitto"}}, {"id": "salad", "text": {"fi": "S"}}],
    },
    {"id": "photo", "kind": "consent", "text": {"fi": "Saa kuvata"}, "required": True},
]


def test_what_an_event_asks_is_answered_and_can_be_changed(api: Api) -> None:
    """S-21: a consent that is required has to be given."""
    event = write(api, questions=QUESTIONS)
    refused = signs_up(api, event, answers={"lunch": "pizza", "shoes": "42"})
    found = {each["pointer"] for each in refused.json["errors"]}
    assert found == {"/answers/team", "/answers/lunch", "/answers/photo", "/answers/shoes"}
    made = signs_up(api, event, answers={"team": "A", "photo": True}).json["signup_id"]
    assert dict(stored(api, made).answers) == {"team": "A", "photo": True}
    wrong = api("PATCH", one(made), {"answers": {"team": ""}}, FORM_KEY, If_Match="*")
    assert wrong.status == 422
    changed = {"answers": {"team": "B", "photo": "on", "lunch": "soup"}}
    assert api("PATCH", one(made), changed, FORM_KEY, If_Match="*").status == 200
    assert dict(stored(api, made).answers) == {"team": "B", "photo": True, "lunch": "soup"}
    form = {
        "name": "Eero",
        "email": "eero@gov.fi",
        "accept_terms": "on",
        "answer_team": "on",
        "answer_photo": "on",
        "answer_lunch": "",
    }
    answer = api("POST", f"/v1/events/{event}/signups", form=form)
    assert dict(stored(api, answer.json["signup_id"]).answers) == {"team": "on", "photo": True}


def test_a_refusal_names_every_rule_that_is_broken(api: Api) -> None:
    event = write(api, questions=QUESTIONS[:1], opens_at="2026-12-05T08:00", audience=["partner"])
    guests = [{"name": "Eero", "email": "eero@gov.fi"}]
    answer = signs_up(api, event, key=None, guests=guests, accept_terms=False, way="remote")
    found = [(each["code"], each["pointer"]) for each in answer.json["errors"]]
    assert set(found) == {
        ("invalid-request", "/guests/0/email"),
        ("invalid-request", "/answers/team"),
        ("invalid-request", "/way"),
        ("email-not-allowed", "/person/email"),
        ("terms-not-accepted", "/accept_terms"),
        ("signup-not-open", ""),
        ("group-too-large", "/guests"),
    }
    assert answer.json["type"] == "/problems/invalid-request"


def test_which_way_is_full_is_told(api: Api, event: str) -> None:
    """W-27: nobody waits for a limit that they were not told of."""
    signs_up(api, event, "a", way="remote")
    full = signs_up(api, event, "b", way="remote")
    assert full.json["detail"].startswith("Etäpaikat")
    assert full.json["errors"][0]["pointer"] == "/way"
    assert signs_up(api, event, "b").json["state"] == "confirmed"
