"""A person takes with them what is kept of them."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chalicelib.api import export_signups, present, staff_audit
from chalicelib.api.calendars import CALENDAR
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.private_feeds import presented as feed_json
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.export import ExportOut, ExportQuery
from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.attending import standing
from chalicelib.domain.audit import Entry
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.letters import Telling
from chalicelib.domain.logins import Login
from chalicelib.domain.people import ANONYMOUS, CLOCK
from chalicelib.domain.private_feeds import OwnCalendar
from chalicelib.domain.profiles import Profile
from chalicelib.services import export
from chalicelib.services.access import Action
from chalicelib.services.export import Booked, Part, SignedUp, Standing
from chalicelib.services.own_signups import seat_of
from chalicelib.services.ports import KeyRecord

routes = Routes("export")
Json = dict[str, Any]
NAMES = {"json": "labbokning.json", "ics": "labbokning.ics"}
NOTES = {
    "fi": "Tässä on kaikki, mitä Labin varausjärjestelmä on tallentanut sinusta. Nämä ovat "
    "henkilötietoja, joten säilytä tiedosto huolellisesti. Kysymyksiin vastaa {address}.",
    "sv": "Här är allt som labbets bokningssystem har sparat om dig. Det är personuppgifter, så "
    "förvara filen omsorgsfullt. Frågor besvaras av {address}.",
    "en": "This is everything that the Lab's booking system keeps of you. It is personal data, so "
    "keep the file with care. Questions are answered by {address}.",
}


@routes.add(
    "GET",
    "/v1/me/export",
    "Everything that is kept of oneself",
    query=ExportQuery,
    answers={200: ExportOut},
    also=("text/calendar",),
    action=Action.OWN,
)
def take(call: Call) -> Reply:
    """What is kept of one, as JSON, or bookings and seats as a calendar; one's taking it is noted.

    An answer stays under 5 MB: where there is more, `next` (and a Link header, RFC 8288) says where
    the rest is.
    """
    query: ExportQuery = call.query
    place = opened(query.cursor, call.listed)
    found = export.part(call.ports, call.actor, place, only_times=query.format == "ics")
    headers = {"Content-Disposition": f'attachment; filename="{NAMES[query.format]}"'}
    following = sealed(found.next, call.listed) if found.next else None
    if following:
        base = call.catalog.site.base_url
        address = f"{base}/v1/me/export?format={query.format}&cursor={following}"
        headers["Link"] = f'<{address}>; rel="next"'
    if query.format == "ics":
        text = call.ports.calendars.own(_calendar(call, found)).decode()
        return Reply(text=text, content_type=CALENDAR, headers=headers, private=True)
    return Reply(_part(call, found) | {"next": following}, headers=headers, private=True)


def whose(actor: str, person_id: str) -> str:
    """What somebody is to a person: themselves, by a link as well; of others not who they are."""
    if actor == person_id or actor.startswith("link#"):
        return "you"
    if actor in (ANONYMOUS.actor_id, CLOCK.actor_id):
        return actor
    return "system" if actor.startswith("k_") else "staff"


def _calendar(call: Call, found: Part) -> OwnCalendar:
    person, catalog = call.actor.person, call.catalog
    language = person.language if person else call.language
    bookings = tuple(each.booking for each in found.bookings)
    attended = standing(each.one for each in found.signups)
    seats = tuple(
        seat_of(each, catalog, language) for each in attended if each.comes or each.called_off
    )
    return OwnCalendar("", language, catalog.site, catalog.spaces, bookings, seats)


def _part(call: Call, found: Part) -> Json:
    catalog, person_id = call.catalog, found.person_id
    return {
        "note": NOTES[call.language].format(address=catalog.site.address),
        "person_id": person_id,
        "at": present.moment(found.at, catalog.site.zone),
        "account": found.standing and _account(found.standing, catalog),
        "bookings": [_booked(each, catalog) for each in found.bookings],
        "signups": [_signed_up(each, catalog) for each in found.signups],
        "messages": [present.message(each, catalog) for each in found.messages],
        "log": [_entry(each, person_id, catalog) for each in found.log],
    }


def _account(one: Standing, catalog: Catalog) -> Json:
    zone = catalog.site.zone
    flight = one.in_flight
    return {
        "profile": _profile(one.profile, catalog),
        "reminders": one.reminders,
        "suppressed": one.suppressed,
        "came_at": _maybe(one.came_at, catalog),
        "quota": [
            {"booking_id": key, "start": _epoch(start, catalog), "end": _epoch(end, catalog)}
            for key, (start, end) in sorted(one.quota.bookings.items())
        ],
        "feeds": [feed_json(each, zone) for each in one.feeds],
        "keys": [_key(each, one.profile.person_id, catalog) for each in one.keys],
        "sessions": [
            {
                "id": _named(each.token_hash),
                "created_at": present.moment(each.created_at, zone),
                "seen_at": present.moment(each.seen_at, zone),
            }
            for each in flight.sessions
        ],
        "logins": [_login(each, catalog) for each in flight.logins],
        "answers": [_answer(each, catalog) for each in flight.records],
    }


def _profile(one: Profile, catalog: Catalog) -> Json:
    return {
        "person_id": one.person_id,
        **asdict(one.person),
        "granted": one.granted.value if one.granted else None,
        "partner_until": one.partner_until.isoformat() if one.partner_until else None,
        "invited": bool(one.invited_by),
        "created_at": _maybe(one.created_at, catalog),
        "logged_in_at": _maybe(one.logged_in_at, catalog),
        "erase_from": _maybe(one.erase_from, catalog),
        "version": one.version,
    }


def _key(one: ApiKey, person_id: str, catalog: Catalog) -> Json:
    return {
        "key_id": one.key_id,
        "label": one.label,
        "scopes": [each.value for each in one.scopes],
        "own": one.owner_id == person_id,
        "created_at": _maybe(one.created_at, catalog),
        "expires_on": one.expires_on.isoformat() if one.expires_on else None,
        "used_at": _maybe(one.used_at, catalog),
        "revoked_at": _maybe(one.revoked_at, catalog),
    }


def _login(one: Login, catalog: Catalog) -> Json:
    return {
        "login_id": one.login_id,
        "language": one.language,
        "created_at": _maybe(one.created_at, catalog),
        "expires_at": _maybe(one.expires_at, catalog),
        "used_at": _maybe(one.used_at, catalog),
        "tries": one.tries,
    }


def _answer(one: KeyRecord, catalog: Catalog) -> Json:
    return {
        "id": _named(one.token),
        "status": one.answer.get("status"),
        "expires_at": _epoch(one.expires_at, catalog),
    }


def _booked(one: Booked, catalog: Catalog) -> Json:
    booking = one.booking
    person_id = booking.person_id
    return present.booking(booking, catalog, staff=True) | {
        "made_by": whose(booking.made_by, person_id),
        "changed_at": _maybe(booking.changed_at, catalog),
        "planned_end": _maybe(booking.planned_end, catalog),
        "override": list(booking.override),
        "series_id": booking.series_id,
        "organisation_id": booking.organisation_id,
        "network": booking.network,
        "sequence": booking.sequence,
        **_followed(one, person_id, catalog),
    }


def _signed_up(one: SignedUp, catalog: Catalog) -> Json:
    person_id, made_by = one.one.person_id, one.one.signup.made_by
    return export_signups.signed_up(
        one,
        catalog,
        whose(made_by, person_id),
        lambda own: _followed(own, person_id, catalog),
    )


def _followed(one: Booked | SignedUp, person_id: str, catalog: Catalog) -> Json:
    """What somebody was told, and who did what."""
    return {
        "told": _telling(one.told.told if one.told else None, catalog),
        "telling": _telling(one.told.telling if one.told else None, catalog),
        "log": [_entry(each, person_id, catalog) for each in one.log],
    }


def _telling(one: Telling | None, catalog: Catalog) -> Json | None:
    if one is None:
        return None
    facts = one.facts
    return {
        "message_id": one.message_id,
        "start": present.moment(facts.starts_at, catalog.site.zone),
        "end": present.moment(facts.ends_at, catalog.site.zone),
        "space_ids": list(facts.space_ids),
        "units": facts.units,
        "equipment": dict(facts.equipment),
        "facilitator": facts.facilitator,
        "place": facts.place,
        "method": one.method.value if one.method else None,
        "sequence": one.sequence,
    }


def _entry(one: Entry, person_id: str, catalog: Catalog) -> Json:
    body = staff_audit.presented(one, catalog)
    return {"by": whose(body.pop("actor"), person_id), **body}


def _named(digest: str) -> str:
    """A name of what is kept by its digest alone: of no use for anything else."""
    return digest[:16]


def _maybe(instant: datetime | None, catalog: Catalog) -> str | None:
    return present.moment(instant, catalog.site.zone) if instant else None


def _epoch(seconds: int, catalog: Catalog) -> str:
    return present.moment(datetime.fromtimestamp(seconds, UTC), catalog.site.zone)
