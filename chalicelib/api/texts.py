"""Every problem in Finnish, Swedish and English: a title, and a sentence that says what to do."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.api import event_texts
from chalicelib.api.language import LANGUAGES
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem
from chalicelib.domain.spoken import MONTHS_EN, in_language

Texts = tuple[str, str, str]  # fi, sv, en

TITLES: dict[str, Texts] = {
    "invalid-request": ("Tarkista tiedot", "Kontrollera uppgifterna", "Check the request"),
    "nonexistent-local-time": (
        "Kellonaikaa ei ole",
        "Klockslaget finns inte",
        "There is no such local time",
    ),
    "ambiguous-local-time": (
        "Kellonaika on kahdesti",
        "Klockslaget förekommer två gånger",
        "The local time occurs twice",
    ),
    "unknown-space": ("Tilaa ei ole", "Utrymmet finns inte", "There is no such space"),
    "email-not-allowed": (
        "Osoitetta ei voi käyttää",
        "Adressen kan inte användas",
        "This address cannot be used",
    ),
    "terms-not-accepted": (
        "Käyttöehtoja ei ole hyväksytty",
        "Villkoren är inte godkända",
        "The terms are not accepted",
    ),
    "in-the-past": ("Aika on mennyt", "Tiden har passerat", "The time has passed"),
    "off-grid": (
        "Aika ei osu aikaväliin",
        "Tiden följer inte indelningen",
        "The time is off the grid",
    ),
    "too-short": ("Varaus on liian lyhyt", "Bokningen är för kort", "The booking is too short"),
    "too-long": ("Varaus on liian pitkä", "Bokningen är för lång", "The booking is too long"),
    "range-too-long": ("Aikaväli on liian pitkä", "Perioden är för lång", "The range is too long"),
    "too-soon": ("Varaus alkaa liian pian", "Bokningen börjar för snart", "The start is too soon"),
    "too-far-ahead": (
        "Varaus on liian kaukana",
        "Bokningen är för långt fram",
        "The start is too far ahead",
    ),
    "outside-opening-hours": (
        "Aika ei ole aukioloaikana",
        "Tiden är utanför öppettiderna",
        "The time is outside opening hours",
    ),
    "closed": ("Suljettu", "Stängt", "Closed"),
    "over-capacity": ("Paikat eivät riitä", "Platserna räcker inte", "There is not enough room"),
    "quota-exceeded": (
        "Varauksia on jo enimmäismäärä",
        "Antalet bokningar är fullt",
        "There are as many bookings as there may be",
    ),
    "already-started": (
        "Varaus on jo alkanut",
        "Bokningen har redan börjat",
        "The booking has started",
    ),
    "cancellation-closed": (
        "Peruutusaika on päättynyt",
        "Avbokningstiden har gått ut",
        "It is too late to cancel",
    ),
    "idempotency-mismatch": (
        "Avain on käytetty toiseen pyyntöön",
        "Nyckeln har använts för en annan begäran",
        "The key was used for another request",
    ),
    "slot-taken": ("Aika on jo varattu", "Tiden är redan bokad", "The time is taken"),
    "hold-expired": (
        "Varauksen vahvistusaika päättyi",
        "Tiden för bekräftelse har gått ut",
        "The hold has expired",
    ),
    "stale-state": (
        "Tila on jo muuttunut",
        "Läget har redan ändrats",
        "The state has changed already",
    ),
    "stale-version": ("Tiedot ovat muuttuneet", "Uppgifterna har ändrats", "The version is stale"),
    "unauthorised": ("Tunnistaudu", "Legitimera dig", "Credentials are needed"),
    "forbidden": ("Ei sallittu", "Inte tillåtet", "Forbidden"),
    "not-found": ("Ei löydy", "Hittades inte", "Not found"),
    "method-not-allowed": ("Väärä metodi", "Fel metod", "Method not allowed"),
    "too-large": ("Pyyntö on liian suuri", "Begäran är för stor", "The request is too large"),
    "unsupported-media-type": (
        "Sisältötyyppiä ei tueta",
        "Innehållstypen stöds inte",
        "The media type is not supported",
    ),
    "precondition-required": (
        "If-Match puuttuu",
        "If-Match saknas",
        "If-Match is required",
    ),
    "too-many-requests": ("Liian monta pyyntöä", "För många förfrågningar", "Too many requests"),
    "internal": ("Virhe palvelussa", "Fel i tjänsten", "An error of ours"),
    "unavailable": (
        "Palvelu on hetken ruuhkainen",
        "Tjänsten är tillfälligt otillgänglig",
        "The service is busy for a moment",
    ),
}

MESSAGES: dict[str, Texts] = {
    "invalid-request": (
        "Arvo ei kelpaa.",
        "Värdet är ogiltigt.",
        "This value is not valid.",
    ),
    "nonexistent-local-time": (
        "Kellot siirretään tuolloin eteenpäin, joten tätä kellonaikaa ei ole. Valitse toinen aika.",
        "Klockan ställs då fram, så det klockslaget finns inte. Välj en annan tid.",
        "The clocks go forward then, so this time does not exist. Choose another.",
    ),
    "ambiguous-local-time": (
        "Kellot siirretään tuolloin taaksepäin, joten tämä kellonaika on kahdesti. "
        "Kerro, kumpaa tarkoitat.",
        "Klockan ställs då tillbaka, så det klockslaget kommer två gånger. Ange vilket du menar.",
        "The clocks go back then, so this time comes twice. Say which one you mean.",
    ),
    "unknown-space": (
        "Tätä ei voi varata. Valitse jokin luettelon tiloista.",
        "Det här kan inte bokas. Välj ett av utrymmena i listan.",
        "This cannot be booked. Choose one of the spaces listed.",
    ),
    "email-not-allowed": (
        "Käytä organisaatiosi sähköpostiosoitetta. Jos osoitteesi pitäisi kelvata, "
        "ota yhteyttä Labin henkilökuntaan.",
        "Använd din organisations e-postadress. Om din adress borde fungera, "
        "kontakta labbets personal.",
        "Use the e-mail address of your organisation. If yours should do, contact the Lab's hosts.",
    ),
    "terms-not-accepted": (
        "Hyväksy käyttöehdot, jotta voit jatkaa.",
        "Godkänn villkoren för att fortsätta.",
        "Accept the terms to go on.",
    ),
    "in-the-past": (
        "Valitse aika, joka ei ole vielä alkanut.",
        "Välj en tid som inte har börjat.",
        "Choose a time that has not begun.",
    ),
    "off-grid": (
        "Valitse aika, joka alkaa {minutes} minuutin välein.",
        "Välj en tid med {minutes} minuters indelning.",
        "Choose a time in steps of {minutes} minutes.",
    ),
    "too-short": (
        "Lyhin varaus on {minutes} minuuttia.",
        "Den kortaste bokningen är {minutes} minuter.",
        "The shortest booking is {minutes} minutes.",
    ),
    "too-long": (
        "Pisin varaus on {minutes} minuuttia.",
        "Den längsta bokningen är {minutes} minuter.",
        "The longest booking is {minutes} minutes.",
    ),
    "range-too-long": (
        "Valitse lyhyempi aikaväli.",
        "Välj en kortare period.",
        "Choose a shorter range.",
    ),
    "too-soon": (
        "Varaa vähintään {minutes} minuuttia ennen alkua.",
        "Boka minst {minutes} minuter före början.",
        "Book at least {minutes} minutes before the start.",
    ),
    "too-far-ahead": (
        "Viimeinen mahdollinen alkamisaika on nyt {latest}.",
        "Den sista möjliga starttiden är nu {latest}.",
        "The latest possible start is now {latest}.",
    ),
    "outside-opening-hours": (
        "Valitse aika, joka on kokonaan aukioloaikana.",
        "Välj en tid som helt ligger inom öppettiderna.",
        "Choose a time that lies within the opening hours.",
    ),
    "closed": (
        "Suljettu {starts_at}–{ends_at}. Valitse toinen aika tai tila.",
        "Stängt {starts_at}–{ends_at}. Välj en annan tid eller ett annat utrymme.",
        "Closed {starts_at}–{ends_at}. Choose another time or space.",
    ),
    "closed/setup": (
        "Varauksen valmisteluaika osuu sulkuun {starts_at}–{ends_at}. Valitse myöhempi aika.",
        "Förberedelsetiden krockar med en stängning {starts_at}–{ends_at}. Välj en senare tid.",
        "The booking's setup falls on a closure, {starts_at}–{ends_at}. Choose a later time.",
    ),
    "closed/cleanup": (
        "Varauksen siivousaika osuu sulkuun {starts_at}–{ends_at}. Valitse aiempi aika.",
        "Städtiden krockar med en stängning {starts_at}–{ends_at}. Välj en tidigare tid.",
        "The booking's cleanup falls on a closure, {starts_at}–{ends_at}. Choose an earlier time.",
    ),
    "over-capacity": (
        "Enintään {limit}.",
        "Högst {limit}.",
        "At most {limit}.",
    ),
    "quota-exceeded": (
        "Voimassa olevia varauksia voi olla kerrallaan {limit}. Peru jokin ennen uutta.",
        "Man kan ha {limit} gällande bokningar på en gång. Avboka någon före en ny.",
        "One may have {limit} live bookings at a time. Cancel one before the next.",
    ),
    "quota-exceeded/hours": (
        "Viikolla {week} yhden henkilön varauksia voi olla enintään {limit} tuntia. Lyhennä "
        "varausta, valitse toinen viikko tai peru jokin varaus.",
        "Under vecka {week} kan en person ha bokningar för högst {limit} timmar. Förkorta "
        "bokningen, välj en annan vecka eller avboka någon bokning.",
        "In week {week} one person may have at most {limit} hours of bookings. Make it shorter, "
        "choose another week, or cancel a booking.",
    ),
    "quota-exceeded/organisation": (
        "Organisaatiollasi voi olla kerrallaan {limit} voimassa olevaa varausta. Pyydä kollegaa "
        "perumaan varaus, jota ei enää tarvita.",
        "Din organisation kan ha {limit} gällande bokningar på en gång. Be en kollega avboka en "
        "bokning som inte längre behövs.",
        "Your organisation may have {limit} live bookings at a time. Ask a colleague to cancel one "
        "that is no longer needed.",
    ),
    "quota-exceeded/organisation-hours": (
        "Viikolla {week} organisaatiosi varauksia voi olla enintään {limit} tuntia. Lyhennä "
        "varausta tai valitse toinen viikko.",
        "Under vecka {week} kan din organisation ha bokningar för högst {limit} timmar. Förkorta "
        "bokningen eller välj en annan vecka.",
        "In week {week} your organisation may have at most {limit} hours of bookings. Make it "
        "shorter, or choose another week.",
    ),
    "quota-exceeded/holds": (
        "Samalla osoitteella tai samasta verkosta voi olla kerrallaan {limit} vahvistamatonta "
        "varausta tai ilmoittautumista. Vahvista ne sähköpostissa tulleella koodilla, odota, että "
        "ne raukeavat, tai kirjaudu sisään: silloin vahvistamista ei tarvita.",
        "Med samma adress eller från samma nätverk kan man ha {limit} obekräftade bokningar eller "
        "anmälningar på en gång. Bekräfta dem med koden som kom per e-post, vänta tills de "
        "förfaller, eller logga in: då behöver inget bekräftas.",
        "There may be {limit} unconfirmed bookings or sign-ups at a time for one address or from "
        "one network. Confirm them with the code that was mailed, wait until they lapse, or log in: "
        "then nothing has to be confirmed.",
    ),
    "quota-exceeded/all-holds": (
        "Vahvistamattomia varauksia ja ilmoittautumisia on nyt niin monta kuin niitä voi olla. "
        "Kirjaudu sisään, jolloin vahvistamista ei tarvita, tai yritä myöhemmin uudelleen.",
        "De obekräftade bokningarna och anmälningarna är nu så många som de får vara. Logga in, så "
        "behöver inget bekräftas, eller försök igen senare.",
        "There are as many unconfirmed bookings and sign-ups as there may be. Log in, so that "
        "nothing has to be confirmed, or try again later.",
    ),
    # Said besides, to who may know.
    "quota-exceeded/used": (
        "Käytössä on jo {used}.",
        "{used} är redan i bruk.",
        "{used} are in use already.",
    ),
    "quota-exceeded/feeds": (
        "Kalenteriosoitteita voi olla kerrallaan {limit}. Poista jokin ennen uutta.",
        "Man kan ha {limit} kalenderadresser på en gång. Ta bort någon före en ny.",
        "One may have {limit} calendar addresses at a time. Revoke one before the next.",
    ),
    "already-started": (
        "Alkanutta varausta ei voi siirtää eikä perua; sen voi päättää aiemmin.",
        "En bokning som börjat kan inte flyttas eller avbokas, men den kan avslutas tidigare.",
        "A booking that has begun cannot be moved or cancelled; it can be ended early.",
    ),
    "cancellation-closed": (
        "Peru viimeistään {minutes} minuuttia ennen alkua. Ota yhteyttä henkilökuntaan.",
        "Avboka senast {minutes} minuter före början. Kontakta personalen.",
        "Cancel at least {minutes} minutes before the start. Contact the hosts.",
    ),
    "idempotency-mismatch": (
        "Sama Idempotency-Key tuli eri tiedoin. Käytä uutta avainta uuteen pyyntöön.",
        "Samma Idempotency-Key kom med andra uppgifter. Använd en ny nyckel för en ny begäran.",
        "The same Idempotency-Key came with other contents. Use a new key for a new request.",
    ),
    "slot-taken": (
        "Joku muu ehti ensin. Valitse toinen aika tai tila.",
        "Någon annan hann före. Välj en annan tid eller ett annat utrymme.",
        "Somebody else was first. Choose another time or space.",
    ),
    "hold-expired": (
        "Varaa uudelleen, jos aika on vielä vapaana.",
        "Boka på nytt om tiden ännu är ledig.",
        "Book again if the time is still free.",
    ),
    "stale-state": (
        "Tätä ei voi enää tehdä nykyisessä tilassa. Katso, mikä tilanne on nyt.",
        "Det går inte längre i nuvarande läge. Se efter hur det är nu.",
        "This cannot be done in the present state. Look at how it is now.",
    ),
    "stale-version": (
        "Joku muutti tietoja välillä. Hae ne uudelleen ja yritä sitten.",
        "Någon har ändrat uppgifterna. Hämta dem på nytt och försök sedan.",
        "Somebody changed it meanwhile. Get it again, then try again.",
    ),
    "stale-state/not-held": (
        "Tilaan on lisätty osa, joka ei sisälly tähän varaukseen. Siirrä varausta, "
        "jotta se saa myös sen.",
        "Utrymmet har fått en del som inte ingår i bokningen. Flytta bokningen så att den också "
        "får den.",
        "The space has gained a part that this booking does not hold. Move the booking to take it.",
    ),
    "unauthorised": (
        "Anna voimassa oleva avain otsakkeessa Authorization: Bearer.",
        "Ge en giltig nyckel i huvudet Authorization: Bearer.",
        "Send a valid key in the header Authorization: Bearer.",
    ),
    "forbidden": ("Pyyntöä ei hyväksytty.", "Begäran godkändes inte.", "The request is refused."),
    "not-found": (
        "Tätä ei ole tai se ei ole nähtävissäsi.",
        "Det finns inte eller är inte synligt för dig.",
        "It is not there, or not yours to see.",
    ),
    "method-not-allowed": (
        "Katso otsakkeesta Allow, mitä tälle osoitteelle voi tehdä.",
        "Se i huvudet Allow vad adressen tar emot.",
        "See the header Allow for what this address takes.",
    ),
    "too-large": (
        "Pyynnön koko saa olla enintään 65 536 tavua.",
        "Begäran får vara högst 65 536 byte.",
        "A request may have at most 65,536 bytes.",
    ),
    "unsupported-media-type": (
        "Lähetä application/json tai, lomakkeesta, application/x-www-form-urlencoded.",
        "Skicka application/json eller, från formulär, application/x-www-form-urlencoded.",
        "Send application/json or, from a form, application/x-www-form-urlencoded.",
    ),
    "precondition-required": (
        "Hae tiedot ensin ja lähetä niiden ETag otsakkeessa If-Match (tai *).",
        "Hämta uppgifterna först och skicka deras ETag i huvudet If-Match (eller *).",
        "Get it first and send its ETag in the header If-Match (or *).",
    ),
    "too-many-requests": (
        "Odota hetki ja yritä uudelleen.",
        "Vänta en stund och försök igen.",
        "Wait a moment and try again.",
    ),
    "too-many-requests/wait": (
        "Pyyntöjä on tullut liian monta. Yritä uudelleen {wait} kuluttua.",
        "Det har kommit för många förfrågningar. Försök igen om {wait}.",
        "There have been too many requests. Try again in {wait}.",
    ),
    "too-many-requests/log-in": (
        "Varaus- ja ilmoittautumisyrityksiä on tullut liian monta. Yritä uudelleen {wait} kuluttua. "
        "Kirjautuneena pääset jatkamaan heti.",
        "Det har kommit för många försök att boka eller anmäla sig. Försök igen om {wait}. Den som "
        "loggar in kan fortsätta genast.",
        "There have been too many attempts to book or sign up. Try again in {wait}. Who logs in can "
        "go on at once.",
    ),
    "internal": (
        "Mitään ei muutettu tietääksemme. Kerro meille pyynnön tunnus, jos tämä toistuu.",
        "Såvitt vi vet ändrades inget. Meddela oss begärans id om det upprepas.",
        "As far as we know nothing was changed. Tell us the request id if this happens again.",
    ),
    "unavailable": (
        "Emme saaneet varmuutta. Yritä hetken kuluttua uudelleen samalla avaimella.",
        "Vi fick ingen visshet. Försök igen om en stund med samma nyckel.",
        "We could not be certain. Try again in a moment, with the same key.",
    ),
    # Why a request is invalid, where it can be said better than "not valid".
    "invalid-request/missing": ("Pakollinen tieto.", "Obligatorisk uppgift.", "This is required."),
    "invalid-request/extra_forbidden": (
        "Tuntematon kenttä.",
        "Okänt fält.",
        "This field is not known.",
    ),
    "invalid-request/consent": (
        "Hyväksy tämä, jotta voit ilmoittautua.",
        "Godkänn detta för att kunna anmäla dig.",
        "Accept this to sign up.",
    ),
    "email-not-allowed/audience": (
        "Tapahtuma on tarkoitettu toiselle kohderyhmälle. Kysy osallistumisesta Labin henkilökunnalta.",
        "Evenemanget är avsett för en annan målgrupp. Fråga Labbets personal om du kan delta.",
        "The event is for another audience. Ask the hosts of the Lab whether you can come.",
    ),
    "invalid-request/repeated": (
        "Kentän voi antaa vain kerran.",
        "Fältet kan anges bara en gång.",
        "This can be given only once.",
    ),
    "invalid-request/end-before-start": (
        "Lopun on oltava alun jälkeen.",
        "Slutet måste vara efter början.",
        "The end must be after the start.",
    ),
    "invalid-request/time": (
        "Kirjoita aika muodossa 2026-12-02T10:00.",
        "Skriv tiden i formen 2026-12-02T10:00.",
        "Write the time as 2026-12-02T10:00.",
    ),
    "invalid-request/email": (
        "Kirjoita sähköpostiosoite muodossa nimi@organisaatio.fi.",
        "Skriv e-postadressen i formen namn@organisation.fi.",
        "Write the address as name@organisation.fi.",
    ),
    "invalid-request/string_too_long": (
        "Enintään {max_length} merkkiä.",
        "Högst {max_length} tecken.",
        "At most {max_length} characters.",
    ),
    "invalid-request/string_too_short": (
        "Pakollinen tieto.",
        "Obligatorisk uppgift.",
        "This is required.",
    ),
    "invalid-request/greater_than_equal": (
        "Vähintään {ge}.",
        "Minst {ge}.",
        "At least {ge}.",
    ),
    "invalid-request/less_than_equal": ("Enintään {le}.", "Högst {le}.", "At most {le}."),
    "invalid-request/json_invalid": (
        "Pyyntö ei ole kelvollista JSONia.",
        "Begäran är inte giltig JSON.",
        "The request is not valid JSON.",
    ),
    "invalid-request/control_characters": (
        "Ohjausmerkkejä ei hyväksytä.",
        "Styrtecken godkänns inte.",
        "Control characters are not accepted.",
    ),
    "invalid-request/parts": (
        "Yhdistetyllä tilalla on osia, muilla ei.",
        "Ett kombinerat utrymme har delar, andra inte.",
        "A combined space has parts, others have none.",
    ),
    "invalid-request/units": (
        "Vain altaalla ja laitteella voi olla useita yksiköitä.",
        "Bara en pool och utrustning kan ha flera enheter.",
        "Only a pool and equipment can have several units.",
    ),
    "invalid-request/min-over-max": (
        "Lyhin varaus ei voi olla pidempi kuin pisin.",
        "Den kortaste bokningen kan inte vara längre än den längsta.",
        "The shortest booking cannot be longer than the longest.",
    ),
    "invalid-request/fixed": (
        "Tätä ei voi muuttaa.",
        "Det här kan inte ändras.",
        "This cannot be changed.",
    ),
    "invalid-request/day-over": (
        "Valitse päivä, joka ei ole vielä mennyt.",
        "Välj en dag som inte har passerat.",
        "Choose a day that is not over.",
    ),
    "invalid-request/day-too-far": (
        "Valitse päivä, joka on enintään kahden vuoden päässä.",
        "Välj en dag som ligger högst två år framåt.",
        "Choose a day at most two years ahead.",
    ),
    "invalid-request/day": (
        "Kirjoita päivä muodossa 2026-12-31.",
        "Skriv dagen i formen 2026-12-31.",
        "Write the day as 2026-12-31.",
    ),
    "stale-state/last-admin": (
        "Viimeiseltä pääkäyttäjältä ei voi poistaa roolia. Anna rooli ensin toiselle.",
        "Den sista administratören kan inte mista sin roll. Ge först rollen till någon annan.",
        "The last admin has to stay one. Make somebody else an admin first.",
    ),
    "stale-state/of-event": (
        "Varaus kuuluu tapahtumaan. Siirrä tai peru tapahtuma.",
        "Bokningen hör till ett evenemang. Flytta eller ställ in evenemanget.",
        "This booking belongs to an event. Move or call off the event.",
    ),
    "stale-state/being-erased": (
        "Tämän henkilön tietoja poistetaan parhaillaan. Yritä myöhemmin uudelleen.",
        "Den här personens uppgifter raderas just nu. Försök igen senare.",
        "This person's data are being erased. Try again later.",
    ),
    "too-long/none": (
        "Varaus on liian pitkä. Jaa se osiin.",
        "Bokningen är för lång. Dela upp den.",
        "The booking is too long. Divide it.",
    ),
}


TITLES |= event_texts.TITLES
MESSAGES |= event_texts.MESSAGES


def title(code: str, language: str) -> str:
    """The title of a problem."""
    return TITLES[code][LANGUAGES.index(language)]


def message(problem: Problem, language: str, catalog: Catalog) -> str:
    """What is wrong and what to do, naming the space where that helps."""
    params = dict(problem.params)
    key = problem.code
    for name in ("why", "part", "quota"):
        key = f"{problem.code}/{params[name]}" if params.get(name) else key
    if problem.code == "too-long" and params.get("minutes") is None:
        key = "too-long/none"
    texts = MESSAGES.get(key) or MESSAGES[problem.code]
    words = _Words({name: _worded(value, language, catalog) for name, value in params.items()})
    sentence = texts[LANGUAGES.index(language)].format_map(words)
    if params.get("used") is not None:
        used = MESSAGES[f"{problem.code}/used"][LANGUAGES.index(language)]
        sentence = f"{sentence} {used.format_map(words)}"
    space = catalog.spaces.get(str(params.get("space_id")))
    if space is None or problem.code == "unknown-space":
        return sentence
    return f"{name_of(space.name, language)}: {sentence[:1].lower()}{sentence[1:]}"


def name_of(names: Any, language: str) -> str:
    """A text in a language, or in the next best one."""
    return in_language(names, language)


def when(instant: datetime, language: str, catalog: Catalog) -> str:
    """A date and time as people write them, in the site's zone."""
    local = instant.astimezone(catalog.site.zone)
    if language == "en":
        return f"{local.day} {MONTHS_EN[local.month - 1]} {local.year} at {local:%H:%M}"
    if language == "sv":
        return f"{local.day}.{local.month}.{local.year} kl. {local.hour}.{local:%M}"
    return f"{local.day}.{local.month}.{local.year} klo {local.hour}.{local:%M}"


class _Words(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _worded(value: Any, language: str, catalog: Catalog) -> Any:
    if isinstance(value, timedelta):
        return _length(value)
    return when(value, language, catalog) if isinstance(value, datetime) else value


def _length(length: timedelta) -> str:
    """Hours and minutes, as all three languages abbreviate them (with no-break spaces)."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    parts = [f"{hours}\u00a0h"] if hours or not minutes else []
    return " ".join([*parts, *([f"{minutes}\u00a0min"] if minutes else [])])
