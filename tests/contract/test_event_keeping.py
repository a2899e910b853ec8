"""How long what is kept of an event's people stays, over every store: their names, and the mails to them."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.events import State, Way
from chalicelib.domain.messages import EVERYBODY, Message
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import ERASED
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.questions import Choice, Question
from chalicelib.domain.questions import Kind as QuestionKind
from chalicelib.domain.retention import CAME, MESSAGES, Trace
from chalicelib.services import attendance, erasure, events, remains, retention
from chalicelib.services.signups import Guest
from tests.builders import ADMIN, ANYBODY, STAFF, an_intent, at
from tests.contract.backends import Backend
from tests.contract.event_stage import SUBJECT, Stage
from tests.contract.things import written
from tests.event_builders import END, NOW, START, an_event, somebody
from tests.event_scene import EVENT, edits, id_of

LUNCH = Question(
    "lunch", QuestionKind.CHOICE, {"fi": "Lounas"}, choices=(Choice("soup", {"fi": "Keitto"}),)
)
NIGHT = at("2028-01-22 02:30")  # the first that is 366 days after the event
SAID = {"answers": {"lunch": "soup"}, "diet": "Kala"}
WORDS = ("aino", "bertta", "eero", "liisa", "salainen", "työpaja")


def a_scene(lab: Backend, **changes: Any) -> Stage:
    """Aino comes with Bertta, Eero comes, Liisa waits; everybody was told, and reminded."""
    draft = {"state": State.DRAFT, "announced": False}
    scene = Stage(lab, an_event(3, questions=(LUNCH,), asks_diet=True, **draft, **changes))
    events.publish(scene.ports, EVENT, an_intent(STAFF, path="publish"))
    return scene


def happens(scene: Stage) -> None:
    """All of it, until the event is over."""
    bertta = somebody("bertta")
    scene.sign_up("aino", guests=[Guest(bertta.name, bertta.email, diet="Kala")], **SAID)
    scene.sign_up("eero", "liisa", **SAID)
    scene.deliver()
    for when in (START - timedelta(days=1), START - timedelta(hours=1)):
        scene.clock.time = when
        scene.deliver()
    scene.clock.time = START
    signup_id = scene.of("aino").signup_id
    attendance.check_in(scene.ports, signup_id, [1], an_intent(STAFF))
    scene.clock.time = END
    scene.deliver()


def signups(scene: Stage) -> list[Any]:
    return list(attendance.all_of(scene.ports, EVENT))


def every(read: Any) -> Iterator[Any]:
    after = None
    while True:
        page = read(3, after)
        yield from page.items
        after = page.next
        if after is None:
            return


def messages(scene: Stage) -> list[Message]:
    """All about the event, also those to everybody."""
    found: Iterator[Message] = every(
        lambda limit, after: scene.ports.outbox.by_subject(SUBJECT, limit, after)
    )
    return sorted(found, key=lambda each: each.message_id)


def told(scene: Stage, *names: str) -> int:
    return sum(len(scene.ports.outbox.told_of([SUBJECT], id_of(name))) for name in names)


def test_a_year_after_an_event_nobody_is_named_and_all_figures_stay(
    few: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-03: in small pages; the second night finds nothing to do."""
    monkeypatch.setattr(attendance, "BATCH", 2)
    monkeypatch.setattr(retention, "PAGE", 2)
    scene = a_scene(few)
    happens(scene)
    profile = newcomer(id_of("aino"), somebody("aino"), NOW)
    written(few, lambda tx: scene.ports.people.save_profile(tx, replace(profile, version=1)))
    retention.run(scene.ports)
    scene.clock.time = at("2027-01-28 02:30")  # a week later diets go
    retention.run(scene.ports)
    figures, ways = attendance.figures(scene.ports, EVENT)[1], scene.event.ways
    sizes = sorted((each.state, each.size, each.way) for each in signups(scene))
    versions = sorted(each.version + 1 for each in signups(scene))
    assert told(scene, "aino", "eero", "liisa") == 3
    scene.clock.time = NIGHT
    assert retention.run(scene.ports).overdue == 0
    night = scene.ports.keeping.night()
    assert night
    assert night.counts["signups"] == 1
    assert attendance.figures(scene.ports, EVENT)[1] == figures
    assert (figures.ways[Way.ROOM].confirmed, figures.ways[Way.ROOM].arrived) == (3, 1)
    assert figures.answers == {"lunch": {"soup": 2}}
    assert (scene.event.ways, scene.event.nameless) == (ways, True)
    assert sorted((each.state, each.size, each.way) for each in signups(scene)) == sizes
    assert sorted(each.version for each in signups(scene)) == versions
    assert all(each.person_id.startswith(ERASED) for each in signups(scene))
    said = repr(signups(scene)).casefold()
    assert not [word for word in WORDS if word in said]
    for name in ("aino", "bertta", "eero", "liisa"):
        assert scene.ports.events.parts_of(id_of(name), 9, None).items == []
        assert scene.ports.events.look(EVENT, [id_of(name)]).parties == {}
    (_, waits) = (
        each.person_id for each in sorted(signups(scene), key=lambda one: one.number or 0)[1:]
    )
    assert [each.person_id for each in scene.ports.events.queue(EVENT, Way.ROOM)] == [waits]
    assert told(scene, "aino", "eero", "liisa") == 0
    assert Trace(id_of("aino"), CAME, END) in scene.ports.keeping.traces_of(id_of("aino"))
    stored = (signups(scene), scene.event)
    scene.clock.time = NIGHT + timedelta(days=1)
    assert retention.run(scene.ports).overdue == 0
    assert (signups(scene), scene.event) == stored


