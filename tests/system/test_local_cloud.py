"""The local cloud: what it holds survives, and what is wrong is said in one clear sentence."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from infra.local.__main__ import start, stop
from infra.local.cloud import Cloud
from infra.package import ROOT
from tests.cloud import RunningCloud, far_day, free_port


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def refused(*arguments: str | Path) -> str:
    """The one sentence that a start ends with."""
    result = command("start", *arguments)
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    return sentence


def book(endpoint: str, key: str, start: str, end: str) -> str:
    body = {
        "space_ids": ["pod"],
        "start": start,
        "end": end,
        "title": "Survivor",
        "attendees": 1,
        "person": {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"},
        "accept_terms": True,
    }
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{endpoint}/v1/bookings", json.dumps(body).encode(), headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["booking_id"]


def test_bookings_keys_address_and_deployment_survive_a_stop_and_a_start(
    cloud: RunningCloud,
) -> None:
    day = far_day(0)
    made = book(cloud.endpoint, cloud.form_key, f"{day}T10:00", f"{day}T11:00")
    keys = (cloud.staff_key, cloud.form_key)
    functions = cloud.boto("lambda").list_functions()["Functions"]

    stop(cloud.cloud)
    assert not cloud.cloud.running()
    assert start(cloud.cloud) == cloud.endpoint

    request = urllib.request.Request(
        f"{cloud.endpoint}/v1/bookings/{made}",
        headers={"Authorization": f"Bearer {cloud.form_key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.loads(answer.read())["state"] == "confirmed"
    assert (cloud.staff_key, cloud.form_key) == keys
    again = cloud.boto("lambda").list_functions()["Functions"]
    assert [each["LastModified"] for each in again] == [each["LastModified"] for each in functions]


def test_a_second_start_finds_everything_done(cloud: RunningCloud) -> None:
    said = command("start", "--home", cloud.cloud.home, "--port", str(cloud.cloud.port))
    assert said.returncode == 0
    assert "up to date" in said.stdout
    assert said.stdout.splitlines()[-1] == cloud.endpoint
    assert (cloud.cloud.home / "endpoint").read_text() == cloud.endpoint


def test_the_users_own_account_and_proxies_do_not_matter(cloud: RunningCloud) -> None:
    nowhere = "http://127.0.0.1:9"
    said = command(
        "start",
        "--home",
        cloud.cloud.home,
        "--port",
        str(cloud.cloud.port),
        AWS_PROFILE="theirs",
        AWS_ENDPOINT_URL=nowhere,
        HTTP_PROXY=nowhere,
        http_proxy=nowhere,
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_keys_are_readable_by_their_owner_alone(cloud: RunningCloud) -> None:
    for name in ("staff-key", "form-key"):
        assert (cloud.cloud.home / name).stat().st_mode & 0o777 == 0o600


def test_it_serves_this_machine_alone(cloud: RunningCloud) -> None:
    with socket.socket() as probe:
        probe.settimeout(2)
        other = "127.0.0.2"
        assert probe.connect_ex((other, cloud.cloud.port)) != 0


def test_the_gateway_s_own_errors_are_problems(cloud: RunningCloud) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{cloud.endpoint}/v1/nowhere/at/all", timeout=30)
    assert caught.value.status == 404
    assert caught.value.headers["Content-Type"] == "application/problem+json"
    assert json.loads(caught.value.read())["type"] == "/problems/not-found"


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        sentence = refused("--home", tmp_path, "--port", str(port))
    assert sentence.startswith(f"Port {port} is in use by another program")


def test_a_start_on_another_port_while_it_runs_is_said(cloud: RunningCloud) -> None:
    sentence = refused("--home", cloud.cloud.home, "--port", str(free_port()))
    assert f"is running on port {cloud.cloud.port} already" in sentence


@pytest.mark.parametrize(
    "break_it",
    [
        lambda state: state.write_text("not a folder"),
        lambda state: (state.mkdir(), (state / "dynamodb.json").write_text('{"half": ')),
        lambda state: (state.mkdir(), (state / "s3.json").write_bytes(b"\x00\xff")),
    ],
    ids=["a file", "half a file", "not text"],
)
def test_a_broken_state_folder_is_said_and_left_alone(tmp_path: Path, break_it) -> None:
    state = tmp_path / "state"
    break_it(state)
    before = {path: path.read_bytes() for path in [state, *state.rglob("*")] if path.is_file()}
    sentence = refused("--home", tmp_path, "--port", str(free_port()))
    assert sentence.startswith(f"The state folder {state} is broken")
    assert {path: path.read_bytes() for path in before} == before


def test_a_home_that_cannot_be_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert "cannot be used" in refused("--home", tmp_path / "home", "--port", str(free_port()))


def test_stopping_what_does_not_run_says_so(tmp_path: Path) -> None:
    said = command("stop", "--home", tmp_path)
    assert (said.returncode, said.stdout) == (0, "The local cloud is not running.\n")


def test_a_process_that_is_not_ours_is_never_stopped(tmp_path: Path) -> None:
    """A process id may be somebody else's after a restart of the machine."""
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "process.json").write_text(json.dumps({"pid": other.pid, "port": 4566}))
        assert Cloud(tmp_path, 4566).stop() is False
        assert other.poll() is None
        other.kill()


def test_a_missing_python_is_said(tmp_path: Path) -> None:
    script = ROOT / "infra/local/environment.sh"
    result = subprocess.run(
        ["/bin/bash", script, tmp_path / "env", "requirements.txt"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 is needed")
