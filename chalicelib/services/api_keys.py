"""API keys: made by an admin, shown once, revoked at once; and whom one speaks for.

A key is derived from its id, so that whoever asked for it and lost the answer is given it again for as
long as their idempotency key holds. It is stored nowhere: neither with the key nor with that answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chalicelib.domain import api_keys as domain
from chalicelib.domain.api_keys import USED_EVERY, WRITTEN, ApiKey, Standing, standing
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.logins import digest_of, same
from chalicelib.domain.people import Actor, Scope
from chalicelib.domain.profiles import Profile
from chalicelib.domain.times import local_date
from chalicelib.services.ports import Fields, Page, Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write

NO_KEY_S = digest_of("")  # what a key that is not there is compared with


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made. `owner_id`: the host whose own it is, or "" for another system's."""

    label: str
    scopes: tuple[Scope, ...]
    expires_on: date | None = None
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key, and whether it opens anything."""

    key: ApiKey
    standing: Standing

    @property
    def person_id(self) -> str:
        """Whose own it is, if it is somebody's."""
        return self.key.owner_id


def actor_of(ports: Ports, text: str) -> Actor | None:
    """Whom a key speaks for, or None. One read; and at most once an hour a note that it is in use."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    key, owner = ports.api_keys.find(found[1], found[2] or "")
    known = same(text, key.digest if key else NO_KEY_S)
    now, site = ports.clock.now(), ports.settings.get().site
    today = local_date(now, site.zone)  # also where there is no key: it takes as long
    if key is None or not known or standing(key, owner, today) is not Standing.ACTIVE:
        return None
    if key.used_at is None or now >= key.used_at + USED_EVERY:
        ports.api_keys.use(key.key_id, now, now - USED_EVERY)
    return domain.actor_of(key, owner)


def make(ports: Ports, request: KeyRequest, intent: Intent) -> Outcome[KeyView]:
    """Make a key. Refused where its last day is over; NotFound where its owner is no host."""

    def decide(attempt: Attempt) -> KeyView:
        owner = attempt.read(person_id=request.owner_id or None).profile
        if request.owner_id and (owner is None or owner.granted is None):
            raise NotFound
        now = ports.clock.now()
        today = local_date(now, attempt.catalog.site.zone)
        if request.expires_on is not None and request.expires_on < today:
            raise refuse("invalid-request", "/expires_on", why="day-over")
        key_id, made_with = ports.clock.new_id("k"), ports.secrets.current
        key = ApiKey(
            key_id=key_id,
            label=request.label,
            scopes=request.scopes,
            digest=digest_of(_text(ports, key_id, request.owner_id, made_with)),
            made_with=made_with,
            created_by=intent.actor.actor_id,
            created_at=now,
            owner_id=request.owner_id,
            owner_grants=owner.grants if owner else 0,
            expires_on=request.expires_on,
        )
        ports.api_keys.create(attempt.tx, key)
        _audit(ports, attempt, key, "create")
        return KeyView(key, Standing.ACTIVE)

    return write(ports, intent, decide)


def text_of(ports: Ports, key_id: str) -> str | None:
    """A key as it is shown; None where the signing key that it was derived with is gone."""
    key, _ = ports.api_keys.find(key_id)
    if key is None:
        return None
    try:
        return _text(ports, key_id, key.owner_id, key.made_with)
    except KeyError:
        return None


def listing(ports: Ports, limit: int, after: Fields | None) -> Page[KeyView]:
    """Some of all keys, dead ones too."""
    page = ports.api_keys.all(limit, after)
    owners = {each.person_id: each for each in ports.people.profiles(_owners(page.items))}
    views = [KeyView(key, _standing(ports, key, owners.get(key.owner_id))) for key in page.items]
    return Page(views, page.next)


def revoke(ports: Ports, key_id: str, intent: Intent) -> Outcome[KeyView]:
    """Revoke a key, from the next request on. One that is revoked stays so."""

    def decide(attempt: Attempt) -> KeyView:
        attempt.read()
        key, _ = ports.api_keys.find(key_id)
        if key is None:
            raise NotFound
        if key.revoked_at is None:
            key = domain.revoked(key, ports.clock.now())
            ports.api_keys.save(attempt.tx, key)
            _audit(ports, attempt, key, "revoke")
        return KeyView(key, Standing.REVOKED)

    return write(ports, intent, decide)


def _text(ports: Ports, key_id: str, owner_id: str, made_with: str) -> str:
    secret = ports.secrets.derive("api-key", key_id, owner_id, key_id=made_with).hex()
    return ".".join(part for part in ("lab", key_id, owner_id, secret) if part)


def _standing(ports: Ports, key: ApiKey, owner: Profile | None) -> Standing:
    site = ports.settings.get().site
    return standing(key, owner, local_date(ports.clock.now(), site.zone))


def _owners(keys: Iterable[ApiKey]) -> list[str]:
    return [key.owner_id for key in keys if key.owner_id]


def _audit(ports: Ports, attempt: Attempt, key: ApiKey, action: str) -> None:
    ports.audit.add(
        attempt.tx,
        subject=f"key#{key.key_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=ports.clock.now(),
        scopes=[each.value for each in key.scopes],
    )
