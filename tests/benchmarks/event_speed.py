"""Sign-ups a second on one event, beside what the store itself does on one item."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib.domain.people import Person
from chalicelib.services.signups import SignUpRequest, sign_up
from tests.benchmarks.capacity import Item, size_of, write_units
from tests.benchmarks.cloud_speed import a_cloud
from tests.benchmarks.figures import Figure, Section, median
from tests.builders import FORM, an_intent
from tests.system.crowd import Lab, Request, statuses

ACTIONS = 6  # of a sign-up's transaction, held by test_counts
OTHER_BYTES = 500
ITEM_UNITS = 1000  # write units a second that one item, being in one partition, can take
CLIENTS, REQUESTS, ROUNDS = 8, 120, 3
STORE = "transactions of as many actions, one of them on one item"
SEAT, WAIT = "sign-ups, seats", "sign-ups, places in the queue"
OVER_HTTP = "sign-ups over HTTP, seats"
METHOD = (
    "On the local cloud, {clients} clients on the same machine, {requests} of each in each of {rounds} rounds, in turns.\n"
    "The first three go straight to DynamoDB, whose requests MiniStack answers one at a time; the last\n"
    "goes through the functions. Places in the queue are in order, so of all who want the next one wins\n"
    "and the others try again. DynamoDB itself takes {units} write units a second on one item, at two a\n"
    "kilobyte in a transaction: the figure is reckoned from the size of the event's item."
)
_people = count()


def announced(lab: Lab, seats: int | None) -> str:
    """An event as it would be, with texts in three languages, and a long waiting list."""
    starts_at = (datetime.now(UTC) + timedelta(days=60)).replace(microsecond=0)
    texts = dict.fromkeys(("fi", "sv", "en"), "Työpaja, jossa kokeillaan uusia tapoja. " * 5)
    body = {
        "title": dict.fromkeys(texts, "Yhteinen työpaja"),
        "description": texts,
        "start": starts_at.isoformat(),
        "end": (starts_at + timedelta(hours=2)).isoformat(),
        "room": {"limit": seats, "most_waiting": 5000},
    }
    made = lab.ask(Request("POST", "/v1/staff/events", body, who="staff"))
    assert made.status == 201, made.body
    event_id = str(made.body["event_id"])
    path = f"/v1/staff/events/{event_id}/publish"
    assert lab.ask(Request("POST", path, {}, who="staff")).status == 200
    return event_id


def measure(folder: Path) -> Section:
    """Each in turns; rates of the store and of ours, and the ratio."""
    with a_cloud(folder) as cloud:
        lab = Lab(cloud)
        roomy, full = announced(lab, None), announced(lab, 1)
        _signs_up(lab, full)
        _rush(lab, roomy)  # workers that are warm
        client, table = cloud.boto("dynamodb"), f"{cloud.table_prefix}events"
        ways: dict[str, Callable[[], float]] = {
            STORE: lambda: _rate(lambda: _bare(client, table)),
            SEAT: lambda: _rate(lambda: _signs_up(lab, roomy)),
            WAIT: lambda: _rate(lambda: _signs_up(lab, full)),
            OVER_HTTP: lambda: _rush(lab, roomy),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                found[name].append(way())
        item = _item(lab, roomy)
    rates = {name: median(each) for name, each in found.items()}
    figures = (
        Figure("the event's item", size_of(item), "bytes"),
        Figure(
            "DynamoDB's limit for that item", ITEM_UNITS / 2 / write_units(item, item), "a second"
        ),
        Figure("the store beside sign-ups for seats", rates[STORE] / rates[SEAT], "times as many"),
        Figure("seats beside places in the queue", rates[SEAT] / rates[WAIT], "times as many"),
    )
    method = METHOD.format(clients=CLIENTS, requests=REQUESTS, rounds=ROUNDS, units=ITEM_UNITS)
    rows = {name: {"a second": rate} for name, rate in rates.items()}
    return Section("Sign-ups for one event", method, figures, rows)


def _rate(once: Callable[[], None]) -> float:
    """How many a second, by all clients together."""
    begun = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(once) for _ in range(REQUESTS)]:
            done.result()
    return REQUESTS / (time.monotonic() - begun)


def _item(lab: Lab, event_id: str) -> Item:
    """An event as it is stored."""
    table, key = f"{lab.cloud.table_prefix}events", _key(event_id, "event")
    return lab.cloud.boto("dynamodb").get_item(TableName=table, Key=key)["Item"]  # type: ignore[no-any-return]


def _key(event_id: str, item: str) -> Item:
    return {"event_id": {"S": event_id}, "item": {"S": item}}


def _bare(client: Any, table: str) -> None:
    """Counts on one item, and writes others that nobody else writes."""
    number = next(_people)
    counted = {
        "TableName": table,
        "Key": _key("e_store", "event"),
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    others = [
        {
            "TableName": table,
            "Item": _key("e_store", f"other#{number}#{each}") | {"text": {"S": "x" * OTHER_BYTES}},
            "ConditionExpression": "attribute_not_exists(event_id)",
        }
        for each in range(ACTIONS - 1)
    ]
    client.transact_write_items(
        TransactItems=[{"Update": counted}, *({"Put": each} for each in others)]
    )


def _signs_up(lab: Lab, event_id: str) -> None:
    number = next(_people)
    person = Person(f"Aino {number}", f"aino.{number}@gov.fi")
    request = SignUpRequest(event_id, person=person, accept_terms=True)
    sign_up(lab.ports, request, an_intent(FORM, f"k{number}", fingerprint=str(number)))


def _rush(lab: Lab, event_id: str) -> float:
    begun = time.monotonic()
    answers = lab.rush((_comes(event_id) for _ in range(REQUESTS)), CLIENTS)
    assert statuses(answers) == {201: REQUESTS}
    return REQUESTS / (time.monotonic() - begun)


def _comes(event_id: str) -> Request:
    number = next(_people)
    person = {"name": f"Aino {number}", "email": f"aino.{number}@gov.fi"}
    return Request(
        "POST", f"/v1/events/{event_id}/signups", {"person": person, "accept_terms": True}
    )
