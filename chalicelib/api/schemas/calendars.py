"""How calendars ask."""

from pydantic import Field

from chalicelib.api.schemas.base import Model
from chalicelib.api.schemas.fields import Language


class CalendarQuery(Model):
    """A subscription is an address and nothing else, so the language stands in it."""

    language: Language | None = Field(default=None, description="else that of Accept-Language")
