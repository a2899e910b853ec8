"""Persons, as staff see them, invite them and say what they are."""

from typing import Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model, PageQuery
from chalicelib.api.schemas.fields import Day, Email, Language, Line, Name


class PersonsQuery(PageQuery):
    """One person by address; or those with a role or an invitation, perhaps of one present role."""

    email: Email | None = None
    role: Literal["partner", "staff", "admin"] | None = None


class InvitationIn(Model):
    """A partner to be invited in person."""

    name: Name
    email: Email
    organisation: Line = ""
    language: Language = "fi"
    partner_until: Day = Field(description="the last day, at most two years ahead")


class StandingPatch(Model):
    """What somebody is; what is left out stays as it is."""

    partner_until: Day | None = Field(None, description="the last day; null: a partner no longer")
    role: Literal["staff", "admin"] | None = Field(None, description="by admins only")


class StaffPersonOut(Answer):
    """A person, and what they are at present: `visitor` may not log in."""

    person_id: str
    name: str
    email: str
    organisation: str
    language: Language
    role: Literal["visitor", "person", "partner", "staff", "admin"]
    granted: Literal["staff", "admin"] | None
    partner_until: str | None
    invited_by: str | None
    created_at: str
    logged_in_at: str | None
    version: int


class PersonList(Answer):
    """Persons."""

    items: list[StaffPersonOut]
    next: str | None
