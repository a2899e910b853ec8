"""Markdown of staff: as HTML nothing in it acts, whatever was typed; as plain text nothing of it is lost."""

import os
import random
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from chalicelib.adapters.markdown import html, plain

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
TAGS = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

INJECTIONS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    "<iframe src='https://evil.example'></iframe>",
    "<!-- --><style>*{display:none}</style>",
    "<?php echo 1 ?><!DOCTYPE html><![CDATA[<b>]]>",
    "text\n<div onmouseover=alert(1)>\n\n*x*\n</div>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x]( javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/staff/events)",
    "[x]() [](<>) [x][y]\n\n[y]: <>",
    "![a [x]()](https://a.example/)",
    "[x](\\\\evil.example)",
    "[x](https:evil.example)",
    "[x](https://gov.fi@evil.example/)",
    "[x](https://evil.example\\@gov.fi/)",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x][y]\n\n[y]: <javascript:alert(1)> 'title'",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x"onerror="alert(1)](https://evil.example/"onerror="alert(1))',
    "![<script>alert(1)</script>](https://evil.example/x.png)",
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x](https://a.example 'a\"onmouseover=\"alert(1)')",
    "[x](https://a.example/<script>)",
    '<https://a.example/"onmouseover="alert(1)>',
    '```html"onmouseover="alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "    </code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)</script>",
    "1000000000. x",
    "{{ 7 * 7 }} {% include 'x' %}",
    "</p></div></main><h1>Oma sivu</h1>",
    "<form action='https://evil.example'><input name=q></form>",
    "<base href='https://evil.example/'><meta http-equiv=refresh content=0>",
    "\ud800 half of a pair",
    "\x00\x07\x1b[31m",
    "> " * 200 + "x",
    "[" * 2000 + "]" * 2000,
    "*a _b " * 600,
    "`" * 3999,
]


class Read(HTMLParser):
    """Every tag of a fragment with its attributes; fails where one is not closed in its turn."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(fragment)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl


def harmless(text: str) -> Read:
    """The fragment that a text becomes, in which nothing acts."""
    read = Read(html(text))
    for tag, attrs in read.tags:
        assert tag in TAGS, tag
        assert set(attrs) <= ATTRIBUTES.get(tag, set()), attrs
        if "href" in attrs:
            address = urlsplit(str(attrs["href"]))
            assert address.scheme in ("http", "https", "mailto", "tel"), attrs
            assert "@" not in address.netloc
            assert address.netloc or address.scheme in ("mailto", "tel")
    assert not set(BIDI) & set(html(text))
    assert not [sign for sign in html(text) + plain(text) if sign < " " and sign != "\n"]
    return read


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_nothing_that_is_typed_acts(text: str) -> None:
    harmless(text)
    harmless(f"- a\n  > {text}\n\n[b](https://a.example)")


def test_random_pieces_of_all_of_that_do_not_act_either() -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    for _ in range(300):
        cuts = [dice.choice(INJECTIONS[:-4]) for _ in range(4)]
        pieces = (text[dice.randrange(len(text)) :][: dice.randrange(1, 30)] for text in cuts)
        harmless(dice.choice(("", "\n", "\n\n", "](", "<")).join(pieces))


@pytest.mark.parametrize("sign", BIDI)
@pytest.mark.parametrize("typed", ["{}", "&#{code};", "&#x{code:x};"])
def test_no_sign_of_writing_direction_is_left(sign: str, typed: str) -> None:
    typed = typed.format(sign, code=ord(sign))
    text = f"klo {typed}00.9{typed} [x{typed}](https://a.example '{typed}')"
    assert harmless(text).said == "klo 00.9 x"
    assert not set(BIDI) & set(plain(text))


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("[x](https://a.example/p?q=1&r=2#s)", "https://a.example/p?q=1&r=2#s"),
        ("[x](HTTP://a.example)", "HTTP://a.example"),
        ("<https://a.example/@me>", "https://a.example/@me"),
        ("<aino.aalto@gov.fi>", "mailto:aino.aalto@gov.fi"),
        ("[x](tel:+358401234567)", "tel:+358401234567"),
        ("[x](https://työ.example/ä)", "https://xn--ty-gka.example/%C3%A4"),
    ],
)
def test_links_to_sites_mailboxes_and_telephones_are_links(typed: str, href: str) -> None:
    (link,) = [attrs for tag, attrs in harmless(typed).tags if tag == "a"]
    assert link == {"href": href}


def test_a_link_to_nowhere_is_its_text() -> None:
    assert html("a [b]() [c](https://a.example)") == '<p>a b <a href="https://a.example">c</a></p>'
    assert plain("a [b]() ![c [d]()](https://a.example)") == "a b c d"


def test_a_picture_is_its_description_and_nothing_is_fetched() -> None:
    assert html("![Kartta *taloon*](https://a.example/k.png)") == "<p>Kartta taloon</p>"
    assert plain("![Kartta *taloon*](https://a.example/k.png)") == "Kartta taloon"


def test_headings_stand_below_those_of_the_page_and_leave_out_no_level() -> None:
    found = [tag for tag, _ in harmless("## b\n\n# a\n\n#### d\n\n###### f\n\nx\n===").tags]
    assert [tag for tag in found if tag != "p"] == ["h3", "h3", "h4", "h5", "h3"]


def test_what_is_written_stays_what_it_means() -> None:
    text = "Tule *mukaan*,  \n**ilmoittaudu**!\n\n1. yksi\n2. `kaksi`\n\n---\n\n> lainaus"
    assert html(text).replace("\n", "") == (
        "<p>Tule <em>mukaan</em>,<br><strong>ilmoittaudu</strong>!</p>"
        "<ol><li>yksi</li><li><code>kaksi</code></li></ol>"
        "<hr><blockquote><p>lainaus</p></blockquote>"
    )


def test_plain_text_has_paragraphs_lists_and_addresses() -> None:
    text = """# Ohjelma

Tule *mukaan*
kanssamme. [Katso](https://a.example/x), <https://b.example>,
[kysy](mailto:aino@gov.fi) tai <eero@gov.fi>\\
Tervetuloa!

3. kahvi & pulla
   - maito

     kylmä
   - kaura
4. `kysymykset`

> lainaus

    koodi
      sisällä
"""
    assert (
        plain(text)
        == """Ohjelma

Tule mukaan kanssamme. Katso (https://a.example/x), https://b.example, kysy (aino@gov.fi) tai eero@gov.fi
Tervetuloa!

3. kahvi & pulla
  – maito

kylmä
  – kaura
4. kysymykset

lainaus

koodi
  sisällä"""
    )


def test_nothing_is_nothing() -> None:
    assert (html(""), plain(""), html(" \n "), plain("---")) == ("", "", "", "")
