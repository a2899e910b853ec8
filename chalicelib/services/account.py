"""What a person sees of themselves, and what they may say."""

from dataclasses import dataclass, replace

from chalicelib.domain import profiles
from chalicelib.domain.bookings import check_version
from chalicelib.domain.errors import NotFound
from chalicelib.domain.people import Actor, Role
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class Account:
    """A person with what they are and want."""

    profile: Profile
    role: Role
    reminders: bool

    @property
    def person_id(self) -> str:
        """Whose it is."""
        return self.profile.person_id


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What a person changes of what they said; None leaves it as it is."""

    name: str | None = None
    organisation: str | None = None
    language: str | None = None
    reminders: bool | None = None


def of(ports: Ports, profile: Profile, role: Role) -> Account:
    """The account of somebody whose profile is known."""
    return Account(profile, role, reminders=ports.people.reminders(profile.person_id))


def read(ports: Ports, actor: Actor) -> Account:
    """The account of who asks."""
    return of(ports, _profile(ports, actor), actor.role)


def change(
    ports: Ports, wanted: AccountChange, tags: tuple[str, ...] | None, intent: Intent
) -> Outcome[Account]:
    """Change what a person says of themselves. Raises StaleVersion (`tags` is If-Match)."""

    def decide(attempt: Attempt) -> Account:
        attempt.read()
        profile, now = _profile(ports, intent.actor), ports.clock.now()
        check_version(tags, etag(profile))
        given = {
            name: value
            for name in ("name", "organisation", "language")
            if (value := getattr(wanted, name)) is not None
        }
        after = profiles.told(profile, replace(profile.person, **given))
        ports.people.save_profile(attempt.tx, after)
        ports.audit.add(
            attempt.tx,
            subject=f"person#{profile.person_id}",
            actor=intent.actor.actor_id,
            action="change",
            at=now,
            fields=sorted(given),
        )
        if wanted.reminders is not None:
            ports.people.save_reminders(attempt.tx, profile.person_id, on=wanted.reminders)
        found = of(ports, after, intent.actor.role)
        return found if wanted.reminders is None else replace(found, reminders=wanted.reminders)

    return write(ports, intent, decide)


def etag(profile: Profile) -> str:
    """A strong ETag (RFC 9110, 8.8.3)."""
    return f'"{profile.version}"'


def _profile(ports: Ports, actor: Actor) -> Profile:
    profile = ports.people.profile(actor.person_id)
    if profile is None:
        raise NotFound
    return profile
