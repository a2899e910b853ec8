"""Who did what to what, and who looked at whose data."""

from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.audit import AuditList, AuditQuery
from chalicelib.domain.audit import Entry
from chalicelib.domain.catalog import Catalog
from chalicelib.services import audit
from chalicelib.services.access import Action

routes = Routes("staff_audit")


@routes.add(
    "GET",
    "/v1/staff/audit",
    "The audit log",
    query=AuditQuery,
    answers={200: AuditList},
    action=Action.AUDIT,
)
def list_entries(call: Call) -> Reply:
    """What was done to a subject, or by somebody, newest first. Looking is noted as well."""
    query: AuditQuery = call.query
    given = [(f"/{name}", text) for name, text in (("from", query.from_), ("to", query.to)) if text]
    times = dict(zip((name for name, _ in given), call.instants(*given), strict=True))
    wanted = audit.Wanted(query.subject, query.actor, times.get("/from"), times.get("/to"))
    place = opened(query.cursor, call.listed)
    page = audit.shown(call.ports, call.actor, wanted, query.limit, place)
    items = [presented(each, call.catalog) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


def presented(one: Entry, catalog: Catalog) -> dict[str, Any]:
    """An entry of the audit log."""
    more = {name: _ids(value) for name, value in sorted(one.more.items())}
    return {
        "at": one.at.astimezone(catalog.site.zone).isoformat(timespec="milliseconds"),
        "subject": one.subject,
        "actor": one.actor,
        "action": one.action,
        "fields": more.pop("fields", []),
        "about": more,
    }


def _ids(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, (list, tuple)) else (value,))]
