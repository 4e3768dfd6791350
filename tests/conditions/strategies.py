"""Conditions, documents and past events for the laws: drawn from few keys and values, so that they often meet."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from apps.conditions.functions import FUNCTIONS
from apps.conditions.tree import (
    CONSENT_STATES,
    Aggregate,
    And,
    Before,
    Between,
    Call,
    Compare,
    Condition,
    Consent,
    Did,
    Duration,
    Empty,
    Events,
    Exists,
    Field,
    FromTo,
    In,
    Items,
    Last,
    ListLiteral,
    Literal,
    Match,
    Not,
    Operand,
    Or,
    Sequence,
    Shift,
    Since,
    Step,
)
from apps.conditions.tree.history import AGGREGATES
from apps.conditions.values import as_time
from tests.conditions import people
from tests.conditions.people import NOW

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from strategies by their weights, which `|` would spread over all that they are made of."""
    pool = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.integers(0, len(pool) - 1).flatmap(pool.__getitem__)


TIMES = weighted(
    (3, st.sampled_from(people.TIME_TEXTS)),
    (1, st.datetimes(datetime(1000, 1, 2), datetime(8999, 12, 30)).map(lambda time: f"{time.isoformat()}Z")),  # noqa: DTZ001
)
# Drawing from a pool is quick, and meets more often; the last comes on what nobody has thought of.
# Drawing from what is common is quick, and meets more often; the last comes on what nobody has thought of.
SCALARS = weighted(
    (5, st.sampled_from(people.COMMON)),
    (3, st.sampled_from(people.SCALARS)),
    (1, st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**6), 10**10))),
    (1, st.text(CHARACTERS, max_size=4) | TIMES),
)
KEY = st.sampled_from(people.KEYS)
JSON = weighted(
    (2, st.sampled_from(people.JSON)),
    (
        1,
        st.recursive(
            SCALARS,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
            max_leaves=5,
        ),
    ),
)
OBJECTS = st.dictionaries(KEY, JSON, max_size=3)
MOMENTS = st.sampled_from(people.MOMENTS) | st.integers(-5, 20 * 24).map(lambda hours: NOW - timedelta(hours=hours))
DECIDED = st.builds(
    people.decided,
    st.dictionaries(st.sampled_from(people.CONSENTS), st.sampled_from(people.ENDS) | MOMENTS, max_size=3),
    MOMENTS,
)
PROFILES = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(CHARACTERS, max_size=4) | TIMES,
        "number": st.none() | st.integers(-5, 5),
        "flag": st.none() | st.booleans(),
        "at": st.none() | MOMENTS,
        "born": st.none() | MOMENTS.map(lambda time: time.isoformat()),
        "day": st.none() | MOMENTS.map(lambda time: time.date().isoformat()),
        "data": OBJECTS,
        "traits": OBJECTS,
    }
).flatmap(lambda profile: DECIDED.map(lambda decided: {**profile, **decided}))
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 2**100).map(lambda number: UUID(int=number)),
            "type": st.sampled_from(people.EVENT_TYPES),
            "time": MOMENTS,
            "properties": OBJECTS,
        }
    ),
    max_size=4,
    unique_by=lambda event: event["id"],
)
PEOPLE = st.lists(st.tuples(PROFILES, EVENTS), max_size=1)

LITERALS = SCALARS.map(Literal)
LISTS = st.lists(LITERALS, max_size=4).map(lambda items: ListLiteral(tuple(items)))
LONG_LISTS = st.lists(LITERALS, min_size=9, max_size=12).map(lambda items: ListLiteral(tuple(items)))
DURATIONS = st.builds(
    Duration, st.integers(1, 5), st.sampled_from(["second", "minute", "hour", "day", "week", "month", "year"])
)
OFFSETS = DURATIONS | DURATIONS.map(lambda duration: -duration)
_TYPED = [Field("profile", (name,)) for name in ("text", "number", "flag", "at", "born", "day")]
_PLAIN = [Field("profile", (column, key)) for column in ("data", "traits") for key in ("a", "b", "list")]
PROFILE_FIELDS = weighted(
    (4, st.sampled_from(_PLAIN)),
    (3, st.sampled_from(_TYPED)),
    (2, st.lists(KEY, max_size=3).map(lambda keys: Field("profile", ("data", *keys)))),
    (1, st.just(Field("profile", ("text", "below")))),
)
LIST_FIELDS = st.sampled_from([Field("profile", ("data", "list")), Field("profile", ("traits", "list"))])
EVENT_FIELDS = weighted(
    (4, st.sampled_from([Field("event", ("properties", key)) for key in ("a", "a", "b", "list")])),
    (2, st.sampled_from([Field("event", ("type",)), Field("event", ("time",))])),
    (1, st.lists(KEY, min_size=1, max_size=2).map(lambda keys: Field("event", ("properties", *keys)))),
)
ITEM_FIELDS = weighted(
    (4, st.sampled_from([Field("item", ()), Field("item", ("a",)), Field("item", ("list",))])),
    (1, st.lists(KEY, max_size=2).map(lambda keys: Field("item", tuple(keys)))),
)


