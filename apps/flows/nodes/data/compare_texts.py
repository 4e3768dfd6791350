"""How alike two texts are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz.distance import OSA, DamerauLevenshtein, JaroWinkler, LCSseq, Levenshtein

from apps.core.typed_settings import choice, yes_no
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.results import into, placed

MAX_CHARS: Final = 500
_LEVENSHTEIN: Final = "levenshtein"
_WAYS: Final = {
    _LEVENSHTEIN: "Levenshtein: letters put in, left out and changed",
    "osa": "Optimal string alignment: also two neighbours that changed places",
    "damerau": "Damerau-Levenshtein: also when there is something between them by now",
    "jaro_winkler": "Jaro-Winkler: for names, as what stands first counts more",
    "lcs": "The longest common subsequence",
}
_MEASURES: Final[dict[str, Any]] = {
    _LEVENSHTEIN: Levenshtein,
    "osa": OSA,
    "damerau": DamerauLevenshtein,
    "jaro_winkler": JaroWinkler,
    "lcs": LCSseq,
}


@register
class CompareTexts(Node):
    """Two texts are compared, and the payload gets how alike they are: `similarity` from 0 to 1, and their `distance`.

    A condition behind it asks how alike is enough: payload@comparison.similarity >= 0.9. Capitals and blanks make no
    difference unless they should. Each text has at most 500 characters; whoever lacks one leaves by error.
    """

    key, group, title, icon, order = "compare-texts", "data", "Compare texts", "compare", 110
    has_error_port = True
    example = {"one": "event@properties.company", "other": "profile@traits.company"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which texts, and how."""

        one: str = given("One text", help="A reference, such as event@properties.company.")
        other: str = given("The other", help="A reference, or a text.")
        way: str = choice("What counts", _WAYS, default=_LEVENSHTEIN)
        ignores_case: bool = yes_no("Capitals and blanks make no difference", default=True)
        into: str = into("comparison")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._one, self._other = place.value("one", settings.one), place.value("other", settings.other)
        self._measure, self._into = _MEASURES[settings.way], settings.into
        self._read: Callable[[str], str] = _folded if settings.ignores_case else str

    def run(self, step: Step) -> Move:
        """Compare them."""
        one, other = (said(value(step.scope), most=MAX_CHARS) for value in (self._one, self._other))
        if one is None or other is None:
            return Fail("There is no text to compare.")
        one, other = self._read(one), self._read(other)
        found = {
            "similarity": round(self._measure.normalized_similarity(one, other), 6),
            "distance": round(self._measure.distance(one, other), 6),
        }
        return Go(payload=placed(step.payload, self._into, found))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
