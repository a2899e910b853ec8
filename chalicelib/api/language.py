"""Which of the three languages a reader is answered in."""

from chalicelib.domain import spoken

LANGUAGES = spoken.LANGUAGES
DEFAULT = "fi"


def preferred(header: str | None) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4)."""
    best, best_quality = DEFAULT, 0.0
    for part in (header or "").split(",")[:20]:
        name, _, parameters = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        if language not in LANGUAGES:
            continue
        quality = _quality(parameters)
        if quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
