"""Staff's settings over HTTP: spaces, people, equipment, and the site."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.paging import paged
from chalicelib.api.replies import Reply, completed, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import PageQuery
from chalicelib.api.schemas.settings import DomainIn, SiteOut, SitePatch
from chalicelib.api.schemas.spaces import (
    ExceptionIn,
    SpaceChanged,
    SpaceIn,
    SpaceList,
    SpaceOut,
    SpacePatch,
)
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.errors import refuse
from chalicelib.domain.spaces import Kind, Openings, Space
from chalicelib.services import spaces
from chalicelib.services.access import Action
from chalicelib.services.writing import Intent, Outcome

routes = Routes("staff_settings")
ONE = "/v1/staff/spaces/{space_id}"
UNLIMITED = (  # by null
    "anonymous_holds",
    "live_bookings",
    "hours_per_week",
    "organisation_live_bookings",
    "organisation_hours_per_week",
)


@routes.add(
    "GET",
    "/v1/staff/spaces",
    "All spaces",
    query=PageQuery,
    answers={200: SpaceList},
    action=Action.RUN,
)
def list_spaces(call: Call) -> Reply:
    """Spaces in use or not, as of now."""
    spaces_now = call.ports.settings.fresh().spaces.values()
    return Reply(paged(call, spaces_now, lambda each: each.space_id, present.space), private=True)


@routes.add(
    "POST",
    "/v1/staff/spaces",
    "Add a space",
    body=SpaceIn,
    answers={201: SpaceChanged},
    tagged=True,
    problems=(409,),
    action=Action.RUN,
)
def create_space(call: Call) -> Reply:
    """Add a space, a pool, a person or equipment."""
    fields = fields_of(call.body)
    space = spaces.applied(Space(fields.pop("space_id"), fields.pop("name")), fields)
    intent = call.intent(_rendered(call, 201))
    return _with_affected(call, intent, spaces.create(call.ports, space, intent), space.space_id)


@routes.add(
    "GET",
    ONE,
    "A space",
    answers={200: SpaceOut},
    tagged=True,
    problems=(404,),
    action=Action.RUN,
)
def get_space(call: Call) -> Reply:
    """A space as of now, in use or not, with its ETag."""
    space = spaces.get(call.ports, call.id("space_id"))
    return Reply(present.space(space), etag=spaces.etag(space.version), private=True)


@routes.add(
    "PATCH",
    ONE,
    "Change a space",
    body=SpacePatch,
    answers={200: SpaceChanged},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.RUN,
)
def change_space(call: Call) -> Reply:
    """Change some settings; `affected` lists the bookings that no longer fit."""
    space_id, tags = call.id("space_id"), call.required_tags()
    intent = call.intent(_rendered(call, 200))
    outcome = spaces.change(call.ports, space_id, fields_of(call.body), tags, intent)
    return _with_affected(call, intent, outcome, space_id)


@routes.add(
    "GET",
    "/v1/staff/settings",
    "The site",
    answers={200: SiteOut},
    tagged=True,
    action=Action.RUN,
)
def get_site(call: Call) -> Reply:
    """The site's settings as of now."""
    site = call.ports.settings.fresh().site
    return Reply(present.site(site), etag=spaces.etag(site.version), private=True)


@routes.add(
    "PATCH",
    "/v1/staff/settings",
    "Change the site",
    body=SitePatch,
    answers={200: SiteOut},
    conditional=True,
    tagged=True,
    problems=(412, 428),
    action=Action.RUN,
)
def change_site(call: Call) -> Reply:
    """Change some of the site's settings."""
    given = call.body.model_dump(mode="json", exclude_unset=True)
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None or name in UNLIMITED
    }
    if "allowed_domains" in fields:
        fields["allowed_domains"] = _domains(call.body.allowed_domains)

    def render(site: Any) -> dict[str, Any]:
        headers = {"ETag": spaces.etag(site.version)}
        return {"status": 200, "headers": headers, "body": present.site(site)}

    tags = call.required_tags()
    return stored(spaces.change_site(call.ports, fields, tags, call.intent(render)))


def _domains(given: list[str | DomainIn]) -> tuple[AllowedDomain, ...]:
    """Domains, each for good or with its days. Raises Refused."""
    found = []
    for index, each in enumerate(given):
        if isinstance(each, str):
            found.append(AllowedDomain(each))
            continue
        try:
            days = [date.fromisoformat(day) if day else None for day in (each.since, each.until)]
        except ValueError as error:
            raise refuse("invalid-request", f"/allowed_domains/{index}", why="time") from error
        found.append(AllowedDomain(each.domain, days[0], days[1], each.confirmed, each.note))
    return tuple(found)


def fields_of(body: SpacePatch) -> dict[str, Any]:
    """The fields that a request sets, in the terms of `spaces.applied`. Raises Refused.

    Of texts and hours only the languages and days that are named change (as RFC 7396 has it).
    """
    given = body.model_dump(mode="json", exclude_unset=True)
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or name in ("hours", "exceptions"):
            continue
        fields[name] = tuple(value) if isinstance(value, list) else value
    if "kind" in fields:
        fields["kind"] = Kind(fields["kind"])
    if body.hours is not None:
        fields["week"] = {
            day: _openings(f"/hours/{day}", pairs) for day, pairs in given["hours"].items()
        }
    if body.exceptions is not None:
        fields["exceptions"] = _exceptions(body.exceptions)
    return fields


def _exceptions(given: list[ExceptionIn]) -> tuple[tuple[date, Openings], ...]:
    found: dict[date, Openings] = {}
    for index, each in enumerate(given):
        pointer = f"/exceptions/{index}"
        try:
            day = date.fromisoformat(each.date)
        except ValueError as error:
            raise refuse("invalid-request", f"{pointer}/date", why="time") from error
        found[day] = _openings(f"{pointer}/hours", each.hours)
    return tuple(sorted(found.items()))


def _openings(pointer: str, pairs: list[list[str]]) -> Openings:
    openings = tuple(sorted((_minutes(start), _minutes(end)) for start, end in pairs))
    for index, (start, end) in enumerate(openings):
        if start >= end or (index and start < openings[index - 1][1]):
            raise refuse("invalid-request", pointer, why="end-before-start")
    return openings


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _rendered(call: Call, status: int) -> Callable[[Space], dict[str, Any]]:
    def render(space: Space) -> dict[str, Any]:
        headers = {"ETag": spaces.etag(space.version)}
        if status == 201:
            base = call.catalog.site.base_url
            headers["Location"] = f"{base}/v1/staff/spaces/{space.space_id}"
        body = present.space(space)
        return {"partial": True, "status": status, "headers": headers, "body": body}

    return render


def _with_affected(call: Call, intent: Intent, outcome: Outcome[Space], space_id: str) -> Reply:
    """The consequences are looked up after the write, so that no booking falls between."""

    def whole(answer: Mapping[str, Any]) -> dict[str, Any]:
        found = spaces.affected(call.ports, space_id)
        catalog = call.ports.settings.fresh()
        body = {**answer["body"], "affected": present.affected(found, catalog, call.language)}
        return {"status": answer["status"], "headers": answer["headers"], "body": body}

    return completed(call, intent, outcome, whole)
