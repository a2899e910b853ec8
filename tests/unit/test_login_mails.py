"""The mail to log in by: who gets one, what it proves, and where it does not stand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.adapters.mail.render import render
from chalicelib.domain import profiles
from chalicelib.domain.errors import PostUnknown, Refused
from chalicelib.domain.logins import LIFE
from chalicelib.domain.messages import NO_EVIDENCE, Kind, State
from chalicelib.domain.people import Role, person_id_of
from chalicelib.services import login, outbox, sessions
from tests.builders import AINO, EERO, PIA, STAFF, an_intent
from tests.mailbox import login_code, login_link
from tests.mails import Page, read
from tests.unit.mailing import NEW_YEAR, Office, accepts, office, says, utc

HAPPENED = ("mails", "calls", "queue", "found", "before", "after", "refuse_mail", "lose_answer")


@pytest.fixture
def post(lab) -> Office:
    """A Lab whose mails are written with their real templates."""
    lab = office(lab)
    lab.ports = replace(lab.ports, render=render)
    return lab


def asks(lab: Office, person=AINO) -> str:
    """Somebody asks to log in; what their browser keeps."""
    return login.ask(lab.ports, person.email, person.language)


def mail_of(lab: Office):
    """The one mail that has gone out, as its reader's program has it."""
    lab.deliver()
    (mail,) = lab.store.mails
    return read(mail.raw)


def parts_of(link: str) -> tuple[str, str]:
    """The login's id and the token."""
    _, login_id, token = link.rsplit("/", 2)
    return login_id, token


def by_link(lab: Office, cookie: str, link: str):
    return login.by_link(lab.ports, cookie, *parts_of(link))


def dump(store) -> str:
    """All that the tables hold."""
    return repr({name: value for name, value in vars(store).items() if name not in HAPPENED})


# Who gets one


def test_the_mail_goes_out_at_once_to_who_asked(lab):
    lab = office(lab)
    asks(lab, EERO)
    assert lab.work() == ["sent"]  # the nudge has queued it: no poller has run
    (letter,) = lab.sent
    assert (letter.to.name, letter.to.email, letter.to.language) == ("", EERO.email, "sv")
    assert letter.until == NEW_YEAR + LIFE
    assert (letter.method, letter.unsubscribe_url, letter.manage_url) == (None, "", "")


def test_an_address_that_may_not_log_in_gets_no_mail(lab):
    lab = office(lab)
    asks(lab, PIA)
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: not-allowed"
    assert lab.store.mails == []


@pytest.mark.parametrize(
    ("moment", "goes"),
    [("2027-01-31 21:59", True), ("2027-01-31 22:00", False)],  # UTC: midnight in Helsinki
)
def test_a_partner_gets_one_to_the_end_of_their_last_day(lab, moment, goes):
    lab = office(lab)
    lab.invite(PIA, date(2027, 1, 31))
    lab.deliver()
    lab.store.mails.clear()
    lab.clock.time = utc(moment)
    asks(lab, PIA)
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == ("sent" if goes else "dropped: not-allowed")
    assert lab.kinds == (["login"] if goes else [])


def test_staff_get_one_whatever_their_address(lab):
    lab = office(lab)
    person_id = person_id_of(PIA.email, lab.store.site.salt)
    known = profiles.granted(profiles.newcomer(person_id, PIA, NEW_YEAR), Role.STAFF)
    lab.store.profiles[person_id] = known
    asks(lab, PIA)
    lab.deliver()
    assert lab.kinds == ["login"]


def test_who_is_being_forgotten_gets_none(lab):
    lab = office(lab)
    profile = lab.invite(PIA, date(2027, 1, 31))
    lab.store.profiles[profile.person_id] = replace(profile, erase_from=NEW_YEAR)
    asks(lab, PIA)
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: not-allowed"
    assert lab.outcome(Kind.INVITATION) == "dropped: no-subject"


def test_a_suppressed_address_gets_none(lab):
    lab = office(lab)
    lab.ports.people.suppress(person_id_of(AINO.email, lab.store.site.salt), "bounce", NEW_YEAR)
    asks(lab)
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: suppressed"
    assert lab.store.mails == []


# While it is of use


def test_what_is_used_already_is_not_mailed(lab):
    """Somebody guessed five times before the mail went out, or it went out twice."""
    lab = office(lab)
    cookie = asks(lab)
    for _ in range(5):
        with pytest.raises(Refused):
            login.by_code(lab.ports, cookie, "AAAAAAAA")
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: used"


def test_what_logged_somebody_in_is_not_mailed(post):
    lab = post
    lab.store.lose_answer = says(PostUnknown(), times=1)
    cookie = asks(lab)
    lab.deliver()
    (mail,) = lab.store.mails
    login.by_code(lab.ports, cookie, login_code(read(mail.raw).message))
    message = lab.message(Kind.LOGIN)
    # A doubt that is over before the proof is:
    lab.store.messages[message.message_id] = replace(message, marked_at=NEW_YEAR - NO_EVIDENCE)
    lab.store.queue.append(message.message_id)
    lab.work()
    assert lab.outcome(Kind.LOGIN) == "dropped: used"
    assert len(lab.store.mails) == 1


def test_what_is_over_is_not_mailed(lab):
    lab = office(lab)
    asks(lab)
    lab.clock.forward(seconds=LIFE.total_seconds())
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "missed: expired"
    assert lab.store.mails == []


def test_a_message_without_an_end_is_not_mailed_after_its_proof_s(lab):
    lab = office(lab)
    asks(lab)
    message = lab.message(Kind.LOGIN)
    lab.store.messages[message.message_id] = replace(message, expires_at=None)
    lab.clock.forward(seconds=LIFE.total_seconds())
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: expired"


