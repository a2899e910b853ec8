"""Logging in by a provider's word: in the browser that was sent there, once, and then as by a mail."""

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain.errors import Forbidden, NotFound, OutcomeUnknown, Race, Refused, Unavailable
from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import Role, person_id_of
from chalicelib.domain.profiles import invited, leaving, newcomer
from chalicelib.services import login, sessions, sign_on
from chalicelib.services.links import link_token, login_code
from chalicelib.services.ports import Identity
from chalicelib.services.sign_on import Returned
from tests.builders import AINO, NOW, PIA, the_ports
from tests.fake_access import FakeProvider
from tests.fake_messages import FakeSecrets

SALT = "a salt for tests"
VOUCHED = Identity(AINO.email, AINO.name, AINO.organisation, "sv")


class Visit:
    """Aino's browser has been sent to the provider, where she has logged in."""

    def __init__(self, identity: Identity = VOUCHED, next_page: str = "book") -> None:
        made, self.store, self.clock = the_ports()
        self.provider = FakeProvider(code=identity, second=identity)
        self.ports = replace(made, provider=self.provider)
        self.ports.settings.get()
        self.store.calls.clear()
        self.sent = sign_on.begin(self.ports, "fi", next_page)
        (self.state,) = parse_qs(urlsplit(self.sent.address).query)["state"]

    def back(self, cookie: str | None = None, before: str = "", **changes: str):
        """She comes back with the code, and with whatever a test changes of it."""
        returned = replace(Returned(self.state, "code", self.provider.issuer), **changes)
        kept = self.sent.cookie if cookie is None else cookie
        return sign_on.finish(self.ports, kept, returned, before)

    def refused(self, *args: str, **changes: str) -> str:
        with pytest.raises(Refused) as caught:
            self.back(*args, **changes)
        return caught.value.code

    @property
    def the_login(self):
        (found,) = self.store.logins.values()
        return found


@pytest.fixture
def visit():
    return Visit()


def test_who_the_provider_vouches_for_is_logged_in(visit):
    entered = visit.back()
    assert (entered.role, entered.next) == (Role.PERSON, "book")
    assert entered.profile.person == replace(AINO, language="sv")
    assert entered.profile.person_id == person_id_of(AINO.email, SALT)
    actor = sessions.actor_of(visit.ports, entered.cookie)
    assert actor
    assert (actor.person_id, actor.role) == (entered.profile.person_id, Role.PERSON)
    (entry,) = visit.store.audit
    assert (entry["action"], entry["actor"]) == ("log-in", entered.profile.person_id)


def test_it_costs_three_storage_calls_in_all(visit):
    visit.back()
    assert visit.store.calls == ["commit", "logins.read", "commit"]


def test_what_is_wrong_is_seen_without_a_look_at_any_table(visit):
    visit.store.calls.clear()
    assert visit.refused(state=visit.state.replace("a", "b")) == "invalid-request"
    assert visit.refused("l_1.x") == "invalid-request"
    assert visit.store.calls == []


def test_the_browser_is_sent_with_what_cannot_be_guessed_and_is_nowhere_kept(visit):
    (sent,) = visit.provider.sent
    secret = visit.sent.cookie.partition(".")[2]
    secrets = [sent["state"], sent["nonce"], sent["verifier"], secret]
    assert len(set(secrets)) == 4
    assert min(map(len, secrets[:3])) >= 43  # RFC 7636, 4.1
    assert sent["redirect_uri"] == "https://lab.example/login/callback"
    assert sent["language"] == "fi"
    assert visit.sent.address.startswith("https://login.example/authorize?")
    visit.back()
    stored = repr(visit.store)
    assert not [each for each in secrets if each in stored]


def test_the_state_says_in_which_language_to_go_on(visit):
    assert visit.state.endswith(".fi")
    assert visit.refused(state=visit.state.removesuffix("fi") + "sv") == "invalid-request"


