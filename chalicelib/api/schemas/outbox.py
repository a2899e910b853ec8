"""Messages, as staff look for them and see them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, Model, PageQuery
from chalicelib.api.schemas.fields import Email, Language, When

MessageKind = Literal[
    "hold",
    "confirmation",
    "pending",
    "approved",
    "denied",
    "change",
    "cancellation",
    "expiry",
    "reminder",
    "approval-asked",
    "digest",
    "login",
    "invitation",
    "seat",
    "waiting",
    "promotion",
    "seat-cancellation",
    "departure",
    "signup-proof",
    "already-signed-up",
    "offer",
    "offer-expiry",
    "event-change",
    "event-reminder",
    "event-notice",
    "event-feedback",
]
MessageState = Literal[
    "due",
    "claimed",
    "sending",
    "unknown",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "dropped",
    "missed",
    "expanded",
]


class OutboxQuery(PageQuery):
    """Messages about a subject, to a person, or due in a range of at most 62 days."""

    subject: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[a-z]{1,20}#[A-Za-z0-9_-]{1,64}$"),
            Field(description="booking#b_… or event#e_…"),
        ]
        | None
    ) = None
    person: Annotated[str, StringConstraints(max_length=254)] | None = None
    state: MessageState | None = None
    from_: When | None = Field(default=None, alias="from")
    to: When | None = None


class MessageOut(Answer):
    """A message, how far it has come, and why it ended as it did."""

    message_id: str
    kind: MessageKind
    rule: str
    subject: str
    person_id: str
    state: MessageState
    reason: str
    due_at: str
    expires_at: str | None
    attempts: int
    created_at: str
    settled_at: str | None


class MessageList(Answer):
    """Messages."""

    items: list[MessageOut]
    next: str | None


class AddressIn(Model):
    """An e-mail address."""

    email: Email


class AddressOut(Answer):
    """An address that mails go to again."""

    person_id: str


class PreviewQuery(Model):
    """Of which language."""

    language: Language = "fi"


class MailPreview(Answer):
    """A mail as it would look, with example data."""

    subject: str
    text: str
    html: str
    calendar: str | None
