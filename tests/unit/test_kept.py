"""What stays of a thing without its person: what is named with a reason, and nothing besides."""

import re
from dataclasses import dataclass, fields, replace
from datetime import timedelta

import pytest

from chalicelib.domain import kept
from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.erasures import anonymised, forgotten, quiet, unowned
from chalicelib.domain.kept import NOBODY, blanked, is_somebody
from chalicelib.domain.logins import Login, Session
from chalicelib.domain.messages import EVIDENCE, Kind, Message, claimed, message, sending, sent
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import ERASED, Role, Scope
from chalicelib.domain.profiles import Profile, leaving, newcomer
from chalicelib.domain.signups import Member, SignUp
from chalicelib.services.ports import KeyRecord
from tests.builders import AINO, NOW, PIA
from tests.contract.things import a_full_booking

# What is blanked, besides what is kept: a new field stands in neither list until somebody decides.
BLANK = {
    Booking: {
        "person",
        "person_id",
        "organisation_id",
        "network",
        "made_by",
        "title",
        "notes",
        "facilitation_notes",
        "reason",
    },
    SignUp: {
        "person_id",
        "person",
        "members",
        "made_by",
        "confirm_by",
        "offer_until",
        "answers",
        "diet",
        "accessibility",
        "sequence",
        "confirmed_at",
        "network",
    },
    Member: {"name", "person_id", "diet", "accessibility"},
    Message: {"person_id", "subject", "cursor"},
    ApiKey: {"label", "digest", "owner_id", "owner_grants", "created_by"},
    Profile: {"person", "granted", "grants", "partner_until", "invited_by", "logged_in_at"},
    Login: {each.name for each in fields(Login)},
    Session: {each.name for each in fields(Session)},
    KeyRecord: {each.name for each in fields(KeyRecord)},
}
KEPT = {
    Booking: kept.BOOKING,
    SignUp: kept.SIGNUP,
    Member: kept.MEMBER,
    Message: kept.MESSAGE,
    ApiKey: kept.API_KEY,
    Profile: kept.PROFILE,
    Login: kept.LOGIN,
    Session: kept.SESSION,
    KeyRecord: kept.KEY_RECORD,
}


def a_message(**changes) -> Message:
    one = message(Kind.REMINDER, "booking#b_1", "p_aino", 1, due_at=NOW, now=NOW, rule="P1D")
    return replace(one, **changes)


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_every_field_is_kept_with_its_reason_or_blanked(kind):
    names = {each.name for each in fields(kind)}
    assert set(KEPT[kind]) | BLANK[kind] == names
    assert not set(KEPT[kind]) & BLANK[kind]
    assert all(len(reason) > 5 for reason in KEPT[kind].values())


def test_a_new_field_goes_until_somebody_says_why_it_stays():
    @dataclass(frozen=True, slots=True)
    class Wider(Booking):
        diet: str = ""
        guests: tuple[str, ...] = ()

    booking = a_full_booking()
    values = {each.name: getattr(booking, each.name) for each in fields(booking)}
    after = anonymised(Wider(**values, diet="no nuts", guests=("Eero Eskola",)), NOW)
    assert (after.diet, after.guests) == ("", ())


def test_a_new_field_that_has_no_default_has_to_be_named():
    @dataclass(frozen=True)
    class Wider:
        badge: str

    with pytest.raises(TypeError, match="badge"):
        blanked(Wider("17"), ())
    assert blanked(Wider("17"), (), badge="") == Wider("")
    assert blanked(Wider("17"), ("badge",)) == Wider("17")


def test_b117_a_booking_keeps_what_is_counted_and_nothing_of_who_it_was():
    """B117: bookings remain for statistics, personal fields emptied."""
    before = a_full_booking(ends_at=NOW - timedelta(hours=1), starts_at=NOW - timedelta(hours=3))
    before = replace(before, pending_change=None, confirm_by=None, made_by=before.person_id)
    after = anonymised(before, NOW)
    for name in kept.BOOKING:
        if name != "version":
            assert getattr(after, name) == getattr(before, name), name
    assert after.version == before.version + 1
    assert (after.person, after.person_id, after.made_by) == (NOBODY, ERASED, ERASED)
    assert {
        getattr(after, name) for name in ("title", "notes", "facilitation_notes", "reason")
    } == {""}


@pytest.mark.parametrize(
    ("made_by", "after"),
    [("k_form", "k_form"), ("anonymous", "anonymous"), ("p_sami", ERASED)],
)
def test_through_what_a_booking_was_made_is_still_known_and_by_whom_is_not(made_by, after):
    assert anonymised(a_full_booking(made_by=made_by), NOW).made_by == after


