"""What SES says of mails: in any order, more than once, and of mails that are not ours."""

import itertools

import pytest

from chalicelib.domain.errors import Unavailable, VersionRaced
from chalicelib.domain.messages import Kind, State
from chalicelib.services import mail_events, outbox, sender
from chalicelib.services.mail_events import MailEvent, event_of
from tests.builders import STAFF as SAMI
from tests.builders import an_intent, on
from tests.unit.mailing import DAY, NEW_YEAR, office, utc
from tests.unit.steps import cancel, change

CONFIRMATION = Kind.CONFIRMATION
SEND, DELIVERY = MailEvent("Send", "", 1), MailEvent("Delivery", "", 1)
BOUNCE = MailEvent("Bounce", "", 1, "Permanent")
COMPLAINT = MailEvent("Complaint", "", 1, "abuse")
REJECT = MailEvent("Reject", "", 1, "Bad content")
FULL = MailEvent("Bounce", "", 1, "Transient", passing=True)
STATES = {
    SEND: State.SENT,
    DELIVERY: State.DELIVERED,
    BOUNCE: State.BOUNCED,
    COMPLAINT: State.COMPLAINED,
}


def tell(lab, event: MailEvent, kind: Kind = CONFIRMATION) -> str:
    message_id = lab.message(kind).message_id
    return mail_events.receive(
        lab.ports, MailEvent(event.kind, message_id, event.attempt, event.reason, event.passing)
    )


def said(kind: str, **more) -> dict:
    """An event as SES publishes it."""
    tags = {
        "ses:configuration-set": ["lab"],
        "message_id": ["m_1"],
        "attempt": ["2"],
    }
    return {"eventType": kind, "mail": {"messageId": "0100", "tags": tags}, **more}


# What an event says


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (said("Send", send={}), MailEvent("Send", "m_1", 2)),
        (said("Delivery", delivery={}), MailEvent("Delivery", "m_1", 2)),
        (
            said("Bounce", bounce={"bounceType": "Permanent"}),
            MailEvent("Bounce", "m_1", 2, "Permanent"),
        ),
        (
            said("Bounce", bounce={"bounceType": "Undetermined"}),
            MailEvent("Bounce", "m_1", 2, "Undetermined"),
        ),
        (
            said("Bounce", bounce={"bounceType": "Transient"}),
            MailEvent("Bounce", "m_1", 2, "Transient", passing=True),
        ),
        (
            said("Complaint", complaint={"complaintFeedbackType": "abuse"}),
            MailEvent("Complaint", "m_1", 2, "abuse"),
        ),
        (
            said("Reject", reject={"reason": "Bad content"}),
            MailEvent("Reject", "m_1", 2, "Bad content"),
        ),
    ],
)
def test_an_event_is_read_as_ses_writes_it(event, expected):
    assert event_of(event) == expected
    event["notificationType"] = event.pop("eventType")
    assert event_of(event) == expected


@pytest.mark.parametrize(
    "event",
    [
        {},
        said("Open"),
        said("Click"),
        {"eventType": "Bounce", "mail": {}},
        {"eventType": "Bounce", "mail": {"tags": {}}},
        {"eventType": "Bounce", "mail": {"tags": {"message_id": []}}},
        {"mail": {"tags": {"message_id": ["m_1"]}}},
    ],
)
def test_what_is_not_about_a_message_of_ours_is_left_alone(event):
    assert event_of(event) is None


def test_an_attempt_that_is_no_number_is_none():
    event = said("Send")
    event["mail"]["tags"]["attempt"] = ["second"]
    assert event_of(event) == MailEvent("Send", "m_1", 0)
    del event["mail"]["tags"]["attempt"]
    assert event_of(event) == MailEvent("Send", "m_1", 0)


# What it settles


@pytest.mark.parametrize("order", [*itertools.permutations(STATES, 3)])
def test_in_any_order_the_strongest_word_stands(lab, order):
    """X-19: complained before bounced, delivered and sent."""
    lab = office(lab)
    lab.told()
    for event in (*order, order[0]):
        tell(lab, event)
    assert lab.message(CONFIRMATION).state is max(
        (STATES[event] for event in order), key=list(STATES.values()).index
    )


def test_a_late_delivery_does_not_undo_a_bounce(lab):
    """X-19"""
    lab = office(lab)
    lab.told()
    done = [tell(lab, event) for event in (DELIVERY, BOUNCE, DELIVERY)]
    assert done == ["delivered", "bounced", "nothing new"]
    assert lab.outcome(CONFIRMATION) == "bounced: Permanent"


def test_ses_knows_better_than_we_do(lab):
    """A mail that was thought dropped, since its worker had died, was sent after all."""
    lab = office(lab)
    booking = lab.book()

    def die(name: str) -> None:
        if name == "post.send":
            lab.store.after = lambda _: None
            raise RuntimeError

    lab.store.after = die
    with pytest.raises(RuntimeError):
        lab.deliver()
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-01 07:30"))
    assert lab.message(CONFIRMATION).state is State.DROPPED
    assert tell(lab, DELIVERY) == "delivered"
    assert lab.message(CONFIRMATION).state is State.DELIVERED


def test_of_a_message_that_there_is_not_nothing_is_known(lab):
    lab = office(lab)
    assert mail_events.receive(lab.ports, MailEvent("Send", "m_none", 1)) == "unknown"


