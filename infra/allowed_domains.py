"""A seed list of e-mail domains of the Finnish state administration, each to be confirmed before it is used.

    TABLE_PREFIX=labivaraus- python -m infra.allowed_domains [--unconfirmed]

Adds the confirmed domains of allowed_domains.json to the site's settings, and leaves alone what stands
there. Somebody of staff goes through the file first: whoever has an address of one of these domains, or of
a subdomain, may book. With `--unconfirmed` all are added, marked in the settings as not confirmed.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.people import Actor
from chalicelib.services import spaces
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent

FILE = Path(__file__).with_suffix(".json")


def listed() -> tuple[AllowedDomain, ...]:
    """What the file says."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(AllowedDomain(**each) for each in found)


def add(ports: Ports, domains: Iterable[AllowedDomain]) -> list[str]:
    """Add those that the settings do not name; which they were. StaleVersion where somebody was faster."""
    site = ports.settings.fresh().site
    known = {each.domain for each in site.allowed_domains}
    new = [each for each in domains if each.domain not in known]
    if new:
        fields = {"allowed_domains": (*site.allowed_domains, *new)}
        names = [each.domain for each in new]
        intent = Intent(Actor("console"), "CONSOLE", "domains", repr(names), render=lambda _: {})
        spaces.change_site(ports, fields, (spaces.etag(site.version),), intent)
    return [each.domain for each in new]


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    if arguments not in ([], ["--unconfirmed"]):
        print(__doc__, file=sys.stderr)
        return 2
    wanted = [each for each in listed() if each.confirmed or arguments]
    added = add(bootstrap.ports(), wanted)
    left = len(listed()) - len(wanted)
    print(f"Added {len(added)}: {', '.join(added) or '-'}. {left} are not confirmed, and left out.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
