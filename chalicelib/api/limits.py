"""How often who asks may write. It is counted before anything is decided, so refusals count as well.

Not counted are reads, which API Gateway throttles, and what counts itself in the transaction that it
writes. A repeat of a request under its idempotency key counts like any other: telling them apart would
cost a read before every write.
"""

from typing import TYPE_CHECKING

from chalicelib.api.forms import SAFE
from chalicelib.domain.limits import By, Purpose
from chalicelib.domain.quotas import organisation_of
from chalicelib.services import limits
from chalicelib.services.access import Action

if TYPE_CHECKING:
    from chalicelib.api.call import Call

COUNT_THEMSELVES = (Purpose.LINK, Purpose.LOG_IN)


def count(call: "Call") -> None:
    """Count a request that may write. TooMany where there were as many as there may be."""
    operation, actor = call.operation, call.actor
    purpose = operation.purpose
    if call.request.method in SAFE or operation.action is Action.LOOK:
        return
    if purpose in COUNT_THEMSELVES:
        return
    if actor.anonymous or actor.manages:
        limits.count(call.ports, (purpose,), {By.NETWORK: call.network, **_organisation(call)})
    elif purpose is Purpose.LOOK_UP:
        return  # whose addresses these are is no secret to who has shown who they are
    elif actor.session and not actor.staff:
        limits.count(call.ports, {purpose, Purpose.WRITE}, {By.PERSON: actor.person_id})
    else:
        limits.count(call.ports, (Purpose.WRITE,), {By.KEY: actor.key_id or actor.actor_id})


def _organisation(call: "Call") -> dict[By, str]:
    """Whose address a booking names, where it could be read so far."""
    person = getattr(call.__dict__.get("body"), "person", None)
    if call.operation.purpose is not Purpose.BOOK or person is None:
        return {}
    site, now = call.catalog.site, call.ports.clock.now()
    return {By.ORGANISATION: organisation_of(person.email, site, now)}
