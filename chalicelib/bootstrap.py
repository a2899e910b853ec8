"""The composition root: settings, then adapters, then the ports that the use cases are given.

The only place that knows concrete classes. Everything is made at the first request and kept, so that
importing the application costs nothing of it.
"""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import Broken
from chalicelib.services.catalog_cache import CatalogCache
from chalicelib.services.ports import Clock, Identity, Ports, Post, Provider, Queue, Secrets
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from chalicelib.domain.bookings import Booking
    from chalicelib.domain.catalog import Catalog
    from chalicelib.domain.event_feeds import EventFeed
    from chalicelib.domain.feeds import Feed
    from chalicelib.domain.letters import Letter, Preview
    from chalicelib.domain.messages import Kind
    from chalicelib.domain.private_feeds import OwnCalendar
    from chalicelib.domain.sheets import Sheet


@lru_cache(maxsize=1)
def ports() -> Ports:
    """The ports of the real world, from the environment."""
    from chalicelib.adapters.dynamodb.client import make_client
    from chalicelib.adapters.system import SystemClock

    settings = Settings.from_env(os.environ)
    return make_ports(
        make_client(settings.endpoint_url), settings.table_prefix, SystemClock(), settings
    )


def make_ports(client: Any, prefix: str, clock: Clock, settings: Settings | None = None) -> Ports:
    """Ports over a DynamoDB client and tables with a prefix; the rest is made when it is needed."""
    from chalicelib.adapters import markdown
    from chalicelib.adapters.dynamodb.api_keys import ApiKeys
    from chalicelib.adapters.dynamodb.audiences import Audiences
    from chalicelib.adapters.dynamodb.audit import Audit
    from chalicelib.adapters.dynamodb.bookings import Bookings
    from chalicelib.adapters.dynamodb.catalog import CatalogStore
    from chalicelib.adapters.dynamodb.events import Events
    from chalicelib.adapters.dynamodb.feeds import Feeds
    from chalicelib.adapters.dynamodb.holds import Holds
    from chalicelib.adapters.dynamodb.keeping import Keeping
    from chalicelib.adapters.dynamodb.keys import Keys
    from chalicelib.adapters.dynamodb.ledger import Ledger
    from chalicelib.adapters.dynamodb.limits import Limits
    from chalicelib.adapters.dynamodb.logins import Logins
    from chalicelib.adapters.dynamodb.notices import Notices
    from chalicelib.adapters.dynamodb.outbox import Outbox
    from chalicelib.adapters.dynamodb.people import People
    from chalicelib.adapters.dynamodb.snapshots import Snapshots
    from chalicelib.adapters.dynamodb.transaction import Transaction

    catalog = CatalogStore(client, prefix, clock)
    events = Events(client, prefix, clock)
    return Ports(
        begin=lambda: Transaction(client, prefix, clock),
        snapshots=Snapshots(client, prefix, clock),
        ledger=Ledger(client, prefix, clock),
        bookings=Bookings(client, prefix, clock),
        events=events,
        catalog=catalog,
        keys=Keys(client, prefix, clock),
        people=People(client, prefix, clock),
        api_keys=ApiKeys(client, prefix, clock),
        logins=Logins(client, prefix, clock),
        feeds=Feeds(client, prefix, clock),
        keeping=Keeping(client, prefix, clock),
        limits=Limits(client, prefix, clock),
        holds=Holds(),
        audit=Audit(client, prefix, clock),
        clock=clock,
        settings=CatalogCache(catalog, clock),
        outbox=Outbox(client, prefix, clock),
        notices=Notices(client, prefix, clock),
        queue=_Queue(settings),
        post=_Post(settings),
        secrets=_Secrets(settings),
        audiences=Audiences(events),
        calendars=Calendars(),
        markdown=markdown,
        sheets=Sheets(),
        qr=picture_of_code,
        render=_render,
        preview=_preview,
        provider=_Provider(settings) if settings and settings.oidc else None,
    )


def emit(name: str, value: float, unit: str) -> None:
    """A figure for the dashboard and its alarms."""
    from chalicelib.adapters import metrics

    metrics.emit(name, value, unit)


def signed_message(notification: Mapping[str, Any]) -> str:
    """The message of a notification of SNS's. Raises Forbidden where it is not of our topic, or forged."""
    from chalicelib.adapters import sns

    settings = Settings.from_env(os.environ)
    return sns.verified(notification, settings.mail_events_topic, settings.endpoint_url)


class _Queue:
    """The queue, made at the first message that is queued."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    def send(self, message_ids: Iterable[str], delay_seconds: int = 0) -> None:
        """Have workers look at messages; where there is no queue, the clock has to do."""
        if self._settings and self._settings.queue_url:
            self._made.send(message_ids, delay_seconds)

    @cached_property
    def _made(self) -> Queue:
        from chalicelib.adapters.queue import SqsQueue, make_queue_client

        settings = self._settings or Settings.from_env(os.environ)
        return SqsQueue(make_queue_client(settings.endpoint_url), settings.queue_url)


class _Post:
    """The carrier of mails, made at the first mail."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    def send(self, raw: bytes, to: str, message_id: str, attempt: int) -> str:
        """Hand over a mail, once."""
        return self._made.send(raw, to, message_id, attempt)

    @cached_property
    def _made(self) -> Post:
        from chalicelib.adapters.ses import SesPost, make_post_client

        settings = self._settings or Settings.from_env(os.environ)
        return SesPost(make_post_client(settings.endpoint_url), settings.configuration_set)


