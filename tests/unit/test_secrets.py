"""The signing keys: what the parameter may say, when it is read, and that nobody is told what it says."""

import hashlib
import hmac
import json
import logging

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.adapters.secrets import (
    FRESH_SECONDS,
    RETRY_SECONDS,
    Ring,
    Secrets,
    ring_of,
    written,
)
from chalicelib.domain.errors import Broken, Unavailable

OLD, NEW = "o" * 44, "n" * 44
TIMEOUT = ReadTimeoutError(endpoint_url="https://ssm.example")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": OLD}}, "GetParameter")


def ring(current: str = "2", **keys: str) -> str:
    known = {"1": OLD, "2": NEW} | {name[1:]: key for name, key in keys.items()}
    return json.dumps({"current": current, "keys": known})


class Parameter:
    """Says what it is told to, and counts."""

    def __init__(self, said: str | Exception) -> None:
        self.said = said
        self.reads = 0
        self.seconds = 0.0

    def __call__(self) -> str:
        self.reads += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


def secrets_of(said: str | Exception) -> tuple[Secrets, Parameter]:
    parameter = Parameter(said)
    return Secrets(parameter, lambda: parameter.seconds), parameter


def test_a_ring_has_a_current_key_and_older_ones():
    found, _ = secrets_of(ring("2"))
    assert (found.current, found.known) == ("2", ("2", "1"))
    expected = hmac.new(NEW.encode(), b"manage\nb_1", hashlib.sha256).digest()
    assert found.derive("manage", "b_1") == found.derive("manage", "b_1", key_id="2") == expected
    older = hmac.new(OLD.encode(), b"manage\nb_1", hashlib.sha256).digest()
    assert found.derive("manage", "b_1", key_id="1") == older
    with pytest.raises(KeyError):
        found.derive("manage", "b_1", key_id="3")


def test_a_plain_text_is_the_one_key():
    found, _ = secrets_of(OLD)
    assert (found.current, found.known) == ("1", ("1",))
    assert found.derive("manage", "b_1") == secrets_of(ring("1"))[0].derive("manage", "b_1")


def test_purposes_and_parts_are_not_mistaken_for_each_other():
    found, _ = secrets_of(OLD)
    made = [
        found.derive(*parts)
        for parts in (("a", "b", "c"), ("a", "bc"), ("ab", "c"), ("a", "c", "b"), ("a", "b"))
    ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "short",
        "{",
        "{}",
        '{"current": "1"}',
        '{"current": "1", "keys": {}}',
        '{"current": "1", "keys": []}',
        '{"current": "1", "keys": {"1": 1}}',
        '{"current": "1", "keys": {"1": "short"}}',
        ring("3"),
        ring("2", _3=""),
        ring("2", _x_y=NEW),
        json.dumps({"current": None, "keys": {"1": OLD}}),
    ],
)
def test_what_is_no_ring_is_refused_and_not_repeated(said):
    with pytest.raises(Broken) as refused:
        ring_of(said)
    assert OLD not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_ring_is_written_as_it_is_read():
    assert written(ring_of(ring("2"))) == ring("2")
    assert ring_of(written(ring_of(OLD))) == ring_of(OLD)


def test_nobody_is_told_what_the_keys_are():
    found, _ = secrets_of(ring("2"))
    found.derive("manage", "b_1")
    for thing in (found, ring_of(ring("2")), Ring("1", {"1": OLD.encode()})):
        assert OLD not in f"{thing!r} {thing}"


def test_the_ring_is_read_once_in_five_minutes():
    found, parameter = secrets_of(ring("1"))
    for seconds in (0, 1, FRESH_SECONDS - 1):
        parameter.seconds = seconds
        assert found.current == "1"
        found.derive("manage", "b_1", key_id="1")
    assert parameter.reads == 1
    parameter.said = ring("2")
    parameter.seconds = FRESH_SECONDS
    assert found.current == "2"
    assert parameter.reads == 2


def test_a_key_that_was_taken_out_holds_no_longer():
    found, parameter = secrets_of(ring("2"))
    assert found.known == ("2", "1")
    parameter.said = json.dumps({"current": "2", "keys": {"2": NEW}})
    parameter.seconds = FRESH_SECONDS
    assert found.known == ("2",)
    with pytest.raises(KeyError):
        found.derive("manage", "b_1", key_id="1")


def test_what_known_has_named_can_be_derived_whatever_happens_in_between():
    """Nobody's request fails since five minutes were just over."""
    found, parameter = secrets_of(ring("2"))
    known = found.known
    parameter.said = json.dumps({"current": "2", "keys": {"2": NEW}})
    parameter.seconds = FRESH_SECONDS
    assert all(found.derive("manage", "b_1", key_id=key_id) for key_id in known)
    assert found.known == ("2",)


@pytest.mark.parametrize("fault", [TIMEOUT, DENIED, "{", ""])
def test_where_the_ring_cannot_be_read_again_the_old_one_does(fault, caplog):
    caplog.set_level(logging.DEBUG)
    found, parameter = secrets_of(ring("2"))
    before = found.derive("manage", "b_1")
    parameter.said = fault
    parameter.seconds = FRESH_SECONDS
    for seconds in (0, 1, RETRY_SECONDS - 1):
        parameter.seconds = FRESH_SECONDS + seconds
        assert found.derive("manage", "b_1") == before
    assert parameter.reads == 2
    parameter.said = ring("1")
    parameter.seconds = FRESH_SECONDS + RETRY_SECONDS
    assert found.current == "1"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert OLD not in f"{record.__dict__}"


@pytest.mark.parametrize(
    ("fault", "told"), [(TIMEOUT, Unavailable), (DENIED, Unavailable), ("{", Broken)]
)
def test_where_it_was_never_read_nothing_can_be_made(fault, told):
    found, parameter = secrets_of(fault)
    with pytest.raises(told):
        found.derive("manage", "b_1")
    parameter.said = ring("2")
    assert found.current == "2"
