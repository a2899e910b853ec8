"""The page on which hosts write to those of an event, and see how far it has come."""

from typing import Any

from chalicelib.api import problems, texts
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.notices import NoticeIn
from chalicelib.api.staff_notices import body_of_form, notice_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import IdempotencyMismatch, Problem, Refused
from chalicelib.domain.events import Event, State
from chalicelib.domain.notices import To, persons
from chalicelib.domain.programmes import LANGUAGES
from chalicelib.domain.spoken import in_language
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form, last, new_key, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import event_listing, notices
from chalicelib.services.access import Action
from chalicelib.services.notices import Followed, Written

NOTICES = "/staff/events/{event_id}/notices"
SAID = ("subject", "text")
TEXTS = tuple(f"{name}_{language}" for language in LANGUAGES for name in SAID)
FIELDS = ("to", "way", *TEXTS)


@routes.add(
    "GET",
    NOTICES,
    "Write to those of an event, by the page",
    answers={200: None},
    produces=HTML,
    action=Action.RUN,
)
def show(call: Call) -> Reply:
    """The form, and what was written before. Changes nothing."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    return _page(call, Form(key=new_key()), done=query.get("done") == "1")


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page once more with what was typed, where its form was none of ours any more."""
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status != 403:
        return None
    form = _form(call)
    form.general = [why_again(call, words_of(call, catalog))]
    reply = _page(call, form, status=status)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    NOTICES,
    "Send those of an event a notice, by the page",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.RUN,
)
def send(call: Call) -> Reply:
    """Send it, once however often the button is pressed."""
    choose_language(call, asked_language(call))
    form, event_id = _form(call), call.id("event_id")
    call.form = {"idempotency_key": last(typed(call), "idempotency_key") or new_key()}
    try:
        body = _body(form)
        notices.send(call.ports, notice_of(call, event_id, body), call.intent(_sent, meant=body))
    except Refused as refused:
        return _page(call, form, status=_explain(call, form, problems_of(refused)))
    except IdempotencyMismatch:
        form.general = [words_of(call, call.catalog)("notice.again")]
        return _page(call, form, status=problems.status_of("idempotency-mismatch"))
    return see(link(call, f"staff/events/{event_id}/notices", lang=call.language, done="1"))


def _sent(_: Written) -> dict[str, Any]:
    return {"status": 303}


def _form(call: Call) -> Form:
    given = typed(call)
    values = {name: last(given, name) for name in FIELDS if last(given, name).strip()}
    return Form(values, key=new_key())


def _body(form: Form) -> NoticeIn:
    """Raises Refused with everything that is wrong."""
    said = {
        name: {
            each: form.value(f"{name}_{each}") for each in LANGUAGES if form.value(f"{name}_{each}")
        }
        for name in SAID
    }
    chosen = {name: form.value(name) for name in ("to", "way") if form.value(name)}
    return body_of_form({**said, **chosen})


def _explain(call: Call, form: Form, found: list[Problem]) -> int:
    """Put what is wrong beside its field; the status that it is answered with."""
    words = words_of(call, call.catalog)
    for each in found:
        name = each.pointer.strip("/").replace("/", "_")
        message = texts.message(each, call.language, call.catalog)
        if name not in TEXTS:
            form.refuse(None, message)
        else:
            form.refuse(name, f"{words(f'notice.{name}')}: {message[:1].lower()}{message[1:]}")
    return problems.status_of(found[0].code)


def _page(call: Call, form: Form, status: int = 200, *, done: bool = False) -> Reply:
    event_id, catalog = call.id("event_id"), call.catalog
    event = event_listing.of_staff(call.ports, event_id)
    words, here = words_of(call, catalog), f"staff/events/{event_id}/notices"
    return render(
        call,
        "notices.html",
        catalog,
        status=status,
        private=True,
        here={"page": here},
        title=in_language(event.title, call.language),
        when=words.when(event.starts_at, event.ends_at),
        door=f"staff/events/{event_id}",
        address=here,
        open=event.state is State.PUBLISHED,
        form=form,
        done=done,
        names=[name for name in TEXTS if name in form.errors],
        groups=[(each.value, _group(each, event, words)) for each in To],
        ways=[(each.value, words(f"door.way_{each.value}")) for each in event.ways],
        written=[_told(each, words) for each in notices.of_event(call.ports, event_id)],
    )


def _group(to: To, event: Event, words: Words) -> str:
    return words(f"notice.to_{to.value}", count=persons(event, to, None))


def _told(one: Followed, words: Words) -> dict[str, Any]:
    """A notice as the list has it."""
    notice, counts = one.notice, one.progress
    facts = [words("notice.sent", sent=counts.sent, total=counts.total)]
    facts += [
        words(f"notice.{name}", count=number)
        for name, number in (("failed", counts.failed), ("dropped", counts.dropped))
        if number
    ]
    to = [words(f"notice.went_{notice.to.value}")] if notice else []
    if notice and notice.way:
        to.append(words(f"door.way_{notice.way.value}").lower())
    return {
        "subject": in_language(notice.subject, words.language) if notice else words("notice.gone"),
        "at": words.at(one.written_at),
        "to": ", ".join(to),
        "facts": ", ".join(facts),
        "done": counts.done,
    }
