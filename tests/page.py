"""A page as tests read it: its elements, its texts, its form; and a browser without scripts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from chalice.test import Client

from tests.api import contract
from tests.form_tokens import form_token

VOID = {"base", "input", "meta", "link", "br", "wbr", "hr", "img"}
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class Element:
    """An element with what is in it, in order: texts and elements."""

    tag: str
    attrs: dict[str, str]
    inside: list[Any] = field(default_factory=list)

    def all(self, tag: str = "", **attrs: str) -> list["Element"]:
        """Every element within, by tag and attributes (`_` for `-`, `class_` for a word of it)."""
        return [each for each in self._walk() if each.is_a(tag, attrs)]

    def one(self, tag: str = "", **attrs: str) -> "Element":
        found = self.all(tag, **attrs)
        assert len(found) == 1, (tag, attrs, [each.text for each in found])
        return found[0]

    def is_a(self, tag: str, attrs: dict[str, str]) -> bool:
        return (not tag or self.tag == tag) and all(
            value in self.attrs.get("class", "").split()
            if name == "class_"
            else self.attrs.get(name.replace("_", "-")) == value
            for name, value in attrs.items()
        )

    @property
    def text(self) -> str:
        """What is read, white space collapsed."""
        return " ".join("".join(self._texts()).split())

    def _walk(self) -> Iterator["Element"]:
        for each in self.inside:
            if isinstance(each, Element):
                yield each
                yield from each._walk()

    def _texts(self) -> Iterator[str]:
        for each in self.inside:
            yield from each._texts() if isinstance(each, Element) else [each]


class Page(HTMLParser):
    """A parsed page. Elements that are not closed, or closed twice, are errors."""

    def __init__(self, status: int, headers: dict[str, str], text: str, path: str) -> None:
        super().__init__()
        self.status, self.headers, self.source, self.path = status, headers, text, path
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(text)
        assert self._open == [self.root], self._open[-1].tag

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    def all(self, tag: str = "", **attrs: str) -> list[Element]:
        return self.root.all(tag, **attrs)

    def one(self, tag: str = "", **attrs: str) -> Element:
        return self.root.one(tag, **attrs)

    @property
    def text(self) -> str:
        return self.one("main").text

    def error(self, name: str) -> str:
        """The error beside a field, found as assistive technology finds it."""
        field = self.one(id=name)
        assert field.attrs.get("aria-invalid") == "true", name
        (described,) = [
            each for each in field.attrs["aria-describedby"].split() if each.startswith("error-")
        ]
        return self.one(id=described).text

    @property
    def errors(self) -> set[str]:
        """The fields that are marked as wrong."""
        return {
            each.attrs["name"] for each in self.all(aria_invalid="true") if each.attrs.get("name")
        }

    def fields(self) -> dict[str, str]:
        """What the booking form would send."""
        return fields_of(self.one(id="booking"))

    def form(self, action: str) -> Element:
        """The form that is sent to a page of ours."""
        (found,) = [each for each in self.all("form") if each.attrs["action"].endswith(action)]
        return found


def fields_of(form: Element) -> dict[str, str]:
    """What a form would send as it is."""
    found: dict[str, str] = {}
    for each in form.all():
        name = each.attrs.get("name", "")
        if each.tag == "input" and each.attrs["type"] in ("checkbox", "radio"):
            if "checked" in each.attrs:
                assert name not in found, name
                found[name] = each.attrs["value"]
        elif each.tag == "input":
            assert name not in found, name
            found[name] = each.attrs["value"]
        elif each.tag == "textarea":
            found[name] = "".join(each._texts()).removeprefix("\n")
        elif each.tag == "select":
            chosen = [one for one in each.all("option") if "selected" in one.attrs]
            found[name] = (chosen or each.all("option"))[0].attrs["value"]
    return found


@dataclass
class Browser:
    """A browser without scripts, over Chalice's test client, with the cookies that it was given."""

    client: Client
    language: str = "fi"
    jar: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Page:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> Page:
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        whole = {"form_token": form_token(), **fields}  # as of the form that this was typed into
        return self._ask("POST", path, urlencode(whole, doseq=True).encode(), sent)

    def follow(self, page: Page, href: str) -> Page:
        return self.get(urljoin(page.path, href))

    def send(self, page: Page, **changes: str) -> Page:
        """Fill in the page's form and press its button."""
        action = page.one(id="booking").attrs["action"]
        return self.post(urljoin(page.path, action), page.fields() | changes)

    def submit(self, page: Page, form: Element, /, **changes: str) -> Page:
        """Fill in any form of a page and send it."""
        return self.post(urljoin(page.path, form.attrs["action"]), fields_of(form) | changes)

    def onward(self, page: Page) -> Page:
        """Where a 303 leads."""
        assert page.status == 303, page.text
        return self.follow(page, page.headers["Location"])

    def press(self, page: Page, button: Element, **changes: str) -> Page:
        """Press another button of the form."""
        pressed = {button.attrs["name"]: button.attrs["value"]}
        target = urljoin(page.path, button.attrs["formaction"])
        return self.post(target, page.fields() | changes | pressed)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Page:
        sent = {"Accept": HTML, "Accept-Language": self.language, **headers}
        sent = {name.replace("_", "-"): value for name, value in sent.items()}
        if self.jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
            if "Origin" not in sent:
                sent.setdefault("Sec-Fetch-Site", "same-origin")
        answer = self.client.http.request(method, path, headers=sent, body=body)
        contract.check(method, path, answer.status_code, answer.headers, answer.body)
        self._keep(answer.headers.get("Set-Cookie", ""))
        text = answer.body.decode()
        kind = answer.headers.get("Content-Type", "")
        return Page(
            answer.status_code,
            answer.headers,
            text if kind.startswith("text/html") else "",
            urlsplit(path).path,
        )

    def _keep(self, cookie: str) -> None:
        """A cookie is kept, or thrown away (RFC 6265, 5.3)."""
        name, _, value = cookie.partition(";")[0].partition("=")
        if name and "Max-Age=0" in cookie:
            self.jar.pop(name, None)
        elif name:
            self.jar[name] = value


def query_of(href: str) -> dict[str, str]:
    """The parameters of a link."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(href).query).items()}