def test_what_the_store_has_tidied_away_is_not_mailed(lab):
    lab = office(lab)
    asks(lab)
    lab.store.logins.clear()
    lab.deliver()
    assert lab.outcome(Kind.LOGIN) == "dropped: no-subject"


def test_in_doubt_it_is_not_mailed_again_once_it_is_over(lab):
    """A reminder twice is better than none; a code that is over helps nobody."""
    lab = office(lab)
    lab.store.lose_answer = says(PostUnknown())
    asks(lab)
    lab.deliver()
    assert lab.message(Kind.LOGIN).state is State.UNKNOWN
    lab.store.lose_answer = accepts
    lab.run(NEW_YEAR + timedelta(hours=1))
    assert lab.outcome(Kind.LOGIN) == "missed: expired"
    assert len(lab.store.mails) == 1


@pytest.mark.parametrize("person", [AINO, PIA])
def test_staff_cannot_have_it_sent_again(lab, person):
    """Whoever wants to log in asks for another; nobody can make the Lab mail codes to somebody."""
    lab = office(lab)
    asks(lab, person)
    lab.deliver()
    message = lab.message(Kind.LOGIN)
    assert message.final
    with pytest.raises(Refused) as refused:
        outbox.send_again(lab.ports, message.message_id, an_intent(STAFF))
    assert [each.code for each in refused.value.problems] == ["stale-state"]
    lab.deliver()
    assert lab.message(Kind.LOGIN) == message


# What it proves


def test_the_code_of_the_mail_logs_one_in(post):
    cookie = asks(post)
    code = login_code(mail_of(post).message)
    entered = login.by_code(post.ports, cookie, code.lower())
    actor = sessions.actor_of(post.ports, entered.cookie)
    assert actor
    assert actor.person_id == person_id_of(AINO.email, post.store.site.salt)


def test_the_link_of_the_mail_logs_one_in(post):
    cookie = asks(post)
    mail = mail_of(post)
    link = login_link(mail.message)
    assert link in Page(mail.html).links()
    entered = by_link(post, cookie, link)
    assert sessions.actor_of(post.ports, entered.cookie)


@pytest.mark.parametrize("rotated", ["before the mail", "after the mail"])
def test_a_mail_proves_though_the_signing_key_has_changed(post, rotated):
    cookies = [asks(post), asks(post)]
    if rotated == "after the mail":
        post.deliver()
    post.ports.secrets.known = ("k2", "k1")
    post.deliver()
    mails = {each.message_id: read(each.raw).message for each in post.store.mails}
    first, second = (mails[each.message_id] for each in post.messages(Kind.LOGIN))
    assert login.by_code(post.ports, cookies[0], login_code(first))
    assert by_link(post, cookies[1], login_link(second))


def test_a_mail_waits_for_a_signing_key_that_its_sender_has_not_read_yet(lab):
    lab = office(lab)
    lab.ports.secrets.known = ("k2", "k1")
    asks(lab)
    lab.ports.secrets.known = ("k1",)  # as a process has it that read the keys minutes ago
    assert lab.deliver()[0] == "due"
    lab.ports.secrets.known = ("k2", "k1")
    lab.run(NEW_YEAR + timedelta(minutes=2))
    assert lab.outcome(Kind.LOGIN) == "sent"


def test_a_mail_of_a_signing_key_that_is_gone_is_missed(lab):
    lab = office(lab)
    asks(lab)
    lab.ports.secrets.known = ("k2",)
    lab.run(NEW_YEAR + timedelta(hours=1))
    assert lab.outcome(Kind.LOGIN) == "missed: expired"
    assert lab.store.mails == []


def test_a_scanner_proves_nothing_by_the_link(post):
    """L-01: whoever reads the mail has not the browser that asked."""
    cookie = asks(post)
    mail = mail_of(post).message
    another = asks(post, EERO)
    login_id, person_id, _ = cookie.split(".")
    for browser in ("", another, f"{login_id}.{person_id}.", f"{login_id}.{person_id}.x"):
        for _ in range(5):
            with pytest.raises(Refused):
                by_link(post, browser, login_link(mail))
            with pytest.raises(Refused):
                login.by_code(post.ports, browser, login_code(mail))
    assert not post.store.sessions
    assert by_link(post, cookie, login_link(mail))


# Where it does not stand


def test_no_header_holds_a_secret(post):
    """L-09: headers are logged by everybody on the way."""
    cookie = asks(post)
    mail = mail_of(post)
    code, (login_id, token) = login_code(mail.message), parts_of(login_link(mail.message))
    heads = [str(value) for part in mail.message.walk() for value in part.values()]
    assert len(heads) > 10
    for secret in (code, login_id, token, cookie.split(".")[2]):
        assert not [head for head in heads if secret in head]


def test_no_table_holds_a_secret(post):
    cookie = asks(post)
    before = dump(post.store)
    mail = mail_of(post).message
    entered = by_link(post, cookie, login_link(mail))
    token = parts_of(login_link(mail))[1]
    secrets = [login_code(mail), token, *(each.split(".")[-1] for each in (cookie, entered.cookie))]
    assert AINO.email in before  # it is a dump
    for stored in (before, dump(post.store)):
        assert not [secret for secret in secrets if secret in stored]


def test_no_log_holds_a_secret_or_an_address(post, caplog):
    """Not even where a template fails over them."""
    letters = []

    def fails(letter):
        letters.append(letter)
        raise ValueError(letter)

    post.ports = replace(post.ports, render=fails)
    cookie = asks(post)
    post.deliver()
    letter = letters[0]
    logged = repr([vars(record) for record in caplog.records])
    assert "not rendered" in logged
    token = parts_of(letter.login_url)[1]
    for secret in (letter.code, token, cookie.split(".")[2], "aino", "gov.fi"):
        assert secret not in logged