def test_a_state_outlives_a_change_of_keys_and_not_the_key(visit):
    class Rotated(FakeSecrets):
        current, known = "k2", ("k2", "k1")

        def derive(self, purpose: str, *parts: str, key_id: str = "") -> bytes:
            if (key_id or self.current) not in self.known:
                raise KeyError(key_id)
            return super().derive(purpose, *parts, key_id=key_id)

    rotated = Rotated()
    visit.ports = replace(visit.ports, secrets=rotated)
    assert visit.refused(state=visit.state.replace(".k1.", ".k2.")) == "invalid-request"
    rotated.known = ("k2",)
    assert visit.refused() == "invalid-request"
    rotated.known = ("k2", "k1")
    assert visit.back()


def test_each_login_has_its_own(visit):
    sign_on.begin(visit.ports, "fi")
    first, second = visit.provider.sent
    assert not {first[name] for name in ("state", "nonce", "verifier")} & {*second.values()}


# The browser that was sent


@pytest.mark.parametrize("cookie", ["", "l_1.x", "l_1", "l_1.p_2.x", "garbage", "ä.ö", "\x00"])
def test_another_browser_is_nobodys(visit, cookie):
    """An answer that somebody else was lured into showing proves nothing (RFC 6749, 10.12)."""
    assert visit.refused(cookie) == "invalid-request"
    assert visit.provider.asked == []


def test_a_browser_is_known_by_its_secret(visit):
    login_id, _, secret = visit.sent.cookie.partition(".")
    for cookie in (f"{login_id}.{secret}x", f"{login_id}.{secret[:-1]}", f"{login_id}."):
        assert visit.refused(cookie) == "invalid-request"
    assert visit.provider.asked == []


def test_the_browser_of_another_login_is_another(visit):
    other = sign_on.begin(visit.ports, "fi")
    assert visit.refused(other.cookie) == "invalid-request"
    mine, its = visit.sent.cookie.split("."), other.cookie.split(".")
    for cookie in (f"{mine[0]}.{its[1]}", f"{its[0]}.{mine[1]}"):
        assert visit.refused(cookie) == "invalid-request"


@pytest.mark.parametrize("change", [lambda s: "", lambda s: s + "x", lambda s: s[:-1], str.upper])
def test_the_state_is_the_one_that_was_given(visit, change):
    assert visit.refused(state=change(visit.state)) == "invalid-request"
    assert visit.provider.asked == []


@pytest.mark.parametrize("state", ["ä", "\ud800", "\x00"])
def test_a_state_may_be_any_text(visit, state):
    assert visit.refused(state=state) == "invalid-request"


@pytest.mark.parametrize(("minutes", "holds"), [(9.99, True), (10, False)])
def test_it_holds_for_ten_minutes(visit, minutes, holds):
    visit.clock.forward(minutes=minutes)
    if holds:
        assert visit.back()
    else:
        assert visit.refused() == "invalid-request"
        assert visit.store.sessions == {}


def test_it_holds_until_the_person_is_known_as_well(visit):
    """The provider may take its time."""
    answer = visit.provider.identity

    def slowly(**asked: str) -> Identity:
        visit.clock.forward(minutes=10)
        return answer(**asked)

    visit.provider.identity = slowly
    assert visit.refused() == "invalid-request"
    assert visit.store.sessions == {}


def test_it_is_used_once(visit):
    visit.back()
    assert visit.refused(code="second") == "invalid-request"
    assert len(visit.store.sessions) == 1


def test_of_two_at_once_one_gets_in(visit):
    """Both have been to the provider; the login is used up by whoever writes first."""
    answer = visit.provider.identity

    def meanwhile(**asked: str) -> Identity:
        visit.provider.identity = answer
        visit.back(code="second")
        return answer(**asked)

    visit.provider.identity = meanwhile
    assert visit.refused() == "invalid-request"
    assert len(visit.store.sessions) == 1


