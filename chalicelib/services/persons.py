"""Who is who, as staff and admins say it: partners by invitation, hosts by role."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import profiles
from chalicelib.domain.bookings import check_version
from chalicelib.domain.catalog import Site
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.messages import Kind, message
from chalicelib.domain.people import Person, Role, person_id_of
from chalicelib.domain.profiles import Profile, newcomer, role_of
from chalicelib.domain.times import local_date, midnight
from chalicelib.services.access import Action, may
from chalicelib.services.account import etag
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, and what they are to the Lab at present."""

    profile: Profile
    role: Role


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is changed of a person's standing: what `given` names, also to None."""

    given: frozenset[str]  # of the fields below
    partner_until: date | None = None
    role: Role | None = None


def invite(ports: Ports, person: Person, until: date, intent: Intent) -> Outcome[PersonView]:
    """Invite a partner until a day, at most two years ahead, and mail it to them."""

    def decide(attempt: Attempt) -> PersonView:
        site, now = attempt.catalog.site, ports.clock.now()
        person_id = person_id_of(person.email, site.salt)
        before = attempt.read(person_id=person_id).profile
        _check_day(until, site, now)
        known = _present(before or newcomer(person_id, person, now))
        after = profiles.invited(known, until, intent.actor.actor_id, person)
        one = message(
            Kind.INVITATION,
            f"person#{person_id}",
            person_id,
            after.version,
            due_at=now,
            now=now,
            expires_at=midnight(until + timedelta(days=1), site.zone),
        )
        ports.outbox.put(attempt.tx, one)
        return _saved(ports, attempt, known, after, "invite", ["partner_until"])

    return write(ports, intent, decide)


def change(
    ports: Ports,
    person_id: str,
    wanted: PersonChange,
    tags: tuple[str, ...] | None,
    intent: Intent,
) -> Outcome[PersonView]:
    """Change what somebody is: how long a partner, or which role. Raises StaleVersion.

    NotFound for who may not grant roles and names one, whatever else they ask for.
    """
    if "role" in wanted.given and not may(intent.actor, Action.GRANT):
        raise NotFound

    def decide(attempt: Attempt) -> PersonView:
        before = attempt.read(person_id=person_id).profile
        if before is None:
            raise NotFound
        check_version(tags, etag(before))
        site, now = attempt.catalog.site, ports.clock.now()
        if wanted.partner_until is not None:
            _check_day(wanted.partner_until, site, now)
        after = _changed(_present(before), wanted, intent.actor.actor_id)
        if after == before:
            return _view(before, site, now)
        return _saved(ports, attempt, before, after, "change", sorted(wanted.given))

    return write(ports, intent, decide)


def appoint(ports: Ports, person: Person, role: Role, intent: Intent) -> Outcome[PersonView]:
    """Give somebody a role, known or not, as who runs the system may; nobody's is made less."""

    def decide(attempt: Attempt) -> PersonView:
        site, now = attempt.catalog.site, ports.clock.now()
        person_id = person_id_of(person.email, site.salt)
        before = attempt.read(person_id=person_id).profile
        known = _present(before or newcomer(person_id, person, now))
        if known.granted in (role, Role.ADMIN):
            return _view(known, site, now)
        named = known if known.person.name else replace(known, person=person)
        return _saved(ports, attempt, known, profiles.granted(named, role), "grant", ["role"])

    return write(ports, intent, decide)


def _view(profile: Profile, site: Site, now: datetime) -> PersonView:
    return PersonView(profile, role_of(profile.person.email, profile, site, now))


def _saved(
    ports: Ports,
    attempt: Attempt,
    before: Profile,
    after: Profile,
    action: str,
    names: list[str],
) -> PersonView:
    now = ports.clock.now()
    ports.people.save_profile(attempt.tx, after)
    ports.people.save_standing(attempt.tx, before.granted, after)
    ports.audit.add(
        attempt.tx,
        subject=f"person#{after.person_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=now,
        fields=names,
    )
    return _view(after, attempt.catalog.site, now)


def _changed(profile: Profile, wanted: PersonChange, by: str) -> Profile:
    """One new version, whichever of the two changes; the same one where neither does."""
    after = profile
    if "partner_until" in wanted.given and wanted.partner_until != profile.partner_until:
        after = profiles.invited(after, wanted.partner_until, by)
    if "role" in wanted.given and wanted.role is not profile.granted:
        after = profiles.granted(after, wanted.role)
    return after if after == profile else replace(after, version=profile.version + 1)


def _check_day(until: date, site: Site, now: datetime) -> None:
    today = local_date(now, site.zone)
    if until < today:
        raise refuse("invalid-request", "/partner_until", why="day-over")
    if until > profiles.longest_invitation(today):
        raise refuse("invalid-request", "/partner_until", why="day-too-far")


def _present(profile: Profile) -> Profile:
    if profile.erase_from is not None:
        raise refuse("stale-state", why="being-erased")
    return profile
