"""What staff wrote to those of an event, in the table `outbox` beside the messages that it becomes."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.events import Way
from chalicelib.domain.notices import Notice, To
from chalicelib.services.ports import Clock


class Notices:
    """Notices, for as long as their words are kept."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}outbox"
        self._clock = clock

    def put(self, tx: Transaction, notice: Notice) -> None:
        """A new one; VersionRaced where it is there."""
        tx.put(
            "outbox",
            notice_item(notice),
            ("message_id",),
            condition="attribute_not_exists(message_id)",
            failure=lambda _: VersionRaced(),
        )

    def of(self, notice_ids: Iterable[str]) -> list[Notice]:
        """Those whose words are kept still, strongly consistent, in no order."""
        keys = [(self._table, {"message_id": notice_key(each)}) for each in notice_ids]
        found = [notice_of(plain(item)) for _, item in batch_get(self._client, self._clock, keys)]
        return [each for each in found if self._clock.now() < each.kept_until]


def notice_key(notice_id: str) -> str:
    """Where a notice stands."""
    return f"notice#{notice_id}"


def notice_item(notice: Notice) -> Item:
    """A notice as an item. It has neither `subject` nor `person_id` and stands in no list of messages."""
    return {
        "schema": SCHEMA,
        "message_id": notice_key(notice.notice_id),
        "notice_of": notice.event_id,
        "title": dict(notice.subject),
        "text": dict(notice.text),
        "written_at": iso(notice.written_at),
        "goes_to": notice.to.value,
        "way": notice.way.value if notice.way else None,
        "remove_at": int(notice.kept_until.timestamp()),
    }


def notice_of(item: Mapping[str, Any]) -> Notice:
    """The opposite of `notice_item`."""
    return Notice(
        notice_id=item["message_id"].partition("#")[2],
        event_id=item["notice_of"],
        subject=item["title"],
        text=item["text"],
        written_at=instant(item["written_at"]),
        to=To(item["goes_to"]),
        way=Way(item["way"]) if item.get("way") else None,
    )
