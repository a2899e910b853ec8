"""Somebody who has done everything is forgotten: then every attribute of every item of every table, and all
that was logged, is searched for them.

The interface, the sender and the clock's function run over the real adapters. Each step of forgetting is
also left out once: then the search has to find something, or it would not be worth anything.
"""

import base64
import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.api import forms
from chalicelib.domain import erasures
from chalicelib.domain.erasures import Step
from chalicelib.services import erasure, remains, traces
from tests.contract.a_life import AINO, AINOS, WORDS, Ears, Find, Lab, live, search, texts
from tests.contract.backends import in_moto, moto_backend
from tests.fake_messages import FakePost, FakeQueue, FakeSecrets
from tests.fakes import Store

pytestmark = pytest.mark.xdist_group("nothing is left")  # the life is lived once in a process

_lived: dict[str, Any] = {}  # the tables after it, her session, what was said, the time


@pytest.fixture
def lab(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A Lab in which Aino has done everything, and everybody hears what is said."""
    with in_moto("all") as backend:
        store = Store()
        ports = replace(
            backend.ports, post=FakePost(store), queue=FakeQueue(store), secrets=FakeSecrets()
        )
        monkeypatch.setattr(bootstrap, "ports", lambda: ports)
        monkeypatch.setattr(forms, "SOONEST", timedelta(0))
        made = Lab(backend, ports, store)
        ears = Ears(made.said)
        ears.listen(on=True)
        if not _lived:
            _lived["session"] = live(made)
            _lived["tables"] = copy.deepcopy(moto_backend().tables)
            _lived["now"] = backend.clock.time
            _lived["mails"], _lived["said"] = len(store.mails), list(made.said)
        moto_backend().tables = copy.deepcopy(_lived["tables"])
        backend.clock.time, made.said[:] = _lived["now"], _lived["said"]
        ports.settings.forget()
        yield made
        ears.listen(on=False)


def forget(lab: Lab) -> dict[str, int]:
    """She asks for it, and the clock ends it; what its function says then."""
    answer = lab("DELETE", "/v1/me?confirm=true", **_lived["session"])
    assert answer["state"] == "going on"
    lab.backend.clock.forward(minutes=5)
    return lab.retains()


def _of_her(lab: Lab) -> list[dict[str, Any]]:
    """What there is of events under her id."""
    found = lab.backend.items("events")
    return [item for item in found if AINOS in (item.get("person_id"), item.get("led_by"))]


def places(found: list[Find]) -> set[str]:
    """The tables, or the log, in which something was found."""
    return {find.place.partition(" ")[0] for find in found}


def test_before_it_she_is_everywhere(lab: Lab) -> None:
    """Else there would be nothing to prove; and in no log even then."""
    found = search(lab)
    assert places(found) == {"bookings", "events", "outbox", "people", "tokens"}
    assert {find.word for find in found} == {*WORDS, AINOS}
    assert _lived["mails"] > 8
    kinds = {item.get("kind") for item in lab.backend.items("tokens")}
    assert kinds >= {"idempotency", "session", "login"}
    items = {item["item"] for item in lab.backend.items("people") if item["person_id"] == AINOS}
    assert items >= {"profile", "quota", "preferences", "suppressed", "feeds"}
    held = {item["item"].partition("#")[0] for item in _of_her(lab)}
    assert held == {"signup", "guest", "person", "waiting", "due"}


def test_b117_after_it_she_is_nowhere(lab: Lab) -> None:
    """B117, P-04: neither name nor address, in no table and in no log; her bookings are counted still."""
    count = len(lab.backend.items("bookings"))
    before = [item for item in lab.backend.items("events") if item["item"].startswith("signup#")]
    signups, persons = len(before), sum(1 + len(item["members"]) for item in before)
    said = forget(lab)
    assert said == {"erasing": 0, "overdue": 0}
    assert "RetentionOverdue" in lab.said[-1]
    assert search(lab) == []
    bookings = lab.backend.items("bookings")
    assert len(bookings) == count
    assert {item["person_id"] for item in bookings} == {"p_erased"}
    there = [item for item in lab.backend.items("events") if item["item"].startswith("signup#")]
    assert len(there) == signups
    assert sum(1 + len(item["members"]) for item in there) == persons
    messages = [item for item in lab.backend.items("outbox") if "due_at" in item]
    assert {item["person_id"] for item in messages} <= {"p_erased", "staff"} | {
        item["person_id"]
        for item in messages
        if item["kind"] == "login" or item["subject"].startswith("event#")  # of others, too
    }
    assert {"sent", "dropped"} <= {item["state"] for item in messages}


def test_after_it_no_mail_goes_out_and_nothing_comes_back(lab: Lab) -> None:
    forget(lab)
    lab.store.mails.clear()
    for _ in range(3):
        lab.backend.clock.forward(hours=12)
        lab.mails()
        lab.retains()
    assert not [mail for mail in lab.store.mails if AINO.email in mail.to]
    assert search(lab) == []


@pytest.mark.parametrize("step", Step)
def test_a_step_that_is_left_out_is_found(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    for name in ("AT_ONCE", "STEPS"):
        steps = {key: do for key, do in getattr(erasure, name).items() if key is not step}
        monkeypatch.setattr(erasure, name, steps)
    monkeypatch.setattr(remains, "left", lambda *_: [])
    forget(lab)
    assert lab.ports.keeping.erasure(AINOS).done
    assert search(lab)


@pytest.mark.parametrize(
    "what", ["told", "profile", "anonymised", "dropped", "members", "guests", "moved"]
)
def test_a_part_of_a_step_that_is_left_out_is_found(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What she was told; the profile and quota at the end; the texts of bookings; the list of hosts;
    of sign-ups who came along, those that she came along with, and where hers are found.
    """
    monkeypatch.setattr(remains, "left", lambda *_: [])
    if what == "told":
        keeping = type(lab.ports.keeping)
        monkeypatch.setattr(keeping, "remove_told", lambda *_: None)
    elif what == "profile":
        monkeypatch.setattr(erasure, "_end", lambda _, one: one)
    elif what == "anonymised":
        monkeypatch.setattr(
            traces, "anonymised", lambda one, _: replace(one, version=one.version + 1)
        )
    elif what == "members":
        monkeypatch.setattr(erasures, "_nobody", lambda one: one)
    elif what == "guests":
        keep = traces.forgotten_in
        monkeypatch.setattr(
            traces,
            "forgotten_in",
            lambda one, person_id, *more: (
                keep(one, person_id, *more)
                if one.person_id == person_id
                else replace(one, version=one.version + 1)
            ),
        )
    elif what == "moved":
        keep = traces.forgotten_in
        monkeypatch.setattr(
            traces,
            "forgotten_in",
            lambda *given: replace(keep(*given), person_id=given[0].person_id),
        )
    else:
        people = type(lab.ports.people)
        monkeypatch.setattr(people, "save_standing", lambda *_: None)
    forget(lab)
    assert search(lab)


@pytest.mark.parametrize(
    "hidden",
    [
        "AINO",
        {"deep": [{"list": ("x", "Aino Aalto")}]},
        json.dumps({"name": "Aino"}),
        json.dumps(json.dumps({"name": "Aino"})),
        base64.b64encode(b"Hei, Aino").decode(),
        base64.urlsafe_b64encode(b"Hei, Aino?>").decode().rstrip("="),
        json.dumps({"code": base64.b64encode(b"aino").decode()}),
        b"Aino",
        {"Aino": 1},
        "a%69no=1",
    ],
)
def test_the_search_finds_what_is_hidden(hidden: Any) -> None:
    assert any("aino" in text for text in texts({"attribute": hidden}))


def test_the_search_finds_what_is_logged(lab: Lab) -> None:
    forget(lab)
    lab.said.append("a person {'body': {'name': 'Aino'}}")
    assert places(search(lab)) == {"log"}