def test_an_event_that_races_is_looked_at_again(lab):
    lab = office(lab)
    lab.told()

    def before(name: str) -> None:
        if name == "commit":
            lab.store.before = lambda _: None
            tell(lab, DELIVERY)

    lab.store.before = before
    assert tell(lab, BOUNCE) == "bounced"
    assert lab.message(CONFIRMATION).state is State.BOUNCED


def test_an_event_that_loses_every_race_comes_again(lab):
    """SNS repeats what raises; a word of SES's is never just dropped."""
    lab = office(lab)
    lab.told()

    def before(name: str) -> None:
        if name == "commit":
            raise VersionRaced

    lab.store.calls.clear()
    lab.store.before = before
    with pytest.raises(Unavailable):
        tell(lab, BOUNCE)
    assert lab.store.suppressed == {}
    assert lab.store.calls.count("outbox.get") == mail_events.TRIES


# Rejections: taken at first, and then not sent for what it holds


@pytest.mark.parametrize("order", [*itertools.permutations([SEND, REJECT])])
def test_a_mail_that_ses_rejected_has_failed_whatever_it_said_before(lab, order):
    lab = office(lab)
    lab.told()
    for event in order:
        tell(lab, event)
    assert lab.outcome(CONFIRMATION) == "failed: rejected"
    assert lab.store.suppressed == {}


def test_a_mail_in_hand_that_ses_rejected_is_not_marked_sent(lab):
    lab = office(lab)
    lab.book()

    def after(name: str) -> None:
        if name == "post.send":
            lab.store.after = lambda _: None
            tell(lab, REJECT)

    lab.store.after = after
    assert lab.deliver() == [sender.LOST]
    assert lab.outcome(CONFIRMATION) == "failed: rejected"


@pytest.mark.parametrize("event", [DELIVERY, BOUNCE, COMPLAINT])
def test_what_arrived_somewhere_was_not_rejected(lab, event):
    lab = office(lab)
    lab.told()
    tell(lab, event)
    assert tell(lab, REJECT) == "nothing new"
    assert lab.message(CONFIRMATION).state is STATES[event]


def test_what_was_dropped_is_not_made_a_failure(lab):
    lab = office(lab)
    cancel(lab.ports, lab.book())
    lab.deliver()
    assert tell(lab, REJECT) == "nothing new"
    assert lab.outcome(CONFIRMATION) == "dropped: cancelled"


def test_what_staff_send_again_after_a_rejection_can_be_sent(lab):
    lab = office(lab)
    lab.told()
    tell(lab, REJECT)
    outbox.send_again(lab.ports, lab.message(CONFIRMATION).message_id, an_intent(SAMI))
    lab.deliver()
    assert tell(lab, SEND) == "nothing new"
    assert tell(lab, DELIVERY) == "delivered"


def test_a_rejected_confirmation_was_not_told(lab):
    lab = office(lab)
    booking = lab.told()
    tell(lab, REJECT)
    cancel(lab.ports, booking)
    lab.deliver()
    assert lab.outcome(Kind.CANCELLATION) == "dropped: never-told"


# Addresses


@pytest.mark.parametrize("event", [BOUNCE, COMPLAINT])
def test_an_address_that_bounces_or_complains_gets_no_more_mail(lab, event):
    """R-18, and L-08: neither reminders nor anything else, and staff see which it was."""
    lab = office(lab)
    booking = lab.told()
    tell(lab, event)
    assert lab.store.suppressed == {booking.person_id: event.kind.lower()}
    moved = change(lab.ports, booking, **on(DAY, "13-15"))
    lab.run(utc("2027-01-19 12:00"))
    cancel(lab.ports, moved)
    lab.run(utc("2027-01-20 12:00"))
    assert lab.kinds == []
    assert lab.outcome(Kind.CHANGE) == lab.outcome(Kind.CANCELLATION) == "dropped: suppressed"
    assert {each.state for each in lab.messages(Kind.REMINDER)} == {State.DROPPED}


def test_a_full_mailbox_may_have_room_tomorrow(lab):
    lab = office(lab)
    booking = lab.told()
    tell(lab, FULL)
    assert lab.outcome(CONFIRMATION) == "bounced: Transient"
    assert lab.store.suppressed == {}
    cancel(lab.ports, booking)
    lab.deliver()
    assert lab.kinds == ["cancellation"]


@pytest.mark.parametrize("event", [SEND, DELIVERY, REJECT])
def test_only_bounces_and_complaints_close_an_address(lab, event):
    lab = office(lab)
    lab.told()
    tell(lab, event)
    assert lab.store.suppressed == {}


def test_an_address_is_closed_by_an_event_that_comes_again(lab):
    """Its first delivery had settled the message, and died before it closed the address."""
    lab = office(lab)
    booking = lab.told()

    def before(name: str) -> None:
        if name == "people.suppress":
            lab.store.before = lambda _: None
            raise Unavailable

    lab.store.before = before
    with pytest.raises(Unavailable):
        tell(lab, BOUNCE)
    assert tell(lab, BOUNCE) == "nothing new"
    assert lab.store.suppressed == {booking.person_id: "bounce"}


def test_the_labs_own_mailbox_is_never_closed(lab):
    lab = office(lab)
    lab.told("loft")
    tell(lab, BOUNCE, Kind.APPROVAL_ASKED)
    assert lab.message(Kind.APPROVAL_ASKED).state is State.BOUNCED
    assert lab.store.suppressed == {}
    lab.ports.people.suppress("staff", "bounce", NEW_YEAR)
    lab.book("loft", hours="12-13")
    lab.deliver()
    assert lab.kinds == ["pending", "approval-asked"]
