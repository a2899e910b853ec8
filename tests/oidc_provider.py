"""A real OpenID provider: oidc-provider, which the OpenID Foundation has certified, run by the tests.

It comes from the npm registry once, as the digests in oidc/package-lock.json say; Node.js comes with
Playwright.
"""

import fcntl
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.ical_js import NODE

HERE = Path(__file__).parent / "oidc"
KEPT = HERE.parent.parent / ".local/npm/oidc"
CLIENT_ID, PUBLIC_CLIENT_ID = "labbokning", "labbokning-public"
SECRET = "a secret: + and / and %41"


@contextmanager
def a_provider(
    redirect_uri: str, *, host: str = "127.0.0.1", address_in_id_token: bool = False
) -> Iterator[str]:
    """Runs a provider on this machine; its issuer, at a host that has to be this machine, too."""
    settings = {
        "redirect_uri": redirect_uri,
        "host": host,
        "address_in_id_token": address_in_id_token,
    }
    command = [NODE, HERE / "provider.mjs", _installed(), json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            issuer = process.stdout.readline().strip()
            assert issuer, "the provider did not start"
            yield issuer
        finally:
            process.terminate()


def log_in(address: str, name: str, redirect_uri: str) -> dict[str, str]:
    """What a browser brings back from the provider's page once somebody has logged in there."""
    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(), _Stopping(redirect_uri)
    )
    stopped = None
    try:
        with browser.open(address) as page:
            form = urlencode({"login": name}).encode()
        browser.open(page.url, form).close()
    except HTTPError as error:
        stopped = error
    assert stopped, "the provider sent nobody back"
    with stopped:
        there = stopped.headers.get("Location", "")
        assert there.startswith(redirect_uri), stopped.read()
    return dict(parse_qsl(urlsplit(there).query))


class _Stopping(urllib.request.HTTPRedirectHandler):
    """Follows redirections up to an address, where nobody has to be listening."""

    def __init__(self, last: str) -> None:
        self._last = last

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if newurl.startswith(self._last):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _installed() -> Path:
    """The folder with the provider's packages, exactly those of the lock file."""
    wanted = (HERE / "package-lock.json").read_bytes()
    ready = KEPT / "ready"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT.parent / "oidc.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not ready.exists() or ready.read_bytes() != wanted:
            ready.unlink(missing_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, KEPT / name)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=KEPT,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert done.returncode == 0, done.stderr
            ready.write_bytes(wanted)
    return KEPT
