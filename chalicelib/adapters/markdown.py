"""Markdown that staff write (CommonMark), as HTML for pages and as plain text for calendars and mails.

The library writes every tag itself: what is typed as HTML stays text, pictures are their descriptions,
and links lead to the addresses of LINK alone. So nothing is left to be cleaned afterwards.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.plain import lines, printable_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Sites by their own names, without anybody's name before them; mailboxes; telephones.
LINK = re.compile(r"https?://[^/?#@\\]+([/?#].*)?|mailto:[^?]+@[^?]+|tel:\+?[0-9-]+", re.IGNORECASE)
TITLE_LEVEL = 2  # of what stands over a description on a page
LIST_ITEM = "– "


def html(text: str, below: int = TITLE_LEVEL) -> str:
    """A fragment of HTML, its headings below a level of the page's, with nothing in it that acts."""
    tokens = _parsed(text)
    _below_the_page(tokens, below)
    parser = _parser()
    return printable_lines(parser.renderer.render(tokens, parser.options, {})).strip()


def plain(text: str) -> str:
    """Plain text: paragraphs, items of lists, and the addresses of links in brackets."""
    return lines("".join(_blocks(_parsed(text))))


def _parsed(text: str) -> list["Token"]:
    tokens = _parser().parse(printable_lines(text))
    for token in tokens:
        token.children = list(_without_empty_links(token.children or ()))
    return tokens


def _without_empty_links(tokens: Iterable["Token"]) -> Iterator["Token"]:
    """The tokens of a block; a link to nowhere, which is not asked about, is its text (none is in another)."""
    empty = False
    for token in tokens:
        if token.type == "link_open":
            empty = not token.attrGet("href")
        if not (empty and token.type in ("link_open", "link_close")):
            yield token


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False})
    # The library's own way to say which links there may be: its method, replaced.
    parser.validateLink = lambda url: bool(LINK.fullmatch(url))  # type: ignore[method-assign]
    parser.add_render_rule("image", _picture)
    return parser


def _picture(_: Any, tokens: list["Token"], index: int, *__: Any) -> str:
    """A picture's description: what is elsewhere is not fetched by whoever reads a page."""
    return escape(_words(tokens[index].children or ()))


def _below_the_page(tokens: list["Token"], title: int) -> None:
    """No level of headings is left out, whatever was typed; of code, no language is told."""
    level, before = title, title
    for token in tokens:
        if token.type == "heading_open":
            level = before = min(int(token.tag[1]) + title, before + 1, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        token.info = ""


def _blocks(tokens: Iterable["Token"]) -> Iterator[str]:
    """The text of each block, with what stands between it and the one before."""
    gap, numbers = "", list[int | None]()
    for token in tokens:
        if token.type.endswith("_list_open"):
            gap = "\n" if gap and numbers else gap
            numbers.append(int(token.attrGet("start") or 1) if token.tag == "ol" else None)
        elif token.type.endswith("_list_close"):
            numbers.pop()
            gap = "\n\n"
        elif token.type == "list_item_open":
            yield gap + "  " * (len(numbers) - 1) + _mark(numbers)
            gap = ""
        elif token.type == "list_item_close":
            gap = "\n"
        elif token.content:
            yield gap + (_words(token.children) if token.children else token.content.rstrip("\n"))
            gap = "\n\n"


def _mark(numbers: list[int | None]) -> str:
    """What stands before an item of a list, and the number of the next one."""
    number = numbers[-1]
    if number is None:
        return LIST_ITEM
    numbers[-1] = number + 1
    return f"{number}. "


def _words(tokens: Iterable["Token"]) -> str:
    """The text within a block; a link's address follows where it is not what is read."""
    found: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        if token.type == "link_open":
            links.append((len(found), str(token.attrGet("href"))))
        elif token.type == "link_close":
            first, href = links.pop()
            address = href.removeprefix("mailto:").removeprefix("tel:")
            if address not in ("", "".join(found[first:])):
                found.append(f" ({address})")
        elif token.type in ("softbreak", "hardbreak"):
            found.append("\n" if token.type == "hardbreak" else " ")
        else:
            found.append(_words(token.children) if token.children else token.content)
    return "".join(found)
