"""Logging in too often: how many links and tries, and that nobody learns from it who was asked for."""

import pytest

from chalicelib.domain.errors import OutcomeUnknown, Refused, TooMany
from chalicelib.services import login
from tests.builders import AINO, EERO, the_ports

HERE, THERE = "192.0.2.1", "192.0.2.2"


def code(ports, store, cookie: str) -> str:
    return login.login_code(ports, store.logins[cookie.partition(".")[0]])


def ask(ports, email: str = AINO.email, network: str = HERE) -> str:
    return login.ask(ports, email, "fi", network=network)


def wrong(ports, cookie: str, network: str = HERE) -> None:
    with pytest.raises(Refused):
        login.by_code(ports, cookie, "22222222", network=network)


def test_a_network_asks_for_a_hundred_links_in_ten_minutes():
    """Forty guests of one house log in at nine o'clock."""
    ports, store, clock = the_ports()
    for number in range(100):
        ask(ports, f"aino.{number}@gov.fi")
    clock.forward(minutes=9, seconds=50)
    with pytest.raises(TooMany) as caught:
        ask(ports, EERO.email)
    assert (caught.value.retry_after, caught.value.by) == (10, "network")
    assert len(store.logins) == len(store.messages) == 100
    ask(ports, EERO.email, THERE)
    clock.forward(seconds=10)
    ask(ports, EERO.email)


def test_an_address_gets_five_mails_an_hour_and_the_answer_stays_the_same():
    ports, store, clock = the_ports()
    for number in range(8):
        cookie = ask(ports, network=f"192.0.2.{number}")
        assert login.COOKIE.fullmatch(cookie)
        assert len(store.messages) == len(store.queue) == min(number + 1, 5)
    assert len(store.logins) == 8
    ask(ports, EERO.email)
    assert len(store.messages) == 6
    clock.forward(hours=1)
    ask(ports)
    assert len(store.messages) == 7


def test_every_spelling_of_an_address_is_one():
    ports, store, _ = the_ports()
    for number in range(6):
        ask(ports, ("aino.aalto@gov.fi", " AINO.Aalto@GOV.fi")[number % 2], f"192.0.2.{number}")
    assert len(store.messages) == 5


def test_without_a_mail_it_is_one_write_more_and_with_it_one():
    ports, store, _ = the_ports()
    ports.settings.get()
    for number in range(6):
        store.calls.clear()
        ask(ports, network=f"192.0.2.{number}")
        calls = [each for each in store.calls if each != "queue.send"]
        assert calls == (["commit"] if number < 5 else ["commit", "commit"])


def test_a_network_that_is_stopped_uses_up_nobodys_mails():
    """Whoever asks for Aino from one network has five of hers at most, and then none of Eero's."""
    ports, store, _ = the_ports()
    for _ in range(100):
        ask(ports)
    for _ in range(5):
        with pytest.raises(TooMany):
            ask(ports, EERO.email)
    for number in range(5):
        ask(ports, EERO.email, f"192.0.2.{number + 10}")
    assert len(store.messages) == 10


def test_a_network_tries_a_hundred_codes_in_ten_minutes():
    """Five of each login: whoever begins anew has no more tries."""
    ports, store, clock = the_ports()
    cookies = [ask(ports, f"aino.{number}@gov.fi", THERE) for number in range(21)]
    for cookie in cookies[:20]:
        for _ in range(5):
            wrong(ports, cookie)
    right = code(ports, store, cookies[20])
    before = dict(store.logins)
    for proof in (right, "22222222"):
        with pytest.raises(TooMany) as caught:
            login.by_code(ports, cookies[20], proof, network=HERE)
        assert caught.value.retry_after == 600
    assert store.logins == before
    assert not store.sessions
    login.by_code(ports, cookies[20], right, network=THERE)
    clock.forward(minutes=10)
    assert login.by_code(
        ports, ask(ports), code(ports, store, list(store.logins)[-1]), network=HERE
    )


def test_links_are_tries_too():
    ports, store, _ = the_ports()
    cookie = ask(ports)
    found = store.logins[cookie.partition(".")[0]]
    for _ in range(100):
        with pytest.raises(Refused):
            login.by_link(ports, cookie, "l_other", "00", network=HERE)
    link = login.link_token(ports, found.login_id, found.key_id)
    with pytest.raises(TooMany):
        login.by_link(ports, cookie, found.login_id, link, network=HERE)
    assert login.by_link(ports, cookie, found.login_id, link, network=THERE)


@pytest.mark.parametrize("cookie", ["", "l_1.p_0.x", "l_none.p_00000000000000000000000000000000.x"])
def test_a_try_without_a_login_counts(cookie):
    ports, _, _ = the_ports()
    for _ in range(100):
        wrong(ports, cookie)
    with pytest.raises(TooMany):
        login.by_code(ports, cookie, "22222222", network=HERE)


def test_logging_in_is_three_storage_calls_with_its_counters():
    ports, store, _ = the_ports()
    ports.settings.get()
    store.calls.clear()
    cookie = ask(ports)
    login.by_code(ports, cookie, code(ports, store, cookie), network=HERE)
    assert [each for each in store.calls if each != "queue.send"] == [
        "commit",
        "logins.read",
        "commit",
    ]
    assert sorted(store.counters.values()) == [1, 1, 1]


def test_a_wrong_code_is_a_read_and_a_write():
    ports, store, _ = the_ports()
    cookie = ask(ports)
    store.calls.clear()
    wrong(ports, cookie)
    assert store.calls == ["logins.read", "commit"]
    store.calls.clear()
    wrong(ports, f"{cookie}x")
    assert store.calls == ["logins.read", "limits.count"]


def test_a_repeat_that_meets_its_own_count_is_done():
    """The last link that there may be, whose answer was lost: the repeat finds the counter full."""
    ports, store, _ = the_ports()
    for number in range(9):
        ask(ports, f"aino.{number}@gov.fi")

    def lose(name: str) -> None:
        if name == "commit":
            raise OutcomeUnknown(TooMany(1, "link", "network"))

    store.after = lose
    assert login.COOKIE.fullmatch(ask(ports, EERO.email))
