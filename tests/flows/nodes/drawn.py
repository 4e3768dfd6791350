"""Settings, events and answers that nobody wrote: as a kind of node declares them, near its example, and wild."""

from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from apps.conditions.durations import in_words
from apps.core.typed_settings import Setting, settings_of
from apps.core.typed_settings.items import Items
from apps.core.typed_settings.value_kinds import (
    Choice,
    ConditionText,
    Duration,
    JsonTemplate,
    Number,
    Text,
    TextMapping,
    Texts,
    YesNo,
)
from apps.flows import testing
from apps.flows.engine.moves import Delivered, Met, Returned, Skipped, TimedOut
from apps.flows.models import Run
from apps.flows.node import kinds

WORDS = ("order_id", "total", "items", "category", "plan", "name", "appointment_at", "reason")
_LEAVES = st.sampled_from((None, True, False, 0, 3, -(10**6), 0.5, "", "x", "é", "12", "a b", "2026-11-30T12:00:00Z"))
_LEAVES = _LEAVES | st.integers(-(10**6), 10**6) | st.text(max_size=8)
_FLAT = _LEAVES | st.lists(_LEAVES, max_size=3) | st.dictionaries(st.sampled_from(WORDS), _LEAVES, max_size=3)
JSON = (
    _FLAT
    | st.lists(_FLAT, max_size=2)
    | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), _FLAT, max_size=2)
)
OBJECTS = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=4)
WAKES = (
    st.none()
    | st.just(TimedOut())
    | st.just(Skipped())
    | st.builds(Met, st.lists(st.builds(lambda p: {"type": "t", "properties": p}, OBJECTS), max_size=2).map(tuple))
    | st.builds(Delivered, st.sampled_from(["delivered", "refused", "expired", "cancelled"]), st.none() | OBJECTS)
    | st.builds(Returned, st.sampled_from(list(Run.Status)), JSON, st.text(max_size=5))
)
ANSWERS = {
    "limit": st.booleans(),
    "slot": st.integers(-100, 100).map(lambda secs: (testing.NOON + timedelta(seconds=secs)).isoformat()),
    "past_event": st.lists(st.builds(lambda p: {"type": "t", "properties": p}, OBJECTS), max_size=2),
    "holds": st.none() | st.booleans(),
    "assignment": st.sampled_from(["mail", "holdout", "gone"]),
    "past_session": st.lists(st.just({"id": "s", "started_at": testing.NOON.isoformat()}), max_size=2),
    "counted": JSON,
    "changed": st.sampled_from(["first", "changed", "same"]),
    "people": st.lists(st.builds(lambda traits: {"id": "p", "traits": traits}, OBJECTS), max_size=2),
    "shared": st.just({}) | st.builds(lambda value: {"value": value}, JSON),
    "share": st.just({"refused": "There is no number."}) | st.builds(lambda value: {"value": value}, JSON),
    "records": st.lists(st.builds(lambda data: {"name": "n", "data": data, "saved_at": "x"}, OBJECTS), max_size=2),
    "record": st.sampled_from([{}, {"refused": "There are too many."}]),
    "consents": st.sampled_from([[], [{"id": "letters", "name": "Letters", "text": "We write.", "text_version": 2}]]),
    "contact": st.sampled_from([{}, {"quiet_secs": 60}, {"capped_by": "x"}]),
}
# What means something to some node: references, templates, and things that have a form of their own.
_TEXTS = (
    *("", " ", "x", "Ada", "9", "-0.5", "true", "[1, 2]", '{"a": null}', "<b>é</b>", "a\nb", "{{", "{% if"),
    *(f"event@properties.{word}" for word in WORDS[:4]),
    *("payload@", "payload@items", "profile@traits.plan", "memory@x", "event@time", "traits.plan", "data.pii.name"),
    *("{{ event@properties.total | default(3) }}", "{{ payload@ | json }}", "Hi {{ profile@traits.name }}!"),
    *("{{ 1 / event@properties.total }}", "{% for x in event@properties.items %}{{ x }}{% endfor %}"),
    *("https://shop.example/{{ event@properties.order_id }}", "10.0.0.1", "a@example.com", "letters", "sold"),
    *("09:00", "2026-02-30", "2026-11-30T12:00:00+01:00", "Europe/Berlin", "1 + payload@total", "(a+)+$", "("),
)
TEXTS = st.sampled_from(_TEXTS) | st.text(max_size=12)
_CONDITIONS = (
    *("", 'event@properties.category = "shoes"', "event@properties.total > 10", "payload@x EXISTS", "no sense"),
    *('profile@traits.plan = "pro" AND event@properties.items NOT EMPTY', 'profile@segments CONTAINS "vip"'),
)
CONDITIONS = st.sampled_from(_CONDITIONS)


