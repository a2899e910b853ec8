"""The texts of mails in one language."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.spoken import LANGUAGES, Spoken

FOLDER = Path(__file__).parents[2] / "templates" / "mail"


@lru_cache(maxsize=4)
def texts(language: str) -> dict[str, dict[str, str]]:
    """All texts of a language, by section and name."""
    path = FOLDER / "locales" / f"{language}.json"
    found: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))
    return found


class Words(Spoken):
    """One language with its texts, and the zone in which its times are told."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        super().__init__(language if language in LANGUAGES else LANGUAGES[0], zone)
        self.texts = texts(self.language)

    def __call__(self, key: str, **params: Any) -> str:
        """A text by "section.name", its blanks filled. Raises KeyError where there is none."""
        section, _, name = key.partition(".")
        return self.texts[section][name].format(**params)
