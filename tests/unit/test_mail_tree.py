"""The bytes of a mail: its tree, its headers, its lines."""

import re
import subprocess
import sys
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest

from chalicelib.adapters.mail.mime import display_name
from chalicelib.adapters.mail.render import render
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Method
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from infra.package import ROOT
from tests.builders import NOW
from tests.mails import ALL, DIRECTION, SITE, a_letter, a_mail, read

SEATED = (Kind.SEAT, Kind.PROMOTION, Kind.EVENT_CHANGE, Kind.SEAT_CANCELLATION)
INVITING = (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION)
ADDRESS = re.compile(rb"[\w.+-]+@[\w.-]+\w")
LONG = "Kehittämis- ja hallintokeskuksen työhyvinvoinnin yhteistyöryhmä " * 4


def tree(message: EmailMessage) -> object:
    if not message.is_multipart():
        return message.get_content_type()
    return (message.get_content_type(), [tree(each) for each in message.iter_parts()])


def written_in(raw: bytes, name: str) -> str:
    """A header as one of the many who do not use Python's newer parser reads it."""
    folded = message_from_bytes(raw)[name]
    return str(make_header(decode_header(re.sub(r"\r\n(?= )", "", folded).strip())))


def headers(raw: bytes) -> list[bytes]:
    """Every line of every header, parts' included."""
    found: list[bytes] = []
    for block in re.split(rb"(?m)^--=_.*\r\n", raw):
        found += block.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return found


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_the_tree_of_a_mail(kind: Kind, language: str) -> None:
    """I-02, I-15."""
    mail = a_mail(kind, language)
    plain = ("multipart/alternative", ["text/plain", "text/html"])
    if kind not in (*INVITING, *SEATED):
        assert tree(mail.message) == plain
        assert mail.calendars == []
        return
    assert tree(mail.message) == (
        "multipart/mixed",
        [
            ("multipart/alternative", ["text/plain", "text/html", "text/calendar"]),
            "application/ics",
        ],
    )
    inside, attached = mail.calendars
    assert inside == attached
    part = mail.parts[2]
    method = "CANCEL" if kind in (Kind.CANCELLATION, Kind.SEAT_CANCELLATION) else "REQUEST"
    assert part.get_param("method") == method
    assert part.get_content_charset() == "utf-8"
    assert f"METHOD:{method}\r\n".encode() in inside
    assert [each["Content-Transfer-Encoding"] for each in mail.parts[2:]] == ["base64", "base64"]
    assert mail.parts[3].get_filename() == "invite.ics"
    assert mail.parts[3].get_content_disposition() == "attachment"


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_the_raw_bytes_keep_to_the_rules(kind: Kind, language: str) -> None:
    """RFC 5322 (2.1.1, 2.3): CRLF and nothing else, short lines, ASCII; RFC 2045: 76 where encoded."""
    raw = render(a_letter(kind, language, extra=LONG * 20, title=LONG))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert b"\0" not in raw
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert all(len(line) <= 76 for line in headers(raw))
    assert raw.endswith(b"--\r\n")


def test_a_long_link_stays_whole() -> None:
    """What reads List-Unsubscribe need not put folded or encoded addresses together again."""
    link = "https://" + "a" * 60 + ".example/api/unsubscribe/p_" + "0" * 64 + "/" + "x" * 64
    mail = a_mail(Kind.REMINDER, unsubscribe_url=link)
    assert f"List-Unsubscribe:\r\n <{link}>\r\n".encode() in mail.raw
    assert mail.message["List-Unsubscribe"].strip() == f"<{link}>"
    assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_what_machines_need_to_know(kind: Kind, language: str) -> None:
    """I-20."""
    mail = a_mail(kind, language, message_id="m_0123", attempt=3).message
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Labbokning-Message"] == "m_0123"
    assert mail["X-Labbokning-Attempt"] == "3"
    assert mail["Message-ID"] == "<m_0123@lab.example>"
    assert mail["From"] == f"{SITE.name[language]} <tilat@lab.example>".replace(
        SITE.name[language], f'"{SITE.name[language]}"'
    )
    assert mail["Reply-To"] == "tilat@lab.example"
    assert mail["Date"].datetime == NOW
    assert mail["Date"].datetime.utcoffset().total_seconds() == 7200
    assert mail["MIME-Version"] == "1.0"
    names = [name.lower() for name in mail]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", Kind)
