"""What people read of an event: what it is about, where it is, and whom to ask."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True, slots=True)
class Programme:
    """The content of an event, edited by staff and read by everybody but for the links.

    `description` is Markdown, by language; `address` is where it is if in none of our spaces.
    """

    description: Mapping[str, str] = field(default_factory=dict)
    space_id: str = ""
    address: str = ""
    remote_link: str = ""  # for those who have a seat to take part remotely, and nobody else
    contact: str = ""
    feedback_link: str = ""  # a form for those who were there


def edited(programme: Programme, changes: Mapping[str, Any]) -> Programme:
    """With other fields; of the description, the languages that are named change."""
    texts = {**programme.description, **changes.get("description", {})}
    return replace(programme, **{**changes, "description": texts})


def shown_to_all(title: Mapping[str, str], programme: Programme) -> Iterator[tuple[str, str]]:
    """The texts that everybody reads, each with its pointer."""
    for name, texts in (("title", title), ("description", programme.description)):
        yield from ((f"/{name}/{language}", text) for language, text in texts.items())
    yield "/address", programme.address
    yield "/contact", programme.contact
