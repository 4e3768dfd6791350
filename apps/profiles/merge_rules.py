"""How a field of two profiles becomes one: the strategies, which field has which, and the rules that say otherwise."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from apps.core import paths
from apps.core.mistakes import DefinitionError
from apps.core.numbers import add
from apps.core.paths import Path, PathError
from apps.core.snapshot import Snapshot
from apps.profiles.models import MergeRule
from apps.profiles.provenance import Provenance
from apps.profiles.schema import FIELDS, Kind, is_empty

logger = logging.getLogger(__name__)
_MAX_INTEGER: Final = 2**63 - 1  # our JSON writer knows no greater one


class Held(NamedTuple):
    """What one profile holds at a unit: the value, who said so, and when the profile was made."""

    value: Any
    said: tuple[str, ...]  # (time, setter, source)
    entries: Provenance
    created: str

    @property
    def order(self) -> tuple[Any, ...]:
        """Order by time; what is said of one moment has some order, too, that does not depend on whom we ask first."""
        return (*self.said, json.dumps(self.value, sort_keys=True), sorted(self.entries.items()))


Pick = Callable[[Held, Held, tuple[str, ...]], Held]
Mix = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to make one value of two; `is_ordered`: of three profiles it matters which two are merged first."""

    name: str
    label: str
    pick: Pick | None = None  # one of the two, with who said so
    mix: Mix | None = None  # something new, of values that it can work on
    fits: Callable[[Any], bool] = lambda _value: True
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The strategy of a field, with the sources that it trusts."""

    strategy: Strategy
    sources: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Say it to people."""
        return self.strategy.label

    def combine(self, one: Held, other: Held, name: str) -> Held:
        """Make one of two. Something is better than nothing, and what the strategy can work on better than the rest."""
        for fits in (_is_something, self.strategy.fits):
            if fits(one.value) != fits(other.value):
                return one if fits(one.value) else other
        if not (_is_something(one.value) and self.strategy.fits(one.value)):
            return _last(one, other, ())
        if self.strategy.pick:
            return self.strategy.pick(one, other, self.sources)
        assert self.strategy.mix is not None
        older, newer = sorted((one, other), key=lambda held: held.order)
        value = self.strategy.mix(older.value, newer.value)
        return Held(value, newer.said, {name: list(newer.said)}, min(one.created, other.created))


