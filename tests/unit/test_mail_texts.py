"""Every kind of mail in every language: nothing missing, nothing of another language, readable by all."""

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.adapters.mail import words
from chalicelib.adapters.mail.render import TO_STAFF, written
from chalicelib.domain.messages import Kind
from chalicelib.domain.spoken import LANGUAGES
from tests.mails import ALL, SITE, Page, a_letter, a_mail

OTHERS = {language: [each for each in LANGUAGES if each != language] for language in LANGUAGES}
# What may read alike in two languages: names that all of them have.
SHARED = {"Facilitator", "Organisation"}
VOID = {"meta", "br"}
ENTRANCE = (Kind.LOGIN, Kind.INVITATION)
TOLD = {
    "fi": "ke 2.12.2026 klo 10.00–12.00 (Suomen aikaa)",
    "sv": "ons 2.12.2026 kl. 10.00–12.00 (finsk tid)",
    "en": "Wed 2 Dec 2026 at 10:00–12:00 (Helsinki time)",
}
TOLD_BY_KIND = {
    Kind.LOGIN: {
        "fi": "ti 1.12.2026 klo 9.10 (Suomen aikaa)",
        "sv": "tis 1.12.2026 kl. 9.10 (finsk tid)",
        "en": "Tue 1 Dec 2026 at 9:10 (Helsinki time)",
    },
    Kind.INVITATION: {"fi": "ti 1.6.2027", "sv": "tis 1.6.2027", "en": "Tue 1 Jun 2027"},
}
INK = re.compile(r"(?<![-\w])color:(#[0-9a-f]{6})")


def keys(language: str) -> dict[str, str]:
    found = words.texts(language)
    return {f"{part}.{name}": text for part, each in found.items() for name, text in each.items()}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_all_languages_have_the_same_texts_with_the_same_blanks() -> None:
    finnish, swedish, english = (keys(each) for each in LANGUAGES)
    assert set(finnish) == set(swedish) == set(english)
    for key, text in finnish.items():
        assert blanks(text) == blanks(swedish[key]) == blanks(english[key]), key
        assert all(each[key].strip() for each in (finnish, swedish, english)), key


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_no_text_is_left_in_another_language(language: str) -> None:
    for other in OTHERS[language]:
        theirs = keys(other)
        same = {text for key, text in keys(language).items() if theirs[key] == text}
        assert {text for text in same if len(text) > 5} <= SHARED


def test_each_text_is_used() -> None:
    """A text that no template asks for would be translated for nothing."""
    used = "".join(
        path.read_text() for path in words.FOLDER.rglob("*") if path.suffix in (".txt", ".html")
    )
    code = "".join(path.read_text() for path in Path(words.__file__).parent.glob("*.py"))
    for key in keys("fi"):
        section, _, name = key.partition(".")
        stem = re.sub(
            r"_(change|soon|today|tomorrow|later|confirmed|waiting|offered|REQUEST|CANCEL)$",
            "",
            name,
        )
        asked = (f'"{section}.{name}"', f'"{section}.{stem}"', f'"{section}.{stem}_" ~')
        assert any(each in used for each in asked) or f'"{name}"' in code or key in code, key