def test_until_when_somebody_came_is_kept_under_them_until_they_are_forgotten(
    backend: Backend,
) -> None:
    keeping = backend.ports.keeping
    for when in (NOW, NOW + timedelta(days=1)):
        written(backend, lambda tx, when=when: keeping.note_came(tx, "p_aino", when))
    trace = Trace("p_aino", CAME, NOW + timedelta(days=1))
    assert keeping.traces_of("p_aino") == [trace]
    assert list(every(keeping.traces)) == [trace]
    assert remains.others(backend.ports, "p_aino") == [trace]
    for _ in range(2):
        written(backend, lambda tx: keeping.remove_trace(tx, trace))
    assert keeping.traces_of("p_aino") == []


def test_who_never_proved_an_address_is_nobody_a_week_later(few: Backend) -> None:
    """Whether it was tidied or not; a seat that was held is free, and who waits is next."""
    scene = Stage(few, an_event(2, most_waiting=5), prove_address=True)
    scene.sign_up("aino", "bertta", actor=ANYBODY)
    scene.sign_up("eero", "liisa")
    retention.run(scene.ports)
    scene.later(hours=1)
    events.reconcile(scene.worker(), EVENT)
    assert scene.states("aino", "bertta", "eero", "liisa") == [*["expired"] * 2, *["confirmed"] * 2]
    assert scene.of("aino").never_proved
    scene.clock.time = at("2027-01-20 02:30")
    assert retention.run(scene.ports).overdue == 0
    assert scene.of("aino").never_proved
    scene.clock.time = at("2027-01-21 02:30")
    assert retention.run(scene.ports).overdue == 0
    found = sorted((each.state.value, each.person.name) for each in signups(scene))
    assert found == [
        ("confirmed", "Eero"),
        ("confirmed", "Liisa"),
        ("expired", ""),
        ("expired", ""),
    ]
    for name in ("aino", "bertta"):
        assert scene.ports.events.parts_of(id_of(name), 9, None).items == []
    assert scene.event.ways[Way.ROOM].free == 0


def test_no_mail_about_an_event_is_kept_in_words(few: Backend) -> None:
    """P-04: they are written when they are sent, so there is no body that could stay."""
    scene = a_scene(few, title={"fi": "Salainen työpaja"})
    happens(scene)
    edits(scene.ports, {"title": {"fi": "Salainen paja"}})
    found = messages(scene)
    assert {each.kind.value for each in found} >= {"seat", "waiting", "event-reminder"}
    assert {each.person_id for each in found} >= {EVERYBODY, id_of("aino")}
    assert {Sending.SENT, Sending.EXPANDED} <= {each.state for each in found}
    said = repr(found).casefold()
    assert not [word for word in (*WORDS, "kala", "gov.fi") if word in said]
    longest = [str(getattr(one, each.name)) for one in found for each in fields(Message)]
    assert max(map(len, longest)) < 80


def test_of_a_mail_to_who_is_forgotten_state_and_time_stay(few: Backend) -> None:
    """P-04: also where it came of a reminder to everybody, which stays as it is."""
    scene = a_scene(few)
    happens(scene)
    before = {each.message_id: each for each in messages(scene)}
    intent = an_intent(replace(ADMIN, person_id="p_host"), method="DELETE", path="/forget")
    erasure.work(scene.ports, erasure.begin(scene.ports, id_of("aino"), intent).value)
    scene.later(minutes=5)
    assert erasure.go_on_all(scene.ports, 60.0) == 0
    after = {each.message_id: each for each in messages(scene)}
    assert set(after) == set(before)
    hers = [one for one in before.values() if one.person_id == id_of("aino")]
    assert {one.kind.value for one in hers} >= {"seat", "event-reminder"}
    for one in before.values():
        kept = after[one.message_id]
        names = ("state", "kind", "rule", "due_at", "created_at", "settled_at", "reason")
        assert [getattr(kept, name) for name in names] == [getattr(one, name) for name in names]
        assert (kept.person_id == ERASED) == (one in hers)
        assert one in hers or kept == one


def test_mails_about_an_event_go_when_their_time_has_come_and_not_before(few: Backend) -> None:
    """P-04: each by itself, those to everybody too."""
    scene = a_scene(few)
    happens(scene)
    retention.run(scene.ports)
    every_one = messages(scene)
    assert any(each.person_id == EVERYBODY for each in every_one)
    last = max(each.due_at for each in every_one)
    for when in (at("2028-02-10 02:30"), at("2028-02-23 02:30"), at("2028-02-25 02:30")):
        scene.clock.time = when
        assert retention.run(scene.ports).overdue == 0
        left = [each for each in every_one if each.due_at + MESSAGES.after > when]
        assert messages(scene) == left, when
    assert last + MESSAGES.after <= when
    assert messages(scene) == []