@pytest.mark.parametrize(
    ("state", "hours", "after"),
    [
        (State.CONFIRMED, 1, State.CANCELLED),
        (State.CONFIRMED, -1, State.CONFIRMED),  # it is running: the time is used
        (State.HELD, 1, State.CANCELLED),
        (State.HELD, -1, State.CANCELLED),
        (State.PENDING, 1, State.CANCELLED),
        (State.PENDING, -1, State.EXPIRED),
        (State.DENIED, 1, State.DENIED),
        (State.CANCELLED, 1, State.CANCELLED),
    ],
)
def test_what_has_not_been_used_yet_is_given_up(state, hours, after):
    starts = NOW + timedelta(hours=hours)
    before = a_full_booking(
        state=state,
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        confirm_by=NOW + timedelta(minutes=9) if state is State.HELD else None,
        pending_change=None,
    )
    assert anonymised(before, NOW).state is after


def test_a_hold_that_ran_out_has_expired():
    before = a_full_booking(state=State.HELD, confirm_by=NOW, pending_change=None)
    assert anonymised(before, NOW).state is State.EXPIRED


def test_a_running_booking_asks_for_nothing_more():
    starts = NOW - timedelta(hours=1)
    before = a_full_booking(starts_at=starts, ends_at=NOW + timedelta(hours=1))
    assert before.pending_change
    after = anonymised(before, NOW)
    assert (after.state, after.pending_change) == (State.CONFIRMED, None)


def test_p04_a_sent_message_keeps_its_state_and_times():
    """P-04: state and time kept."""
    before = sent(sending(claimed(a_message(), NOW), NOW), NOW)
    after = forgotten(before, NOW + timedelta(days=3))
    assert after == replace(before, person_id=ERASED, version=before.version + 1)


@pytest.mark.parametrize("state", Sending)
def test_nobody_sends_a_message_of_theirs_any_more(state):
    before = a_message(state=state, look_at=None if state in EVIDENCE else NOW, attempt=2)
    after = quiet(before, NOW)
    assert after.final
    assert after == before if before.final else after.version == before.version + 1
    perhaps_sent = state in (Sending.SENDING, Sending.UNKNOWN)
    if not before.final:
        expected = Sending.UNKNOWN if perhaps_sent else Sending.DROPPED
        assert (after.state, after.reason, after.attempt) == (expected, "erased", 2)


def test_a_message_about_its_person_is_about_nobody():
    assert forgotten(a_message(subject="person#p_aino"), NOW).subject == f"person#{ERASED}"
    assert forgotten(a_message(), NOW).subject == "booking#b_1"


def a_key(**changes) -> ApiKey:
    key = ApiKey(
        "k_1", "Sami's script", (Scope.STAFF,), "d", "1", "p_admin", NOW, owner_id="p_sami"
    )
    return replace(key, **changes)


def test_a_person_s_own_key_opens_nothing_and_has_no_name():
    after = unowned(a_key(owner_grants=3), "p_sami", NOW + timedelta(days=1))
    assert after == a_key(
        label="", digest="", owner_id=ERASED, revoked_at=NOW + timedelta(days=1), version=2
    )
    assert unowned(a_key(revoked_at=NOW), "p_sami", NOW + timedelta(days=1)).revoked_at == NOW


def test_a_system_s_key_goes_on_when_who_made_it_is_forgotten():
    key = a_key(owner_id="", label="The Lab's own form", created_by="p_sami")
    assert unowned(key, "p_sami", NOW) == replace(key, created_by=ERASED, version=2)


def test_who_is_leaving_has_no_name_and_no_role_any_more():
    before = replace(
        newcomer("p_pia", PIA, NOW), granted=Role.STAFF, partner_until=NOW.date(), version=3
    )
    after = leaving(before, NOW + timedelta(days=1))
    assert (after.person, after.granted, after.partner_until) == (NOBODY, None, None)
    assert after.erase_from == NOW + timedelta(days=1)
    assert (after.version, after.epoch) == (4, before.epoch + 1)
    assert not re.search("pia|peltola", str(after).replace("p_pia", ""), re.IGNORECASE)


@pytest.mark.parametrize(
    ("person_id", "whether"),
    [
        ("p_1a", True),
        (ERASED, False),
        (f"{ERASED}_1", False),
        ("keys", False),
        ("erasures", False),
        ("staff", False),
    ],
)
def test_what_is_kept_beside_persons_is_nobody(person_id, whether):
    assert is_somebody(person_id) is whether


def test_a_neutral_value_is_no_one_s():
    assert AINO != NOBODY
    assert NOBODY.email == NOBODY.name == NOBODY.organisation == ""
