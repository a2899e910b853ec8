"""How staff look for bookings, and what they say when they decide."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Model, PageQuery
from chalicelib.api.schemas.fields import Lines, SpaceId, When


class StaffBookingsQuery(PageQuery):
    """Bookings that overlap a range."""

    from_: When = Field(alias="from")
    to: When
    space_id: SpaceId | None = None
    state: Literal["held", "pending", "confirmed", "cancelled", "denied", "expired"] | None = None
    person: Annotated[str, StringConstraints(max_length=254)] | None = None


class ReasonIn(Model):
    """Why."""

    reason: Lines = ""
