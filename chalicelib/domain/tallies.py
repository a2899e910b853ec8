"""What is left of diets and needs when people's own words go: how many said what.

A sentence that one person wrote is theirs, and may name them: only words that anybody might have said are
kept. All others count as one, and the tally stays small however much was written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.collation import folded

OTHERS = "–"  # which nothing that is counted is spelt as
SEVERAL, LONGEST, MOST = 2, 60, 50  # persons, characters of a text, texts
COMMON = frozenset(
    folded(each)
    for each in (
        *("vegaani", "vegaaninen", "vegan", "vegansk", "kasvis", "kasvisruoka"),
        *("kasvissyöjä", "vegetaarinen", "vegetarian", "vegetarisk"),
        *("gluteeniton", "glutenfri", "gluten-free", "gluten free", "keliakia", "celiaki"),
        *("laktoositon", "laktosfri", "lactose-free", "lactose free", "maidoton", "mjölkfri"),
        *("dairy-free", "dairy free", "pähkinätön", "nötfri", "nut-free", "nut free"),
        *("pähkinäallergia", "nötallergi", "nut allergy", "kananmunaton", "äggfri", "egg-free"),
        *("kala-allergia", "fiskallergi", "fish allergy", "halal", "kosher", "sianlihaton"),
        *("pyörätuoli", "rullstol", "wheelchair", "hissi", "hiss", "lift", "luiska", "ramp"),
        *("induktiosilmukka", "hörslinga", "induction loop", "hearing loop", "tekstitys"),
        *("textning", "captions", "subtitles", "viittomakieli", "teckenspråk", "sign language"),
        *("opaskoira", "ledarhund", "guide dog", "avustaja", "assistent", "assistant"),
    )
)


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of an event's diets and needs as they were when they went."""

    counted_at: datetime
    diets: Mapping[str, int]
    accessibility: Mapping[str, int]
    cleared: bool = False  # nothing is left of what was counted


def anybodys(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of texts, most often said first, with what might be somebody's own among OTHERS, last."""
    known = [each for each in counts.items() if _might_be_anybodys(*each)][:MOST]
    others = sum(counts.values()) - sum(number for _, number in known)
    return {**dict(known), **({OTHERS: others} if others else {})}


def _might_be_anybodys(text: str, persons: int) -> bool:
    if len(text) > LONGEST:
        return False
    return persons >= SEVERAL or COMMON.issuperset(text.split(", "))
