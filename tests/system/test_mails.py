"""Mails of the deployed local cloud, read where people read them: they come by themselves, whole, once."""

import json
import time
import urllib.request
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest

from infra.package import ROOT
from tests.cloud import RunningCloud

SECONDS = 100  # the clock's minute, and a slow machine
STUDIO = {"space_id": "studio", "start": "2026-12-15T10:00", "end": "2026-12-15T12:00"}
LISTENER = "labivaraus-mail-events"


def ask(cloud: RunningCloud, method: str, path: str, body: Any = None, key: str = "form") -> Any:
    keys = {"form": cloud.form_key, "staff": cloud.staff_key}
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    headers["Authorization"] = f"Bearer {keys[key]}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{cloud.endpoint}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def mails(cloud: RunningCloud, to: str) -> list[EmailMessage]:
    """The mails to an address, as they came, oldest first."""
    page, listed = (cloud.cloud.home / "mailbox").read_text().split()
    with urllib.request.urlopen(listed, timeout=10) as answer:
        rows = [row for row in json.load(answer)["data"] if to in row["recipients_envelope"]]
    found = []
    for row in sorted(rows, key=lambda each: each["id"]):
        with urllib.request.urlopen(f"{page}/api/messages/{row['id']}.eml", timeout=10) as answer:
            mail = message_from_bytes(answer.read(), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            found.append(mail)
    return found


def wait_for(cloud: RunningCloud, to: str, count: int) -> list[EmailMessage]:
    for _ in range(SECONDS * 2):
        if len(found := mails(cloud, to)) >= count:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{len(mails(cloud, to))} mails to {to}, not {count}")


def bounced(cloud: RunningCloud, to: str) -> Any:
    """The messages to an address that have bounced, as staff see them."""
    return ask(cloud, "GET", f"/v1/staff/outbox?person={to}&state=bounced", key="staff")["items"]


def wait_for_bounce(cloud: RunningCloud, to: str) -> Any:
    for _ in range(SECONDS * 2):
        if found := bounced(cloud, to):
            return found
        time.sleep(0.5)
    raise AssertionError(f"nothing to {to} has bounced")


def topic_of(cloud: RunningCloud) -> str:
    """The topic that SES speaks to, as the function that listens knows it."""
    function = cloud.boto("lambda").get_function_configuration(FunctionName=LISTENER)
    return str(function["Environment"]["Variables"]["MAIL_EVENTS_TOPIC"])


def forged(topic: str, said: Any) -> dict[str, Any]:
    """A notification that anybody could have written."""
    return {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": topic,
        "Subject": None,
        "Message": json.dumps(said),
        "Timestamp": "2026-12-01T07:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "Rk9SR0VE",
        "SigningCertUrl": "https://sns.eu-north-1.amazonaws.com.evil.example/a.pem",
        "MessageAttributes": {},
    }


def refused(cloud: RunningCloud, notification: dict[str, Any]) -> str:
    """Why a notification is refused that did not come through SNS."""
    answer = cloud.boto("lambda").invoke(
        FunctionName=LISTENER,
        Payload=json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": notification}]}).encode(),
    )
    assert "FunctionError" in answer
    return str(json.loads(answer["Payload"].read())["errorMessage"])


def event(mail: EmailMessage) -> tuple[str, Any]:
    """The method and the event of a mail's calendar part; the attachment is the same."""
    parts = [
        part.get_payload(decode=True) for part in mail.walk() if part.get_filename() == "invite.ics"
    ]
    inline = [
        p.get_payload(decode=True) for p in mail.walk() if p.get_content_type() == "text/calendar"
    ]
    assert parts[0] == inline[0]
    (calendar,) = [icalendar.Calendar.from_ical(inline[0])]
    (found,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), found


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_booking_is_confirmed_and_cancelled_by_mail_and_the_clock_sends_by_itself(
    cloud: RunningCloud,
) -> None:
    to = "pia.post@gov.fi"
    person = {"name": "Pia Post", "email": to, "language": "sv"}
    booking = STUDIO | {"person": person, "accept_terms": True, "title": "Ideverkstad"}
    made = ask(cloud, "POST", "/v1/bookings", booking)
    (confirmation,) = wait_for(cloud, to, 1)
    assert confirmation["Content-Language"] == "sv"
    assert "10.00–12.00" in confirmation["Subject"]
    method, first = event(confirmation)
    assert (method, first["SEQUENCE"], first["SUMMARY"]) == ("REQUEST", 0, "Ideverkstad")
    ask(cloud, "DELETE", f"/v1/bookings/{made['booking_id']}")
    _, cancellation = wait_for(cloud, to, 2)
    method, second = event(cancellation)
    assert (method, second["SEQUENCE"], second["STATUS"]) == ("CANCEL", 1, "CANCELLED")
    assert second["UID"] == first["UID"]
    rows = ask(cloud, "GET", f"/v1/staff/outbox?person={to}", key="staff")["items"]
    assert sorted((row["kind"], row["state"]) for row in rows) == [
        ("cancellation", "sent"),
        ("confirmation", "sent"),
        ("reminder", "due"),
        ("reminder", "due"),
    ]


@pytest.mark.slow
def test_what_ses_says_settles_a_message_and_stops_mail_to_an_address(cloud: RunningCloud) -> None:
    """By the topic, signed, and under the policy of the function that SNS calls."""
    to = "eero.bounce@gov.fi"
    person = {"name": "Eero Eskola", "email": to}
    booking = {"space_id": "pod", "start": "2026-12-16T10:00", "end": "2026-12-16T11:00"}
    ask(cloud, "POST", "/v1/bookings", booking | {"person": person, "accept_terms": True})
    (row,) = [
        each
        for each in ask(cloud, "GET", f"/v1/staff/outbox?person={to}", key="staff")["items"]
        if each["kind"] == "confirmation"
    ]
    said = {
        "eventType": "Bounce",
        "mail": {"tags": {"message_id": [row["message_id"]], "attempt": ["1"]}},
        "bounce": {"bounceType": "Permanent"},
    }
    topic = topic_of(cloud)
    assert refused(cloud, forged(topic, said)) == "certificate address"
    assert bounced(cloud, to) == []
    cloud.boto("sns").publish(TopicArn=topic, Message=json.dumps(said))
    (row,) = wait_for_bounce(cloud, to)
    assert (row["kind"], row["reason"]) == ("confirmation", "Permanent")
    assert ask(cloud, "POST", "/v1/staff/addresses/trust", {"email": to}, "staff")["person_id"]


@pytest.mark.slow
def test_staff_are_asked_in_the_morning(cloud: RunningCloud) -> None:
    payload = (ROOT / "tests/events/scheduled.json").read_bytes()
    answer = cloud.boto("lambda").invoke(FunctionName="labivaraus-ask-staff", Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
