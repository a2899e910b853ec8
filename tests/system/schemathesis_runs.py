"""Runs of Schemathesis, each in a process and with one thread of its own.

Schemathesis' own threads trip over each other on Python 3.11 ("AST constructor recursion depth mismatch").
`SEED=… EXAMPLES=…` makes a run again, or a longer one.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from chalicelib.domain.people import Person, Role, person_id_of
from chalicelib.domain.profiles import newcomer
from chalicelib.services import sessions
from chalicelib.services.ports import Ports
from infra.package import ROOT

HERE = Path(__file__).parent
SEED = os.environ.get("SEED", "20261202")
EXAMPLES = os.environ.get("EXAMPLES", "12")
PEERS = ("person", "another")
SECONDS = "240"  # of a run that could go on for long
# Not `unsupported_method`: it tries TRACE, which no API of the gateway's can have, so that the gateway
# answers it and says 404. The other methods are tried in tests/api/test_headers.py.
# Of those who may, that they have to show who they are: with a wrong key or cookie or with none, what
# is not open to all is refused. And of two persons, neither reads what is the other's.
CHECKS = (
    "ignored_auth",
    "object_level_authorization",
    "ensure_resource_availability",
    "use_after_free",
    "missing_required_header",
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "allow_header_conformance",
)


@dataclass(frozen=True)
class Run:
    """Who asks, and what Schemathesis does: `tags` are features, none for all of them."""

    who: str
    phases: str
    tags: tuple[str, ...] = ()
    but: tuple[str, ...] = ()  # operations that would end the run
    checks: tuple[str, ...] = CHECKS
    examples: str = EXAMPLES

    @property
    def name(self) -> str:
        return " ".join((self.who, self.phases.replace(",", "+"), *self.tags))

    @property
    def seeks(self) -> bool:
        """Whether it ends with the first thing that it finds."""
        return self.checks != CHECKS

    @property
    def limited(self) -> bool:
        """Whether it could go on for long: through the edges of every schema, or to find something."""
        return self.phases == "coverage" or self.seeks


@dataclass(frozen=True)
class Setting:
    """What a run is given: the address, who asks as whom, and what they may read and change: a booking, an
    event and a sign-up for it.
    """

    endpoint: str
    keys: dict[str, str]
    sessions: dict[str, str]  # cookies, by name: those of `person` and `another` are peers
    booking_id: str
    event_id: str = ""
    signup_id: str = ""

    def shown(self, run: Run, folder: Path) -> list[str]:
        """What says who asks: a header, or in a session a file that names its peers as well."""
        if run.who in self.keys:
            return ["--header", f"Authorization: Bearer {self.keys[run.who]}"]
        if run.who not in self.sessions:
            return []
        known = [
            {"name": name, "fixedHeaders": [{"name": "Cookie", "value": cookie}]}
            for name, cookie in self.sessions.items()
        ]
        (folder / "people.json").write_text(json.dumps({"auth": known}))
        return ["--header", "Sec-Fetch-Site: same-origin"]

    def configuration(self, run: Run, folder: Path) -> Path:
        """The settings of Schemathesis, with the people of a session."""
        text = (HERE / "schemathesis.toml").read_text()
        if run.who in self.sessions:
            text += f"""\n[auth.wfc]\npath = "{folder}/people.json"\nuser = "{run.who}"\n"""
        if run.who in PEERS:
            text += f"peers = {json.dumps(PEERS)}\n"
        (folder / "schemathesis.toml").write_text(text)
        return folder / "schemathesis.toml"


def start(run: Run, setting: Setting, log: Path) -> subprocess.Popen[bytes]:
    """Start it as its users do, in a folder of its own."""
    folder = log.with_suffix("")
    folder.mkdir()
    options = [
        *("--phases", run.phases),
        *("--checks", ",".join(run.checks)),
        *("--max-examples", run.examples),
        *("--seed", SEED),
        *("--workers", "1"),
        *("--request-timeout", "30"),
        *(part for tag in run.tags for part in ("--include-tag", tag)),
        *(part for name in run.but for part in ("--exclude-operation-id", name)),
        *(("--max-time", SECONDS) if run.limited else ()),
        *(("--max-failures", "1") if run.seeks else ("--continue-on-failure",)),
        *setting.shown(run, folder),
    ]
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(setting.configuration(run, folder)), "run"]
    command += [f"{setting.endpoint}/v1/openapi.json", *options]
    hooks = {
        "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "ANSWERED": str(log.with_suffix(".answered")),
        "BOOKING_ID": setting.booking_id,
        "EVENT_ID": setting.event_id,
        "SIGNUP_ID": setting.signup_id,
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=folder,  # it keeps a folder of its own where it runs
            env={**os.environ, **hooks},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def a_session(ports: Ports, person: Person, role: Role | None = None) -> str:
    """The Cookie header of somebody who has just logged in."""
    now, tx = ports.clock.now(), ports.begin()
    person_id = person_id_of(person.email, ports.settings.fresh().site.salt)
    known = ports.people.profile(person_id) or newcomer(person_id, person, now)
    entered = sessions.begin(ports, tx, replace(known, granted=role), "", now)
    tx.commit()
    return f"session={entered.cookie}"
