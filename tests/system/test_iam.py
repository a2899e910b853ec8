"""Least privilege, tried on the local cloud, which enforces the policies of each function's role.

What each function may do is written down here by hand, so that a policy cannot grow unseen.
"""

import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.events import Way, resized
from chalicelib.domain.signups import State
from chalicelib.services import events
from infra.package import ROOT
from tests.builders import STAFF, an_intent
from tests.cloud import RunningCloud, far_day
from tests.event_builders import an_event
from tests.event_scene import signs_up
from tests.system.crowd import Lab

FUNCTIONS = (
    "api",
    "expire-due",
    "continue-closures",
    "mend-queues",
    "send-due",
    "send-message",
    "ask-staff",
    "mail-events",
    "retain",
)
KEYS = {
    "catalog": {"kind": {"S": "none"}, "id": {"S": "none"}},
    "ledger": {"resource_id": {"S": "none"}, "day": {"S": "2020-01-01"}},
    "bookings": {"booking_id": {"S": "b_none"}},
    "events": {"event_id": {"S": "e_none"}, "item": {"S": "none"}},
    "outbox": {"message_id": {"S": "m_none"}},
    "people": {"person_id": {"S": "p_none"}, "item": {"S": "none"}},
    "tokens": {"token_hash": {"S": "none"}},
    "audit": {"subject": {"S": "none"}, "at": {"S": "none"}},
}
INDEXES = {
    "ledger/week": "site_week",
    "bookings/by_person": "person_id",
    "bookings/by_month": "site_month",
    "bookings/due": "due_shard",
    "events/by_person": "person_id",
    "events/by_month": "site_month",
    "outbox/due": "shard",
    "outbox/by_subject": "subject",
    "outbox/by_person": "person_id",
    "outbox/by_month": "site_month",
    "tokens/by_person": "person_id",
    "audit/by_actor": "actor",
}
RESERVED = {"kind", "shard"}  # words that DynamoDB keeps to itself
READ = {"GetItem", "BatchGetItem"}
WRITE = {"PutItem", "UpdateItem", "ConditionCheckItem"}
ALLOWED: dict[str, dict[str, set[str]]] = {
    "api": {
        "catalog": READ | WRITE | {"Query"},
        "ledger": READ | WRITE | {"Query"},
        "ledger/week": {"Query"},
        "bookings": READ | WRITE,
        "bookings/by_person": {"Query"},
        "bookings/by_month": {"Query"},
        "events": {"BatchGetItem", "Query", *WRITE, "DeleteItem"},
        "events/by_month": {"Query"},
        "events/by_person": {"Query"},
        "outbox": {"GetItem", "BatchGetItem", "PutItem"},
        "outbox/by_subject": {"Query"},
        "outbox/by_person": {"Query"},
        "outbox/by_month": {"Query"},
        "people": READ | WRITE | {"Query", "DeleteItem"},
        "tokens": READ | WRITE | {"DeleteItem"},
        "tokens/by_person": {"Query"},
        "audit": {"PutItem", "Query"},
        "audit/by_actor": {"Query"},
    },
    "expire-due": {
        "catalog": {"GetItem", "Query"},
        "ledger": {"UpdateItem"},
        "bookings": {"GetItem", "PutItem"},
        "bookings/due": {"Query"},
        "outbox": {"PutItem"},
        "people": {"UpdateItem"},
        "tokens": {"UpdateItem"},
        "audit": {"PutItem"},
    },
    "continue-closures": {
        "catalog": READ | WRITE | {"Query"},
        "ledger": READ | WRITE | {"Query"},
        "bookings": {"GetItem", "PutItem"},
        "outbox": {"PutItem"},
        "people": {"UpdateItem"},
        "tokens": {"UpdateItem"},
        "audit": {"PutItem"},
    },
    "mend-queues": {
        "catalog": {"GetItem", "Query"},
        "events": {"BatchGetItem", "Query", *WRITE, "DeleteItem"},
        "events/by_month": {"Query"},
        "outbox": {"PutItem"},
        "tokens": {"UpdateItem"},
        "audit": {"PutItem"},
    },
    "send-due": {
        "outbox": {"GetItem", "PutItem"},
        "outbox/due": {"Query"},
    },
    "send-message": {
        "catalog": {"GetItem", "Query"},
        "bookings": READ | {"ConditionCheckItem"},
        "bookings/due": {"Query"},
        "events": {"BatchGetItem", "Query", "ConditionCheckItem"},
        "outbox": READ | {"PutItem", "DeleteItem"},
        "people": READ,
        "tokens": {"BatchGetItem"},
    },
    "ask-staff": {
        "catalog": {"GetItem", "Query"},
        "bookings": READ,
        "bookings/due": {"Query"},
        "outbox": {"PutItem"},
    },
    "mail-events": {
        "outbox": {"GetItem", "PutItem"},
        "people": {"PutItem"},
    },
    "retain": {
        "catalog": {"GetItem", "Query"},
        "ledger": {"UpdateItem"},
        "bookings": READ | {"PutItem", "Scan"},
        "bookings/by_person": {"Query"},
        "events": {"BatchGetItem", "Query", *WRITE, "DeleteItem"},
        "events/by_month": {"Query"},
        "events/by_person": {"Query"},
        "outbox": {"GetItem", "PutItem", "DeleteItem", "Scan"},
        "outbox/by_person": {"Query"},
        "people": READ | WRITE | {"Query", "Scan", "DeleteItem"},
        "tokens": {"Scan", "DeleteItem", "UpdateItem"},
        "tokens/by_person": {"Query"},
        "audit": {"PutItem"},
    },
}


