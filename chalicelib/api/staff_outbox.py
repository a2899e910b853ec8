"""What staff see of the mails: which went where, which did not, and how each kind looks."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.api.schemas.outbox import (
    AddressIn,
    AddressOut,
    MailPreview,
    MessageList,
    MessageOut,
    OutboxQuery,
    PreviewQuery,
)
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import Kind, Message
from chalicelib.services import outbox
from chalicelib.services.access import Action

routes = Routes("staff_outbox")


@routes.add(
    "GET",
    "/v1/staff/outbox",
    "Messages",
    query=OutboxQuery,
    answers={200: MessageList},
    action=Action.RUN,
)
def list_messages(call: Call) -> Reply:
    """Messages by subject, by person or by time, and by state: with the reason and the attempts."""
    query: OutboxQuery = call.query
    given = [(f"/{name}", text) for name, text in (("from", query.from_), ("to", query.to)) if text]
    times = dict(zip((name for name, _ in given), call.instants(*given), strict=True))
    wanted = outbox.Wanted(
        query.subject, query.person, query.state, times.get("/from"), times.get("/to")
    )
    page = outbox.shown(
        call.ports, call.actor, wanted, query.limit, opened(query.cursor, call.listed)
    )
    items = [present.message(each, call.catalog) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    "/v1/staff/outbox/{message_id}/send",
    "Send a message again",
    body=EmptyIn,
    answers={200: MessageOut},
    problems=(404, 409),
    action=Action.RUN,
)
def send_again(call: Call) -> Reply:
    """Send a message again that failed, bounced or was missed; it goes out within a minute."""
    intent = call.intent(_rendered(call))
    return stored(outbox.send_again(call.ports, call.id("message_id"), intent))


@routes.add(
    "GET",
    "/v1/staff/mails/{kind}",
    "How a mail looks",
    query=PreviewQuery,
    answers={200: MailPreview},
    problems=(404,),
    action=Action.RUN,
)
def preview(call: Call) -> Reply:
    """A mail of a kind in a language, with example data and with staff's own paragraph."""
    try:
        kind = Kind(call.id("kind"))
    except ValueError as error:
        raise NotFound from error
    found = outbox.preview(call.ports, kind, call.query.language)
    return Reply(asdict(found), private=True)


@routes.add(
    "POST",
    "/v1/staff/addresses/trust",
    "Trust an address again",
    body=AddressIn,
    answers={200: AddressOut},
    problems=(404,),
    action=Action.RUN,
)
def trust_again(call: Call) -> Reply:
    """Send to an address again to which mails had bounced, or whose owner had complained."""

    def render(trusted: outbox.Trusted) -> dict[str, Any]:
        return {"status": 200, "body": {"person_id": trusted.person_id}}

    return stored(outbox.trust_again(call.ports, call.body.email, call.intent(render)))


def _rendered(call: Call) -> Callable[[Message], dict[str, Any]]:
    return lambda one: {"status": 200, "body": present.message(one, call.catalog)}
