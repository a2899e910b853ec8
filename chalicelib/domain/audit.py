"""The audit log: who did what to what, and when; ids and names of fields, never personal values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done. `more` has the ids and the names of fields that it was about."""

    subject: str  # booking#b_…, person#p_…
    actor: str
    action: str
    at: datetime
    more: Mapping[str, Any] = field(default_factory=dict)
