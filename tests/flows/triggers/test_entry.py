"""The rules of entry."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import new_id
from apps.flows.triggers import entry
from apps.flows.triggers.entry import Before, Why
from tests.factories import NOON

FLOW = new_id()
ANNA = new_id()


@dataclass(frozen=True)
class Rule:
    frequency: str = "every"
    interval_secs: int | None = None
    max_live: int | None = None
    key: str = ""


ONCE = Rule("once")
DAILY = Rule("interval", interval_secs=86_400)
ORDER = Rule(key="event@properties.order_id")
DAILY_ORDER = Rule("interval", interval_secs=86_400, key="event@properties.order_id")
RULES = (Rule(), ONCE, DAILY, ORDER, DAILY_ORDER, Rule(max_live=2), Rule("once", key="event@properties.order_id"))


def entered(rule: Rule, *attempts: tuple[float, str]) -> list[bool]:
    """Attempt to enter at these hours with these keys, and tell who did."""
    before, said = Before(), []
    for hours, key in attempts:
        now = NOON + timedelta(hours=hours)
        why = entry.judge(rule, before, key if rule.key else "", now=now)
        if why is None:
            before.enter(key if rule.key else "", now=now)
        said.append(why is None)
    return said


def test_every_time_is_every_time() -> None:
    assert entered(Rule(), (0, ""), (0, ""), (1, "")) == [True, True, True]


def test_once_is_once() -> None:
    assert entered(ONCE, (0, ""), (9_000, "")) == [True, False]


def test_once_in_a_day_begins_with_the_last_entry_and_not_with_the_last_attempt() -> None:
    assert entered(DAILY, (0, ""), (23.9, ""), (24, ""), (47.9, "")) == [True, False, True, False]


def test_each_key_has_one_run() -> None:
    assert entered(ORDER, (0, "a"), (1, "b"), (900, "a")) == [True, True, False]


def test_an_interval_is_one_of_each_key() -> None:
    assert entered(DAILY_ORDER, (0, "a"), (1, "b"), (23, "a"), (25, "a")) == [True, True, False, True]


def test_no_more_are_live_than_may_be() -> None:
    before = Before(n_live=1, last_at=NOON)

    assert entry.judge(Rule(max_live=2), before, "", now=NOON) is None
    before.enter("", now=NOON)
    assert entry.judge(Rule(max_live=2), before, "", now=NOON) is Why.FULL


def test_a_key_is_one_of_a_flow_and_a_person() -> None:
    keys = {
        entry.key_of(flow, rule, person, key, now=NOON)
        for flow in (FLOW, new_id())
        for person in (ANNA, new_id(), None)
        for rule, key in ((ONCE, ""), (DAILY, ""), (ORDER, "a"), (ORDER, "b"))
    }

    assert len(keys) == 24
    assert None not in keys


def test_where_any_number_may_be_only_an_occasion_is_one() -> None:
    one, again, other = (
        entry.key_of(FLOW, Rule(), ANNA, "", now=NOON + timedelta(hours=n), occasion=day)
        for n, day in enumerate(("t1 2026-11-30", "t1 2026-11-30", "t1 2027-11-30"))
    )

    assert entry.key_of(FLOW, Rule(), ANNA, "", now=NOON) is None
    assert one == again != other


@given(
    st.sampled_from(RULES),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["a", "b"])), max_size=20).map(sorted),
)
def test_what_stands_in_the_way_is_found_by_its_key_and_what_enters_has_another_one(
    rule: Rule, attempts: list[tuple[int, str]]
) -> None:
    """The database would refuse, and find, the same as the rule: by the keys of the runs alone, too."""
    before, stored, last = Before(), set[UUID](), dict[UUID | None, datetime]()
    for hours, name in attempts:
        key, now = name if rule.key else "", NOON + timedelta(hours=hours)
        made = entry.key_of(FLOW, rule, ANNA, key, now=now)
        group = entry.group_of(FLOW, rule, ANNA, key)
        by_keys = Before(n_live=before.n_live, last_at=before.last_at)
        if group in last:
            by_keys.last_of_key[key] = last[group]
        why = entry.judge(rule, before, key, now=now)

        assert entry.judge(rule, by_keys, key, now=now) == why
        if why is None:
            assert made not in stored
            before.enter(key, now=now)
            if group:
                last[group] = now
            if made:
                stored.add(made)
        elif made and why is Why.ALREADY:
            assert made in stored
