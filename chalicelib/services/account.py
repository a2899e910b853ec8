"""What a person sees of themselves, and what they may say."""

from dataclasses import dataclass, replace

from chalicelib.domain import profiles
from chalicelib.domain.bookings import check_version
from chalicelib.domain.errors import NotFound
from chalicelib.domain.people import Actor, Role
from chalicelib.domain.profiles import Profile
from chalicelib.domain.quotas import Standing
from chalicelib.services.ports import Ports
from chalicelib.services.quotas import known_of
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class Account:
    """A person with what they are and want."""

    profile: Profile
    role: Role
    reminders: bool
    standing: Standing

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


def read(ports: Ports, actor: Actor) -> Account:
    """The account of who asks."""
    profile, standing = known_of(ports, actor)
    if profile is None:
        raise NotFound
    return Account(profile, actor.role, ports.people.reminders(actor.person_id), standing)


def change(
    ports: Ports, wanted: AccountChange, tags: tuple[str, ...] | None, intent: Intent
) -> Outcome[Account]:
    """Change what a person says of themselves. Raises StaleVersion (`tags` is If-Match)."""

    def decide(attempt: Attempt) -> Account:
        attempt.read()
        before, now = read(ports, intent.actor), ports.clock.now()
        profile = before.profile
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
        reminders = before.reminders if wanted.reminders is None else wanted.reminders
        return replace(before, profile=after, reminders=reminders)

    return write(ports, intent, decide)


def etag(profile: Profile) -> str:
    """A strong ETag (RFC 9110, 8.8.3)."""
    return f'"{profile.version}"'
