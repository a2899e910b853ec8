"""What staff see of the mails, and what they can do about them."""

from dataclasses import replace

import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import PostRefused
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import person_id_of
from chalicelib.services import sender
from tests.api.conftest import STAFF_KEY, Api, eero

PATH = "/v1/staff/outbox"


def listed(api: Api, query: str = "") -> list[dict[str, object]]:
    return api("GET", f"{PATH}{query}", key=STAFF_KEY).json["items"]


def deliver(api: Api) -> None:
    sender.poll(api.ports)
    while api.store.queue:
        sender.work(api.ports, api.store.queue.pop(0))


def refuse(_mail: object) -> None:
    raise PostRefused("MessageRejected")


def test_messages_are_found_by_subject_person_state_and_time(api: Api) -> None:
    first = api.books(key=None)["booking_id"]
    api.books(key=None, space_ids=["studio"], person=eero())
    assert {each["kind"] for each in listed(api)} == {"confirmation", "reminder"}
    assert len(listed(api)) == 6
    assert len(listed(api, f"?subject=booking%23{first}")) == 3
    assert len(listed(api, "?person=eero.eskola@gov.fi")) == 3
    person_id = person_id_of("eero.eskola@gov.fi", api.store.site.salt)
    assert len(listed(api, f"?person={person_id}&state=due")) == 3
    deliver(api)
    assert len(listed(api, "?state=sent")) == 2
    assert len(listed(api, "?from=2026-12-02&to=2026-12-03")) == 2
    (one,) = listed(api, f"?subject=booking%23{first}&state=sent")
    assert one == {
        "message_id": one["message_id"],
        "kind": "confirmation",
        "rule": "",
        "subject": f"booking#{first}",
        "person_id": person_id_of("aino.aalto@gov.fi", api.store.site.salt),
        "state": "sent",
        "reason": "",
        "due_at": "2026-12-01T09:00:00+02:00",
        "expires_at": "2026-12-02T11:00:00+02:00",
        "attempts": 1,
        "created_at": "2026-12-01T09:00:00+02:00",
        "settled_at": "2026-12-01T09:00:00+02:00",
    }


def test_a_long_list_comes_in_pages(api: Api) -> None:
    for hour in range(11, 15):
        start, end = (f"2026-12-02T{each:02d}:00:00+02:00" for each in (hour, hour + 1))
        api.books(start=start, end=end)
    found, cursor = [], ""
    for _ in range(20):
        answer = api("GET", f"{PATH}?limit=5{cursor}", key=STAFF_KEY).json
        found += [each["message_id"] for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert len(found) == len(set(found)) == len(api.store.messages) == 12


def test_a_range_is_a_range(api: Api) -> None:
    wrong = api("GET", f"{PATH}?from=2026-12-02&to=2026-12-02", key=STAFF_KEY)
    assert wrong.pointers == {"/to": "invalid-request"}
    assert api("GET", f"{PATH}?from=2026-01-01&to=2026-12-02", key=STAFF_KEY).status == 422


def test_a_message_that_failed_is_sent_again(api: Api) -> None:
    api.books()
    api.store.refuse_mail = refuse
    deliver(api)
    (failed,) = listed(api, "?state=failed")
    assert failed["reason"] == "MessageRejected"
    api.store.refuse_mail = lambda mail: None
    path = f"{PATH}/{failed['message_id']}/send"
    answer = api("POST", path, {}, STAFF_KEY, Idempotency_Key="once")
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (200, "due", "")
    assert api("POST", path, {}, STAFF_KEY, Idempotency_Key="once").json == answer.json
    assert api("POST", path, {}, STAFF_KEY).problem == "stale-state"
    deliver(api)
    assert len(api.store.mails) == 1
    assert api.store.audit[-1]["action"] == "send-again"
    assert api("POST", f"{PATH}/m_none/send", {}, STAFF_KEY).status == 404


def test_a_mail_to_log_in_by_is_seen_and_never_sent_again(api: Api) -> None:
    """It was asked for in somebody's browser, and is over; who still wants one asks there."""
    api("POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"})
    api("POST", "/v1/auth/links", {"email": "pia.peltola@partner.example"})
    deliver(api)
    found = {each["state"]: each for each in listed(api)}
    assert {state: each["reason"] for state, each in found.items()} == {
        "sent": "",
        "dropped": "not-allowed",
    }
    for each in found.values():
        assert each["kind"] == "login"
        assert listed(api, f"?subject={each['subject'].replace('#', '%23')}") == [each]
        again = api("POST", f"{PATH}/{each['message_id']}/send", {}, STAFF_KEY)
        assert (again.status, again.problem) == (409, "stale-state")
    deliver(api)
    assert len(api.store.mails) == 1


def test_an_address_is_trusted_again(api: Api) -> None:
    person_id = person_id_of("aino.aalto@gov.fi", api.store.site.salt)
    api.ports.people.suppress(person_id, "bounce", api.clock.now())
    api.books()
    deliver(api)
    (dropped,) = listed(api, "?state=dropped")
    assert dropped["reason"] == "suppressed"
    body = {"email": "Aino.Aalto@gov.fi"}
    answer = api("POST", "/v1/staff/addresses/trust", body, STAFF_KEY)
    assert (answer.status, answer.json) == (200, {"person_id": person_id})
    assert api("POST", "/v1/staff/addresses/trust", body, STAFF_KEY).status == 404
    api("POST", f"{PATH}/{dropped['message_id']}/send", {}, STAFF_KEY)
    deliver(api)
    assert len(api.store.mails) == 1


INVITES = (
    *(Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION),
    *(Kind.SEAT, Kind.PROMOTION, Kind.EVENT_CHANGE, Kind.SEAT_CANCELLATION),
)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("kind", list(Kind))
def test_staff_see_how_each_mail_looks(
    api: Api, monkeypatch: pytest.MonkeyPatch, kind: Kind, language: str
) -> None:
    """With the real templates, the Lab's spaces and staff's own paragraph, to nobody."""
    own = {"mail_texts": {kind.value: {language: "Tuokaa kengät."}}, "mailbox": "v@lab.example.fi"}
    changed = api("PATCH", "/v1/staff/settings", own, STAFF_KEY, If_Match="*")
    assert changed.json["mail_texts"][kind.value][language] == "Tuokaa kengät."
    real = replace(api.ports, preview=bootstrap.make_ports(None, "", api.clock).preview)
    monkeypatch.setattr(bootstrap, "ports", lambda: real)
    answer = api("GET", f"/v1/staff/mails/{kind.value}?language={language}", key=STAFF_KEY)
    assert answer.status == 200
    assert "Tuokaa kengät." in answer.json["text"]
    assert "Tuokaa kengät." in answer.json["html"]
    assert (answer.json["calendar"] is not None) == (kind in INVITES)


def test_a_kind_of_mail_that_there_is_not_is_not_found(api: Api) -> None:
    assert api("GET", "/v1/staff/mails/poem", key=STAFF_KEY).status == 404
