"""What staff write to those of an event, over HTTP."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.present import moment
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.notices import NoticeIn, NoticeList, NoticeOut
from chalicelib.domain.errors import Refused
from chalicelib.domain.events import Way
from chalicelib.domain.notices import Notice, To
from chalicelib.domain.programmes import LANGUAGES
from chalicelib.services import notices
from chalicelib.services.access import Action
from chalicelib.services.notices import Followed, Written

routes = Routes("staff_notices")
NOTICES = "/v1/staff/events/{event_id}/notices"


@routes.add(
    "POST",
    NOTICES,
    "Write to those of an event",
    body=NoticeIn,
    answers={202: NoticeOut},
    problems=(404, 409),
    action=Action.RUN,
)
def send(call: Call) -> Reply:
    """Send those of an event a mail each, within minutes. The link to join goes to nobody by it but those
    who have a remote seat: a text with the link in it is refused for all others.
    """
    notice = notice_of(call, call.id("event_id"), call.body)
    intent = call.intent(_written, meant=call.body)
    return stored(notices.send(call.ports, notice, intent))


@routes.add(
    "GET",
    NOTICES,
    "What those of an event were written",
    answers={200: NoticeList},
    problems=(404,),
    action=Action.RUN,
)
def list_notices(call: Call) -> Reply:
    """All notices of an event, newest first, with how many of their mails went out and how many did not."""
    found = notices.of_event(call.ports, call.id("event_id"))
    return Reply({"items": [_shown(call, each) for each in found], "next": None}, private=True)


def notice_of(call: Call, event_id: str, body: NoticeIn) -> Notice:
    """A body as a notice, written now."""
    return Notice(
        call.ports.clock.new_id("n"),
        event_id,
        subject=body.subject.model_dump(),
        text=body.text.model_dump(),
        written_at=call.ports.clock.now(),
        to=To(body.to),
        way=Way(body.way) if body.way else None,
    )


def body_of_form(values: Mapping[str, Any]) -> NoticeIn:
    """The body that a page's form means. Raises Refused with everything that is wrong."""
    try:
        return NoticeIn.model_validate(values)
    except ValidationError as error:
        raise Refused(problems.from_validation(error)) from error


def _written(one: Written) -> dict[str, Any]:
    notice = one.notice
    body = {
        "notice_id": notice.notice_id,
        "event_id": notice.event_id,
        "persons": one.persons,
    }
    return {"status": 202, "body": body}


def _shown(call: Call, one: Followed) -> dict[str, Any]:
    notice, counts = one.notice, one.progress
    return {
        "notice_id": one.notice_id,
        "written_at": moment(one.written_at, call.catalog.site.zone),
        "subject": _texts(notice.subject) if notice else None,
        "text": _texts(notice.text) if notice else None,
        "to": notice.to.value if notice else None,
        "way": notice.way.value if notice and notice.way else None,
        "done": counts.done,
        "mails": {
            "total": counts.total,
            "sent": counts.sent,
            "failed": counts.failed,
            "dropped": counts.dropped,
            "left": counts.left,
        },
    }


def _texts(by_language: Mapping[str, str]) -> dict[str, str]:
    return {each: by_language.get(each, "") for each in LANGUAGES}