def test_only_reminders_and_digests_can_be_switched_off(kind: Kind) -> None:
    """I-20, RFC 8058."""
    link = "https://lab.example/unsubscribe/p_1/x"
    mail = a_mail(kind, unsubscribe_url=link).message
    optional = kind in (Kind.REMINDER, Kind.EVENT_REMINDER, Kind.EVENT_FEEDBACK, Kind.DIGEST)
    assert mail["List-Unsubscribe"] == (f"<{link}>" if optional else None)
    assert mail["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if optional else None)
    assert a_mail(kind, unsubscribe_url="").message["List-Unsubscribe"] is None


def test_sending_once_more_sends_the_same() -> None:
    first, second = (render(a_letter(attempt=attempt)) for attempt in (1, 2))
    assert first == render(a_letter(attempt=1))
    assert first.replace(b"Attempt: 1", b"Attempt: 2") == second
    later = read(render(a_letter(attempt=2, now=NOW.replace(hour=9))))
    assert later.message["Message-ID"] == read(first).message["Message-ID"]


@pytest.mark.parametrize("kind", Kind)
def test_no_mail_holds_an_address_of_anybody_else(kind: Kind) -> None:
    """I-07, over the raw bytes and over every part decoded; whom to ask of an event is published with it."""
    letter = a_letter(kind)
    mail = read(render(letter))
    found = set(ADDRESS.findall(mail.raw.replace(b"=\r\n", b"")))
    for part in mail.parts:
        found |= set(ADDRESS.findall(part.get_payload(decode=True)))
    person = (letter.booking.person if letter.booking else letter.to).email
    own = {b"tilat@lab.example", b"aino.aalto@agency.example", person.encode()}
    if letter.seat:
        own |= set(ADDRESS.findall(letter.seat.event.programme.contact.encode()))
    ids = {b"b_EXAMPLE@lab.example", b"m_example@lab.example", b"e_EXAMPLE@lab.example"}
    assert {each.replace(b"=40", b"@") for each in found} <= own | ids


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Työ 2.0 Lab: varaukset", "Työ 2.0 Lab varaukset"),
        ("Lab <evil@x.example>", "Lab evil x.example"),
        ('The "Lab", Ltd; (x)', "The Lab Ltd x"),
        ("Lab\r\nBcc: evil@x.example\0", "Lab Bcc evil x.example"),
        (f"L{DIRECTION}ab", "Lab"),
        ("  ", ""),
    ],
)
def test_the_name_before_an_address(name: str, shown: str) -> None:
    """I-19."""
    assert display_name(name) == shown
    site = replace(SITE, name={"fi": name})
    mail = a_mail(site=site, to=Person(name, "aino.aalto@gov.fi")).message
    for header, email in (("From", "tilat@lab.example"), ("To", "aino.aalto@gov.fi")):
        (address,) = mail[header].addresses
        assert (address.display_name, address.addr_spec) == (shown, email)


@pytest.mark.parametrize("length", [60, 74, 75, 76, 200])
@pytest.mark.parametrize(
    "sign", ["a", "ä", "漢", "😀", "e\u0301", "aaa ä bbb, ", "ä ää ", "=?utf-8?q?x?="]
)
def test_a_long_name_is_cut(length: int, sign: str) -> None:
    """I-19. However it is encoded, it comes back."""
    assert len(display_name(sign * length)) <= 75
    name = display_name(sign * length)
    mail = a_mail(to=Person(name, "aino.aalto@gov.fi"))
    # The parser of email.policy puts blanks between encoded words in names, against RFC 2047 (6.2).
    assert re.sub(r' *<aino.aalto@gov.fi>$|"', "", written_in(mail.raw, "To")) == name
    assert all(len(line) <= 78 for line in headers(mail.raw))


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("length", range(1, 90, 7))
def test_a_long_subject_comes_back(length: int, language: str) -> None:
    """Wherever it is folded, no sign and no blank is lost."""
    space = replace(a_letter().spaces["pod"], name={language: f"Työ {'ä' * length} sali {length}"})
    spaces = dict(a_letter().spaces) | {"pod": space}
    mail = a_mail(language=language, spaces=spaces, space_ids=("pod",) * 3)
    start = {
        "fi": "Varaus vahvistettu: ",
        "sv": "Bokningen är bekräftad: ",
        "en": "Booking confirmed: ",
    }[language]
    one = f"Työ {'ä' * length} sali {length}"
    subject = f"{start}{one}, {one}, {one}, "
    assert mail.message["Subject"][:149] == written_in(mail.raw, "Subject")[:149]
    assert written_in(mail.raw, "Subject").startswith(subject[:140].rstrip())
    assert all(len(line) <= 78 for line in headers(mail.raw))


def test_a_subject_has_an_end() -> None:
    space_ids = tuple(f"space-{number}" for number in range(100))
    subject = a_mail(space_ids=space_ids).message["Subject"]
    assert 140 < len(subject) <= 150
    assert subject.endswith("…")


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://lab.example/api", "lab@lab.example"),
        ("http://localhost:4566/_aws/x", "lab@localhost"),
        ("https://LAB.example:8443", "lab@lab.example"),
        ("http://[::1]:8000", "lab@labbokning.invalid"),
        ("", "lab@labbokning.invalid"),
    ],
)
def test_a_lab_without_a_mailbox_has_an_address_all_the_same(base_url: str, address: str) -> None:
    site = Site(base_url=base_url)
    mail = a_mail(Kind.DIGEST, site=site, to=Person("Lab", "")).message
    for header in ("From", "To", "Reply-To"):
        assert mail[header].addresses[0].addr_spec == address
    assert mail["Message-ID"].endswith(f"{address.removeprefix('lab')}>")


def test_a_calendar_part_goes_only_where_it_is_meant() -> None:
    """I-02, I-03: who holds a place gets it, who waits for one does not; the letter says which."""
    assert a_mail(Kind.CHANGE, method=None).calendars == []
    assert len(a_mail(Kind.APPROVED, method=Method.REQUEST).calendars) == 2


def test_an_address_outside_ascii_is_kept() -> None:
    """RFC 6532: such a mail is for those who can take it; the address is never turned into another."""
    raw = render(a_letter(to=Person("Aino", "äinö@gov.fi")))
    assert "<äinö@gov.fi>".encode() in raw


def test_what_writes_mails_loads_its_libraries_when_it_writes_one() -> None:
    """Cold start is a feature: a request that sends no mail pays nothing for those who do."""
    code = (
        "import sys, chalicelib.adapters.mail.render, chalicelib.adapters.mail.example\n"
        "print({'jinja2', 'icalendar'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
