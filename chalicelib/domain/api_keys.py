"""API keys: what another system, or a host's own program, shows where a person has a session.

A key is written `lab.<its id>.<secret>`, a host's own `lab.<its id>.<their id>.<secret>`: so one read
finds it together with whose it is, and a host's key dies with their role.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.people import Actor, Scope
from chalicelib.domain.profiles import Profile

WRITTEN = re.compile(r"lab\.(k_[A-Za-z0-9_]{1,40})(?:\.(p_[a-z0-9]{1,40}))?\.[A-Za-z0-9_-]{1,64}")
USED_EVERY = timedelta(hours=1)  # how exactly it is noted that a key is in use


class Standing(StrEnum):
    """Whether a key still opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"  # or its owner is no host any more


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key. Of what is shown only the SHA-256 digest is held."""

    key_id: str
    label: str
    scopes: tuple[Scope, ...]
    digest: str = field(repr=False)
    made_with: str  # the id of the signing key that it was derived with
    created_by: str  # an actor
    created_at: datetime
    owner_id: str = ""  # the host whose own it is; "" of a system
    owner_grants: int = 0  # how often their role had changed by then
    expires_on: date | None = None  # its last day
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1


def standing(key: ApiKey, owner: Profile | None, today: date) -> Standing:
    """How a key stands on a day of the site's; `owner` is the profile of whose own it is."""
    if key.revoked_at is not None or (key.owner_id and not _holds_role(key, owner)):
        return Standing.REVOKED
    if key.expires_on is not None and today > key.expires_on:
        return Standing.EXPIRED
    return Standing.ACTIVE


def actor_of(key: ApiKey, owner: Profile | None) -> Actor:
    """As whom a request with a key is made: what it may do are its scopes, never its owner's role."""
    return Actor(
        key.owner_id or key.key_id,
        scopes=key.scopes,
        person=owner.person if owner else None,
        person_id=key.owner_id,
        key_id=key.key_id,
    )


def revoked(key: ApiKey, now: datetime) -> ApiKey:
    """A key that opens nothing any more."""
    return replace(key, revoked_at=now, version=key.version + 1)


def _holds_role(key: ApiKey, owner: Profile | None) -> bool:
    """Whether the owner still has the role that they had when the key was made."""
    if owner is None or owner.granted is None:
        return False
    # Who was forgotten and came again is counted anew.
    same_grant = key.owner_grants == owner.grants and key.created_at >= owner.created_at
    return same_grant and owner.erase_from is None
