"""Who looked at other people's data: noted before they get to see it, or they do not."""

from collections.abc import Iterable

from chalicelib.domain.errors import Race, Unavailable
from chalicelib.domain.people import Actor
from chalicelib.services.ports import Ports


def note(
    ports: Ports, actor: Actor, subject: str, action: str = "read", **ids: Iterable[str]
) -> None:
    """Say in the audit log who looked at what, by one write.

    `ids` are the ids that were shown and the names of filters, never what was filtered by. Raises
    Unavailable where it could not be written: then nothing is to be shown.
    """
    note_each(ports, actor, (subject,), action, **ids)


def note_each(
    ports: Ports,
    actor: Actor,
    subjects: Iterable[str],
    action: str = "read",
    **ids: Iterable[str],
) -> None:
    """As `note`, of several things at once, at most 100, so that each can be asked who looked at it."""
    tx, now = ports.begin(), ports.clock.now()
    more = {name: list(value) for name, value in ids.items() if value}
    for subject in dict.fromkeys(subjects):
        ports.audit.add(tx, subject=subject, actor=actor.actor_id, action=action, at=now, **more)
    try:
        tx.commit()
    except Race as error:
        raise Unavailable from error
