"""Telling somebody once more of their sign-up, whoever asks for it: nobody's mailbox is filled by that."""

from datetime import datetime, timedelta

from chalicelib.domain.events import Event
from chalicelib.domain.messages import Message, message_id
from chalicelib.domain.signup_messages import told_again
from chalicelib.domain.signups import SignUp, judged
from chalicelib.services.ports import Ports

APART = timedelta(minutes=5)  # of two mails


def again_due(ports: Ports, event: Event, signup: SignUp, now: datetime) -> Message | None:
    """The message that is to be sent, or None where one was a few minutes ago, or nothing is to be told."""
    window = int(now.timestamp() // APART.total_seconds())
    one = told_again(event, judged(signup, now), now, window)
    if one is None or ports.outbox.get(one.message_id) is not None:
        return None
    before = message_id(one.subject, one.kind, one.rule, one.person_id, window - 1)
    last = ports.outbox.get(before)
    return one if last is None or now >= last.created_at + APART else None
