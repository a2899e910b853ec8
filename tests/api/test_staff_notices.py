"""Writing to those of an event, over HTTP: what is answered, and what staff see of it afterwards."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.services import sender
from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_events import sign_up
from tests.api.test_staff_events import LIST, write

NOTICE = {
    "subject": {"fi": "Ota tietokone mukaan"},
    "text": {"fi": "Teemme **harjoituksia**."},
}


def post(api: Api, event_id: str, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    path = f"{LIST}/{event_id}/notices"
    return api("POST", path, NOTICE | changes, STAFF_KEY, **(headers or {}))


def listed(api: Api, event_id: str) -> list[dict[str, Any]]:
    answer = api("GET", f"{LIST}/{event_id}/notices", key=STAFF_KEY)
    assert answer.status == 200, answer.text
    return answer.json["items"]


def deliver(api: Api) -> None:
    while due := api.ports.outbox.due(api.clock.now(), 1000):
        for each in due:
            sender.work(api.ports, each.message_id)


def test_a_notice_is_on_its_way_at_once_and_then_seen_to_arrive(api: Api) -> None:
    event_id = write(api, room={"limit": 2, "most_waiting": 3})
    sign_up(api, event_id, "aino", "eero", "pia")
    deliver(api)
    answer = post(api, event_id, to="both")
    assert answer.status == 202
    notice_id = answer.json["notice_id"]
    assert answer.json == {"notice_id": notice_id, "event_id": event_id, "persons": 3}
    (before,) = listed(api, event_id)
    assert before["done"] is False
    deliver(api)
    (after,) = listed(api, event_id)
    assert after == {
        "notice_id": notice_id,
        "written_at": before["written_at"],
        "subject": {"fi": "Ota tietokone mukaan", "sv": "", "en": ""},
        "text": {"fi": "Teemme **harjoituksia**.", "sv": "", "en": ""},
        "to": "both",
        "way": None,
        "done": True,
        "mails": {"total": 3, "sent": 3, "failed": 0, "dropped": 0, "left": 0},
    }
    api.clock.time += timedelta(days=30)
    (later,) = listed(api, event_id)
    assert later == after | dict.fromkeys(("subject", "text", "to", "way"))


def test_one_key_is_one_notice(api: Api) -> None:
    """S-05"""
    event_id = write(api)
    key = {"Idempotency_Key": "k"}
    first, second = post(api, event_id, key), post(api, event_id, key)
    assert (second.status, second.json) == (202, first.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(listed(api, event_id)) == 1
    other = post(api, event_id, key, to="waiting")
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"subject": {"sv": "Hej"}}, ["/subject/fi"]),
        ({"subject": {"fi": " "}}, ["/subject/fi"]),
        ({"subject": {"fi": "x\r\nBcc: a@b.example"}}, ["/subject/fi"]),
        ({"subject": {"fi": "x" * 201}}, ["/subject/fi"]),
        ({"text": {"fi": ""}}, ["/text/fi"]),
        ({"text": {"fi": "x" * 4001}}, ["/text/fi"]),
        ({"text": {"fi": "Hei", "en": "Hi"}}, ["/subject/en"]),
        ({"to": "everybody"}, ["/to"]),
        ({"way": "remote"}, ["/way"]),
    ],
)
def test_what_cannot_be_sent_is_refused(
    api: Api, changes: dict[str, Any], pointers: list[str]
) -> None:
    event_id = write(api)
    answer = post(api, event_id, **changes)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert [each["pointer"] for each in answer.json["errors"]] == pointers
    assert api.store.notices == {}


@pytest.mark.parametrize(
    ("language", "told"), [("fi", "etäpaikka"), ("sv", "distansplats"), ("en", "remote seat")]
)
def test_a_text_with_the_link_to_join_says_why_it_is_refused(
    api: Api, language: str, told: str
) -> None:
    """I-14"""
    event_id = write(api, remote={"limit": 5}, remote_link="https://meet.example/x")
    path, text = f"{LIST}/{event_id}/notices", {"fi": "https://meet.example/x"}
    answer = api("POST", path, NOTICE | {"text": text}, STAFF_KEY, Accept_Language=language)
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert told in error["message"]
    assert post(api, event_id, text=text, way="remote").status == 202


def test_a_draft_and_what_is_off_are_written_to_nobody(api: Api) -> None:
    event_id = write(api, publish=False)
    assert post(api, event_id).problem == "stale-state"
    assert api("GET", f"{LIST}/e_none/notices", key=STAFF_KEY).status == 404
    assert post(api, "e_none").status == 404
