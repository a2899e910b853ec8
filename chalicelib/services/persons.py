"""Who is who, as staff and admins say it: partners by invitation, hosts by role."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import profiles
from chalicelib.domain.bookings import check_version
from chalicelib.domain.catalog import Site
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.messages import Kind, Message, message
from chalicelib.domain.people import Actor, Person, Role, person_id_of
from chalicelib.domain.profiles import Profile, newcomer, role_of
from chalicelib.domain.times import local_date, midnight
from chalicelib.services import reading_log
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Fields, Page, Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, and what they are to the Lab at present."""

    profile: Profile
    role: Role

    @property
    def person_id(self) -> str:
        """Whose data this is."""
        return self.profile.person_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which persons: whoever has an address, or (None) those with a role or an invitation.

    Of these those of one present role, or of any.
    """

    email: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is changed of a person's standing: what `given` names, also to None."""

    given: tuple[str, ...]  # of the fields below, in their order
    partner_until: date | None = None
    role: Role | None = None


def etag(view: PersonView) -> str:
    """A strong ETag (RFC 9110, 8.8.3): what somebody is also changes with the calendar and the settings."""
    return f'"{view.profile.version}-{view.role.value}"'


def invite(ports: Ports, person: Person, until: date, intent: Intent) -> Outcome[PersonView]:
    """Invite a partner until a day, at most two years ahead, and mail it to them."""

    def decide(attempt: Attempt) -> PersonView:
        site, now = attempt.catalog.site, ports.clock.now()
        person_id = person_id_of(person.email, site.salt)
        before = attempt.read(person_id=person_id).profile
        _check_day(until, site, now)
        known = _present(before or newcomer(person_id, person, now))
        after = profiles.invited(known, until, intent.actor.actor_id, person)
        ports.outbox.put(attempt.tx, _invitation(after, until, site, now))
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
        site, now = attempt.catalog.site, ports.clock.now()
        check_version(tags, etag(_view(before, site, now)))
        if wanted.partner_until is not None:
            _check_day(wanted.partner_until, site, now)
        after = _changed(_present(before), wanted, intent.actor.actor_id)
        if after == before:
            return _view(before, site, now)
        return _saved(ports, attempt, before, after, "change", list(wanted.given))

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
        after = profiles.granted(known, role)
        if not known.person.name:
            after = replace(after, person=replace(person, email=known.person.email))
        return _saved(ports, attempt, known, after, "grant", ["role"])

    return write(ports, intent, decide)


def get(ports: Ports, person_id: str, actor: Actor) -> PersonView:
    """A person as somebody sees them, who then stands in the audit log."""
    profile = ports.people.profile(person_id)
    if profile is None:
        raise NotFound
    return _read(ports, [profile], actor)[0]


def find(
    ports: Ports, wanted: Wanted, limit: int, after: Fields | None, actor: Actor
) -> Page[PersonView]:
    """A page of those who are wanted, which may be shorter than `limit`; noted as by `get`."""
    site, now = ports.settings.get().site, ports.clock.now()
    if wanted.email:
        page = Page([person_id_of(wanted.email, site.salt)])
    else:
        page = ports.people.with_standing(limit, after)
    known = sorted(ports.people.profiles(page.items), key=lambda each: each.person_id)
    fit = [each for each in known if wanted.role in (None, _view(each, site, now).role)]
    return Page(_read(ports, fit, actor), page.next)


def _invitation(invited: Profile, until: date, site: Site, now: datetime) -> Message:
    """The mail. Time counts besides the version, which begins anew with who was forgotten once."""
    return message(
        Kind.INVITATION,
        f"person#{invited.person_id}",
        invited.person_id,
        int(now.timestamp()) + invited.version,
        due_at=now,
        now=now,
        expires_at=midnight(until + timedelta(days=1), site.zone),
    )


def _read(ports: Ports, found: list[Profile], actor: Actor) -> list[PersonView]:
    """Nobody's data are shown before it is noted who looks at them."""
    others = [each.person_id for each in found if each.person_id != actor.person_id]
    if others:
        reading_log.note_each(ports, actor, [f"person#{each}" for each in others])
    site, now = ports.settings.get().site, ports.clock.now()
    return [_view(each, site, now) for each in found]


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
