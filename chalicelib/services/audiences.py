"""Whom a message to everybody of an event is for: judged when it is about to become a message for each."""

from collections.abc import Callable

from chalicelib.domain.feedback import counted_ways, unasked, was_there
from chalicelib.domain.messages import Kind, Message
from chalicelib.domain.notices import is_for
from chalicelib.domain.signups import SignUp, told_of_the_event
from chalicelib.services.attendance import all_of
from chalicelib.services.ports import Ports
from chalicelib.services.verdicts import Drop

Wanted = Callable[[SignUp], bool]


def wanted(ports: Ports, message: Message) -> Wanted | Drop:
    """Which sign-ups it becomes a message for, or why for none."""
    if message.kind is Kind.EVENT_FEEDBACK:
        return _who_was_there(ports, message)
    if message.kind is Kind.EVENT_NOTICE:
        return _whom_it_is_for(ports, message)
    return told_of_the_event


def _whom_it_is_for(ports: Ports, message: Message) -> Wanted | Drop:
    for notice in ports.notices.of((message.rule,)):
        return lambda signup: is_for(notice, signup)
    return Drop("no-text")


def _who_was_there(ports: Ports, message: Message) -> Wanted | Drop:
    """Once for all pages: it takes all sign-ups to know whether anybody was checked in."""
    event_id = message.subject.partition("#")[2]
    event = ports.events.look(event_id).event
    if event is None:
        return Drop("no-subject")
    if reason := unasked(event, message.rule, ports.settings.get().site.zone):
        return Drop(reason)
    counted = counted_ways(all_of(ports, event_id))
    return lambda signup: was_there(signup, counted)
