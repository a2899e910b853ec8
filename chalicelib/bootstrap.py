"""The composition root: settings, then adapters, then the ports that the use cases are given.

The only place that knows concrete classes. Everything is made at the first request and kept, so that
importing the application costs nothing of it.
"""

import os
from functools import lru_cache
from typing import Any

from chalicelib.services.catalog_cache import CatalogCache
from chalicelib.services.ports import Clock, Ports
from chalicelib.settings import Settings


@lru_cache(maxsize=1)
def ports() -> Ports:
    """The ports of the real world, from the environment."""
    from chalicelib.adapters.dynamodb.client import make_client
    from chalicelib.adapters.system import SystemClock

    settings = Settings.from_env(os.environ)
    return make_ports(make_client(settings.endpoint_url), settings.table_prefix, SystemClock())


def make_ports(client: Any, prefix: str, clock: Clock) -> Ports:
    """Ports over a DynamoDB client and tables with a prefix."""
    from chalicelib.adapters.dynamodb.audit import Audit
    from chalicelib.adapters.dynamodb.bookings import Bookings
    from chalicelib.adapters.dynamodb.catalog import CatalogStore
    from chalicelib.adapters.dynamodb.keys import Keys
    from chalicelib.adapters.dynamodb.ledger import Ledger
    from chalicelib.adapters.dynamodb.people import People
    from chalicelib.adapters.dynamodb.snapshots import Snapshots
    from chalicelib.adapters.dynamodb.transaction import Transaction

    catalog = CatalogStore(client, prefix, clock)
    return Ports(
        begin=lambda: Transaction(client, prefix, clock),
        snapshots=Snapshots(client, prefix, clock),
        ledger=Ledger(client, prefix, clock),
        bookings=Bookings(client, prefix, clock),
        catalog=catalog,
        keys=Keys(client, prefix, clock),
        people=People(client, prefix, clock),
        audit=Audit(clock),
        clock=clock,
        settings=CatalogCache(catalog, clock),
    )


@lru_cache(maxsize=1)
def signing_key() -> bytes:
    """The key that cursors are signed with, from SSM, once."""
    import boto3

    settings = Settings.from_env(os.environ)
    client = boto3.client("ssm", endpoint_url=settings.endpoint_url)
    answer = client.get_parameter(Name=settings.signing_key_parameter, WithDecryption=True)
    return str(answer["Parameter"]["Value"]).encode()
