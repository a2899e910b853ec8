"""Where readers of news ask for events; the XML is written, and its library loaded, for who does not have it yet."""

from chalicelib import VERSION
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.event_feeds import fingerprint
from chalicelib.pages.errors import asked_language
from chalicelib.pages.html import choose_language, words_of
from chalicelib.pages.routes import routes
from chalicelib.services import event_listing
from chalicelib.services.access import Action

MEDIA = "application/atom+xml"


@routes.add(
    "GET",
    "/events.atom",
    "Events as an Atom feed",
    answers={200: None},
    produces=MEDIA,
    tagged=True,
    action=Action.LOOK,
)
def feed(call: Call) -> Reply:
    """Published and cancelled events of a month back and a year ahead, the last changed first."""
    from chalicelib.pages.atom import written

    choose_language(call, asked_language(call))
    found, words = event_listing.feed(call.ports), words_of(call, call.catalog)
    tag = fingerprint(found, VERSION, call.operation.path, call.language)
    return Reply(
        text=lambda: written(found, words, call.ports.markdown.html),
        content_type=f"{MEDIA}; charset=utf-8",
        etag=f'"{tag}"',
    )
