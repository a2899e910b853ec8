"""Make an API key: the first one of a new site, or one for another system.

    TABLE_PREFIX=labivaraus- python -m infra.issue_key staff NAME EMAIL
    TABLE_PREFIX=labivaraus- python -m infra.issue_key system LABEL

The key is printed once; only its digest is kept. A staff key may do everything that staff may; a
system's key may book on behalf of people, so it belongs on a server and never in a page.
"""

import sys

from chalicelib import bootstrap
from chalicelib.domain.people import Actor, Person, Role, Scope, normalised, person_id_of
from chalicelib.services.people import issue_key


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    if len(arguments) == 3 and arguments[0] == "staff":
        _, name, email = arguments
        ports = bootstrap.ports()
        person_id = person_id_of(normalised(email), ports.settings.fresh().site.salt)
        actor = Actor(person_id, Role.ADMIN, person=Person(name, email), person_id=person_id)
        print(issue_key(ports, actor, "staff"))
        return 0
    if len(arguments) == 2 and arguments[0] == "system":
        actor = Actor(f"system-{arguments[1]}", scopes=(Scope.AVAILABILITY, Scope.BOOK))
        print(issue_key(bootstrap.ports(), actor, arguments[1]))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