# What proves one thing proves no other


def test_a_login_by_mail_is_none_by_a_provider(visit):
    cookie = login.ask(visit.ports, AINO.email, "fi")
    login_id, _, secret = cookie.split(".")
    for kept in (cookie, f"{login_id}.{secret}"):
        assert visit.refused(kept) == "invalid-request"
    assert visit.provider.asked == []


def test_a_login_by_a_provider_is_none_by_mail(visit):
    login_id, _, secret = visit.sent.cookie.partition(".")
    code = login_code(visit.ports, visit.the_login)
    token = link_token(visit.ports, login_id, visit.the_login.key_id)
    for person_id in (person_id_of(AINO.email, SALT), "p_" + "0" * 32, "p_", ""):
        cookie = f"{login_id}.{person_id}.{secret}"
        with pytest.raises(Refused):
            login.by_code(visit.ports, cookie, code)
        for each in (token, ""):
            with pytest.raises(Refused):
                login.by_link(visit.ports, cookie, login_id, each)
    assert visit.store.sessions == {}


# What the provider says


def test_whom_the_provider_does_not_vouch_for_is_nobody(visit):
    for changes in ({"code": "unknown"}, {"issuer": "https://evil.example"}):
        with pytest.raises(Forbidden):
            visit.back(**changes)
    assert visit.store.sessions == visit.store.profiles == {}
    assert visit.back()  # nothing was used up


def test_where_nobody_logged_in_there_is_nothing_to_ask(visit):
    visit.store.calls.clear()
    with pytest.raises(Forbidden):
        visit.back(code="")
    assert visit.provider.asked == visit.store.calls == []


def test_the_code_is_asked_about_with_what_the_browser_was_sent_away_with(visit):
    visit.back(issuer="")
    (sent,), (asked,) = visit.provider.sent, visit.provider.asked
    assert (asked["code"], asked["issuer"]) == ("code", "")
    for name in ("nonce", "verifier", "redirect_uri"):
        assert asked[name] == sent[name]


def test_a_provider_that_does_not_answer(visit):
    visit.provider.down = True
    with pytest.raises(Unavailable):
        visit.back()
    with pytest.raises(Unavailable):
        sign_on.begin(visit.ports, "fi")
    assert len(visit.store.logins) == 1
    visit.provider.down = False
    assert visit.back()


def test_without_a_provider_there_is_nothing(visit):
    without = replace(visit.ports, provider=None)
    with pytest.raises(NotFound):
        sign_on.begin(without, "fi")
    with pytest.raises(NotFound):
        sign_on.finish(without, visit.sent.cookie, Returned(visit.state, "code"))


@pytest.mark.parametrize("email", ["", "aino", "a@b@gov.fi", '"a"@gov.fi', "аino@gov.fi"])
def test_what_is_no_address_is_nobodys(email):
    with pytest.raises(Forbidden):
        Visit(Identity(email)).back()


def test_every_spelling_of_an_address_is_one_person():
    """S-08"""
    visit = Visit(Identity("AINO.Aalto@GOV.fi"))
    entered = visit.back()
    assert entered.profile.person_id == person_id_of(AINO.email, SALT)
    assert entered.profile.person.email == AINO.email


@pytest.mark.parametrize("email", ["pia@elsewhere.example", "aino@gov.fi.example", "a@notgov.fi"])
def test_who_may_not_log_in_is_told_so(email):
    visit = Visit(Identity(email))
    assert visit.refused() == "email-not-allowed"
    assert visit.store.sessions == visit.store.profiles == {}
    assert visit.store.audit == []


def test_a_partner_logs_in_until_their_last_day():
    visit = Visit(Identity(PIA.email))
    person_id = person_id_of(PIA.email, SALT)
    known = invited(newcomer(person_id, PIA, NOW), date(2026, 12, 1), "p_sami")
    visit.store.profiles[person_id] = known
    assert visit.back().role is Role.PARTNER
    visit = Visit(Identity(PIA.email))
    visit.store.profiles[person_id] = replace(known, partner_until=date(2026, 11, 30))
    assert visit.refused() == "email-not-allowed"


