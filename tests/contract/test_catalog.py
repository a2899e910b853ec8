"""The settings: read whole, guarded by versions, and every change raises the revision."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.closures import ClosureState
from chalicelib.domain.errors import SettingsChanged, VersionRaced
from chalicelib.domain.spaces import Hours
from tests.builders import OFFICE, a_space, a_store
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.test_ledger import slots
from tests.contract.things import BASE, a_closure, written


def create(backend: Backend, **fields) -> None:
    written(backend, lambda tx: backend.ports.catalog.create_space(tx, a_space(**fields)))


def test_settings_are_read_back_as_they_were_written(lab: Backend):
    rich = a_space(
        "rich",
        instructions={"fi": "Avain aulasta", "sv": "", "en": "Key in the lobby"},
        equipment=("screen", "whiteboard"),
        accessibility=("step-free",),
        open_to=("employee",),
        whole_day=True,
        active=False,
        hours=Hours(
            week=(OFFICE, ((0, 600), (660, 1440)), (), (), (), (), OFFICE),
            exceptions=((date(2026, 12, 24), ()), (date(2026, 12, 31), ((480, 720),))),
        ),
    )
    closure = a_closure(footprint={"hall-a": ((BASE, BASE + 3), (BASE + 9, BASE + 10))}, done=1)
    written(lab, lambda tx: lab.ports.catalog.create_space(tx, rich))
    written(lab, lambda tx: lab.ports.catalog.create_closure(tx, closure))
    catalog = lab.ports.catalog.load()
    wanted = a_store(rich)
    assert catalog.spaces == wanted.spaces
    assert catalog.site == wanted.site
    assert catalog.closures == (closure,)
    assert lab.ports.catalog.closure("c_one") == closure


def test_without_settings_there_are_the_defaults(backend: Backend):
    assert backend.ports.catalog.load() == Catalog(Site(version=0))
    assert backend.ports.catalog.revision() == 0
    assert backend.ports.catalog.closure("c_one") is None


def test_every_change_raises_the_revision_and_no_failed_one(backend: Backend):
    catalog = backend.ports.catalog
    pod = a_space("pod")
    steps = [
        lambda tx: catalog.create_space(tx, pod),
        lambda tx: catalog.save_space(tx, replace(pod, version=2)),
        lambda tx: catalog.save_site(tx, Site(salt="x")),
        lambda tx: catalog.save_site(tx, Site(salt="y", version=2)),
        lambda tx: catalog.create_closure(tx, a_closure()),
        lambda tx: catalog.save_closure(tx, a_closure(version=2)),
    ]
    for number, step in enumerate(steps, 1):
        written(backend, step)
        assert catalog.revision() == catalog.load().revision == number
    for step in steps:
        with pytest.raises(VersionRaced):
            written(backend, step)
    assert catalog.revision() == len(steps)


def test_a_space_is_created_once_and_saved_over_the_version_before(backend: Backend):
    catalog = backend.ports.catalog
    create(backend, space_id="pod", capacity=2)
    with pytest.raises(VersionRaced):
        create(backend, space_id="pod", capacity=3)
    for wrong in (1, 3):
        with pytest.raises(VersionRaced):
            written(
                backend,
                lambda tx, wrong=wrong: catalog.save_space(tx, a_space("pod", version=wrong)),
            )
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: catalog.save_space(tx, a_space("none", version=2)))
    second = a_space("pod", capacity=4, version=2)
    written(backend, lambda tx: catalog.save_space(tx, second))
    assert catalog.load().spaces == {"pod": second}


def test_a_site_is_first_written_once(backend: Backend):
    save = backend.ports.catalog.save_site
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: save(tx, Site(version=2)))
    written(backend, lambda tx: save(tx, Site(salt="first")))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: save(tx, Site(salt="second")))
    assert backend.ports.catalog.load().site == Site(salt="first")


def test_a_site_is_saved_over_the_version_before(lab: Backend):
    catalog = lab.ports.catalog
    site = catalog.load().site
    for wrong in (1, 3):
        with pytest.raises(VersionRaced):
            written(
                lab, lambda tx, wrong=wrong: catalog.save_site(tx, replace(site, version=wrong))
            )
    limits = {
        "anonymous_holds": None,
        "live_bookings": 3,
        "hours_per_week": 10,
        "organisation_live_bookings": 30,
        "organisation_hours_per_week": 100,
    }
    wanted = replace(site, **limits, version=2)
    written(lab, lambda tx: catalog.save_site(tx, wanted))
    assert catalog.load().site == wanted


@pytest.mark.parametrize(
    ("versions", "stands"),
    [
        ({"pod": 1}, True),
        ({"pod": 1, "studio": 1}, True),
        ({"pod": 2}, False),
        ({"pod": 1, "studio": 0}, False),
        ({"none": 1}, False),
        ({}, True),
    ],
)
def test_a_check_holds_a_transaction_to_the_settings(
    lab: Backend, versions: dict[str, int], *, stands: bool
):
    tx = lab.ports.begin()
    lab.ports.catalog.check(tx, versions)
    lab.ports.ledger.move(tx, "b_one", {}, slots(30, 31))
    if stands:
        tx.commit()
    else:
        with pytest.raises(SettingsChanged):
            tx.commit()
    assert len(lab.ports.ledger.resource_days("pod", "2026-12-02")) == stands


def test_closures_keep_their_versions(backend: Backend):
    catalog = backend.ports.catalog
    written(backend, lambda tx: catalog.create_closure(tx, a_closure()))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: catalog.create_closure(tx, a_closure(reason="again")))
    closed = a_closure(
        state=ClosureState.CLOSED, done=2, version=2, footprint={"hall-a": ((1, 2),)}
    )
    written(backend, lambda tx: catalog.save_closure(tx, closed))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: catalog.save_closure(tx, closed))
    assert catalog.closure("c_one") == closed


@pytest.mark.parametrize(
    ("closure_id", "version", "stands"),
    [
        ("c_one", 1, True),
        ("c_one", 2, False),
        ("c_one", None, False),
        ("c_none", None, True),
        ("c_none", 1, False),
    ],
)
def test_a_check_holds_a_transaction_to_a_closure(
    backend: Backend, closure_id: str, version: int | None, *, stands: bool
):
    written(backend, lambda tx: backend.ports.catalog.create_closure(tx, a_closure()))
    tx = backend.ports.begin()
    backend.ports.catalog.check_closure(tx, closure_id, version)
    backend.ports.ledger.move(tx, "c_one", {}, slots(30, 31))
    if stands:
        tx.commit()
    else:
        with pytest.raises(VersionRaced):
            tx.commit()


def test_settings_are_read_over_many_pages(lab: Backend):
    for number in range(4):
        closure = a_closure(closure_id=f"c_{number}")
        written(lab, lambda tx, each=closure: lab.ports.catalog.create_closure(tx, each))
    small_pages(lab)
    catalog = lab.ports.catalog.load()
    assert catalog.spaces == a_store().spaces
    assert [each.closure_id for each in catalog.closures] == ["c_0", "c_1", "c_2", "c_3"]


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    written(dynamodb, lambda tx: dynamodb.ports.catalog.create_closure(tx, a_closure()))
    before = dynamodb.ports.catalog.load()
    from_the_future(dynamodb)
    assert dynamodb.ports.catalog.load() == before
