"""Mails of the deployed local cloud, read where people read them: they come by themselves, whole, once."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest

from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.domain.messages import Kind, State
from chalicelib.domain.people import person_id_of
from infra.package import ROOT
from tests.cloud import RunningCloud
from tests.mailbox import SECONDS, login_code, login_link, mails, wait_for_mails
from tests.system.crowd import Lab

LISTENER = "labivaraus-mail-events"


def ask(cloud: RunningCloud, method: str, path: str, body: Any = None, key: str = "form") -> Any:
    keys = {"form": cloud.form_key, "staff": cloud.staff_key}
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    headers["Authorization"] = f"Bearer {keys[key]}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{cloud.endpoint}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        refused.add_note(refused.read().decode())  # which says why
        raise


def browse(
    cloud: RunningCloud, method: str, path: str, body: Any = None, cookie: str = ""
) -> tuple[Any, str]:
    """As `ask`, from a browser without any key: what was answered, and the cookie that it sets."""
    headers = {"Content-Type": "application/json", "If-Match": "*", "Cookie": cookie}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{cloud.endpoint}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read()), (answer.headers["Set-Cookie"] or "").partition(";")[0]


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


def hurry(lab: Lab, person: str, kind: Kind) -> None:
    """Make what is meant for later due now; whether it goes out is still up to the clock."""
    person_id = person_id_of(person, lab.ports.settings.fresh().site.salt)
    waiting = [
        each
        for each in lab.ports.outbox.by_person(person_id, 100, None).items
        if each.kind is kind and each.state is State.DUE
    ]
    # Of the present revision: those of an earlier one drop, as they should.
    one = max(waiting, key=lambda each: each.revision)
    now = lab.ports.clock.now()
    tx = lab.ports.begin()
    lab.ports.outbox.save(tx, replace(one, due_at=now, look_at=now, version=one.version + 1))
    tx.commit()


def poll(cloud: RunningCloud) -> None:
    """What the clock does each minute, at once."""
    payload = (ROOT / "tests/events/scheduled.json").read_bytes()
    answer = cloud.boto("lambda").invoke(FunctionName="labivaraus-send-due", Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_booking_s_mails_are_one_chain_and_a_reminder_comes_by_itself(
    cloud: RunningCloud, lab: Lab
) -> None:
    """Confirmed, moved, reminded and cancelled: one UID, a growing SEQUENCE, each mail once."""
    to, day, later = "pia.post@gov.fi", lab.fresh_day(), lab.fresh_day()
    person = {"name": "Pia Post", "email": to, "language": "sv"}
    booking = {"space_id": "studio", "start": f"{day}T10:00", "end": f"{day}T12:00"}
    booking |= {"person": person, "accept_terms": True, "title": "Ideverkstad"}
    made = ask(cloud, "POST", "/v1/bookings", booking)
    path = f"/v1/bookings/{made['booking_id']}"
    poll(cloud)
    (confirmation,) = wait_for_mails(cloud, to, 1)
    assert confirmation["Content-Language"] == "sv"
    assert "10.00–12.00" in confirmation["Subject"]
    method, first = event(confirmation)
    assert (method, first["SEQUENCE"], first["SUMMARY"]) == ("REQUEST", 0, "Ideverkstad")
    ask(cloud, "PATCH", path, {"start": f"{later}T13:00", "end": f"{later}T15:00"})
    hurry(lab, to, Kind.CHANGE)
    poll(cloud)
    change = wait_for_mails(cloud, to, 2)[-1]
    method, second = event(change)
    assert (method, second["SEQUENCE"], second["UID"]) == ("REQUEST", 1, first["UID"])
    assert "13.00–15.00" in change["Subject"]
    hurry(lab, to, Kind.REMINDER)
    assert [str(each["Subject"]) for each in mails(cloud, to)][2:] == []
    reminder = wait_for_mails(cloud, to, 3)[-1]  # nobody calls: the schedule does
    assert "13.00" in reminder["Subject"]
    assert reminder["List-Unsubscribe"]
    assert [part for part in reminder.walk() if part.get_content_type() == "text/calendar"] == []
    ask(cloud, "DELETE", path)
    poll(cloud)
    method, third = event(wait_for_mails(cloud, to, 4)[-1])
    assert (method, third["SEQUENCE"], third["STATUS"]) == ("CANCEL", 2, "CANCELLED")
    assert third["UID"] == first["UID"]
    assert len({each["Message-ID"] for each in mails(cloud, to)}) == 4
    rows = ask(cloud, "GET", f"/v1/staff/outbox?person={to}", key="staff")["items"]
    told = [row["kind"] for row in rows if row["state"] == "sent"]
    assert sorted(told) == ["cancellation", "change", "confirmation", "reminder"]


@pytest.mark.slow
def test_a_mail_to_log_in_by_comes_at_once_and_logs_one_in(cloud: RunningCloud) -> None:
    """The request that asks has it sent, without the clock; and what it says proves once."""
    to = "eero.enter@gov.fi"
    asked_at = time.monotonic()
    _, browser = browse(cloud, "POST", "/v1/auth/links", {"email": to, "language": "sv"})
    (mail,) = wait_for_mails(cloud, to, 1)
    print(f"the mail was there after {time.monotonic() - asked_at:.1f} s")
    assert (mail["Subject"], mail["To"]) == ("Inloggning: Arbete 2.0 Lab", to)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert login_link(mail).startswith(f"{cloud.endpoint}/login/l_")
    body = {"code": login_code(mail)}
    with pytest.raises(urllib.error.HTTPError) as refused:
        browse(cloud, "POST", "/v1/auth/session", body)
    assert refused.value.code == 422
    entered, session = browse(cloud, "POST", "/v1/auth/session", body, browser)
    me, _ = browse(cloud, "GET", "/v1/me", cookie=session)
    assert (me["email"], me["role"], me["person_id"]) == (to, "person", entered["person_id"])
    with pytest.raises(urllib.error.HTTPError):
        browse(cloud, "POST", "/v1/auth/session", body, browser)
    assert any(nudged(cloud, each) for each in (to, "aino.enter@gov.fi", "sami.enter@gov.fi"))


def nudged(cloud: RunningCloud, to: str) -> bool:
    """Whether a mail to log in by went out before the clock had looked at it, which is a version more."""
    if not mails(cloud, to):
        browse(cloud, "POST", "/v1/auth/links", {"email": to})
        wait_for_mails(cloud, to, 1)
    ports = make_ports(cloud.boto("dynamodb"), cloud.table_prefix, SystemClock())
    person_id = person_id_of(to, ports.settings.fresh().site.salt)
    for _ in range(SECONDS * 2):
        (message,) = ports.outbox.by_person(person_id, 2, None).items
        if message.final:
            print(f"{message.kind} {message.state}, version {message.version}")
            return message.version == len(("put", "claimed", "sending", "sent"))
        time.sleep(0.5)
    raise AssertionError(f"the message to {to} is {message.state}")


@pytest.mark.slow
def test_who_may_not_log_in_is_answered_alike_and_gets_no_mail(cloud: RunningCloud) -> None:
    to = "pia.enter@partner.example"
    answer, browser = browse(cloud, "POST", "/v1/auth/links", {"email": to})
    assert (answer, bool(browser)) == ({"accepted": True}, True)
    for _ in range(SECONDS * 2):
        (row,) = ask(cloud, "GET", f"/v1/staff/outbox?person={to}", key="staff")["items"]
        if row["state"] == "dropped":
            break
        time.sleep(0.5)
    assert (row["kind"], row["state"], row["reason"]) == ("login", "dropped", "not-allowed")
    assert mails(cloud, to) == []


@pytest.mark.slow
def test_what_ses_says_settles_a_message_and_stops_mail_to_an_address(
    cloud: RunningCloud, lab: Lab
) -> None:
    """By the topic, signed, and under the policy of the function that SNS calls."""
    to, day = "eero.bounce@gov.fi", lab.fresh_day()
    person = {"name": "Eero Eskola", "email": to}
    booking = {"space_id": "pod", "start": f"{day}T10:00", "end": f"{day}T11:00"}
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
