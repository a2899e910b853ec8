"""On which days the Lab is not at work: read from the hours and closures that staff keep anyway.

A public holiday is a closure or an exception of the hours, and no list of one country's stands in the code.
"""

from datetime import date

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.footprints import minus
from chalicelib.domain.spaces import Kind, Space, openings_on

ALL_DAY = ((0, 1440),)
SATURDAY = 5


def is_working_day(day: date, catalog: Catalog) -> bool:
    """Whether a local day is one from Monday to Friday on which some place that keeps hours is open.

    What is open day and night says nothing; where nothing else is, nor do hours.
    """
    if day.weekday() >= SATURDAY:
        return False
    keeping = [each for each in catalog.places() if _keeps_hours(each)]
    return not keeping or any(_open(each, day, catalog) for each in keeping)


def _keeps_hours(space: Space) -> bool:
    return space.kind is not Kind.COMBINED and any(
        openings != ALL_DAY for openings in space.hours.week
    )


def _open(space: Space, day: date, catalog: Catalog) -> bool:
    openings = openings_on(space.hours, day, catalog.site.zone)
    return any(minus(openings, catalog.closed_ranges(each)) for each in space.resource_ids())
