"""One's own bookings and addresses, as they are asked for and shown."""

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model, PageQuery
from chalicelib.api.schemas.bookings import BookingOut
from chalicelib.api.schemas.fields import Language, Line, When


class OwnQuery(PageQuery):
    """One's own bookings that start in a range; without one, from 30 days back on."""

    from_: When | None = Field(default=None, alias="from")
    to: When | None = None


class OwnList(Answer):
    """One's own bookings."""

    items: list[BookingOut]
    next: str | None


class FeedIn(Model):
    """An address to be made."""

    label: Line = Field("", description="what the calendar is called; else as the Lab calls it")
    language: Language | None = Field(None, description="else one's own")


class FeedOut(Answer):
    """An address, without its secret."""

    feed_id: str
    label: str
    language: Language
    created_at: str
    read_at: str | None = Field(description="when a calendar last asked, to the day")


class FeedMade(FeedOut):
    """A new address. Whoever has it sees one's bookings; it is shown this once."""

    url: str | None = Field(description="null where a repeated request comes too late to see it")


class FeedList(Answer):
    """Addresses."""

    items: list[FeedOut]