def attempts(client: Any, prefix: str, place: str) -> dict[str, Callable[[], Any]]:
    """Every operation on a table or an index; the writes fail a condition, so nothing is written."""
    name, _, index = place.partition("/")
    table, key = f"{prefix}{name}", KEYS[name]
    attribute = INDEXES[place] if index else next(iter(key))
    never = "attribute_exists(never_there)"
    query = {
        "TableName": table,
        "KeyConditionExpression": "#k = :value"
        if attribute in RESERVED
        else f"{attribute} = :value",
        "ExpressionAttributeValues": {":value": {"S": "none"}},
        **({"IndexName": index} if index else {}),
        **({"ExpressionAttributeNames": {"#k": attribute}} if attribute in RESERVED else {}),
    }
    scan = {"TableName": table, "Limit": 1, **({"IndexName": index} if index else {})}
    both = {"Query": lambda: client.query(**query), "Scan": lambda: client.scan(**scan)}
    if index:
        return both
    where = {"TableName": table, "ConditionExpression": never}
    check = {**where, "Key": key}
    return both | {
        "GetItem": lambda: client.get_item(TableName=table, Key=key),
        "BatchGetItem": lambda: client.batch_get_item(RequestItems={table: {"Keys": [key]}}),
        "PutItem": lambda: client.put_item(**where, Item=key),
        "UpdateItem": lambda: client.update_item(**check, UpdateExpression="REMOVE never_there"),
        "DeleteItem": lambda: client.delete_item(**check),
        "ConditionCheckItem": lambda: client.transact_write_items(
            TransactItems=[{"ConditionCheck": check}]
        ),
    }


