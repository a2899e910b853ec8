"""A calendar program of other people's (vdirsyncer) subscribes to a space on the deployed system."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.cloud import RunningCloud
from tests.mailbox import login_code, wait_for_mails
from tests.system.crowd import Lab, Request
from tests.system.test_mails import browse

CONFIG = """
[general]
status_path = "{folder}/status/"

[pair lab]
a = "space"
b = "disk"
collections = null
conflict_resolution = "a wins"

[storage space]
type = "http"
url = "{url}"

[storage disk]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
"""


class Subscriber:
    """Somebody's calendar: what it has after it has synchronised."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        (folder / "calendar").mkdir()
        self._config = folder / "config"
        self._config.write_text(CONFIG.format(folder=folder, url=url))
        self._run("discover")

    def synchronised(self) -> list[tuple[str, str]]:
        """The times of its entries, in UTC."""
        return sorted(
            (f"{each.start:%Y-%m-%dT%H:%M}", f"{each.end:%Y-%m-%dT%H:%M}") for each in self.events()
        )

    def events(self) -> list[Any]:
        """Its entries."""
        self._run("sync")
        return [
            event
            for path in (self._folder / "calendar").glob("*.ics")
            for event in Calendar.from_ical(path.read_bytes()).walk("VEVENT")
        ]

    def _run(self, command: str) -> None:
        done = subprocess.run(
            [Path(sys.executable).with_name("vdirsyncer"), "-c", self._config, command],
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def asked_again(url: str, **conditions: str) -> int:
    """The status for somebody who has it already."""
    headers = {name.replace("_", "-"): value for name, value in conditions.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def known(url: str) -> dict[str, str]:
    """What a calendar that has read a feed asks with the next time."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        return {
            "If_None_Match": answer.headers["ETag"],
            "If_Modified_Since": answer.headers["Last-Modified"],
        }


@pytest.mark.slow
def test_a_subscriber_sees_a_booking_appear_move_and_vanish(
    cloud: RunningCloud, lab: Lab, tmp_path: Path
) -> None:
    day, later = lab.fresh_day(), lab.fresh_day()
    url = f"{cloud.endpoint}/v1/spaces/studio/calendar.ics"
    calendar = Subscriber(url, tmp_path)
    before = calendar.synchronised()

    def ask(method: str, path: str, body: Any = None) -> Any:
        answer = lab.ask(Request(method, path, body, {"If-Match": "*"}))
        assert answer.status in (200, 201), json.dumps(answer.body)
        return answer.body

    body = {
        "space_ids": ["studio"],
        "start": f"{day}T10:00:00Z",
        "end": f"{day}T12:00:00Z",
        "person": {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"},
        "title": "Salainen",
        "accept_terms": True,
    }
    path = f"/v1/bookings/{ask('POST', '/v1/bookings', body)['booking_id']}"
    with_setup = (f"{day}T09:45", f"{day}T12:15")
    assert calendar.synchronised() == sorted([*before, with_setup])
    assert not [each for each in tmp_path.rglob("*.ics") if "Salainen" in each.read_text()]

    unchanged = known(url)
    assert asked_again(url, **unchanged) == 304
    assert asked_again(url, If_None_Match=unchanged["If_None_Match"]) == 304

    ask("PATCH", path, {"start": f"{later}T10:00:00Z", "end": f"{later}T11:00:00Z"})
    assert asked_again(url, **unchanged) == 200
    moved = (f"{later}T09:45", f"{later}T11:15")
    assert calendar.synchronised() == sorted([*before, moved])
    unchanged = known(url)
    assert asked_again(url, **unchanged) == 304

    ask("DELETE", path)
    assert asked_again(url, **unchanged) == 200
    assert calendar.synchronised() == before
    assert asked_again(url, **known(url)) == 304
    busy = f"{cloud.endpoint}/v1/spaces/studio/freebusy.ics"
    assert asked_again(busy, **known(busy)) == 304


@pytest.mark.slow
def test_a_person_subscribes_to_their_own_calendar_until_they_revoke_it(
    cloud: RunningCloud, lab: Lab, tmp_path: Path
) -> None:
    """Under the policies of the deployed function, by a secret address (B97)."""
    to, day = "eero.calendar@gov.fi", lab.fresh_day()
    _, browser = browse(cloud, "POST", "/v1/auth/links", {"email": to})
    (mail,) = wait_for_mails(cloud, to, 1)
    code = {"code": login_code(mail)}
    _, session = browse(cloud, "POST", "/v1/auth/session", code, browser)

    def ask(method: str, path: str, body: Any = None) -> Any:
        return browse(cloud, method, path, body, session)[0]

    feed = ask("POST", "/v1/me/feeds", {"label": "Eeron varaukset"})
    calendar = Subscriber(feed["url"], tmp_path)
    assert calendar.events() == []
    body = {
        "space_ids": ["pod"],
        "start": f"{day}T10:00:00Z",
        "end": f"{day}T11:00:00Z",
        "person": {"name": "Eero Eskola", "email": to},
        "accept_terms": True,
    }
    made = ask("POST", "/v1/bookings", body)
    (event,) = calendar.events()
    assert (f"{event.start:%Y-%m-%dT%H:%M}", str(event["status"])) == (f"{day}T10:00", "CONFIRMED")
    (own,) = ask("GET", "/v1/me/bookings")["items"]
    assert own["booking_id"] == made["booking_id"]
    unchanged = {"If_None_Match": known_tag(feed["url"])}
    assert asked_again(feed["url"], **unchanged) == 304
    path = f"/v1/bookings/{made['booking_id']}"
    ask("DELETE", path)
    assert asked_again(feed["url"], **unchanged) == 200
    (event,) = calendar.events()
    assert str(event["status"]) == "CANCELLED"
    whole = ask("GET", "/v1/me/export")
    assert [each["feed_id"] for each in whole["account"]["feeds"]] == [feed["feed_id"]]
    ask("DELETE", f"/v1/me/feeds/{feed['feed_id']}")
    assert asked_again(feed["url"]) == 404


def known_tag(url: str) -> str:
    """The ETag of what a calendar has just read."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.headers["ETag"])