def operands(fields: st.SearchStrategy[Operand]) -> st.SearchStrategy[Operand]:
    """Draw fields, values and functions of them."""
    of_one = st.sampled_from([name for name, function in FUNCTIONS.items() if function.n_arguments])
    times = TIMES.map(Literal).filter(lambda time: as_time(time.value) is not None)
    shifted = st.builds(Shift, weighted((2, fields), (1, st.just(Call("now"))), (1, times)), OFFSETS)
    return weighted(
        (8, fields),
        (1, LITERALS),
        (1, st.just(Call("now"))),
        (3, st.builds(lambda name, argument: Call(name, (argument,)), of_one, weighted((4, fields), (1, times)))),
        (2, shifted),
        (1, st.builds(lambda name, time: Call(name, (time,)), of_one, shifted)),
    )


def value_tests(left: st.SearchStrategy[Operand], right: st.SearchStrategy[Operand]) -> st.SearchStrategy[Condition]:
    """Draw tests of a value beside others."""
    matches = st.sampled_from(["contains", "starts with", "ends with"])
    several = st.sampled_from(["contains any", "contains all"])
    return st.one_of(
        st.builds(Compare, st.just("="), left, right | LISTS),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">="]), left, right),
        st.builds(Compare, st.sampled_from(["=", "<", "<=", ">", ">="]), right, left),
        st.builds(Between, left, right, right),
        st.builds(In, left, LISTS | LONG_LISTS),
        st.builds(Exists, left),
        st.builds(Empty, left),
        st.builds(Match, matches, left, LITERALS),
        st.builds(Match, several, left, LISTS.filter(lambda values: bool(values.items))),
    )


def joined(tests: st.SearchStrategy[Condition], *, depth: int = 2) -> st.SearchStrategy[Condition]:
    """Draw tests, and what is joined of them."""
    if not depth:
        return tests
    inner = joined(tests, depth=depth - 1)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return weighted((3, tests), (1, st.builds(Not, inner)), (1, st.builds(And, several)), (1, st.builds(Or, several)))


def item_tests(lists: st.SearchStrategy[Operand], outer: st.SearchStrategy[Operand]) -> st.SearchStrategy[Condition]:
    """Draw tests of the items of lists, and of lists in them."""
    others = weighted((3, LITERALS), (1, operands(ITEM_FIELDS)), (1, outer))
    of_item = value_tests(operands(ITEM_FIELDS), others)
    nested = st.builds(Items, st.sampled_from(["any", "all"]), ITEM_FIELDS, of_item)
    where = joined(weighted((4, of_item), (1, nested)), depth=1)
    return st.builds(Items, st.sampled_from(["any", "all"]), weighted((5, lists), (1, LISTS)), where)


def _wheres() -> st.SearchStrategy[Condition | None]:
    fields = operands(EVENT_FIELDS)
    tests = value_tests(fields, weighted((3, LITERALS), (1, fields)))
    lists = st.just(Field("event", ("properties", "list")))
    return weighted((3, st.none()), (3, joined(tests, depth=1)), (1, item_tests(lists, EVENT_FIELDS)))


DATES = st.sampled_from(
    [Literal("2024-02-29"), Literal("2024-02-20T12:30:15.25Z"), Shift(Call("now"), Duration(-3, "day"))]
)
PERIODS = st.one_of(
    st.none(),
    DURATIONS.map(Last),
    DATES.map(Since),
    DATES.map(Before),
    st.builds(FromTo, DATES, DATES),
)
TYPE_LISTS = st.sampled_from([(), (), ("view",), ("buy",), ("view", "buy"), ("sign-up", "buy")])
WHERES = _wheres()
SELECTIONS = st.builds(Events, TYPE_LISTS, WHERES, PERIODS)


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    """Draw what is made of past events."""
    function = draw(st.sampled_from(AGGREGATES))
    return Aggregate(function, draw(SELECTIONS), None if function == "count" else draw(EVENT_FIELDS))


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    """Draw sequences of past events."""
    steps = [Step(draw(TYPE_LISTS), draw(WHERES), None)]
    for _ in range(draw(st.integers(1, 2))):
        steps.append(Step(draw(TYPE_LISTS), draw(WHERES), draw(st.none() | DURATIONS)))
    return Sequence(tuple(steps), draw(PERIODS), from_first=draw(st.booleans()))


def _history_tests() -> st.SearchStrategy[Condition]:
    moments = st.builds(Shift, st.just(Call("now")), OFFSETS)
    constants = weighted((2, st.integers(0, 4).map(Literal)), (2, LITERALS), (1, moments))
    of_aggregates = weighted((5, aggregates()), (1, aggregates().map(lambda aggregate: Call("length", (aggregate,)))))
    return weighted(
        (4, value_tests(of_aggregates, constants)),
        (1, item_tests(aggregates(), LITERALS)),
        (1, st.builds(Did, SELECTIONS)),
        (2, sequences()),
    )


_PROFILE = operands(PROFILE_FIELDS)
CONDITIONS = joined(
    weighted(
        (4, value_tests(_PROFILE, weighted((3, LITERALS), (1, _PROFILE)))),
        (2, item_tests(weighted((3, LIST_FIELDS), (1, PROFILE_FIELDS)), PROFILE_FIELDS)),
        (3, _history_tests()),
        (1, st.builds(Consent, st.sampled_from(CONSENT_STATES), st.sampled_from([*people.CONSENTS, "unknown"]))),
    )
)
