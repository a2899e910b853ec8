"""Addresses of one's own calendar, by the buttons of one's own page: made, shown once, and revoked."""

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.feeds import FeedIn
from chalicelib.domain.catalog import Catalog
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import last, message_of, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.me import form_of, own_page
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.services import account, private_feeds
from chalicelib.services.access import Action


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """One's own page, with why there is no new address, or why a button has to be pressed once more."""
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500 or status == 404 or not call.reader:
        return None
    words, found = words_of(call, catalog), account.read(call.ports, call.actor)
    form = form_of(found)
    form.values["label"] = last(typed(call), "label")
    if status == 403:
        form.refuse(None, why_again(call, words))
    for problem in problems_of(error) if status != 403 else ():
        name = "label" if problem.pointer == "/label" else None
        form.refuse(name, message_of(problem, "label", catalog, words))
    heading = words("again.title") if status == 403 else body["title"]
    reply = own_page(call, found, form, status=status, heading=heading)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    "/me/feeds",
    "Make an address of one's own calendar, by the page",
    body=FeedIn,
    answers={200: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.OWN,
)
def make(call: Call) -> Reply:
    """Make a secret address, and show it this once; sent again, the form shows the same one."""
    choose_language(call, asked_language(call))
    body: FeedIn = call.body
    language = call.reader.language if call.reader else call.language
    intent = call.intent(lambda feed: {"status": 200, "feed_id": feed.feed_id})
    outcome = private_feeds.make(call.ports, body.label, language, intent)
    own = outcome.value or private_feeds.own(call.ports, call.actor, outcome.answer["feed_id"])
    return render(
        call,
        "me_feed.html",
        call.catalog,
        private=True,
        here={"page": "me"},
        address=private_feeds.address(call.ports, own),
    )


@routes.add(
    "POST",
    "/me/feeds/{feed_id}",
    "Revoke an address of one's own calendar, by the page",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.OWN,
)
def revoke(call: Call) -> Reply:
    """Revoke an address: from the next request on there is none."""
    choose_language(call, asked_language(call))
    intent = call.intent(lambda _: {"status": 303})
    private_feeds.revoke(call.ports, call.id("feed_id"), intent)
    return see(link(call, "me", lang=call.language, done="revoked"))