def is_refused(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("AccessDeniedException", "AccessDenied"):
            return True
        if code not in ("ConditionalCheckFailedException", "TransactionCanceledException"):
            raise
    return False


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_to_the_tables_what_it_needs_and_nothing_else(
    cloud: RunningCloud, function: str
) -> None:
    client = cloud.boto("dynamodb", **cloud.role_credentials(function))
    may = {
        place: {
            operation
            for operation, attempt in attempts(client, cloud.table_prefix, place).items()
            if not is_refused(attempt)
        }
        for place in (*KEYS, *INDEXES)
    }
    assert {place: operations for place, operations in may.items() if operations} == ALLOWED[
        function
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_who_makes_links_reads_the_signing_key(cloud: RunningCloud, function: str) -> None:
    client = cloud.boto("ssm", **cloud.role_credentials(function))
    refused = is_refused(
        lambda: client.get_parameter(Name="/labivaraus/signing-key", WithDecryption=True)
    )
    assert refused is (function not in ("api", "send-message"))
    assert is_refused(
        lambda: client.put_parameter(
            Name="/labivaraus/signing-key", Value="x", Type="SecureString", Overwrite=True
        )
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_where_people_log_in_is_our_secret_at_the_provider_read(
    cloud: RunningCloud, function: str
) -> None:
    name = "/labivaraus/oidc-client-secret"
    secret = {"Name": name, "Value": "x", "Type": "SecureString"}
    owner, client = cloud.boto("ssm"), cloud.boto("ssm", **cloud.role_credentials(function))
    owner.put_parameter(**secret)
    refused = is_refused(lambda: client.get_parameter(Name=name, WithDecryption=True))
    assert refused is (function != "api")
    assert is_refused(lambda: client.put_parameter(**secret, Overwrite=True))
    owner.delete_parameter(Name=name)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_touches_the_cloud_itself(cloud: RunningCloud, function: str) -> None:
    role = cloud.role_credentials(function)
    dynamodb, functions = cloud.boto("dynamodb", **role), cloud.boto("lambda", **role)
    table = f"{cloud.table_prefix}audit"
    for attempt in (
        lambda: dynamodb.delete_table(TableName=table),
        dynamodb.list_tables,
        lambda: dynamodb.update_table(TableName=table, BillingMode="PAY_PER_REQUEST"),
        lambda: functions.invoke(FunctionName="labivaraus-expire-due"),
        lambda: cloud.boto("iam", **role).list_roles(),
        lambda: cloud.boto("s3", **role).list_buckets(),
        lambda: cloud.boto("cloudformation", **role).delete_stack(StackName="labivaraus"),
    ):
        assert is_refused(attempt)


def ask(cloud: RunningCloud, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """A request of staff."""
    request = urllib.request.Request(
        f"{cloud.endpoint}/v1/{path}",
        json.dumps(body).encode() if body is not None else None,
        {
            "Authorization": f"Bearer {cloud.staff_key}",
            "Content-Type": "application/json",
            "If-Match": "*",
        },
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def book(cloud: RunningCloud, start: str, end: str) -> str:
    person = {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"}
    booking = {
        "space_ids": ["pod"],
        "start": start,
        "end": end,
        "title": "Policy",
        "attendees": 1,
        "person": person,
        "accept_terms": True,
    }
    return ask(cloud, "POST", "bookings", booking)["booking_id"]


def invoke(cloud: RunningCloud, function: str) -> dict[str, Any]:
    answer = cloud.boto("lambda").invoke(
        FunctionName=f"labivaraus-{function}",
        Payload=(ROOT / "tests/events/scheduled.json").read_bytes(),
    )
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def held_slots(cloud: RunningCloud, day: str) -> set[str]:
    item = cloud.boto("dynamodb").get_item(
        TableName=f"{cloud.table_prefix}ledger",
        Key={"resource_id": {"S": "pod"}, "day": {"S": day}},
    )["Item"]
    return {each["S"] for name, each in item.items() if name[0] == "t" and name[1:].isdigit()}


def test_expiring_works_under_its_own_policy(cloud: RunningCloud) -> None:
    day = far_day(1)
    booking_id = book(cloud, f"{day}T10:00", f"{day}T11:00")
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    cloud.boto("dynamodb").update_item(
        TableName=f"{cloud.table_prefix}bookings",
        Key={"booking_id": {"S": booking_id}},
        UpdateExpression="SET #state = :held, confirm_by = :past, due_at = :past, due_shard = :shard",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={
            ":held": {"S": "held"},
            ":past": {"S": past},
            ":shard": {"S": "0"},
        },
    )
    invoke(cloud, "expire-due")  # the clock may have come first
    assert ask(cloud, "GET", f"bookings/{booking_id}")["state"] == "expired"
    item = cloud.boto("dynamodb").get_item(
        TableName=f"{cloud.table_prefix}bookings", Key={"booking_id": {"S": booking_id}}
    )["Item"]
    assert item["state"]["S"] == "expired"
    assert booking_id not in held_slots(cloud, day)


def test_continuing_closures_works_under_its_own_policy(cloud: RunningCloud) -> None:
    """A closure that a booking stood in the way of takes the time once the booking is gone."""
    day = far_day(2)
    booking_id = book(cloud, f"{day}T10:00", f"{day}T11:00")
    closure = ask(
        cloud,
        "POST",
        "staff/closures",
        {
            "space_ids": ["pod"],
            "start": f"{day}T08:00",
            "end": f"{day}T12:00",
            "reason": "Paint",
        },
    )
    assert held_slots(cloud, day) == {booking_id, closure["closure_id"]}
    ask(cloud, "DELETE", f"bookings/{booking_id}")
    invoke(cloud, "continue-closures")
    assert held_slots(cloud, day) == {closure["closure_id"]}
    assert ask(cloud, "GET", f"staff/closures/{closure['closure_id']}")["state"] == "closed"


def test_the_clock_starts_its_functions_by_itself(cloud: RunningCloud) -> None:
    rules = cloud.boto("events").list_rules()["Rules"]
    found = sorted(rule["ScheduleExpression"] for rule in rules)
    fives = ["rate(5 minutes)"] * 2
    assert found == ["cron(0 5 ? * MON-FRI *)", *["rate(1 minute)"] * 3, *fives]
    assert {rule["State"] for rule in rules} == {"ENABLED"}


def test_mending_queues_works_under_its_own_policy(cloud: RunningCloud, lab: Lab) -> None:
    """What a worker leaves that dies between giving an event more seats and giving them on."""
    ports, now = lab.ports, datetime.now(UTC)
    event = an_event(
        1,
        event_id=f"e_{uuid4().hex}",
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=49),
        starts_at=now + timedelta(days=50),
        ends_at=now + timedelta(days=50, hours=1),
    )
    events.create(ports, event, an_intent(STAFF))
    for name in ("aino", "eero"):
        made = signs_up(ports, name, event_id=event.event_id)
    assert made is not None
    assert made.waiting
    tx, before = ports.begin(), ports.events.look(event.event_id).event
    assert before is not None
    ports.events.save(tx, before, resized(before, Way.ROOM, 2))
    tx.commit()
    assert invoke(cloud, "mend-queues")["events"] >= 1
    found = ports.events.look(event.event_id, [made.person_id])
    assert found.event is not None
    assert found.event.ways[Way.ROOM].free == 0
    assert found.signups[made.person_id].state is State.CONFIRMED
