"""How a page is made: its language, its links, its template, and what a browser may do with it."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from chalicelib.api.call import Call
from chalicelib.api.forms import token
from chalicelib.api.language import LANGUAGES
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.auth import MOST_PAGE, PAGE
from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.pages.words import Words, texts

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
HTML = "text/html; charset=utf-8"
EMBEDDED = (  # the forms of sites that show them within theirs, and the answers to them
    *("/book", "/v1/bookings"),
    *("/events/{event_id}/signup", "/v1/events/{event_id}/signups"),
)
ON_DEMAND = ("/events", "/events/{event_id}")  # and these as `?embed=1`
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='3' fill='%23003479'/%3E"
    "%3Cpath d='M4 3v10h8v-2H6.500V3z' fill='%23fff'/%3E%3C/svg%3E"
)


def choose_language(call: Call, asked: str | None) -> None:
    """Answer in the language that the reader chose on a page; else in that of the browser."""
    if asked in LANGUAGES:
        call.language = str(asked)


def words_of(call: Call, catalog: Catalog) -> Words:
    """The texts of a request's language."""
    return Words(call.language, catalog.site.zone)


def render(
    call: Call,
    template: str,
    catalog: Catalog,
    *,
    status: int = 200,
    private: bool = False,
    here: Mapping[str, str] | None = None,
    form_to: str = "",
    **context: Any,
) -> Reply:
    """A page.

    `here` names the page and the parameters of its links to itself in other languages; `form_to` is
    an origin besides our own that its form may end up at.
    """
    words = words_of(call, catalog)
    place = dict(here or {})
    text = (
        _environment()
        .get_template(template)
        .render(
            t=words,
            language=call.language,
            languages=[
                (
                    each,
                    texts(each)["name"],
                    link(call, place.get("page", ""), lang=each, **_rest(place)),
                )
                for each in LANGUAGES
            ],
            url=lambda page, /, **params: link(call, page, lang=call.language, **params),
            root=root(call),
            site_name=name_of(catalog.site.name, call.language),
            style=f"{root(call)}static/style.css?v={style()[1]}",
            icon=ICON,
            page=place.get("page", ""),
            form_token=lambda: token(call),
            reader=_name(call),
            enter=link(call, "login", lang=call.language, page=wanted_page(place)),
            to=lambda page: address(call, page),
            embedded=call.embedded or to_be_embedded(call),
            **context,
        )
    )
    headers = {
        "Content-Language": call.language,
        "Content-Security-Policy": _policy(form_to, _framers(call, catalog)),
    }
    return Reply(
        None, status, headers, text=text, content_type=HTML, private=private or status >= 400
    )


def to_be_embedded(call: Call) -> bool:
    """Whether a page of events is asked for without what leads around it, for a page of another site."""
    query: Any = call.request.query_params or {}
    return call.operation.path in ON_DEMAND and query.get("embed") == "1"


def see(target: str, headers: Mapping[str, str] | None = None) -> Reply:
    """What was posted is done, and this is where to look now (303; RFC 9110, 15.4.4)."""
    to = {"Location": target, **(headers or {})}
    return Reply(None, 303, to, text="", content_type=HTML, private=True)


def root(call: Call) -> str:
    """The way from this page to the front page, relative: the site may live under a stage (/api).

    Emulators of API Gateway say `/api/` of `/api` too; `../api/` is right for both.
    """
    path = str(call.request.context.get("path") or "/")
    depth = sum(1 for part in call.operation.path.split("/") if part)
    if path.endswith("/"):
        if depth:
            return "../" * depth
        name = path.rstrip("/").rpartition("/")[2]
        return f"../{quote(name)}/" if name else "./"
    if depth:
        return "../" * (depth - 1) or "./"
    return f"{quote(path.rpartition('/')[2])}/"


def link(call: Call, page: str, /, **params: str) -> str:
    """A relative link to one of our pages."""
    path, _, rest = page.partition("?")
    query = "&".join(
        part
        for part in (rest, urlencode({name: value for name, value in params.items() if value}))
        if part
    )
    return address(call, path) + (f"?{query}" if query else "")


def address(call: Call, page: str) -> str:
    """The relative address of one of our pages, where a form is sent."""
    base = root(call)
    return page if page and base == "./" else f"{base}{page}"


def wanted_page(place: Mapping[str, str]) -> str:
    """A page as the login remembers it, or "" where it cannot; not a page of logging in itself."""
    page, query = place.get("page", ""), urlencode(_rest(place))
    whole = f"{page}?{query}" if query else page
    if page.startswith("login"):
        return ""
    return whole if re.fullmatch(PAGE, whole) and len(whole) <= MOST_PAGE else ""


@lru_cache(maxsize=1)
def style() -> tuple[str, str]:
    """The style sheet and its version."""
    text = (FOLDER / "static" / "style.css").read_text("utf-8")
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def _rest(place: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in place.items() if name not in ("page", "lang")}


def _name(call: Call) -> str:
    """What the header calls who has logged in, or ""."""
    person = call.reader
    return (person.name or person.email) if person else ""


def _framers(call: Call, catalog: Catalog) -> str:
    """Who may show a page within one of theirs: the sites of the list, and only what is made for that."""
    if call.operation.path not in EMBEDDED and not to_be_embedded(call):
        return "'none'"
    return " ".join(("'self'", *catalog.site.allowed_sites))


def _policy(form_to: str, framers: str) -> str:
    """Nothing but our own style sheet. A form's answer may lead to one other site (its `next`)."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        f"form-action 'self'{form_to and ' ' + form_to}; frame-ancestors {framers}"
    )


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
