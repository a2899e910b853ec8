"""Who is who on the deployed system: an admin who logged in by mail, a partner, a key's whole life."""

import json
import urllib.error
import urllib.request
from datetime import date, timedelta
from typing import Any

from chalicelib.adapters.secrets import ring_of
from infra.local.example_data import STAFF
from tests.cloud import RunningCloud
from tests.mailbox import login_code, mails, wait_for_mails

PIA = "pia.peltola@partner.example"


def ask(cloud: RunningCloud, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A request: its status, its answer, and the cookie that it sets."""
    sent = {"Content-Type": "application/json", "If-Match": "*"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{cloud.endpoint}{path}", data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
            return answer.status, json.loads(answer.read()), cookie
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), ""


def logs_in(cloud: RunningCloud, email: str) -> str:
    """The cookie of whoever shows the code that was mailed to an address."""
    before = len(mails(cloud, email))
    _, _, asked = ask(cloud, "POST", "/v1/auth/links", {"email": email})
    code = login_code(wait_for_mails(cloud, email, before + 1)[-1])
    status, _, cookie = ask(cloud, "POST", "/v1/auth/session", {"code": code}, Cookie=asked)
    assert status == 200
    return cookie


def test_a_key_from_its_making_to_its_end(cloud: RunningCloud) -> None:
    sami = {"Cookie": logs_in(cloud, STAFF.email)}
    assert ask(cloud, "GET", "/v1/me", **sami)[1]["role"] == "admin"
    wanted = {"label": "A screen at the door", "scopes": ["availability"]}
    sent = {"Idempotency_Key": "a-screen", **sami}
    status, made, _ = ask(cloud, "POST", "/v1/staff/keys", wanted, **sent)
    assert status == 201
    assert ask(cloud, "POST", "/v1/staff/keys", wanted, **sent)[1] == made
    shown = {"Authorization": f"Bearer {made['key']}"}
    assert ask(cloud, "GET", "/v1/spaces", **shown)[0] == 200
    assert ask(cloud, "GET", "/v1/staff/settings", **shown)[0] == 404
    _, listed, _ = ask(cloud, "GET", "/v1/staff/keys", **sami)
    (mine,) = [each for each in listed["items"] if each["key_id"] == made["key_id"]]
    assert mine["used_at"]
    _, known, _ = ask(cloud, "GET", "/v1/me", **sami)
    assert mine["created_by"] == known["person_id"]
    assert ask(cloud, "DELETE", f"/v1/staff/keys/{made['key_id']}", **sami)[0] == 200
    assert ask(cloud, "GET", "/v1/spaces", **shown)[0] == 401
    secret = made["key"].rpartition(".")[2]
    for table in ("people", "tokens", "audit"):
        for page in (
            cloud.boto("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=f"{cloud.table_prefix}{table}")
        ):
            assert secret not in json.dumps(page["Items"], default=repr)


def test_a_key_says_of_nobody_who_they_are(cloud: RunningCloud) -> None:
    host = {"Authorization": f"Bearer {cloud.staff_key}"}
    assert ask(cloud, "GET", "/v1/staff/persons", **host)[0] == 200
    assert ask(cloud, "GET", "/v1/staff/keys", **host)[0] == 404


def test_a_partner_is_invited_told_and_let_in(cloud: RunningCloud) -> None:
    host = {"Authorization": f"Bearer {cloud.staff_key}"}
    until = (date.today() + timedelta(days=100)).isoformat()
    wanted = {"name": "Pia Peltola", "email": PIA, "language": "en", "partner_until": until}
    status, made, _ = ask(cloud, "POST", "/v1/staff/persons", wanted, **host)
    assert (status, made["role"]) == (201, "partner")
    wait_for_mails(cloud, PIA, 1)
    pia = {"Cookie": logs_in(cloud, PIA)}
    assert ask(cloud, "GET", "/v1/me", **pia)[1]["partner_until"] == until
    path = f"/v1/staff/persons/{made['person_id']}"
    assert ask(cloud, "GET", path, **host)[1]["logged_in_at"]
    _, found, _ = ask(cloud, "GET", "/v1/staff/persons?role=partner", **host)
    assert made["person_id"] in [each["person_id"] for each in found["items"]]
    assert ask(cloud, "PATCH", path, {"role": "staff"}, **host)[0] == 404
    assert ask(cloud, "PATCH", path, {"partner_until": None}, **host)[1]["role"] == "visitor"
    assert ask(cloud, "GET", "/v1/me", **pia)[0] == 401


def test_the_last_admin_stays_one(cloud: RunningCloud) -> None:
    sami = {"Cookie": logs_in(cloud, STAFF.email)}
    person_id = ask(cloud, "GET", "/v1/me", **sami)[1]["person_id"]
    status, told, _ = ask(cloud, "PATCH", f"/v1/staff/persons/{person_id}", {"role": None}, **sami)
    assert (status, told["type"]) == (409, "/problems/stale-state")
    assert ask(cloud, "GET", "/v1/me", **sami)[1]["role"] == "admin"


def test_the_signing_keys_are_a_ring(cloud: RunningCloud) -> None:
    answer = cloud.boto("ssm").get_parameter(Name="/labivaraus/signing-key", WithDecryption=True)
    assert answer["Parameter"]["Type"] == "SecureString"
    ring = ring_of(answer["Parameter"]["Value"])
    assert (ring.current, set(ring.keys)) == ("1", {"1"})
