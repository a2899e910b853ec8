"""Make an API key: the first one of a new site, or one for another system.

    TABLE_PREFIX=labivaraus- python -m infra.issue_key admin NAME EMAIL
    TABLE_PREFIX=labivaraus- python -m infra.issue_key staff NAME EMAIL
    TABLE_PREFIX=labivaraus- python -m infra.issue_key system LABEL [--scopes availability,book]

The key is printed once; only its digest is kept. `admin` and `staff` also give somebody that role, so
that they can log in by a mail to their address; their key may do whatever a host may for as long as they
have the role, but never say who is what. A system's key belongs on a server and never in a page.
"""

import argparse
import sys

from chalicelib import bootstrap
from chalicelib.domain.catalog import Site
from chalicelib.domain.people import Actor, Person, Role, Scope, normalised, person_id_of
from chalicelib.services import api_keys, persons, spaces
from chalicelib.services.api_keys import KeyRequest, KeyView
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent

WHO = Actor("console")  # whoever may run this has the cloud's own credentials
SYSTEM = (Scope.AVAILABILITY, Scope.BOOK)


def host_key(ports: Ports, person: Person, role: Role) -> str:
    """Give somebody a role, and a key of their own with all that a host may."""
    if (
        ports.settings.fresh().site.salt == Site().salt
    ):  # of a new site, whose first change makes it
        spaces.change_site(ports, {}, ("*",), _intent("site", "salt"))
    persons.appoint(ports, person, role, _intent("person", person))
    person_id = person_id_of(person.email, ports.settings.fresh().site.salt)
    return issued(ports, KeyRequest(f"{role.value}'s own", (Scope.STAFF,), owner_id=person_id))


def issued(ports: Ports, request: KeyRequest) -> str:
    """A new key, as it is shown."""
    made = api_keys.make(ports, request, _intent("key", request))
    return api_keys.text_of(ports, made.answer["key_id"]) or ""


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    ports = bootstrap.ports()
    if options.who == "system":
        print(issued(ports, KeyRequest(options.label, options.scopes)))
    else:
        person = Person(options.name, options.email)
        print(host_key(ports, person, Role(options.who)))
    return 0


def _intent(what: str, meant: object) -> Intent:
    return Intent(WHO, "CONSOLE", what, fingerprint=repr(meant), render=_named)


def _named(view: object) -> dict[str, str]:
    return {"key_id": view.key.key_id} if isinstance(view, KeyView) else {}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.issue_key",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="who", required=True)
    for role in ("admin", "staff"):
        command = commands.add_parser(role)
        command.add_argument("name", metavar="NAME")
        command.add_argument("email", metavar="EMAIL", type=normalised)
    system = commands.add_parser("system")
    system.add_argument("label", metavar="LABEL")
    system.add_argument("--scopes", type=_scopes, default=SYSTEM)
    return parser


def _scopes(text: str) -> tuple[Scope, ...]:
    return tuple(Scope(each) for each in text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
