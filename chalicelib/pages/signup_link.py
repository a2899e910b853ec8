"""The pages that mails of sign-ups lead to: looking shows and pressing a button acts, since scanners open links."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.api import reading, texts
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Refused
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.limits import Purpose
from chalicelib.domain.people import Person
from chalicelib.domain.signups import State
from chalicelib.pages import signup_form
from chalicelib.pages.code_page import CodePage
from chalicelib.pages.errors import asked_language
from chalicelib.pages.event_facts import title_of, where
from chalicelib.pages.form import Form, last, typed
from chalicelib.pages.html import HTML, choose_language, render, see, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import links, opening, signup_changes, signup_proof, signups
from chalicelib.services.access import Action
from chalicelib.services.signups import Seen
from chalicelib.services.writing import Intent

LINK = "/signup/{signup_id}/{token}"
PROVE = "/prove/{signup_id}"
CODE = CodePage("signup", "events", "events.all")
TEXTS = ("diet", "accessibility")
REASONS = {"hold-expired": "signup.too_late", "event-full": "signup.no_seat_there"}


@routes.add(
    "GET", LINK, "A sign-up, by its link", answers={200: None}, produces=HTML, action=Action.ENTER
)
def show(call: Call) -> Reply:
    """The sign-up as it is now, and what can be done with it. Changes nothing."""
    query: Any = call.request.query_params or {}
    choose_language(call, asked_language(call))
    return _page(call, _seen(call), code=str(query.get("code", ""))[:40])


@routes.add(
    "POST",
    LINK,
    "Change a sign-up, by the link",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def act(call: Call) -> Reply:
    """Prove, accept, decline, edit, switch, hand over or leave; done twice it is done once."""
    given = typed(call)
    choose_language(call, asked_language(call))
    seen = _seen(call)
    wanted = last(given, "action")
    refused = None
    try:
        ACTIONS.get(wanted, lambda *_: None)(call, seen, given)
    except Refused as error:
        refused = error
    if wanted == "hand-over" and refused is None:
        return _handed_over(call, seen)
    done = wanted if refused is None and wanted in ACTIONS else ""
    return _page(call, _seen(call), given=given, done=done, refused=refused)


@routes.add(
    "GET",
    PROVE,
    "Where the code of a sign-up is typed",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def ask_code(call: Call) -> Reply:
    """A field for the code of a mail: the same for every id, whether there is a sign-up or not."""
    choose_language(call, asked_language(call))
    return CODE.page(call)


@routes.add(
    "POST",
    PROVE,
    "Prove an address with a typed code",
    answers={200: None},
    produces=HTML,
    again=CODE.again,
    purpose=Purpose.CODE,
    action=Action.ENTER,
)
def take_code(call: Call) -> Reply:
    """Who has the code has read the mail, and goes on to the page that its link leads to."""
    given = typed(call)
    choose_language(call, asked_language(call))
    signup_id = call.id("signup_id")
    if last(given, "action") == "code":
        signup_proof.send_again(call.ports, signup_id)
        return CODE.page(call, done="code")
    try:
        signup_proof.confirm(call.ports, signup_id, last(given, "code")[:40], _intent(call))
    except Refused as refused:
        why = _reason(refused, words_of(call, call.catalog))
        return CODE.page(call, refused=why, status=409)
    page = links.signup_page(call.ports, signup_id)
    return see(f"{call.catalog.site.base_url}/{page}?lang={call.language}")


def _prove(call: Call, seen: Seen, given: Mapping[str, list[str]]) -> None:
    code = last(given, "code")[:40]
    signup_proof.confirm(call.ports, seen.signup.signup_id, code, _intent(call))


def _send_code(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    signup_proof.send_again(call.ports, seen.signup.signup_id)


def _accept(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    signup_changes.accept(call.ports, *_ids(seen), _intent(call))


def _decline(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    signup_changes.decline(call.ports, *_ids(seen), _intent(call))


def _leave(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    signup_changes.leave(call.ports, *_ids(seen), _intent(call))


def _leave_queue(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    signup_changes.leave(call.ports, *_ids(seen), _intent(call), in_queue=True)


def _switch(call: Call, seen: Seen, _: Mapping[str, list[str]]) -> None:
    other = Way.REMOTE if seen.signup.way is Way.ROOM else Way.ROOM
    signup_changes.switch(call.ports, *_ids(seen), other, _intent(call))


def _edit(call: Call, seen: Seen, given: Mapping[str, list[str]]) -> None:
    from chalicelib.api.schemas.signups import SignUpPatch

    said: dict[str, Any] = {name: last(given, name) for name in TEXTS if name in given}
    if seen.event.questions:
        named = ((each.id, last(given, f"answer_{each.id}")) for each in seen.event.questions)
        said["answers"] = {key: value for key, value in named if value}
    fields = reading.checked(SignUpPatch, said).model_dump(exclude_none=True)
    signup_changes.edit(call.ports, *_ids(seen), fields, _intent(call))


def _hand_over(call: Call, seen: Seen, given: Mapping[str, list[str]]) -> None:
    from chalicelib.api.schemas.bookings import PersonIn

    named = {name: last(given, name) for name in ("name", "email") if last(given, name)}
    person = reading.checked(PersonIn, {**named, "language": call.language}, "/person")
    colleague = Person(person.name, person.email, "", person.language)
    signup_changes.hand_over(call.ports, *_ids(seen), colleague, _intent(call))


ACTIONS: Mapping[str, Callable[[Call, Seen, Mapping[str, list[str]]], None]] = {
    "confirm": _prove,
    "code": _send_code,
    "accept": _accept,
    "decline": _decline,
    "leave": _leave,
    "leave-queue": _leave_queue,
    "switch": _switch,
    "edit": _edit,
    "hand-over": _hand_over,
}


def _ids(seen: Seen) -> tuple[str, str]:
    return seen.signup.event_id, seen.signup.person_id


def _seen(call: Call) -> Seen:
    """What the link opens; one that opens nothing is answered as one that there never was."""
    look = opening.opened_signup(call.ports, call.params["signup_id"], call.params["token"])
    if look is None or look.event is None:
        raise ApiProblem("not-found")
    return signups.seen(call.ports, look.event, next(iter(look.signups.values())))


def _intent(call: Call) -> Intent:
    signup_id = call.params["signup_id"]
    return Intent(
        actor=links.actor_of_signup_link(signup_id),
        method="POST",
        path=f"/signup/{signup_id}",
        fingerprint="",
        render=lambda signup: {"signup_id": signup.signup_id},
    )


def _form(seen: Seen, given: Mapping[str, list[str]] | None) -> Form:
    """What was typed where it was refused, and what is known: each button sends its own fields alone."""
    typed_in = signup_form.form_of(given or {}, seen.event).values
    if given and last(given, "action") == "edit":
        return Form(dict(typed_in))
    known = {"diet": seen.signup.diet, "accessibility": seen.signup.accessibility}
    known |= {
        f"answer_{key}": str(value) if isinstance(value, str) else str(value).lower()
        for key, value in seen.signup.answers.items()
    }
    return Form({name: value for name, value in (known | dict(typed_in)).items() if value})


def _page(
    call: Call,
    seen: Seen,
    *,
    code: str = "",
    given: Mapping[str, list[str]] | None = None,
    done: str = "",
    refused: Refused | None = None,
) -> Reply:
    catalog, event, signup = call.catalog, seen.event, seen.signup
    words = words_of(call, catalog)
    form = _form(seen, given if refused else None)
    here = signup_form.names_of(event, 0)
    asked = signup_form.asked_of(event, call.language)
    if refused is not None:
        whose = "colleague_" if given and last(given, "action") == "hand-over" else ""
        signup_form.explain(form, refused.problems, here, catalog, words, whose)
    now = call.ports.clock.now()
    live = signup.live and event.live and now < event.ends_at
    choices = {each.value: each for each in signup_form.choices_of(event, words)}
    choices.pop(signup.way.value, None)
    confirmed = signup.state is State.CONFIRMED
    joins = confirmed and signup.way is Way.REMOTE
    comes = confirmed and live and not joins
    return render(
        call,
        "signup_link.html",
        catalog,
        private=True,
        status=200 if refused is None else 409,
        form=form,
        signup=signup,
        event_id=event.event_id,
        state=signup.state.value,
        position=seen.place,
        title=title_of(event, words),
        when=words.when(event.starts_at, event.ends_at),
        place=where(event, catalog, words) if signup.way is Way.ROOM else "",
        cancelled=event.state is EventState.CANCELLED,
        reason=event.reason,
        code=code,
        proving=live and signup.confirm_by is not None,
        by=words.at(signup.confirm_by) if signup.confirm_by else "",
        until=words.at(signup.offer_until) if signup.offer_until else "",
        remote_link=event.programme.remote_link if joins and live else "",
        ticket=links.ticket_code(call.ports, signup.signup_id) if comes else "",
        qr=call.ports.qr(links.ticket_url(call.ports, signup.signup_id)) if comes else "",
        asked=asked,
        summary=signup_form.summary(form, here, _labels(asked, words)),
        asks_diet=event.asks_diet,
        asks_accessibility=event.asks_accessibility,
        other_way=next(iter(choices.values()), None) if confirmed and live else None,
        live=live,
        over=not signup.live,
        can_again=event.open_at(now),
        done=words(f"signup.did_{done}") if done and words.has(f"signup.did_{done}") else "",
        refused=_reason(refused, words, catalog) if refused else "",
    )


def _labels(asked: Iterable[signup_form.Asked], words: Words) -> dict[str, str]:
    """What the fields are called whose errors would not say which they are of."""
    return {each.field: each.text for each in asked} | {
        name: words(f"signup.{name}") for name in TEXTS
    }


def _handed_over(call: Call, seen: Seen) -> Reply:
    """The link is dead from now on: where the place went is all that it can still say."""
    catalog = call.catalog
    words = words_of(call, catalog)
    return render(
        call,
        "handed_over.html",
        catalog,
        private=True,
        title=title_of(seen.event, words),
        event_id=seen.event.event_id,
    )


def _reason(refused: Refused, words: Words, catalog: Catalog | None = None) -> str:
    problem = refused.problems[0]
    if problem.pointer == "/code":
        return words("manage.wrong_code")
    if refused.code in REASONS:
        return words(REASONS[refused.code])
    if catalog is None or refused.code == "invalid-request":
        return words("signup.refused")
    return texts.message(problem, words.language, catalog)
