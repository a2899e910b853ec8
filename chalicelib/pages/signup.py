"""Signing up by a plain form: the form, its refusals, and the page that says where one stands."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import IdempotencyMismatch, LabError, Problem
from chalicelib.domain.events import Event
from chalicelib.domain.questions import answered as answered_by
from chalicelib.domain.signups import parts_of
from chalicelib.pages import signup_form
from chalicelib.pages.booking import introduced, origin_of, posted
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.event_facts import title_of, where, window_of
from chalicelib.pages.form import Form, last, new_key
from chalicelib.pages.form import typed as typed_in
from chalicelib.pages.html import HTML, choose_language, render, words_of
from chalicelib.pages.routes import routes
from chalicelib.services import event_listing
from chalicelib.services.access import Action

FORM = "/events/{event_id}/signup"
HEADINGS = {"invalid-request": "book.errors", "forbidden": "again.title"}
REQUIRED = {"name": "/person/name", "email": "/person/email"}


@routes.add(
    "GET", FORM, "The form to sign up by", answers={200: None}, produces=HTML, action=Action.LOOK
)
def empty(call: Call) -> Reply:
    """The form, filled with what is known of who has logged in; or why one cannot sign up."""
    choose_language(call, asked_language(call))
    event = event_listing.public(call.ports, call.id("event_id"))
    query: Any = call.request.query_params or {}
    given = {name: [query[name][:40]] for name in ("way", "rows") if name in query}
    form = introduced(call, signup_form.form_of(given, event))
    return _form_page(call, call.catalog, event, form, signup_form.guests_of(given, event))


@routes.add("POST", FORM, "The form again", answers={200: None}, produces=HTML, action=Action.LOOK)
def again_with_more(call: Call) -> Reply:
    """The form with what was typed and a row for another guest. Changes nothing."""
    choose_language(call, asked_language(call))
    event = event_listing.public(call.ports, call.id("event_id"))
    given = typed_in(call)
    form = signup_form.form_of(given, event)
    return _form_page(call, call.catalog, event, form, signup_form.guests_of(given, event))


def answered(call: Call, sign_up: Callable[[], Reply]) -> Reply:
    """The answer to the form, as that of the booking form."""
    return posted(call, sign_up, _signed_up)


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The form with every refusal beside its field, and all that was typed; None where it has no event."""
    try:
        event = event_listing.public(call.ports, call.id("event_id"))
    except Exception:  # noqa: BLE001  # whatever is out, the first error is the one to be told
        return None
    words, given = words_of(call, catalog), typed_in(call)
    form, guests = signup_form.form_of(given, event), signup_form.guests_of(given, event)
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    code = body["type"].rpartition("/")[2]
    if isinstance(error, IdempotencyMismatch):
        form.key = new_key()
    if status == 403:
        form.general = [why_again(call, words)]
    elif status >= 500:
        form.general = [words(f"error.{code}"), words("error.retry")]
    else:
        found = [*problems.contents(error)[0], *_left_out(given, event)]
        here = signup_form.names_of(event, guests)
        signup_form.explain(form, found, here, catalog, words)
    heading = words(HEADINGS[code]) if code in HEADINGS else body["title"]
    request_id = call.request_id if status >= 500 else ""
    reply = _form_page(
        call, catalog, event, form, guests, status=status, heading=heading, request_id=request_id
    )
    reply.headers |= headers
    return reply


def _form_page(
    call: Call,
    catalog: Catalog,
    event: Event,
    form: Form,
    guests: int,
    *,
    status: int = 200,
    heading: str = "",
    request_id: str = "",
) -> Reply:
    words = words_of(call, catalog)
    asked = signup_form.asked_of(event, call.language)
    labels = {each.field: each.text for each in asked}
    labels |= {name: words(f"signup.{name}") for name in ("diet", "accessibility")}
    labels |= {
        f"guest_{row}_{part}": words("signup.guest_field", row=row, name=words(f"signup.{part}"))
        for row in range(1, guests + 1)
        for part in signup_form.PARTS
    }
    here = signup_form.names_of(event, guests)
    reader, now = call.reader, call.ports.clock.now()
    takes = event.open_at(now) or (call.known_actor.staff and event.live)
    return render(
        call,
        "signup.html",
        catalog,
        status=status,
        private=True,
        here={"page": f"events/{event.event_id}/signup"},
        form_to=origin_of(form.value("next"), catalog.site.allowed_sites) or "",
        form=form,
        event=event,
        heading=heading,
        request_id=request_id,
        summary=signup_form.summary(form, here, labels),
        title=title_of(event, words),
        when=words.when(event.starts_at, event.ends_at),
        place=where(event, catalog, words),
        closed="" if takes else window_of(event, words, now),
        choices=signup_form.choices_of(event, words),
        asked=asked,
        rows=list(range(1, guests + 1)),
        can_add=guests < event.group_size - 1,
        own=None if call.known_actor.staff else reader,
        knows_guests=reader is not None,
        to_prove=catalog.site.prove_address and reader is None and not call.known_actor.staff,
    )


def _signed_up(call: Call, reply: Reply) -> Reply:
    """The page that says where one stands; a repeated post gets the same."""
    catalog, made = call.catalog, reply.body
    words = words_of(call, catalog)
    parts = parts_of(made["signup_id"]) or ("", "")
    event = call.ports.events.look(parts[0]).event
    if event is None:
        raise LabError
    confirm_by, offer_until = (_instant(made[name]) for name in ("confirm_by", "offer_until"))
    page = render(
        call,
        "signed_up.html",
        catalog,
        status=reply.status,
        private=True,
        here={"page": ""},
        signup=made,
        event=event,
        title=title_of(event, words),
        when=words.when(event.starts_at, event.ends_at),
        place=where(event, catalog, words),
        by=words.at(confirm_by) if confirm_by else "",
        until=words.at(offer_until) if offer_until else "",
        proving=confirm_by is not None,
    )
    kept = ("Location", "ETag", "Idempotency-Replayed")
    page.headers |= {name: reply.headers[name] for name in kept if name in reply.headers}
    return page


def _instant(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else None


def _left_out(given: Mapping[str, list[str]], event: Event) -> list[Problem]:
    """What has to be filled in and was not: the rules would ask for it only in the next round."""
    found = [
        Problem("invalid-request", pointer, {"why": "missing"})
        for name, pointer in REQUIRED.items()
        if given and not any(given.get(name, ()))
    ]
    if given and not last(given, "accept_terms"):
        found.append(Problem("terms-not-accepted", "/accept_terms"))
    answers = {each.id: last(given, f"answer_{each.id}") for each in event.questions}
    return found + (answered_by(event.questions, answers)[1] if given else [])
