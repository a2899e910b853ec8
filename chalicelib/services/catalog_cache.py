"""Settings change seldom and are needed always, so they are kept for a minute.

That is safe because every write checks that what it relied on still stands, and because a refusal is
looked at again with fresh settings before anybody hears of it.
"""

from datetime import datetime, timedelta

from chalicelib.domain.catalog import Catalog
from chalicelib.services.ports import CatalogStore, Clock

KEPT = timedelta(seconds=60)
TRUSTED = timedelta(seconds=2)  # how long a read goes without asking whether anything changed


class CatalogCache:
    """The settings as of at most a minute ago."""

    def __init__(self, store: CatalogStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._catalog: Catalog | None = None
        self._loaded_at: datetime | None = None
        self._checked_at: datetime | None = None

    def get(self) -> Catalog:
        """As of at most a minute ago, for what is checked again when it is written."""
        if self._catalog is None or not self._within(self._loaded_at, KEPT):
            return self._load()
        return self._catalog

    def recent(self) -> Catalog:
        """As of a moment ago, for what is only shown: asks for the revision, which is one small read."""
        if self._catalog is None or self._within(self._checked_at, TRUSTED):
            return self.get()
        return self.fresh()

    def fresh(self) -> Catalog:
        """As of now."""
        if self._catalog is None or self._store.revision() != self._catalog.revision:
            return self._load()
        self._loaded_at = self._checked_at = self._clock.now()
        return self._catalog

    def forget(self) -> None:
        """Read them again the next time."""
        self._catalog = None

    def _load(self) -> Catalog:
        self._catalog = self._store.load()
        self._loaded_at = self._checked_at = self._clock.now()
        return self._catalog

    def _within(self, moment: datetime | None, age: timedelta) -> bool:
        # A clock that jumped back must not make the settings immortal.
        return moment is not None and timedelta(0) <= self._clock.now() - moment < age
