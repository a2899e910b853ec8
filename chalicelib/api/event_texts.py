"""What is wrong with a sign-up and what to do, in Finnish, Swedish and English."""

Three = tuple[str, str, str]
TITLES: dict[str, Three] = {
    "signup-not-open": (
        "Ilmoittautuminen ei ole auki",
        "Anmälan är inte öppen",
        "Sign-up is not open",
    ),
    "group-too-large": (
        "Seurue on liian suuri",
        "Sällskapet är för stort",
        "The party is too large",
    ),
    "already-signed-up": (
        "Henkilö on jo ilmoittautunut",
        "Personen är redan anmäld",
        "This person has signed up already",
    ),
    "series-empty": (
        "Sarjassa ei ole päiviä",
        "Serien har inga datum",
        "The series has no dates",
    ),
    "series-too-long": ("Sarja on liian pitkä", "Serien är för lång", "The series is too long"),
    "series-overlaps-itself": (
        "Sarja menee päällekkäin",
        "Serien överlappar sig själv",
        "The series overlaps itself",
    ),
    "event-full": ("Tapahtuma on täynnä", "Evenemanget är fullt", "The event is full"),
    "held-for-waiting-list": (
        "Vapaat paikat kuuluvat jonossa oleville",
        "De lediga platserna tillhör dem i kön",
        "The free seats belong to the waiting list",
    ),
}
MESSAGES: dict[str, Three] = {
    "signup-not-open": (
        "Tähän tapahtumaan ei voi nyt ilmoittautua.",
        "Det går inte att anmäla sig till evenemanget nu.",
        "It is not possible to sign up for this event now.",
    ),
    "signup-not-open/early": (
        "Ilmoittautuminen avautuu {opens_at}.",
        "Anmälan öppnar {opens_at}.",
        "Sign-up opens on {opens_at}.",
    ),
    "signup-not-open/late": (
        "Ilmoittautuminen päättyi {closes_at}. Kysy paikkaa Labin henkilökunnalta.",
        "Anmälan stängde {closes_at}. Fråga Labbets personal om en plats.",
        "Sign-up closed on {closes_at}. Ask the hosts of the Lab for a seat.",
    ),
    "group-too-large": (
        "Kerralla voi ilmoittaa enintään {most} henkilöä, ilmoittaja mukaan lukien.",
        "Högst {most} personer kan anmälas på en gång, den som anmäler medräknad.",
        "At most {most} persons can sign up together, oneself included.",
    ),
    "already-signed-up": (
        "Tällä osoitteella on jo ilmoittauduttu. Muuta tai peru ilmoittautuminen viestin linkistä.",
        "Adressen är redan anmäld. Ändra eller avboka anmälan via länken i meddelandet.",
        "This address has signed up already. Change or cancel it by the link in the mail.",
    ),
    "event-full": (
        "Paikat ja jonotuspaikat ovat täynnä. Paikkoja voi vapautua myöhemmin.",
        "Platserna och köplatserna är slut. Platser kan bli lediga senare.",
        "The seats and the waiting list are full. Seats may become free later.",
    ),
    "event-full/room": (
        "Paikat ja jonotuspaikat paikan päällä ovat täynnä. Paikkoja voi vapautua myöhemmin.",
        "Platserna och köplatserna på plats är slut. Platser kan bli lediga senare.",
        "The seats and the waiting list in the room are full. Seats may become free later.",
    ),
    "event-full/remote": (
        "Etäpaikat ja niiden jonotuspaikat ovat täynnä. Paikkoja voi vapautua myöhemmin.",
        "Distansplatserna och deras köplatser är slut. Platser kan bli lediga senare.",
        "The remote seats and their waiting list are full. Seats may become free later.",
    ),
    "held-for-waiting-list": (
        "Jonossa on ihmisiä ennen sinua, eikä jonosta enää nouse paikkoja. Kysy henkilökunnalta.",
        "Det finns personer före dig i kön, och platser delas inte längre ut. Fråga personalen.",
        "Others wait before you, and seats are no longer given out. Ask the hosts.",
    ),
    "hold-expired/signup": (
        "Ilmoittaudu uudelleen, jos paikkoja on vielä.",
        "Anmäl dig på nytt om det ännu finns platser.",
        "Sign up again if there are seats still.",
    ),
    "stale-state/seated": (
        "Sait jo paikan. Peru se, jos et pääse tulemaan.",
        "Du har redan fått en plats. Avboka den om du inte kan komma.",
        "You have a seat by now. Cancel it if you cannot come.",
    ),
    "stale-state/over": (
        "Tapahtuma on päättynyt.",
        "Evenemanget är över.",
        "The event is over.",
    ),
    "series-empty": (
        "Sääntö ei anna yhtään päivää ensimmäisen jälkeen.",
        "Regeln ger inga datum efter det första.",
        "The rule gives no date after the first.",
    ),
    "series-too-long": (
        "Sarjassa voi olla enintään {most} päivää. Anna säännölle COUNT tai UNTIL.",
        "En serie kan ha högst {most} datum. Ange COUNT eller UNTIL i regeln.",
        "A series has at most {most} dates. Give the rule COUNT or UNTIL.",
    ),
    "series-overlaps-itself": (
        "Tapahtuma kestää pidempään kuin seuraavaan kertaan on aikaa.",
        "Evenemanget räcker längre än till nästa gång.",
        "The event lasts longer than until the next time.",
    ),
    "invalid-request/rrule": (
        "Kirjoita sääntö muodossa FREQ=WEEKLY;COUNT=6.",
        "Skriv regeln i formen FREQ=WEEKLY;COUNT=6.",
        "Write the rule as FREQ=WEEKLY;COUNT=6.",
    ),
    "invalid-request/remote-link": (
        "Etäyhteyden linkin voi lähettää vain niille, joilla on etäpaikka.",
        "Länken för distansdeltagande kan skickas bara till dem som har en distansplats.",
        "The link to join can be sent only to those who have a remote seat.",
    ),
    "invalid-request/remote-link-shown": (
        "Kaikki näkevät tämän tekstin. Anna etäyhteyden linkki vain sille varatussa kohdassa.",
        "Alla ser den här texten. Ange länken för distansdeltagande bara i fältet för den.",
        "Everybody sees this text. Give the link to join only in the field that is for it.",
    ),
    "stale-state/series": (
        "Tapahtuma kuuluu jo sarjaan.",
        "Evenemanget hör redan till en serie.",
        "The event belongs to a series already.",
    ),
    "invalid-request/unproved": (
        "Vieraiden osoitteet voi antaa vain kirjautuneena. Kirjaudu tai jätä ne pois.",
        "Gästers adresser kan anges bara av den som loggat in. Logga in eller lämna bort dem.",
        "Only who has logged in can give guests' addresses. Log in, or leave them out.",
    ),
}
