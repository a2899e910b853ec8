"""Fill an empty local cloud with the example Lab, through our own use cases, as its staff would.

Each thing has an idempotency key of its own, so that a run that was interrupted goes on where it was.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from chalicelib.adapters.secrets import Secrets, parameter
from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.domain.catalog import Site
from chalicelib.domain.people import Actor, Role, person_id_of
from chalicelib.services import closures, spaces
from chalicelib.services.api_keys import KeyRequest, actor_of
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent
from infra.issue_key import SYSTEM, host_key, issued
from infra.local.cloud import STACK, Cloud
from infra.local.example_data import CLOSED_ON_HOLIDAYS, SPACES, STAFF, site

YEARS = 3
LANGUAGES = ("fi", "sv_FI", "en_US")
Say = Callable[[str], None]


def seed(cloud: Cloud, endpoint: str, say: Say) -> bool:
    """Fill the cloud if that has not been done; see that address and keys are right. Whether it wrote."""
    ports = _ports(cloud)
    marker = cloud.state / "seeded"
    wrote = _site(ports, endpoint)
    salt = ports.settings.fresh().site.salt
    person_id = person_id_of(STAFF.email, salt)
    staff = Actor(person_id, Role.ADMIN, person=STAFF, person_id=person_id)
    if not marker.exists():
        say("Filling it with the example Lab ...")
        _spaces(ports, staff)
        days = _holidays(ports, staff)
        say(f"{len(SPACES)} spaces and resources, {days} public holidays.")
        marker.write_text("")
        wrote = True
    form = KeyRequest("form", SYSTEM)
    wrote |= _key(ports, cloud.home / "staff-key", lambda: host_key(ports, STAFF, Role.ADMIN))
    wrote |= _key(ports, cloud.home / "form-key", lambda: issued(ports, form))
    return wrote


def _ports(cloud: Cloud) -> Ports:
    ports = make_ports(cloud.client("dynamodb"), f"{STACK}-", SystemClock())
    fetch = parameter(cloud.client("ssm"), f"/{STACK}/signing-key")
    return replace(ports, secrets=Secrets(fetch))


def _site(ports: Ports, endpoint: str) -> bool:
    """The site's settings, with the address that links have to carry."""
    current = ports.settings.fresh().site
    if current.salt == Site().salt:
        tx = ports.begin()
        ports.catalog.save_site(tx, site(endpoint, secrets.token_hex(16)))
        tx.commit()
    elif current.base_url != endpoint:
        spaces.change_site(ports, {"base_url": endpoint}, ("*",), _intent(Actor("local"), endpoint))
    else:
        return False
    ports.settings.forget()
    return True


def _spaces(ports: Ports, staff: Actor) -> None:
    known = ports.settings.fresh().spaces
    for space in SPACES:
        if space.space_id not in known:
            spaces.create(ports, space, _intent(staff, f"space-{space.space_id}"))


def _holidays(ports: Ports, staff: Actor) -> int:
    """Close everything but the pod on the public holidays to come of this year and the next two."""
    known = {closure.starts_at for closure in ports.settings.fresh().closures}
    zone = ports.settings.fresh().site.zone
    count = 0
    for day, reason in _holiday_names(ports.clock.now().year):
        start, end = (
            datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1))
        )
        if end <= ports.clock.now():
            continue
        count += 1
        if start not in known:
            request = closures.ClosureRequest(CLOSED_ON_HOLIDAYS, start, end, reason)
            made = closures.close(ports, request, _intent(staff, f"closure-{day}")).value
            if made:
                closures.go_on(ports, made.closure_id)
    return count


def _holiday_names(first_year: int) -> Iterator[tuple[date, str]]:
    import holidays

    years = range(first_year, first_year + YEARS)
    calendars = [holidays.country_holidays("FI", years=years, language=each) for each in LANGUAGES]
    for day in sorted(calendars[0]):
        yield day, " · ".join(calendar[day] for calendar in calendars)


def _key(ports: Ports, path: Path, make: Callable[[], str]) -> bool:
    """A key in a file that its owner alone can read, made anew where it opens nothing."""
    if path.exists() and actor_of(ports, path.read_text().strip()):
        return False
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(make())
    return True


def _intent(actor: Actor, name: str) -> Intent:
    return Intent(actor, "SEED", name, fingerprint=name, render=lambda _: {}, key=f"seed-{name}")
