"""What the Lab knows of somebody who proved an address or was invited, and what they are to it."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.domain import kept
from chalicelib.domain.catalog import Site
from chalicelib.domain.domains import domain_of
from chalicelib.domain.errors import NotFound
from chalicelib.domain.kept import NOBODY, blanked
from chalicelib.domain.people import Actor, Person, Role, normalised
from chalicelib.domain.times import local_date

LONGEST_YEARS = 2  # of an invitation


@dataclass(frozen=True, slots=True)
class Profile:
    """A person. `person.email` is in its one spelling; the name is empty until they say it."""

    person_id: str
    person: Person
    created_at: datetime
    epoch: int = 1  # a session of an earlier one is over: no clock decides that
    granted: Role | None = None  # STAFF or ADMIN, by an admin
    grants: int = 0  # how often that changed: their own API keys of before are dead
    partner_until: date | None = None  # the last day of an invitation
    invited_by: str = ""
    logged_in_at: datetime | None = None
    erase_from: datetime | None = None  # since when they are being forgotten: nothing new of them
    version: int = 1


def role_of(email: str, profile: Profile | None, site: Site, now: datetime) -> Role:
    """What the owner of an address is at a moment; a visitor may not log in."""
    today = local_date(now, site.zone)
    if profile is not None and profile.erase_from is not None:
        return Role.VISITOR
    if profile is not None and profile.granted is not None:
        return profile.granted
    if domain_of(email, site.allowed_domains, today) is not None:
        return Role.PERSON
    if profile is not None and profile.partner_until and today <= profile.partner_until:
        return Role.PARTNER
    return Role.VISITOR


def actor_of(profile: Profile, role: Role, session: str = "") -> Actor:
    """Somebody as whom a request is made."""
    return Actor(
        profile.person_id,
        role,
        person=profile.person,
        person_id=profile.person_id,
        session=session,
    )


def newcomer(person_id: str, person: Person, now: datetime) -> Profile:
    """Somebody of whom nothing is known but an address. It is written as version 1."""
    known = replace(person, email=normalised(person.email))
    return Profile(person_id, known, created_at=now, version=0)


def logged_in(profile: Profile, now: datetime) -> Profile:
    """Having logged in."""
    return _next(profile, logged_in_at=now)


def told(profile: Profile, person: Person) -> Profile:
    """With what they say of themselves; the address stays as it was proved."""
    return _next(profile, person=replace(person, email=profile.person.email))


def logged_out(profile: Profile) -> Profile:
    """With all sessions ended."""
    return _next(profile, epoch=profile.epoch + 1)


def granted(profile: Profile, role: Role | None) -> Profile:
    """With another role, or none: whoever has a session has to log in as what they are now."""
    return _next(profile, granted=role, grants=profile.grants + 1, epoch=profile.epoch + 1)


def invited(profile: Profile, until: date | None, by: str, person: Person | None = None) -> Profile:
    """A partner until a day (None: no longer), called as whoever invites them says.

    Who has ever logged in speaks for themselves: then their name stays.
    """
    heard = profile.logged_in_at is not None or person is None
    named = profile.person if heard or person is None else person
    return _next(
        profile,
        person=replace(named, email=profile.person.email),
        partner_until=until,
        invited_by=by,
        epoch=profile.epoch + 1,
    )


def longest_invitation(today: date) -> date:
    """The last day until which a partner can be invited."""
    try:
        return today.replace(year=today.year + LONGEST_YEARS)
    except ValueError:  # a 29 February
        return date(today.year + LONGEST_YEARS, 3, 1)


def leaving(profile: Profile, now: datetime) -> Profile:
    """About to be forgotten: nothing new is done in their name, which is gone already."""
    nobody = blanked(profile, kept.PROFILE, person=NOBODY)
    return _next(nobody, erase_from=now, epoch=profile.epoch + 1)


def _next(profile: Profile, **changes: object) -> Profile:
    """The next version. Raises NotFound for who is being forgotten: nothing is written of them."""
    if profile.erase_from is not None:
        raise NotFound
    return replace(profile, version=profile.version + 1, **changes)  # type: ignore[arg-type]
