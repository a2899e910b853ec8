"""Being forgotten, by a page of its own: what happens is told first, and meant by a tick."""

from chalicelib.api import cookies, erasing, problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.pages import own_events
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form, last, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.me import own_bookings_of
from chalicelib.pages.routes import routes
from chalicelib.services.access import Action

ERASE = "/me/erase"


@routes.add(
    "GET", ERASE, "Before being forgotten", answers={200: None}, produces=HTML, action=Action.OWN
)
def ask(call: Call) -> Reply:
    """What will happen, and a box to tick. Changes nothing."""
    choose_language(call, asked_language(call))
    return _page(call, Form())


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page once more, where its form was none of ours, or too old."""
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status != 403 or not call.reader:
        return None
    words, form = words_of(call, catalog), Form()
    form.refuse(None, why_again(call, words))
    reply = _page(call, form, status=status, heading=words("again.title"))
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    ERASE,
    "Be forgotten, by the page",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.OWN,
)
def forget(call: Call) -> Reply:
    """Forget who asks for it and ticked the box; they are logged out by it."""
    choose_language(call, asked_language(call))
    words = words_of(call, call.catalog)
    if last(typed(call), "confirm") != "on":
        form = Form()
        form.refuse("confirm", words("erase.tick"))
        return _page(call, form, status=422, heading=words("book.errors"))
    erasing.forgotten(call, call.actor.person_id)
    gone = cookies.written(cookies.SESSION, "", call.catalog.site)
    target = link(call, "login", lang=call.language, out="forgotten")
    return see(target, {"Set-Cookie": gone})


def _page(call: Call, form: Form, *, status: int = 200, heading: str = "") -> Reply:
    now = call.ports.clock.now()
    ahead, _ = own_bookings_of(call, now)
    coming, _ = own_events.of_reader(call, now)
    return render(
        call,
        "erase.html",
        call.catalog_or_defaults,
        status=status,
        private=True,
        here={"page": "me/erase"},
        form=form,
        refusal=heading,
        ahead=sum(booking.starts_at > now for booking in ahead),
        coming=sum(each.event.starts_at > now for each in coming),
    )
