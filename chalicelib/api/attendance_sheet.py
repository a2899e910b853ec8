"""The attendance list as a table for a spreadsheet, in the reader's language, with a note on privacy."""

from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.domain.catalog import Site
from chalicelib.domain.events import NEEDS_KEPT, Event, Way
from chalicelib.domain.questions import Kind, Question
from chalicelib.domain.sheets import Sheet
from chalicelib.domain.signups import SignUp
from chalicelib.domain.spoken import Spoken, in_language

TEXTS: dict[str, dict[str, Any]] = {
    "fi": {
        "file": "osallistujat",
        "title": "Osallistujat",
        "note_title": "Tietosuoja",
        "note": (
            "{title}, {when}. Luettelo on haettu {at}.",
            "Luettelo sisältää henkilötietoja, myös ruokavalioita ja esteettömyystarpeita. Käytä sitä vain tämän tapahtuman järjestämiseen äläkä jaa sitä eteenpäin.",
            "Poista tiedosto viimeistään {day}. Silloin ruokavaliot ja esteettömyystarpeet poistetaan myös varausjärjestelmästä.",
            "Luettelon hakemisesta on jäänyt merkintä lokiin. Kysymyksiin vastaa {address}.",
        ),
        "head": (
            "Nimi",
            "Ilmoittaja",
            "Sähköposti",
            "Viestit",
            "Organisaatio",
            "Osallistumistapa",
            "Tila",
            "Saapunut",
            "Ruokavalio",
            "Esteettömyystarpeet",
            "Ilmoittautunut",
        ),
        "ways": {"room": "paikan päällä", "remote": "etänä"},
        "states": {
            "held": "vahvistamatta",
            "confirmed": "vahvistettu",
            "waiting": "jonossa",
            "offered": "paikka tarjottu",
            "left": "perunut",
            "declined": "ei ottanut paikkaa",
            "expired": "rauennut",
            "removed": "poistettu",
            "handed-over": "luovuttanut paikkansa",
            "called-off": "tapahtuma peruttu",
        },
        "unreached": "eivät tule perille",
        "yes": "kyllä",
        "no": "ei",
    },
    "sv": {
        "file": "deltagare",
        "title": "Deltagare",
        "note_title": "Dataskydd",
        "note": (
            "{title}, {when}. Listan hämtades {at}.",
            "Listan innehåller personuppgifter, även om specialkoster och tillgänglighetsbehov. Använd den bara för att ordna det här evenemanget och sprid den inte vidare.",
            "Radera filen senast {day}. Då raderas uppgifterna om specialkoster och tillgänglighetsbehov även ur bokningssystemet.",
            "Att listan hämtades har antecknats i loggen. Frågor besvaras av {address}.",
        ),
        "head": (
            "Namn",
            "Anmäld av",
            "E-post",
            "Meddelanden",
            "Organisation",
            "Deltar",
            "Läge",
            "Anlände",
            "Specialkost",
            "Tillgänglighetsbehov",
            "Anmäld",
        ),
        "ways": {"room": "på plats", "remote": "på distans"},
        "states": {
            "held": "obekräftad",
            "confirmed": "bekräftad",
            "waiting": "i kö",
            "offered": "erbjuden plats",
            "left": "avanmäld",
            "declined": "tackade nej",
            "expired": "förfallen",
            "removed": "borttagen",
            "handed-over": "överlät sin plats",
            "called-off": "evenemanget inställt",
        },
        "unreached": "kommer inte fram",
        "yes": "ja",
        "no": "nej",
    },
    "en": {
        "file": "participants",
        "title": "Participants",
        "note_title": "Privacy",
        "note": (
            "{title}, {when}. The list was taken on {at}.",
            "The list is personal data, dietary and accessibility needs among it. Use it for arranging this event alone, and do not pass it on.",
            "Delete the file by {day} at the latest. That is when dietary and accessibility needs are deleted from the booking system too.",
            "That the list was taken is in the log. Questions are answered by {address}.",
        ),
        "head": (
            "Name",
            "Signed up by",
            "E-mail",
            "Mail",
            "Organisation",
            "Takes part",
            "State",
            "Arrived",
            "Diet",
            "Accessibility needs",
            "Signed up",
        ),
        "ways": {"room": "in the room", "remote": "remotely"},
        "states": {
            "held": "not confirmed",
            "confirmed": "confirmed",
            "waiting": "waiting",
            "offered": "offered a seat",
            "left": "left",
            "declined": "declined",
            "expired": "expired",
            "removed": "removed",
            "handed-over": "handed their place over",
            "called-off": "event called off",
        },
        "unreached": "does not arrive",
        "yes": "yes",
        "no": "no",
    },
}