def test_who_is_being_forgotten_is_not_let_in(visit):
    person_id = person_id_of(AINO.email, SALT)
    visit.store.profiles[person_id] = leaving(newcomer(person_id, AINO, NOW), NOW)
    assert visit.refused() == "email-not-allowed"


def test_what_a_person_said_of_themselves_stays():
    """What the provider calls them is for whom nothing is known of."""
    visit = Visit(Identity(AINO.email, "A. Aalto", "Valtiokonttori", "en"))
    person_id = person_id_of(AINO.email, SALT)
    visit.store.profiles[person_id] = replace(newcomer(person_id, AINO, NOW), version=1)
    assert visit.back().profile.person == AINO


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("  Aino\n Aalto\t", "Aino Aalto"),
        ("Aino\x00Aalto", ""),
        ("Aino\u202eAalto", ""),
        ("a" * 200, "a" * 200),
        ("a" * 201, ""),
        ("", ""),
    ],
)
def test_a_name_is_one_line(said, name):
    assert Visit(Identity(AINO.email, said, said)).back().profile.person == replace(
        AINO, name=name, organisation=name
    )


def test_who_has_no_language_there_has_the_one_of_the_page():
    assert Visit(Identity(AINO.email)).back().profile.person.language == "fi"


# The session


def test_the_session_before_is_over(visit):
    first = visit.back()
    visit.sent = sign_on.begin(visit.ports, "fi")
    visit.state = parse_qs(urlsplit(visit.sent.address).query)["state"][0]
    second = visit.back(code="second", before=digest_of(first.cookie))
    assert sessions.actor_of(visit.ports, first.cookie) is None
    assert sessions.actor_of(visit.ports, second.cookie)


def test_a_change_of_the_person_meanwhile_is_waited_for(visit):
    """The provider is not asked twice: its code is good once."""
    person_id = person_id_of(AINO.email, SALT)
    changed = []

    def meanwhile(name: str) -> None:
        if name == "commit" and not changed:
            changed.append(name)
            stored = replace(newcomer(person_id, AINO, NOW), version=5)
            visit.store.profiles[person_id] = stored

    visit.store.before = meanwhile
    assert visit.back().profile.version == 6
    assert len(visit.provider.asked) == 1


@pytest.mark.parametrize("error", [OutcomeUnknown(), OutcomeUnknown(Race())])
def test_an_answer_that_was_lost_on_the_way(visit, error):
    """Written or not, the browser gets the session that there is."""
    lost = []

    def lose(name: str) -> None:
        if name == "commit" and not lost:
            lost.append(name)
            raise error

    visit.store.after = lose
    entered = visit.back()
    assert sessions.actor_of(visit.ports, entered.cookie)


def test_a_beginning_whose_answer_was_lost_is_as_good(visit):
    def lose(name: str) -> None:
        if name == "commit":
            raise OutcomeUnknown

    visit.store.after = lose
    visit.sent = sign_on.begin(visit.ports, "fi")
    visit.store.after = lambda name: None
    visit.state = parse_qs(urlsplit(visit.sent.address).query)["state"][0]
    assert visit.back()


def test_a_beginning_that_was_not_written_is_none(visit):
    def fail(name: str) -> None:
        if name == "commit":
            raise Race

    visit.store.before = fail
    with pytest.raises(Unavailable):
        sign_on.begin(visit.ports, "fi")


def test_a_race_that_does_not_end_is_given_up(visit):
    def fail(name: str) -> None:
        if name == "commit":
            raise Race

    visit.store.before = fail
    with pytest.raises(Unavailable):
        visit.back()
    assert visit.clock.now() - NOW < timedelta(minutes=5)
