"""The local cloud as a process and a folder: start it, find it again, stop it without losing anything."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.local.environment import HOST, MINISTACK, OWNER, for_server
from infra.package import REGION, ROOT

STACK = "labivaraus"
START_SECONDS = 60
STOP_SECONDS = 60
MOST_LOG_BYTES = 20_000_000
# What MiniStack logs when it goes on without some of its state, and would then overwrite it.
LOST_STATE = (
    "Failed to restore persisted state",
    "Persistence: failed to load",
    "refusing to load",
)


class Problem(Exception):
    """Something that the person at the terminal has to know, in one sentence."""


@dataclass(frozen=True)
class Cloud:
    """A local cloud: the folder that it lives in and the port that it serves."""

    home: Path
    port: int

    @property
    def address(self) -> str:
        """Where AWS's interfaces are served."""
        return f"http://{HOST}:{self.port}"

    @property
    def mailbox(self) -> str:
        """Where mails can be read; "" where the process does not run."""
        known = self._known()
        return f"http://{HOST}:{known['mailbox']}" if known and "mailbox" in known else ""

    @property
    def state(self) -> Path:
        """The folder of everything that outlives the process."""
        return self.home / "state"

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.home / "log"

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client of this cloud, as its owner or with credentials."""
        import boto3

        keys: Any = credentials or {name.lower(): value for name, value in OWNER.items()}
        session = boto3.session.Session(region_name=REGION, **keys)
        return session.client(service, endpoint_url=self.address)

    def note(self, text: str) -> None:
        """Add to the log what the process itself does not know of."""
        with self.log.open("a") as log:
            log.write(text)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One start or stop at a time."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            file = (self.home / "lock").open("w")
        except OSError as error:
            raise Problem(f"The folder {self.home} cannot be used: {error.strerror}.") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def as_running(self) -> "Cloud":
        """The same cloud on the port that its process serves, whichever that is."""
        known = self._known()
        return replace(self, port=known["port"]) if known else self

    def running(self) -> bool:
        """Whether the process that this folder knows of is alive and answers."""
        return bool(self._pid()) and _answers(self.address)

    def start(self) -> bool:
        """Start the process unless it runs; whether it had to be started."""
        known = self._known()
        if known and _alive(known["pid"]):
            if known["port"] != self.port:
                raise Problem(
                    f"The local cloud is running on port {known['port']} already: "
                    f"stop it with `make stop`, or use it with PORT={known['port']}."
                )
            self._wait(known["pid"])
            return False
        if _taken(self.port):
            raise Problem(
                f"Port {self.port} is in use by another program: stop that, "
                f"or choose another port with `make run PORT={self.port + 1}`."
            )
        self._check_state()
        shutil.rmtree(
            self.home / "tmp", ignore_errors=True
        )  # a killed process leaves its workers' code
        (self.home / "tmp").mkdir()
        if self.log.exists() and self.log.stat().st_size > MOST_LOG_BYTES:
            self.log.replace(self.home / "log.old")
        smtp_port, page_port = _free_port(self.port + 2), _free_port(self.port + 1)
        with self.log.open("ab") as log:
            start = log.tell()
            process = subprocess.Popen(
                [MINISTACK / "bin/python", ROOT / "infra/local/server.py"],
                env=for_server(self.home, self.port, smtp_port, page_port),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        known = {"pid": process.pid, "port": self.port, "mailbox": page_port}
        self._pid_file().write_text(json.dumps(known))
        self._wait(process.pid, process)
        process.returncode = 0  # it is on its own from now on: nobody waits for this object
        said = self.log.read_bytes()[start:].decode(errors="replace")
        if any(words in said for words in LOST_STATE):
            os.kill(
                process.pid, signal.SIGKILL
            )  # SIGTERM would overwrite what can still be rescued
            raise _broken(self.state, f"see {self.log}")
        return True

    def stop(self, *, keep: bool = True) -> bool:
        """Stop the process and wait until its state is written, if it is kept; whether it was running."""
        pid = self._pid()
        if not pid:
            return False
        os.kill(pid, signal.SIGTERM if keep else signal.SIGKILL)
        for _ in range(STOP_SECONDS * 20):
            if not _alive(pid):
                self._pid_file().unlink(missing_ok=True)
                return True
            time.sleep(0.05)
        raise Problem(f"The local cloud (process {pid}) does not stop: see {self.log}.")

    def save(self) -> None:
        """Write all state now, so that it outlives a machine that is switched off."""
        if pid := self._pid():
            os.kill(pid, signal.SIGUSR1)

    def _check_state(self) -> None:
        """Refuse to start on a state that MiniStack would take for an empty one and overwrite."""
        if self.state.exists() and not self.state.is_dir():
            raise _broken(self.state, "it is not a folder")
        try:
            self.state.mkdir(exist_ok=True)
            (self.state / ".writable").write_text("")
            files = sorted(self.state.glob("*.json"))
            for file in files:
                json.loads(file.read_bytes())
        except OSError as error:
            raise _broken(self.state, error.strerror or str(error)) from error
        except ValueError as error:
            raise _broken(self.state, f"{file.name} is not JSON") from error

    def _pid_file(self) -> Path:
        return self.home / "process.json"

    def _known(self) -> dict[str, int] | None:
        try:
            known: dict[str, int] = json.loads(self._pid_file().read_text())
        except (OSError, ValueError):
            return None
        return known

    def _pid(self) -> int | None:
        known = self._known()
        return known["pid"] if known and _alive(known["pid"]) else None

    def _wait(self, pid: int, process: "subprocess.Popen[bytes] | None" = None) -> None:
        for _ in range(START_SECONDS * 10):
            if _answers(self.address):
                return
            if process.poll() is not None if process else not _alive(pid):
                break
            time.sleep(0.1)
        raise Problem(f"The local cloud did not start: see {self.log}.")


def _broken(folder: Path, why: str) -> Problem:
    return Problem(
        f"The state folder {folder} is broken ({why}): put it right, or delete it to begin anew."
    )


def _alive(pid: int) -> bool:
    """Whether a process of ours has this id: after a restart of the machine it may be anybody's."""
    try:
        command = Path(f"/proc/{pid}/cmdline")
        if command.parent.parent.is_dir() and Path("/proc/self").exists():
            return b"infra/local/server.py" in command.read_bytes()
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _free_port(wished: int) -> int:
    """A port that nobody uses: the one wished for, if it can be."""
    if not _taken(wished):
        return wished
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
