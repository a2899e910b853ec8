"""Rotating the signing key: known before it is current, and no link dies sooner than it has to."""

import itertools
import json
import subprocess

import pytest
from moto import mock_aws

from chalicelib.adapters.secrets import Ring, Secrets, make_parameter_client, parameter, ring_of
from infra.package import ROOT
from infra.rotate_key import READ_BY_ALL, added, main, promoted, replace_now, rotate

NAME = "/labivaraus/signing-key"
FIRST = "1" * 44


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    with mock_aws():
        made = make_parameter_client()
        made.put_parameter(Name=NAME, Value=FIRST, Type="SecureString")
        yield made


def present(client) -> Ring:
    return ring_of(parameter(client, NAME)())


def test_a_new_key_is_known_before_it_is_current_and_the_old_one_still_holds(client):
    waited: list[tuple[float, Ring]] = []
    rotate(client, NAME, 2, lambda seconds: waited.append((seconds, present(client))))
    ((seconds, between),) = waited
    assert seconds == READ_BY_ALL > 300
    assert (between.current, set(between.keys)) == ("1", {"1", "2"})
    after = present(client)
    assert (after.current, after.keys) == ("2", between.keys)
    assert after.keys["1"] == FIRST.encode()
    assert len(after.keys["2"]) == 43
    kept = client.get_parameter(Name=NAME)["Parameter"]
    assert kept["Type"] == "SecureString"


def test_a_function_that_read_the_ring_at_any_moment_takes_what_another_makes(client):
    """Whoever has the new key as current makes what the slowest of the others knows."""
    rings = [present(client)]
    rotate(client, NAME, 2, lambda _: rings.append(present(client)))
    rings.append(present(client))
    for before, after in itertools.pairwise(rings):
        assert after.current in before.keys or before.current == after.current
        assert before.current in after.keys


def test_older_keys_go_one_by_one(client):
    for _ in range(11):
        rotate(client, NAME, 3, lambda _: None)
    after = present(client)
    assert (after.current, set(after.keys)) == ("12", {"10", "11", "12"})
    rotate(client, NAME, 1, lambda _: None)
    assert set(present(client).keys) == {"13"}


def test_an_interrupted_rotation_goes_on_with_the_key_that_it_made(client):
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(client, NAME, 2, interrupted)
    made = present(client)
    rotate(client, NAME, 2, lambda _: None)
    assert present(client) == Ring("2", made.keys)


def test_a_key_that_got_out_is_replaced_at_once(client):
    replace_now(client, NAME)
    after = present(client)
    assert (after.current, set(after.keys)) == ("2", {"2"})
    assert Secrets(parameter(client, NAME)).known == ("2",)


def test_the_command_says_ids_and_never_keys(client, capsys, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["labivaraus"]) == 0
    assert main(["labivaraus", "--now"]) == 0
    said = capsys.readouterr()
    assert "Key 2 is the current one; known are 1, 2." in said.out
    assert "Key 3 is the current one; known are 3." in said.out
    for key in (FIRST, present(client).keys["3"].decode()):
        assert key not in said.out + said.err
    with pytest.raises(SystemExit):
        main(["labivaraus", "--keep", "0"])


def test_a_ring_of_odd_ids_is_rotated_too():
    odd = Ring("blue", {"blue": b"b" * 44})
    assert promoted(added(odd), 2).current == "1"


def test_the_first_key_that_a_deployment_makes_is_a_ring(tmp_path):
    """By the very lines of deploy.sh, over an `aws` that writes down what it is given."""
    fake = tmp_path / "aws"
    fake.write_text(
        "#!/bin/sh\n"
        'case "$*" in *get-parameter*) exit 1;; esac\n'
        f'case "$*" in *put-parameter*) cp "${{4#file://}}" {tmp_path}/put.json;; esac\n'
        'case "$*" in *"cloudformation package"*) echo \'{ "a": [ 1 ] }\' >"$9";; esac\n'
        f'case "$*" in *"cloudformation deploy"*) cp "$4" {tmp_path}/deployed.json;; esac\n'
    )
    fake.chmod(0o700)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    command = [ROOT / "infra/deploy.sh", "template.json", "labivaraus", "bucket"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    put = json.loads((tmp_path / "put.json").read_text())
    assert (put["Name"], put["Type"]) == (NAME, "SecureString")
    made = ring_of(put["Value"])
    assert (made.current, len(made.keys["1"])) == ("1", 44)
    # Without its indentation, which would make it larger than CloudFormation takes.
    assert (tmp_path / "deployed.json").read_text() == '{"a":[1]}'