def _is_something(value: Any) -> bool:
    return not is_empty(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_scale(value: Any) -> bool:
    return _is_number(value) or isinstance(value, str)


def _last(one: Held, other: Held, _sources: tuple[str, ...]) -> Held:
    return max(one, other, key=lambda held: held.order)


def _first(one: Held, other: Held, _sources: tuple[str, ...]) -> Held:
    return min(one, other, key=lambda held: held.order)


def _extreme(choose: Callable[..., Held]) -> Pick:
    def extreme(one: Held, other: Held, _sources: tuple[str, ...]) -> Held:
        # Numbers before texts: the two cannot be compared.
        numbers = [held for held in (one, other) if _is_number(held.value)] or [one, other]
        return choose(numbers, key=lambda held: (held.value, held.order))

    return extreme


def _most_trusted(one: Held, other: Held, sources: tuple[str, ...]) -> Held:
    def rank(held: Held) -> int:
        return sources.index(held.said[2]) if held.said[2] in sources else len(sources)

    return _last(one, other, ()) if rank(one) == rank(other) else min(one, other, key=rank)


def _strictest(one: Held, other: Held, _sources: tuple[str, ...]) -> Held:
    """Take the latest decision; of two at one time that which ends the consent, and sooner."""
    if one.said[0] != other.said[0]:
        return _last(one, other, ())

    def end(held: Held) -> tuple[Any, ...]:
        revoke = held.value.get("revoke") if isinstance(held.value, dict) else None
        return (revoke or "~", held.order)

    return min(one, other, key=end)


def _by_age(choose: Callable[..., Held]) -> Pick:
    def by_age(one: Held, other: Held, _sources: tuple[str, ...]) -> Held:
        return choose((one, other), key=lambda held: (held.created, held.order))

    return by_age


def _sum(one: float, other: float) -> float:
    total = add(one, other)
    return total if abs(total) <= _MAX_INTEGER else float(total)


def _average(one: float, other: float) -> float:
    return (one + other) / 2


def _concat(one: Any, other: Any) -> list[Any]:
    return [*_listed(one), *_listed(other)]


def _union(one: Any, other: Any) -> list[Any]:
    """Join two lists; sorted, since no other order is the same whoever is merged first."""
    if one == other:
        return _listed(one)
    items = {json.dumps(item, sort_keys=True): item for item in _concat(one, other)}
    return [items[text] for text in sorted(items)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


STRATEGIES: Final = {
    strategy.name: strategy
    for strategy in (
        Strategy("last_update", "Latest value", pick=_last),
        Strategy("first_update", "Earliest value", pick=_first),
        Strategy("min", "Smallest", pick=_extreme(min), fits=_is_scale),
        Strategy("max", "Greatest", pick=_extreme(max), fits=_is_scale),
        Strategy("sum", "Sum", mix=_sum, fits=_is_number),
        Strategy("average", "Average", mix=_average, fits=_is_number, is_ordered=True),
        Strategy("any", "Yes if either says so", mix=lambda one, other: one or other, fits=_is_boolean),
        Strategy("all", "Yes if both say so", mix=lambda one, other: one and other, fits=_is_boolean),
        Strategy("union", "All of both lists", mix=_union),
        Strategy("concat", "One list after the other", mix=_concat, is_ordered=True),
        Strategy("most_trusted", "Most trusted source", pick=_most_trusted),
        Strategy("oldest_profile", "Of the older profile", pick=_by_age(min), is_ordered=True),
        Strategy("newest_profile", "Of the newer profile", pick=_by_age(max), is_ordered=True),
        Strategy("strictest", "Latest decision", pick=_strictest),
    )
}
LAST: Final = Chosen(STRATEGIES["last_update"])
# Where the latest value is not what one wants of two profiles. Below these paths, and at them.
DEFAULTS: Final[Mapping[str, str]] = {
    "interests.*": "sum",
    "stats.*": "sum",
    "consents.*": "strictest",
    "data.anonymous": "all",
    "data.metrics.ltv": "sum",
    "data.metrics.ltcosc": "sum",
    "data.metrics.ltcocc": "sum",
    "data.metrics.ltcosv": "sum",
    "data.metrics.ltcocv": "sum",
    "data.metrics.custom.*": "sum",
    **{path: "union" for path, found in FIELDS.items() if found.kind is Kind.TEXTS},
}


@dataclass(slots=True)
class MergeRules:
    """Which strategy each field has: by rules for it, or for all below something, our defaults, the rule for `*`."""

    exact: dict[str, Chosen] = field(default_factory=dict)
    prefixes: dict[str, Chosen] = field(default_factory=dict)
    otherwise: Chosen = LAST
    _known: dict[Path, Chosen] = field(default_factory=dict)

    def of(self, unit: Path) -> Chosen:
        """Return the strategy of a unit."""
        if unit not in self._known:
            self._known[unit] = self._find(unit)
        return self._known[unit]

    def _find(self, unit: Path) -> Chosen:
        name = paths.join(unit)
        above = [f"{paths.join(unit[:length])}.*" for length in range(len(unit) - 1, 0, -1)]
        own = [self.exact.get(name), *(self.prefixes.get(prefix) for prefix in above)]
        default = next((DEFAULTS[path] for path in (name, *above) if path in DEFAULTS), None)
        return next(filter(None, own), Chosen(STRATEGIES[default]) if default else self.otherwise)


def compile_rules(rows: Iterable[MergeRule]) -> MergeRules:
    """Read rules. Raises DefinitionError, which names the column, at the first that is wrong."""
    rules = MergeRules()
    for row in rows:
        chosen = _choose(row)
        if row.path == "*":
            rules.otherwise = chosen
        elif row.path.endswith(".*"):
            _check_path(row.path.removesuffix(".*"))
            rules.prefixes[row.path] = chosen
        else:
            _check_path(row.path)
            rules.exact[row.path] = chosen
    return rules


def _choose(row: MergeRule) -> Chosen:
    strategy = STRATEGIES.get(row.strategy)
    if strategy is None:
        raise DefinitionError("strategy", f"Unknown strategy; known are {', '.join(STRATEGIES)}.")
    if not isinstance(row.sources, list) or not all(isinstance(source, str) for source in row.sources):
        raise DefinitionError("sources", "Expected a list of the ids of sources.")
    if strategy.name == "most_trusted" and not row.sources:
        raise DefinitionError("sources", "Name the sources, the most trusted one first.")
    return Chosen(strategy, tuple(row.sources))


def _check_path(path: str) -> None:
    try:
        root = paths.parse(path)[0]
    except PathError as error:
        raise DefinitionError("path", str(error)) from None
    if root not in ("data", "traits", "interests", "stats", "consents", "aux"):
        raise DefinitionError("path", "A path begins with data, traits, interests, stats, consents or aux.")


def _read() -> MergeRules:
    rows = list(MergeRule.objects.filter(is_enabled=True))
    try:
        return compile_rules(rows)
    except DefinitionError:
        # A broken rule must not stop the collector: it is the only one that is left out.
        logger.exception("A merge rule is broken")
        return compile_rules([row for row in rows if not _is_broken(row)])


def _is_broken(row: MergeRule) -> bool:
    try:
        compile_rules([row])
    except DefinitionError:
        return True
    return False


current = Snapshot(_read, of=(MergeRule,), refresh_secs=5)