def test_each_kind_has_a_folder_of_its_own() -> None:
    folders = {path.name for path in words.FOLDER.iterdir() if path.is_dir()} - {"locales"}
    assert folders == {kind.value for kind in Kind}
    for kind in Kind:
        found = {path.name for path in (words.FOLDER / kind.value).iterdir()}
        assert found == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_every_mail_is_written_in_its_language(kind: Kind, language: str) -> None:
    mail = a_mail(kind, language)
    assert mail.message["Content-Language"] == language
    assert mail.message["Subject"].strip()
    page = Page(mail.html)
    assert ("html", {"lang": language}) in page.elements
    house = SITE.name[language]
    assert house in mail.text
    assert house in mail.seen
    own, shown = keys(language), f"{mail.message['Subject']} {mail.text} {mail.seen}"
    for other in OTHERS[language]:
        for key, text in keys(other).items():
            if len(text) > 20 and not blanks(text) and own[key] != text:
                assert text not in shown, key
    zone = {"fi": "(Suomen aikaa)", "sv": "(finsk tid)", "en": "(Helsinki time)"}[language]
    dated = kind is Kind.INVITATION  # it tells a day, and days have no zone
    assert (zone in mail.text) != dated
    assert (zone in mail.seen) != dated
    assert "UTC" not in shown


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_both_bodies_tell_the_same(kind: Kind, language: str) -> None:
    mail = a_mail(kind, language, extra="Tuokaa oma muki.")
    letter = a_letter(kind, language)
    facts = [letter.code, "Tuokaa oma muki.", TOLD_BY_KIND.get(kind, TOLD)[language]]
    if kind not in ENTRANCE:
        facts.append("e_EXAMPLE" if letter.seat else "b_EXAMPLE")
    if kind is Kind.INVITATION:
        facts += [letter.to.name, letter.to.organisation, letter.to.email]
    for fact in facts:
        assert fact in mail.text
        assert fact in mail.seen


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_one_manage_link_and_no_other_that_acts(kind: Kind, language: str) -> None:
    letter = a_letter(kind, language)
    mail = a_mail(kind, language)
    links = Page(mail.html).links()
    allowed = {letter.manage_url, letter.confirm_url, letter.unsubscribe_url, letter.login_url}
    allowed -= {""}
    if kind in TO_STAFF:
        assert links
        assert all(link.startswith(f"{SITE.base_url}/decide/") for link in links)
    else:
        way = letter.login_url if kind in ENTRANCE else letter.manage_url
        if kind is Kind.EVENT_FEEDBACK:
            way = letter.seat.event.programme.feedback_link
            allowed |= {way}
        assert links.count(way) == 1
        assert mail.text.split().count(way) == 1
        assert sorted(links) == sorted(allowed)
    assert sorted(set(re.findall(r"https?://\S+", mail.text))) == sorted(set(links))


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_html_is_simple_and_fetches_nothing(kind: Kind, language: str) -> None:
    mail = a_mail(kind, language, extra="Tervetuloa!")
    page = Page(mail.html)
    assert not {tag for tag, _ in page.elements} & {"img", "script", "link", "style", "form"}
    loads = {"src", "background", "srcset", "poster", "data"}
    for tag, attrs in page.elements:
        assert not set(attrs) & (loads | {"class", "id"}), tag
        assert "url(" not in (attrs.get("style") or "")
    tags = [tag for tag, _ in page.elements if tag not in VOID]
    assert [mail.html.count(f"</{tag}>") for tag in set(tags)] == [
        tags.count(tag) for tag in set(tags)
    ]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("kind", Kind)
def test_every_colour_stands_out_from_what_is_behind_it(kind: Kind) -> None:
    page = Page(a_mail(kind, extra="Tervetuloa!").html)
    for _, attrs in page.elements:
        style = attrs.get("style") or ""
        for ink in INK.findall(style):
            if ink == "#ffffff":
                assert "background-color:#00408a" in style
                assert contrast(ink, "#00408a") >= 4.5
            else:
                assert min(contrast(ink, paper) for paper in ("#ffffff", "#f3f5f8")) >= 4.5


def test_an_unknown_language_is_answered_in_the_first() -> None:
    letter = a_letter()
    told = written(replace(letter, to=replace(letter.to, language="se")))
    assert told == written(letter)


def test_a_space_without_a_name_in_the_language_has_the_next_best() -> None:
    """R-21: the frame in the reader's language, texts of the Lab in the documented order."""
    letter = a_letter(language="sv")
    only = {
        key: replace(each, name={"en": "Hall", "fi": "Sali"}, instructions={"en": "Mind the step."})
        for key, each in letter.spaces.items()
    }
    told = written(replace(letter, spaces=only))
    assert told.subject == "Bokningen är bekräftad: Sali, ons 2.12.2026 kl. 10.00–12.00"
    assert "Mind the step." in told.text
    assert "Din bokning är bekräftad" in told.html


def test_a_template_that_misses_something_fails() -> None:
    """R-26: half a mail is worse than one that is late."""
    with pytest.raises(Exception, match="until"):
        written(a_letter(Kind.HOLD, confirm_by=None))
    with pytest.raises(Exception, match="code"):
        written(a_letter(Kind.LOGIN, until=None))
    with pytest.raises(Exception, match="last_day"):
        written(a_letter(Kind.INVITATION, last_day=None))
    with pytest.raises(ValueError, match="no booking"):
        written(a_letter(Kind.REMINDER, booking=None))
