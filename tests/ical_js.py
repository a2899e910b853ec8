"""ical.js, which reads calendars in Thunderbird and many web calendars, as a second opinion.

It comes from the npm registry once, and is what it was when its digest was written down here; Node.js
comes with Playwright.
"""

import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import playwright

VERSION = "2.2.1"
ADDRESS = f"https://registry.npmjs.org/ical.js/-/ical.js-{VERSION}.tgz"
SHA512 = "yK/UlPbEs316igb/tjRgbFA8ZV75rCsBJp/hWOatpyaPNlgw0dGDmU+FoicOcwX4xXkeXOkYiOmCqNPFpNPkQg=="
MEMBER = "package/dist/ical.es5.cjs"
HERE = Path(__file__).parent
NODE = Path(playwright.__file__).parent / "driver/node"
KEPT = HERE.parent / ".local/npm" / f"ical.js-{VERSION}.cjs"


def read(calendars: Iterable[bytes]) -> list[Any]:
    """What ical.js finds in each calendar; fails where it cannot parse one."""
    done = subprocess.run(
        [NODE, HERE / "ical.cjs", _library()],
        input=json.dumps([each.decode() for each in calendars]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def _library() -> Path:
    if not KEPT.exists():
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            packed = answer.read()
        digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
        assert digest == SHA512, f"{ADDRESS} is not what it was"
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            found = archive.extractfile(MEMBER)
            assert found
            KEPT.parent.mkdir(parents=True, exist_ok=True)
            made = KEPT.with_suffix(f".{os.getpid()}")
            made.write_bytes(found.read())
        made.replace(KEPT)  # whole or not at all: several test processes may fetch it at once
    return KEPT