def file_name(event: Event, site: Site, language: str, kind: str) -> str:
    """A name that says what it is and of which day: osallistujat-2027-01-20.csv."""
    day = event.starts_at.astimezone(site.zone).date()
    return f"{TEXTS[language]['file']}-{day.isoformat()}.{kind}"


def sheet(
    event: Event,
    signups: Iterable[SignUp],
    site: Site,
    language: str,
    now: datetime,
    unreached: Container[str] = (),
) -> Sheet:
    """One row a person, guests below who signed them up; answers are of who signed up.

    `unreached` are the ids of those to whom mail does not arrive.
    """
    texts, spoken = TEXTS[language], Spoken(language, site.zone)
    told = {
        "title": in_language(event.title, language),
        "when": spoken.when(event.starts_at, event.ends_at),
        "at": spoken.at(now),
        "day": spoken.day((event.ends_at + NEEDS_KEPT).astimezone(site.zone).date(), year=True),
        "address": site.address,
    }
    asked = event.questions
    head = (*texts["head"], *(in_language(each.text, language) for each in asked))
    rows = (row for each in signups for row in _rows(each, asked, site, language, unreached))
    note = tuple(line.format_map(told) for line in texts["note"])
    return Sheet(texts["title"], texts["note_title"], note, head, tuple(rows))


def way_name(way: Way, language: str) -> str:
    """How one takes part, in words."""
    return str(TEXTS[language]["ways"][way.value])


def state_name(state: str, language: str) -> str:
    """How a sign-up stands, in words."""
    return str(TEXTS[language]["states"][state])


def has_state(state: str) -> bool:
    """Whether a word is one for how a sign-up stands."""
    return state in TEXTS["en"]["states"]


def _rows(
    one: SignUp,
    questions: tuple[Question, ...],
    site: Site,
    language: str,
    unreached: Container[str],
) -> Iterator[tuple[str, ...]]:
    person = one.person
    stands = (way_name(one.way, language), state_name(one.state, language))
    made = _time(one.created_at, site)
    answers = tuple(_answer(each, one, language) for each in questions)
    arrived = _time(one.arrived_at, site)
    told = (arrived, one.diet, one.accessibility, made)
    mail = str(TEXTS[language]["unreached"]) if one.person_id in unreached else ""
    yield (person.name, "", person.email, mail, person.organisation, *stands, *told, *answers)
    for each in one.members:
        told = (_time(each.arrived_at, site), each.diet, each.accessibility, made)
        yield (each.name, person.name, "", "", "", *stands, *told, *("" for _ in questions))


def _answer(question: Question, one: SignUp, language: str) -> str:
    answer = one.answers.get(question.id)
    if isinstance(answer, bool):
        return str(TEXTS[language]["yes" if answer else "no"])
    if question.kind is Kind.CHOICE:
        found = (each.text for each in question.choices if each.id == answer)
        return in_language(next(found, {}), language) or str(answer or "")
    return str(answer or "")


def _time(at: datetime | None, site: Site) -> str:
    """In an order that sorts: 2027-01-20 09:02."""
    return f"{at.astimezone(site.zone):%Y-%m-%d %H:%M}" if at else ""
