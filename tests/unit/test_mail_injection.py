"""Whatever somebody types stays text: in headers, in both bodies and in the calendar part."""

from dataclasses import replace

import pytest
from icalendar import Calendar

from chalicelib.adapters.mail.render import render
from chalicelib.adapters.plain import line, lines
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from tests.mails import DIRECTION, SITE, SPACES, Page, a_letter, a_mail, read

ATTEMPTS = {
    "header": "x\r\nBcc: evil@evil.example\r\nSubject: other",
    "bare-lf": "x\nBcc: evil@evil.example",
    "bare-cr": "x\rBcc: evil@evil.example",
    "body": "x\r\n\r\n<html>evil</html>\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "boundary": "x\r\n--=_m_example_alternative\r\nContent-Type: text/html\r\n\r\nevil",
    "nul": "x\0Bcc: evil@evil.example\x01\x1b[2J",
    "separators": "x\u2028Bcc: evil@evil.example\u2029\x85\v\f\x1c evil",
    "bidi": f"x{DIRECTION}gpj.exe",
    "html": '<script>alert(1)</script><img src=x onerror="alert(1)"> & \' "',
    "attribute": '" onmouseover="alert(1)" x="',
    "template": "{{ 7 * 7 }}{% include 'base.html' %}{name}{0}%(x)s",
    "calendar": "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil\r\nATTENDEE:mailto:evil@evil.example",
    "parameter": "x\";ROLE=CHAIR:mailto:evil@evil.example\r\nX: ^n^'",
    "encoded": "=?utf-8?q?=0D=0ABcc:_evil@evil.example?=",
    "surrogate": "x\ud800\udfff y",
    "long": "ä漢😀" * 2000,
}
HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Labbokning-Message",
    "X-Labbokning-Attempt",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
}


def attacked(kind: Kind, text: str) -> object:
    """A letter in which everything that anybody can type is `text`."""
    person = Person(text, "aino.aalto@gov.fi", text, "fi")
    about_person = {"to": person} if kind in (Kind.LOGIN, Kind.INVITATION) else {}
    names = dict.fromkeys(("fi", "sv", "en"), text)
    letter = a_letter(
        kind,
        site=replace(SITE, name=names),
        person=person,
        title=text,
        notes=text,
        facilitation_notes=text,
        reason=text,
        extra=text,
        spaces={
            key: replace(space, name=names, instructions=names) for key, space in SPACES.items()
        },
        **about_person,
    )
    waiting = tuple(replace(each, person=person, title=text) for each in letter.waiting)
    if letter.seat is not None:
        event = replace(letter.seat.event, title=names, reason=text)
        signup = replace(letter.seat.signup, person=person)
        seat = replace(letter.seat, event=event, signup=signup, venue=text)
        return replace(letter, to=person, seat=seat)
    return replace(letter, waiting=waiting)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_was_typed_is_text(kind: Kind, attempt: str) -> None:
    text = ATTEMPTS[attempt]
    harmless = attacked(kind, "Suunnittelu")
    mail = read(render(attacked(kind, text)))
    expected = read(render(harmless))
    # The same headers and parts as of a letter in which nobody typed anything odd.
    assert list(mail.message) == list(expected.message)
    assert set(mail.message) <= HEADERS
    types = [part.get_content_type() for part in mail.message.walk()]
    assert types == [part.get_content_type() for part in expected.message.walk()]
    for name in ("From", "To", "Reply-To"):
        theirs = [each.addr_spec for each in mail.message[name].addresses]
        assert theirs == [each.addr_spec for each in expected.message[name].addresses]
    # The same elements with the same attributes.
    page, other = Page(mail.html), Page(expected.html)
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in other.elements]
    for (_, attrs), (_, plain) in zip(page.elements, other.elements, strict=True):
        assert attrs == plain
    for shown in (mail.message["Subject"], mail.text, mail.html):
        assert not set(shown) & set(DIRECTION)
        assert not {sign for sign in shown if ord(sign) < 32} - {"\n", "\r"}
    assert "49" not in mail.message["Subject"]
    for calendar in mail.calendars:
        written = calendar.split(b"\r\n")
        assert [written.count(each) for each in (b"BEGIN:VEVENT", b"END:VEVENT")] == [1, 1]
        (event,) = Calendar.from_ical(calendar).walk("VEVENT")
        assert event["UID"] in ("b_EXAMPLE@lab.example", "e_EXAMPLE@lab.example")
        assert event["ATTENDEE"] == "mailto:aino.aalto@gov.fi"
        assert event["ATTENDEE"].params["ROLE"] == "REQ-PARTICIPANT"
        assert event["SUMMARY"] == line(text)
        typed = "LOCATION" if event["UID"].startswith("e_") else "DESCRIPTION"
        assert event[typed] == (line(text) if typed == "LOCATION" else lines(text))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.DIGEST])
def test_what_was_typed_can_be_read(kind: Kind) -> None:
    """It is not swallowed either: who wrote a < b meant it."""
    mail = a_mail(kind, extra="a < b & c > d\nuusi rivi {x}", title="ei näy")
    assert "a < b & c > d\nuusi rivi {x}" in mail.text
    assert "a &lt; b &amp; c &gt; d\nuusi rivi {x}" in mail.html


@pytest.mark.parametrize("kind", [Kind.HOLD, Kind.LOGIN])
def test_a_mail_to_an_address_that_nobody_proved_says_nothing_that_was_typed(kind: Kind) -> None:
    """Anybody can type anybody's address: they must not choose what we write to it."""
    typed = "Voitit-palkinnon https://evil.example"
    person = Person(typed, "aino.aalto@gov.fi", typed)
    typed_too = {"title": typed, "notes": typed, "facilitation_notes": typed}
    mail = a_mail(kind, person=person, to=person, **typed_too)
    for shown in (*map(str, mail.message.values()), mail.text, mail.html):
        assert "evil" not in shown
        assert "palkinnon" not in shown
    assert mail.message["To"] == "aino.aalto@gov.fi"


def test_one_line_and_several() -> None:
    assert line(" a\r\n\tb\u2028c\0d ") == "a b c d"
    assert lines(" a\r\n\r\nb \rc\x85d\x07\n") == "a\n\nb\nc\nd"
    assert line(DIRECTION) == lines(DIRECTION) == ""
    assert line("Työ 😀 e\u0301 \u200d") == "Työ 😀 e\u0301 \u200d"
