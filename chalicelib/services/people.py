"""Who a request comes from, by the key that it shows."""

from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import Actor
from chalicelib.services.ports import Ports


def actor_of(ports: Ports, key: str) -> Actor | None:
    """Whom a key speaks for, or None."""
    return ports.people.actor_by_key(digest_of(key))


def issue_key(ports: Ports, actor: Actor, label: str) -> str:
    """A new API key for an actor; it is shown this once and only its digest is kept."""
    key = ports.clock.new_id("lab") + ports.clock.new_id("")[1:]
    ports.people.save_key(digest_of(key), actor, label, ports.clock.now())
    return key
