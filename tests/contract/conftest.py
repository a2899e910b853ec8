"""`backend` is each store in turn, empty; `lab` has the settings of the fixture in it; on a `stage` an event
is played.

MiniStack is started once a session, from an environment of its own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.events import Event
from tests.contract.backends import (
    FEW,
    Backend,
    in_memory,
    in_moto,
    ministack_process,
    on_ministack,
)
from tests.contract.event_stage import Stage


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of MiniStack's DynamoDB."""
    with ministack_process(tmp_path_factory.mktemp("ministack")) as address:
        yield address


@pytest.fixture(params=["memory", "moto", "ministack"])
def backend(request: pytest.FixtureRequest, aws: None) -> Iterator[Backend]:
    if request.param == "memory":
        yield in_memory()
    elif request.param == "moto":
        with in_moto() as found:
            yield found
    else:
        yield on_ministack(request.getfixturevalue("ministack"))


@pytest.fixture(params=["memory", "moto", "ministack"])
def lab(request: pytest.FixtureRequest, aws: None) -> Iterator[Backend]:
    if request.param == "memory":
        yield in_memory().stock()
    elif request.param == "moto":
        with in_moto("all") as found:
            yield found
    else:
        yield on_ministack(request.getfixturevalue("ministack")).stock()


@pytest.fixture(params=["memory", "moto", "ministack"])
def few(request: pytest.FixtureRequest, aws: None) -> Iterator[Backend]:
    """As `lab`, with some of its spaces."""
    if request.param == "memory":
        yield in_memory().stock(FEW)
    elif request.param == "moto":
        with in_moto("few") as found:
            yield found
    else:
        yield on_ministack(request.getfixturevalue("ministack")).stock(FEW)


@pytest.fixture
def stage(few: Backend) -> Iterator[Callable[..., Stage]]:
    """Makes the event of a scene; at the end all that holds of any event has to hold of it."""
    made: list[Stage] = []

    def make(*event: Event, **site: Any) -> Stage:
        made.append(Stage(few, *event, **site))
        return made[-1]

    yield make
    for each in made:
        each.check()


@pytest.fixture(params=["moto", "ministack"])
def dynamodb(request: pytest.FixtureRequest, aws: None) -> Iterator[Backend]:
    """A store behind botocore, with settings in it that have been read."""
    if request.param == "moto":
        with in_moto("few") as found:
            yield found
    else:
        found = on_ministack(request.getfixturevalue("ministack")).stock(FEW)
        found.ports.settings.get()
        yield found


@pytest.fixture
def moto(aws: None) -> Iterator[Backend]:
    """The hard case of a lost answer: moto ignores ClientRequestToken."""
    with in_moto("few") as found:
        yield found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of nobody, and none of this machine's own settings."""
    as_nobody(monkeypatch)


def as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the fixture `aws`, for what outlives a test."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
