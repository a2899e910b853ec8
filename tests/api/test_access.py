"""Who may do what: every operation, asked by everybody, about their own things and about others'.

What is expected stands in tests/rights.py, by action, and a request for each operation in tests/api/asking.py:
an operation without a line there, and an action without an expectation, fail by themselves.
"""

import pytest

from chalicelib.services import access
from chalicelib.services.access import Action
from tests.api.asking import FOREIGN, OPERATIONS, OWN, UNKNOWN, WRONG, Scene
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.every import EVERY
from tests.rights import ADMIN, ADMIN_S_KEY, ASKERS, HOST, NOBODY, WHO, allowed

ABOUT_SOMETHING = [name for name in OPERATIONS if "{" in name]


@pytest.fixture
def scene(api: Api) -> Scene:
    return Scene(api)


def denied(scene: Scene, name: str, who: str, whose: str) -> None:
    """Fail unless somebody is turned away, nothing is written, and nothing is told."""
    address = scene.address(EVERY[name].path, who, whose)
    scene.headers(who)
    before = scene.api.contents()
    answer = scene.ask(name, who, whose)
    assert answer.status == refusal(name, who), answer.text
    if answer.status == 303:
        assert "login?" in answer.headers["Location"]
    told = f"{answer.text} {answer.headers}"
    assert [each for each in scene.secrets(address) if each in told] == []
    assert scene.api.contents() == before


def refusal(name: str, who: str) -> int:
    """401 where nobody showed who they are; where that is looked at as a page, the way to log in."""
    if who not in (NOBODY, WRONG):
        return 404
    after_logging_in = OPERATIONS[name].action in (Action.OWN, Action.RUN)
    return 303 if EVERY[name].tag == "pages" and after_logging_in else 401


def taken(scene: Scene, name: str, who: str, whose: str) -> None:
    """Fail unless somebody gets in."""
    answer = scene.ask(name, who, whose)
    assert answer.status in (200, 201, 202, 303, *OPERATIONS[name].also), answer.text


def test_every_operation_has_its_action_and_a_request() -> None:
    assert {name: each.action for name, each in EVERY.items()} == {
        name: each.action for name, each in OPERATIONS.items()
    }


def test_every_action_has_an_expectation() -> None:
    assert set(WHO) == set(Action)
    assert {each.action for each in EVERY.values()} <= set(WHO)


def test_what_is_under_staff_is_for_hosts() -> None:
    for name, ask in OPERATIONS.items():
        for_hosts = not WHO[ask.action] - WHO[Action.RUN]
        assert for_hosts == ("/staff/" in name), name


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_who_may_do_it_with_what_is_theirs(scene: Scene, name: str, who: str) -> None:
    check = taken if allowed(OPERATIONS[name].action, who) else denied
    check(scene, name, who, OWN)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("name", ABOUT_SOMETHING)
def test_who_may_do_it_with_what_is_somebody_else_s(scene: Scene, name: str, who: str) -> None:
    """A foreign thing is answered as one that there is not, to the byte."""
    if allowed(OPERATIONS[name].action, who, own=False):
        taken(scene, name, who, FOREIGN)
        return
    denied(scene, name, who, FOREIGN)
    foreign, unknown = (scene.ask(name, who, whose) for whose in (FOREIGN, UNKNOWN))
    assert (foreign.status, foreign.raw) == (unknown.status, unknown.raw)


@pytest.mark.parametrize("who", [NOBODY, HOST, ADMIN])
@pytest.mark.parametrize("name", ABOUT_SOMETHING)
def test_what_there_is_not_is_not_found(scene: Scene, name: str, who: str) -> None:
    if not allowed(OPERATIONS[name].action, who):
        denied(scene, name, who, UNKNOWN)
        return
    assert scene.ask(name, who, UNKNOWN).status in OPERATIONS[name].of_nothing


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_wrong_key_opens_nothing_not_even_what_is_open_to_all(scene: Scene, name: str) -> None:
    denied(scene, name, WRONG, FOREIGN)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "/staff/" in name])
def test_who_may_not_learns_nothing_from_how_a_request_is_wrong(scene: Scene, name: str) -> None:
    method, api = EVERY[name].method, scene.api
    address = scene.address(EVERY[name].path, HOST, FOREIGN)
    answers = [
        api(method, address + "?colour=red", key=FORM_KEY),
        api(method, address, b"{", FORM_KEY),
        api(method, address, b"{}", FORM_KEY, Content_Type="text/plain"),
        api(method, address, b"x" * 60_000, FORM_KEY),
    ]
    assert {answer.status for answer in answers} == {404}


@pytest.mark.parametrize("action", [action for action in Action if WHO[action] < set(ASKERS)])
def test_a_rule_that_lets_everybody_in_would_be_found(
    scene: Scene, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    askers = (ADMIN_S_KEY, *ASKERS)  # that of a person, who has what is asked for
    who = next(each for each in askers if each not in (NOBODY, *WHO[action]))
    name = next(name for name, ask in OPERATIONS.items() if ask.action is action)
    denied(scene, name, who, OWN)
    monkeypatch.setitem(access.RULES, action, lambda _actor, _thing: True)
    with pytest.raises(AssertionError):
        denied(scene, name, who, OWN)


def test_an_anonymous_booking_is_not_every_anonymous_reader_s(api: Api) -> None:
    made = api.books(key=None)["booking_id"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert api(method, f"/v1/bookings/{made}", body, If_Match="*").status == 401


def test_what_a_key_made_is_its_own_and_also_the_person_s(api: Api) -> None:
    made = api.books(FORM_KEY)["booking_id"]
    for headers in ({"key": FORM_KEY}, {"key": STAFF_KEY}, {"Cookie": api.logs_in()}):
        assert api("GET", f"/v1/bookings/{made}", **headers).status == 200
