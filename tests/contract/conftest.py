"""`backend` is each store in turn, empty; `lab` has the settings of the fixture in it.

MiniStack is started once a session, from an environment of its own.
"""

from collections.abc import Iterator

import pytest

from tests.contract.backends import (
    FEW,
    Backend,
    in_memory,
    in_moto,
    ministack_process,
    on_ministack,
)


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