@cache
def documents(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw settings of a kind: the example, something else in a place or two of it, any that may be, and wild ones."""
    cls, example = kinds[kind].Settings, dict(kinds[kind].example)
    settings = settings_of(cls)
    if not settings:
        return st.just({}) | st.just({}) | st.just({"x": 1})
    places = st.sampled_from([(each.name, drawn(each, example.get(each.name))) for each in settings])
    one = places.flatmap(lambda place: place[1].map(lambda value: {place[0]: value}))
    wild = st.dictionaries(st.sampled_from([*(each.name for each in settings), "x"]), JSON, max_size=2)
    changes = st.one_of(st.just({}), one, one, st.builds(lambda a, b: {**a, **b}, one, one), wild)
    near = changes.map(lambda more: {**example, **more})
    return st.one_of(near, near, near, of_class(cls, example))


def of_class(cls: type, example: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object for a dataclass of settings; fields that depend on others come only beside them."""
    settings = settings_of(cls)
    values = {each.attribute: drawn(each, example.get(each.name)) for each in settings}
    unsaid = {each.attribute for each in settings if not each.is_required}

    @st.composite
    def draw(draw: st.DrawFn) -> dict[str, Any]:
        held: dict[str, Any] = {}
        found: dict[str, Any] = {}
        for each in settings:
            held[each.attribute] = each.unsaid()
            if each.is_there(held) and not (each.attribute in unsaid and draw(st.booleans())):
                held[each.attribute] = found[each.name] = draw(values[each.attribute])
        return found

    return draw()


def drawn(setting: Setting, example: Any) -> st.SearchStrategy[Any]:
    """Draw a value of one setting; that of the example is as likely as all others."""
    found = of_kind(setting.kind, example)
    return found if example is None or isinstance(setting.kind, Items) else st.just(example) | found


def of_kind(kind: Any, example: Any) -> st.SearchStrategy[Any]:
    """Draw a value of a kind."""
    match kind:
        case ConditionText():
            return CONDITIONS
        case Text():
            return TEXTS
        case YesNo():
            return st.booleans()
        case Choice(choices):
            return st.sampled_from(list(choices))
        case Number() | Duration():
            return within(kind)
    return of_many(kind, example)


def within(kind: Number | Duration) -> st.SearchStrategy[Any]:
    """Draw a number, or a length of time, within its bounds."""
    if isinstance(kind, Duration):
        secs = st.integers(int(kind.least.total_seconds()), int(kind.most.total_seconds()))
        return secs.map(lambda each: in_words(timedelta(seconds=each)))
    least, most = -1000 if kind.least is None else kind.least, 1000 if kind.most is None else kind.most
    return st.integers(int(least), int(most)) if kind.is_whole else st.floats(least, most)


def of_many(kind: Any, example: Any) -> st.SearchStrategy[Any]:
    """Draw a value of a kind that holds several."""
    match kind:
        case Texts():
            return st.lists(TEXTS, max_size=3)
        case TextMapping():
            return st.dictionaries(TEXTS, TEXTS, max_size=3)
        case Items(of, least, most):
            [first, *_] = [*(example or ()), {}]
            return st.lists(of_class(of, first), min_size=least, max_size=min(most, least + 2))
    assert isinstance(kind, JsonTemplate)
    leaves = st.none() | st.booleans() | st.integers(-99, 99) | TEXTS
    return leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.sampled_from(WORDS), leaves, max_size=3)
