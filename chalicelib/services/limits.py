"""Counting who writes how often, before anything else is done for them."""

from collections.abc import Collection, Mapping

from chalicelib.domain.limits import By, Counter, Purpose, counter, limits_for
from chalicelib.services.ports import Ports

SECONDS = 6.0  # what the use case needs comes after that
Things = Mapping[By, str]  # of who asks: as it is, never as it is kept


def counters(ports: Ports, purposes: Collection[Purpose], things: Things) -> list[Counter]:
    """The counters that a request counts in."""
    now = ports.clock.now()
    return [
        counter(limit, digest_of(ports, limit.by, things[limit.by]), now)
        for limit in limits_for(purposes, things)
    ]


def count(ports: Ports, purposes: Collection[Purpose], things: Things) -> None:
    """Count a request: one storage call. TooMany where there were as many as there may be."""
    with ports.clock.within(SECONDS):
        ports.limits.count(counters(ports, purposes, things))


def digest_of(ports: Ports, by: By, thing: str) -> str:
    """What is kept of somebody or something that is counted."""
    return ports.secrets.derive("limit", by.value, thing).hex()
