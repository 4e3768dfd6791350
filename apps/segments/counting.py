"""How many people a condition is true of, and who some of them are; how segments overlap and grow.

A count that takes too long is estimated from some of the people, and says so.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from apps.conditions import Condition, to_sql
from apps.core.limits import TooSlow, at_most
from apps.profiles.models import Profile
from apps.segments import language
from apps.segments.models import Membership, Segment, SegmentSize

SOON: Final = timedelta(milliseconds=800)  # in which a page wants its answer
ASKED: Final = 4_000  # people from whom a number is estimated


@dataclass(frozen=True, slots=True)
class Number:
    """A number of people; `margin` is by how much an estimate may be off, 19 times of 20."""

    value: int
    is_exact: bool = True
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many people are in one segment, in the other, and in both."""

    one: int
    other: int
    both: int


@dataclass(frozen=True, slots=True)
class Day:
    """What happened to a segment on a day (UTC); the size is known of days on which it was counted."""

    day: date
    entered: int
    left: int
    size: int | None


def count(condition: Condition, *, now: datetime, within: timedelta = SOON) -> Number:
    """Count the people of whom a condition is true, or estimate their number if that takes too long.

    Raises TooSlow when not even some of the people are evaluated in that time.
    """
    try:
        sql, params = to_sql(condition, now=now, layout=language.layout())
        [(value,)] = _ask(f"SELECT count(*) FROM profiles_profile AS p WHERE {sql}", params, within=within)  # noqa: S608
        return Number(value)
    except TooSlow:
        return _estimate(condition, now=now, within=within)


def _estimate(condition: Condition, *, now: datetime, within: timedelta) -> Number:
    n_people = _about_all()
    ids = _some(_percent_of(n_people), within=within)
    if not ids:
        return Number(0, is_exact=False, margin=n_people)
    n_found = len(_matching(condition, ids, now=now, within=within))
    share = n_found / len(ids)
    # Two standard deviations; of none that were found, three may have been missed.
    spread = max(2 * (share * (1 - share) / len(ids)) ** 0.5, 3 / len(ids))
    return Number(round(share * n_people), is_exact=False, margin=round(spread * n_people))


def sample(condition: Condition, *, now: datetime, size: int = 20, within: timedelta = SOON) -> list[Profile]:
    """Return some of the people of whom a condition is true. Raises TooSlow.

    They are looked for among some people first: where many match that is quick, however slow it is to count them all.
    """
    percent = _percent_of(_about_all())
    found = _matching(condition, _some(percent, within=within), now=now, within=within)[:size]
    if len(found) < size and percent < 100:
        sql, params = to_sql(condition, now=now, layout=language.layout())
        statement = f"SELECT p.id FROM profiles_profile AS p WHERE {sql} LIMIT %s"  # noqa: S608
        found = [id for (id,) in _ask(statement, [*params, size], within=within)]
    return list(Profile.objects.filter(id__in=found).order_by("-last_seen_at"))


def _percent_of(n_people: int) -> float:
    return min(100.0, 100 * ASKED / max(n_people, 1))


def _some(percent: float, *, within: timedelta) -> list[UUID]:
    return [id for (id,) in _ask("SELECT id FROM profiles_profile TABLESAMPLE SYSTEM (%s)", [percent], within=within)]


def _matching(condition: Condition, ids: list[UUID], *, now: datetime, within: timedelta) -> list[UUID]:
    sql, params = to_sql(condition, now=now, layout=language.layout(ids))
    statement = f"SELECT p.id FROM profiles_profile AS p WHERE p.id = ANY(%s) AND {sql}"  # noqa: S608
    return [id for (id,) in _ask(statement, [ids, *params], within=within)]


def _about_all() -> int:
    """Return about how many people there are, as the database last counted them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'profiles_profile'::regclass")
        n_people: int = cursor.fetchone()[0]
    return n_people if n_people > 0 else Profile.objects.count()


def _ask(sql: str, params: list[Any], *, within: timedelta) -> list[tuple[Any, ...]]:
    """Run a query that may take only so long. Raises TooSlow."""
    with at_most(within.total_seconds()), connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def overlap(one: Segment, other: Segment) -> Overlap:
    """Count who is in two segments, and in both."""
    of_one = Membership.objects.filter(segment=one, left_at=None)
    of_other = Membership.objects.filter(segment=other, left_at=None)
    both = of_one.filter(profile_id__in=of_other.values("profile_id")).count()
    return Overlap(of_one.count(), of_other.count(), both)


def growth(segment: Segment, *, today: date, days: int = 30) -> list[Day]:
    """Say of each of the last days how many entered and left, the oldest first."""
    first = today - timedelta(days=days - 1)
    entered, left = (_by_day(segment, column, first) for column in ("entered_at", "left_at"))
    sizes = dict(SegmentSize.objects.filter(segment=segment, day__gte=first).values_list("day", "size"))
    wanted = [first + timedelta(days=number) for number in range(days)]
    return [Day(day, entered.get(day, 0), left.get(day, 0), sizes.get(day)) for day in wanted]


def _by_day(segment: Segment, column: str, first: date) -> dict[date, int]:
    since = datetime.combine(first, time.min, tzinfo=UTC)
    found = Membership.objects.filter(Q(**{f"{column}__gte": since}), segment=segment)
    return dict(found.annotate(day=TruncDate(column, tzinfo=UTC)).values_list("day").annotate(n=Count("id")))
