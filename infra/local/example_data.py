"""The example Lab: what `make run` fills an empty local cloud with. Another Lab changes this, not the code."""

from collections.abc import Mapping

from chalicelib.domain.catalog import Site
from chalicelib.domain.domains import allowed
from chalicelib.domain.people import Person
from chalicelib.domain.spaces import Hours, Kind, Space
from infra.allowed_domains import listed

OFFICE_HOURS = Hours(week=(((480, 1080),),) * 5 + ((), ()))
ALL_HOURS = Hours(week=(((0, 1440),),) * 7)

STAFF = Person("Sami Salo", "sami.salo@tyo2lab.fi", "Työ 2.0 Lab", "fi")
OWN_DOMAIN = "tyo2lab.fi"


MAIL_DOMAIN = "lab.example.fi"


def site(base_url: str, salt: str) -> Site:
    """The site's settings. Addresses need no proof until there is mail to prove them with."""
    return Site(
        name={"fi": "Työ 2.0 Lab", "sv": "Arbete 2.0 Lab", "en": "Work 2.0 Lab"},
        time_zone="Europe/Helsinki",
        base_url=base_url,
        prove_address=True,
        live_bookings=None,
        allowed_domains=(*allowed((OWN_DOMAIN,)), *listed()),
        mailbox=f"varaukset@{MAIL_DOMAIN}",
        salt=salt,
    )


def _text(fi: str, sv: str, en: str) -> Mapping[str, str]:
    return {"fi": fi, "sv": sv, "en": en}


HALL = _text(
    "Tuolit ja pöydät liikkuvat: järjestäkää sali mieleiseksenne ja palauttakaa lopuksi luokkamuotoon. "
    "Sali on toisessa kerroksessa, ja sinne pääsee hissillä.",
    "Stolar och bord går att flytta: möblera salen som ni vill och ställ tillbaka den i "
    "klassrumsform till slut. Salen ligger på andra våningen och nås med hiss.",
    "Chairs and tables move: arrange the hall as you like, and put it back in rows when you leave. "
    "It is on the second floor; there is a lift.",
)
STEP_FREE = ("step-free", "accessible-toilet")

# Parts come before what is made of them.
SPACES = (
    Space(
        "hall-a",
        _text("Sali A", "Sal A", "Hall A"),
        instructions=HALL,
        capacity=20,
        equipment=("projector", "whiteboard"),
        accessibility=(*STEP_FREE, "induction-loop"),
        hours=OFFICE_HOURS,
    ),
    Space(
        "hall-b",
        _text("Sali B", "Sal B", "Hall B"),
        instructions=HALL,
        capacity=20,
        equipment=("whiteboard",),
        accessibility=STEP_FREE,
        hours=OFFICE_HOURS,
    ),
    Space(
        "hall",
        _text("Sali", "Salen", "Hall"),
        kind=Kind.COMBINED,
        instructions=HALL,
        parts=("hall-a", "hall-b"),
        capacity=40,
        equipment=("projector", "whiteboard"),
        accessibility=(*STEP_FREE, "induction-loop"),
        hours=OFFICE_HOURS,
    ),
    Space(
        "studio",
        _text("Studio", "Studion", "Studio"),
        instructions=_text(
            "Etä- ja hybriditilaisuuksien huone: kamerat, mikrofonit ja valot ovat valmiina. Ohje on "
            "pöydällä. Varaamme vartin ennen ja jälkeen valmisteluun ja siivoukseen.",
            "Rummet för distans- och hybridmöten: kameror, mikrofoner och ljus är på plats. Anvisningen "
            "ligger på bordet. Vi reserverar en kvart före och efter för förberedelser och städning.",
            "The room for remote and hybrid meetings: cameras, microphones and lights are ready, and the "
            "guide is on the table. A quarter of an hour before and after is kept for setting up and tidying.",
        ),
        capacity=12,
        equipment=("screen", "camera", "microphone", "whiteboard"),
        accessibility=(*STEP_FREE, "induction-loop"),
        setup_minutes=15,
        cleanup_minutes=15,
        hours=OFFICE_HOURS,
    ),
    Space(
        "pod",
        _text("Koppi", "Båset", "Pod"),
        instructions=_text(
            "Äänieristetty koppi puheluihin ja kahdenkeskisiin keskusteluihin, auki kaikkina vuorokauden "
            "aikoina. Iltaisin ja viikonloppuisin sisään pääsee kulkukortilla.",
            "Ett ljudisolerat bås för samtal på två man hand, öppet dygnet runt. Kvällar och veckoslut "
            "kommer man in med passerkort.",
            "A soundproof pod for calls and talks between two, open day and night. In the evening and at "
            "weekends the access card opens the door.",
        ),
        capacity=2,
        equipment=("screen",),
        accessibility=("quiet",),
        max_minutes=1440,
        horizon_days=800,
        hours=ALL_HOURS,
    ),
    Space(
        "desks",
        _text("Työpisteet", "Arbetsplatserna", "Desks"),
        kind=Kind.POOL,
        instructions=_text(
            "Kuusi sähköpöytää, joissa on näyttö ja telakka. Valitkaa mikä tahansa vapaa pöytä.",
            "Sex elbord med skärm och dockningsstation. Ta vilket ledigt bord som helst.",
            "Six height-adjustable desks with a screen and a dock. Take any that is free.",
        ),
        capacity=1,
        units=6,
        equipment=("screen", "dock"),
        accessibility=("step-free", "height-adjustable"),
        hours=OFFICE_HOURS,
    ),
    Space(
        "lab",
        _text("Koko Lab", "Hela Lab", "The whole Lab"),
        kind=Kind.COMBINED,
        instructions=_text(
            "Kaikki tilat Koppia lukuun ottamatta. Labin väki vahvistaa varauksen ja ottaa yhteyttä.",
            "Alla utrymmen utom Båset. Labbets personal bekräftar bokningen och tar kontakt.",
            "Every space but the Pod. The Lab's hosts confirm the booking and get in touch.",
        ),
        parts=("hall-a", "hall-b", "studio", "desks"),
        capacity=58,
        equipment=("projector", "screen", "camera", "microphone", "whiteboard"),
        accessibility=STEP_FREE,
        needs_approval=True,
        hours=OFFICE_HOURS,
    ),
    *(
        Space(
            f"facilitator-{number}",
            _text(f"Fasilitaattori {number}", f"Facilitator {number}", f"Facilitator {number}"),
            kind=Kind.PERSON,
            hours=OFFICE_HOURS,
        )
        for number in (1, 2)
    ),
    Space(
        "screen",
        _text("Siirrettävä näyttö", "Flyttbar skärm", "Mobile screen"),
        kind=Kind.EQUIPMENT,
        units=2,
        hours=OFFICE_HOURS,
    ),
)
CLOSED_ON_HOLIDAYS = ("lab", "facilitator-1", "facilitator-2", "screen")
