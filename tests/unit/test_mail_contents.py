"""What each kind of mail says: no more than is so, and in the words of the moment."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.domain.bookings import PendingChange, State
from chalicelib.domain.letters import facts_of
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from tests.builders import EERO, NOW, PIA, at, wed
from tests.mailbox import login_code, login_link
from tests.mails import SITE, Page, a_booking, a_letter, a_mail

SEVERAL = {"starts_at": at("2026-12-02 22:00"), "ends_at": at("2026-12-04 02:00")}
BEFORE = facts_of(a_letter(Kind.CHANGE).booking)


def asking(**changes):
    """A confirmed booking whose person asks for another time."""
    booking = a_letter().booking
    asked = {**wed("13-15"), "space_ids": booking.space_ids, "units": 1, "equipment": {}}
    change = PendingChange(**(asked | changes), facilitator=None, footprint={})
    return replace(booking, state=State.CONFIRMED, pending_change=change)


def words_of(text: str) -> list[str]:
    """The labels of what is said to have changed, from the plain text."""
    _, _, rest = text.partition("Mikä muuttui:\n\n")
    block = rest.partition("\n\n")[0]
    return [line for line in block.splitlines() if line and not line.startswith(" ")]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "ke 2.12.2026 klo 22.00 – pe 4.12.2026 klo 2.00 (Suomen aikaa)"),
        ("sv", "ons 2.12.2026 kl. 22.00 – fre 4.12.2026 kl. 2.00 (finsk tid)"),
        ("en", "Wed 2 Dec 2026 at 22:00 – Fri 4 Dec 2026 at 2:00 (Helsinki time)"),
    ],
)
def test_several_days_are_told_with_both_ends(language: str, told: str) -> None:
    mail = a_mail(language=language, **SEVERAL)
    assert told in mail.text
    assert told in mail.seen
    assert told.rpartition(" (")[0] in mail.message["Subject"]


def test_a_time_that_comes_twice_says_which() -> None:
    mail = a_mail(starts_at=at("2027-10-31 03:30"), ends_at=at("2027-10-31 03:30") + 2 * HOUR)
    assert "su 31.10.2027 klo 3.30 (UTC+3)–4.30 (Suomen aikaa)" in mail.text


HOUR = timedelta(hours=1)


def test_a_time_at_nine_is_local() -> None:
    """T-07."""
    times = wed("9-10")
    assert "klo 9.00–10.00 (Suomen aikaa)" in a_mail(**times).text
    assert "at 9:00–10:00 (Helsinki time)" in a_mail(language="en", **times).text


def test_another_lab_has_another_zone() -> None:
    mail = a_mail(site=replace(SITE, time_zone="Europe/Stockholm"), **wed("10-12"))
    assert "klo 9.00–11.00 (aikavyöhykkeen Europe/Stockholm aikaa)" in mail.text
    assert mail.message["Date"].datetime.astimezone(ZoneInfo("UTC")) == NOW


def test_a_hold_shows_its_code_its_link_and_its_end() -> None:
    mail = a_mail(Kind.HOLD)
    for shown in (mail.text, mail.seen):
        assert "ABCD2345" in shown
        assert "ti 1.12.2026 klo 9.30 (Suomen aikaa)" in shown
    assert "?code=ABCD2345" in mail.html


def test_a_login_says_who_asked_for_what_and_for_how_long() -> None:
    mail = a_mail(Kind.LOGIN)
    for told in (
        "Palveluun Työ 2.0 Lab on pyydetty kirjautumista tällä sähköpostiosoitteella.",
        "ABCD2345",
        "voimassa 10 minuuttia pyynnöstä",
        "viimeistään ti 1.12.2026 klo 9.10 (Suomen aikaa)",
        "vain siinä selaimessa, jossa kirjautumista pyydettiin",
        "Älä koskaan lähetä tätä viestiä eteenpäin",
        "Jos et pyytänyt kirjautumista, sinun ei tarvitse tehdä mitään.",
    ):
        assert told in mail.text
        assert told in mail.seen
    assert mail.message["Subject"] == "Kirjautuminen: Työ 2.0 Lab"
    assert ("strong", {}) in Page(mail.html).elements


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_login_greets_nobody_by_name(language: str) -> None:
    """Whoever asked may not be whose address it is, and has no name that was proved."""
    mail = a_mail(
        Kind.LOGIN, language, to=Person("Aino Aalto", "aino.aalto@gov.fi", "VM", language)
    )
    for shown in (mail.text, mail.seen, str(mail.message["To"])):
        assert "Aino Aalto" not in shown
        assert "VM" not in shown


def test_code_and_link_of_a_login_are_found_where_people_find_them() -> None:
    address = f"https://lab.example/api/login/l_0123456789ABCDEFabcdef/{'0a' * 32}"
    for language in ("fi", "sv", "en"):
        mail = a_mail(Kind.LOGIN, language, code="WXYZ2345", login_url=address)
        assert login_code(mail.message) == "WXYZ2345"
        assert login_link(mail.message) == address
        assert Page(mail.html).links() == [address]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "voit kirjautua sisään ja varata tiloja ke 30.6.2027 asti."),
        ("sv", "du kan logga in och boka utrymmen till och med ons 30.6.2027."),
        ("en", "you can log in and book spaces up to and including Wed 30 Jun 2027."),
    ],
)
def test_an_invitation_says_until_which_day(language: str, told: str) -> None:
    mail = a_mail(Kind.INVITATION, language, last_day=date(2027, 6, 30))
    assert told in mail.text
    assert told in mail.seen


def test_an_invitation_says_who_may_log_in_with_which_address_and_where() -> None:
    to = replace(PIA, language="fi")
    mail = a_mail(Kind.INVITATION, to=to, last_day=date(2027, 6, 30))
    for told in (
        "Nimi: Pia Peltola",
        "Sähköposti: pia.peltola@partner.example",
        "Viimeinen päivä: ke 30.6.2027",
        "Kirjaudu ja varaa:\nhttps://lab.example/api/login\n",
        "Työ 2.0 Lab on yhteinen työtila",
    ):
        assert told in mail.text
    assert mail.text.startswith("Hei Pia Peltola,\n")
    assert "Organisaatio" not in mail.text
    assert Page(mail.html).links() == ["https://lab.example/api/login"]


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        (wed("13-15"), ["Aika"]),
        ({"space_ids": ("pod",)}, ["Paikka"]),
        ({"units": 3}, ["Paikkoja"]),
        ({"equipment": {"screen": 2}}, ["Laitteet"]),
        ({"facilitator": "facilitator-1"}, ["Fasilitaattori"]),
        (wed("13-15") | {"space_ids": ("pod",)}, ["Aika", "Paikka"]),
        ({"attendees": 3, "title": "Toinen"}, []),
    ],
)
def test_a_change_tells_only_what_differs(changes: dict, labels: list[str]) -> None:
    mail = a_mail(Kind.CHANGE, before=BEFORE, **changes)
    assert words_of(mail.text) == labels
    assert mail.seen.count("Ennen:") == len(labels)
    assert ("Mikä muuttui" in mail.seen) == bool(labels)


def test_a_change_tells_what_was_and_what_is() -> None:
    mail = a_mail(Kind.CHANGE, before=BEFORE, equipment={"screen": 2}, **wed("13-15"))
    for line in (
        "Nyt: ke 2.12.2026 klo 13.00–15.00 (Suomen aikaa)",
        "Ennen: ke 2.12.2026 klo 10.00–12.00 (Suomen aikaa)",
        "Nyt: Screen: 2",
        "Ennen: ei mitään",
    ):
        assert line in mail.text
        assert line in mail.seen


def test_a_change_of_what_was_never_told_tells_the_whole() -> None:
    mail = a_mail(Kind.CHANGE, before=None)
    assert "Mikä muuttui" not in mail.text
    assert "Aika: ke 2.12.2026 klo 10.00–12.00 (Suomen aikaa)" in mail.text


def test_a_changed_request_still_waits() -> None:
    waits = "Varaus odottaa vielä henkilökunnan vahvistusta."
    assert waits in a_mail(Kind.CHANGE, state=State.PENDING, method=None).text
    assert waits not in a_mail(Kind.CHANGE).text


@pytest.mark.parametrize("kind", [Kind.DENIED, Kind.CANCELLATION])
def test_a_reason_is_told_where_there_is_one(kind: Kind) -> None:
    mail = a_mail(kind, reason="Tilassa on remontti.\nPahoittelut.")
    assert "Perustelu:\n  Tilassa on remontti.\n  Pahoittelut.\n" in mail.text
    assert "Tilassa on remontti." in mail.seen
    assert "Perustelu" not in a_mail(kind, reason="").text


def test_a_cancellation_tells_whose_what_and_when() -> None:
    mail = a_mail(Kind.CANCELLATION, person=EERO, to=EERO)
    for told in ("Eero Eskola", "Höstens workshop", "Hall-A", "ons 2.12.2026 kl. 10.00–12.00"):
        assert told in a_mail(Kind.CANCELLATION, "sv", person=EERO, to=EERO).text
    assert mail.message["Content-Language"] == "sv"


@pytest.mark.parametrize(
    ("kind", "alone", "of_a_change"),
    [
        (Kind.PENDING, "Varauspyyntösi on vastaanotettu", "Muutospyyntösi on vastaanotettu"),
        (Kind.APPROVAL_ASKED, "Varauspyyntö odottaa", "Muutospyyntö odottaa"),
        (Kind.DENIED, "Varauspyyntöäsi ei hyväksytty", "Muutosta ei hyväksytty"),
        (Kind.EXPIRY, "Varauspyyntösi on rauennut", "Muutospyyntösi on rauennut"),
        (Kind.APPROVED, "Varauksesi on hyväksytty", "Muutos on hyväksytty"),
    ],
)
def test_an_answer_says_whether_it_is_about_a_change(
    kind: Kind, alone: str, of_a_change: str
) -> None:
    assert alone in a_mail(kind).seen
    booking = {
        Kind.DENIED: replace(asking(), pending_change=None),
        Kind.EXPIRY: replace(asking(), pending_change=None),
        Kind.APPROVED: replace(asking(), pending_change=None, **wed("13-15")),
    }.get(kind, asking())
    mail = a_mail(kind, booking=booking, before=facts_of(asking()))
    assert of_a_change in mail.seen
    assert "muuto" in mail.message["Subject"].lower()


def test_staff_and_person_see_the_change_that_is_asked_for() -> None:
    for kind in (Kind.PENDING, Kind.APPROVAL_ASKED):
        mail = a_mail(kind, booking=asking())
        for line in (
            "Pyydetään: ke 2.12.2026 klo 13.00–15.00 (Suomen aikaa)",
            "Nyt: ke 2.12.2026 klo 10.00–12.00 (Suomen aikaa)",
        ):
            assert line in mail.text
            assert line in mail.seen


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(minutes=55), "Varauksesi alkaa pian"),
        (timedelta(hours=5), "Varauksesi alkaa tänään"),
        (timedelta(hours=24), "Varauksesi alkaa huomenna"),
        (timedelta(hours=38), "Varauksesi alkaa huomenna"),
        (timedelta(hours=48), "Varauksesi lähestyy"),
    ],
)
@pytest.mark.parametrize("rule", ["P1D", "PT1H"])
def test_a_reminder_says_how_near_the_start_is(ahead: timedelta, told: str, rule: str) -> None:
    """Quiet hours bring reminders forward, so the rule alone would say the wrong day (R-19)."""
    times = {"starts_at": NOW + ahead, "ends_at": NOW + ahead + HOUR}
    mail = a_mail(Kind.REMINDER, rule=rule, **times)
    assert f"{told}." in mail.text
    assert f"{told}." in mail.seen


def test_a_reminder_begins_with_the_start() -> None:
    mail = a_mail(Kind.REMINDER)
    start = "ke 2.12.2026 klo 10.00"
    assert mail.message["Subject"] == f"Muistutus: {start}, Hall-A"
    assert mail.text.splitlines()[2] == f"{start} (Suomen aikaa)"
    assert mail.seen.index(start) < mail.seen.index("Hei Aino")
    assert "Avain on aulassa." in mail.text


def test_staff_see_who_asks_for_what() -> None:
    person = Person("Eero Eskola", "eero.eskola@gov.fi", "DVV", "sv")
    mail = a_mail(
        Kind.APPROVAL_ASKED,
        person=person,
        notes="Kaksi ryhmää.\nToinen etänä.",
        facilitation_notes="Apua suunnitteluun.",
        equipment={"screen": 2},
        facilitator="facilitator-1",
        attendees=17,
    )
    assert mail.message["Content-Language"] == "fi"
    for line in (
        "Varaaja: Eero Eskola",
        "Organisaatio: DVV",
        "Sähköposti: eero.eskola@gov.fi",
        "Osallistujia: 17",
        "Laitteet: Screen: 2",
        "Fasilitaattori: Facilitator-1",
        "Lisätiedot:\n  Kaksi ryhmää.\n  Toinen etänä.\n",
        "Toiveet fasilitaattorille: Apua suunnitteluun.",
        "Käsittele pyyntö:\nhttps://lab.example/api/decide/b_EXAMPLE/example\n",
    ):
        assert line in mail.text
    assert "Hei" not in mail.text


def test_a_digest_begins_with_the_oldest() -> None:
    requests = [
        a_booking(booking_id=f"b_{hours}", state=State.PENDING, created_at=NOW - hours * HOUR)
        for hours in (1, 30, 5)
    ]
    mail = a_mail(Kind.DIGEST, waiting=tuple(requests))
    assert mail.message["Subject"] == "3 pyyntöä odottaa vastausta"
    places = [mail.text.index(f"Varaustunnus: b_{hours}\n") for hours in (30, 5, 1)]
    assert places == sorted(places)
    assert "1. Varaus tehty ma 30.11.2026 klo 3.00 (Suomen aikaa)" in mail.text
    one = a_mail(Kind.DIGEST, waiting=tuple(requests[:1]))
    assert one.message["Subject"] == "1 pyyntö odottaa vastausta"


def test_places_are_told_of_desks_only() -> None:
    assert "Paikkoja" not in a_mail().text
    assert "Paikkoja: 3" in a_mail(space_ids=("desks",), units=3).text


def test_instructions_of_several_spaces_are_told_once() -> None:
    mail = a_mail(space_ids=("hall-a", "hall-b", "studio"))
    assert mail.text.count("Avain on aulassa.") == 1
    letter = a_letter(space_ids=("hall-a", "studio"))
    spaces = dict(letter.spaces)
    spaces["studio"] = replace(spaces["studio"], instructions={"fi": "Sammuta valot."})
    told = a_mail(space_ids=("hall-a", "studio"), spaces=spaces).text
    assert "Hall-A:\nAvain on aulassa." in told
    assert "Studio:\nSammuta valot." in told


def test_a_space_that_is_gone_is_told_by_its_id() -> None:
    assert "Paikka: torni" in a_mail(space_ids=("torni",)).text


def test_staffs_paragraph_is_told_in_both_bodies() -> None:
    mail = a_mail(extra="Kahvila on suljettu.\n\nTervetuloa!")
    assert "Kahvila on suljettu.\n\nTervetuloa!" in mail.text
    assert "Kahvila on suljettu.\n\nTervetuloa!" in mail.html


def test_without_links_a_mail_has_none() -> None:
    mail = a_mail(Kind.CONFIRMATION, manage_url="")
    assert "http" not in mail.text
    assert "href" not in mail.html
    site = replace(SITE, base_url="")
    assert "href" not in a_mail(Kind.APPROVAL_ASKED, site=site).html


def test_a_calendar_entry_is_announced() -> None:
    assert "kalenterimerkintä" in a_mail(Kind.CONFIRMATION).text
    assert "poistaa varauksen kalenteristasi" in a_mail(Kind.CANCELLATION).text
    for kind in (Kind.PENDING, Kind.HOLD, Kind.REMINDER):
        assert "kalenteri" not in a_mail(kind).text