class _Provider:
    """The OpenID provider, made when somebody logs in there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def address(self, **asked: str) -> str:
        """Where a browser is sent to log in."""
        return self._made.address(**asked)

    def identity(self, **asked: str) -> Identity:
        """Whom a code stands for."""
        return self._made.identity(**asked)

    @cached_property
    def _made(self) -> Provider:
        from chalicelib.adapters.oidc.provider import OidcProvider

        known = self._settings.oidc
        if known is None:
            raise Broken("no provider")
        return OidcProvider(
            known.issuer,
            known.client_id,
            lambda: _client_secret(self._settings, known.secret_parameter),
            trusts_addresses=known.trusts_addresses,
            email_claim=known.email_claim,
        )


def _client_secret(settings: Settings, name: str) -> str:
    """Our secret at the provider, or "" where we have none. Asked for each time, so a new one counts at once."""
    import boto3

    client = boto3.client("ssm", endpoint_url=settings.endpoint_url)
    try:
        answer = client.get_parameter(Name=name, WithDecryption=True)
    except client.exceptions.ParameterNotFound:
        return ""
    return str(answer["Parameter"]["Value"])


class _Secrets:
    """Links and codes, from signing keys that are read when the first is made."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    @property
    def current(self) -> str:
        """The id of the key that new ones are derived with."""
        return self._made.current

    @property
    def known(self) -> tuple[str, ...]:
        """The ids of all keys whose links still hold, the current one first."""
        return self._made.known

    def derive(self, purpose: str, *parts: str, key_id: str = "") -> bytes:
        """32 bytes that nobody can guess."""
        return self._made.derive(purpose, *parts, key_id=key_id)

    @cached_property
    def _made(self) -> Secrets:
        from chalicelib.adapters import secrets

        settings = self._settings or Settings.from_env(os.environ)
        client = secrets.make_parameter_client(settings.endpoint_url)
        return secrets.Secrets(secrets.parameter(client, settings.signing_key_parameter))


class Calendars:
    """What calendars read, written by a library that is loaded when somebody asks."""

    def entry(self, booking: Booking, catalog: Catalog, language: str, now: datetime) -> bytes:
        """A booking to be downloaded."""
        from chalicelib.adapters.calendar.invitation import entry

        return entry(booking, catalog.site, catalog.spaces, language, now)

    def busy(self, feed: Feed, language: str) -> bytes:
        """A feed as events."""
        from chalicelib.adapters.calendar.feeds import calendar

        return calendar(feed, language)

    def free_busy(self, feed: Feed, language: str) -> bytes:
        """A feed as a VFREEBUSY."""
        from chalicelib.adapters.calendar.feeds import free_busy

        return free_busy(feed, language)

    def own(self, calendar: OwnCalendar) -> bytes:
        """A person's own bookings and seats as events."""
        from chalicelib.adapters.calendar import own

        return own.calendar(calendar)

    def events(self, feed: EventFeed, language: str) -> bytes:
        """Events to subscribe to."""
        from chalicelib.adapters.calendar.events import calendar

        return calendar(feed, language)

    def event(self, feed: EventFeed, language: str) -> bytes:
        """The one event of a feed, to be downloaded."""
        from chalicelib.adapters.calendar.events import entry

        return entry(feed, language)


class Sheets:
    """What spreadsheets read; the library for workbooks is loaded when somebody takes one."""

    def as_csv(self, sheet: Sheet) -> str:
        """As text."""
        from chalicelib.adapters.sheets import as_csv

        return as_csv(sheet)

    def as_xlsx(self, sheet: Sheet, now: datetime) -> bytes:
        """As a workbook."""
        from chalicelib.adapters.sheets import as_xlsx

        return as_xlsx(sheet, now)


def picture_of_code(text: str) -> str:
    """A QR code, as the address of a picture."""
    from chalicelib.adapters.qr import picture

    return picture(text)


def _preview(kind: Kind, language: str, catalog: Catalog, now: datetime) -> Preview:
    from chalicelib.adapters.mail.example import example
    from chalicelib.adapters.mail.render import calendar_part, written
    from chalicelib.domain import letters

    letter = example(kind, language, catalog.site, catalog.spaces, now)
    found = written(letter)
    part = calendar_part(letter)
    calendar = part.decode() if part else None
    return letters.Preview(found.subject, found.text, found.html, calendar)


def _render(letter: Letter) -> bytes:
    from chalicelib.adapters.mail.render import render

    return render(letter)
