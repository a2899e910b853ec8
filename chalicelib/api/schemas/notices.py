"""What staff write to those of an event."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, LongTexts, Model, Texts
from chalicelib.api.schemas.fields import Line, Lines, Name

Way = Literal["room", "remote"]
To = Annotated[
    Literal["confirmed", "waiting", "both"],
    Field(description="those who have a seat, those who wait or were offered one, or both"),
]
Text = Annotated[Lines, StringConstraints(min_length=1)]


class SubjectIn(Model):
    """One line in three languages; whoever reads a language that is missing is told in another."""

    fi: Name
    sv: Line = ""
    en: Line = ""


class TextIn(Model):
    """A text in three languages, in those of the subject."""

    fi: Text
    sv: Lines = ""
    en: Lines = ""


class NoticeIn(Model):
    """A notice: one mail to each party, which nobody can decline."""

    subject: SubjectIn
    text: Annotated[TextIn, Field(description="Markdown")]
    to: To = "confirmed"
    way: Annotated[
        Way | None, Field(description="those who take part in this way alone; null: all")
    ] = None


class NoticeOut(Answer):
    """A notice that is on its way."""

    notice_id: str
    event_id: str
    persons: Annotated[int, Field(description="whom it is about by the counters, guests included")]


class ProgressOut(Answer):
    """In mails, of which each party has one; `total` grows until all of them are written."""

    total: int
    sent: int
    failed: int
    dropped: Annotated[
        int, Field(description="to nobody any more: who left, or has no address that works")
    ]
    left: int


class FollowedOut(Answer):
    """A notice, and what became of it. Its words and to whom it went are null after 30 days."""

    notice_id: str
    written_at: str
    subject: Texts | None
    text: LongTexts | None
    to: To | None
    way: Way | None
    done: bool
    mails: ProgressOut


class NoticeList(Answer):
    """Notices, newest first."""

    items: list[FollowedOut]
    next: str | None
