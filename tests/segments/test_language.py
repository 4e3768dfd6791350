"""What segments ask is evaluated alike in memory and in the database, of real profiles and events."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from apps.conditions import Condition, ConditionError, History, compile, to_sql
from apps.conditions.tree import Field, Node
from apps.events.models import Event
from apps.profiles import schema
from apps.profiles.models import Profile
from apps.segments import language
from tests.conditions import people, strategies
from tests.conditions.people import NOW
from tests.factories import EventFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.laws import examples

KEYS = ("vip", "new", "a")
REPORT = "segment-entered"  # stands in for one of the types that are drawn
DATES = [path for path, field in schema.FIELDS.items() if field.kind in (schema.Kind.DATE, schema.Kind.DATETIME)]
# Of the fields that the strategies draw, what they are of real people.
REAL = {
    "text": ["id", "primary_id", "email", "name", "country"],
    "number": ["visits.count", "events.count"],
    "flag": ["is_anonymous"],
    "at": ["created_at", "first_seen_at", "last_seen_at", "visits.last", "visits.previous"],
    "born": DATES,
    "day": DATES,
    "traits": ["traits", "interests", "consents", "stats", "computed"],
}


@pytest.fixture
def crowd(db: None) -> list[tuple[dict[str, Any], History]]:
    """Some people with all that may be known of them, as memory has them."""
    segments = [SegmentFactory.create(key=key) for key in KEYS]
    random = Random(4)
    for number in range(40):
        _make(random, number, segments)
    events: dict[UUID, list[dict[str, Any]]] = {}
    for event in Event.objects.filter(is_valid=True):
        assert event.profile_id
        events.setdefault(event.profile_id, []).append(language.event_of(event))
    keys: dict[UUID, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT profile_id, key FROM segments_membership JOIN segments_segment s ON s.id = segment_id "
            "WHERE left_at IS NULL"
        )
        for profile_id, key in cursor.fetchall():
            keys.setdefault(profile_id, []).append(key)
    return [
        (language.document_of(row, keys.get(row.id, ())), language.history(events.get(row.id, [])))
        for row in Profile.objects.order_by("id")
    ]


def _make(random: Random, number: int, segments: list[Any]) -> None:
    def moment() -> datetime:
        return random.choice(people.MOMENTS)

    drawn, happened = people.make_person(random)
    data = {**drawn["data"], "pii": {"birthday": random.choice([None, moment().date().isoformat()])}, "metrics": {}}
    if random.random() < 0.5:
        data["metrics"]["next"] = moment().isoformat()
    row = ProfileFactory.create(
        id=UUID(int=number + 1),
        primary_id=random.choice([None, *people.TEXTS[:20]]),
        email=random.choice([None, "a", "ab"]),
        name=random.choice(["", "a", "Ä"]),
        country=random.choice(["", "PL"]),
        is_anonymous=random.random() < 0.5,
        created_at=moment(),
        first_seen_at=moment(),
        last_seen_at=moment(),
        visit_started_at=random.choice([None, moment()]),
        previous_visit_at=random.choice([None, moment()]),
        visit_count=random.randrange(6),
        event_count=random.randrange(6),
        data=data,
        **{name: people.make_person(random)[0]["traits"] for name in REAL["traits"] if name != "consents"},
        consents=drawn["consents"],
        provenance=drawn["provenance"],
    )
    for event in happened:
        event["type"] = real(event["type"], random)
        EventFactory.create(
            **event,
            profile_id=row.id,
            traits=event["properties"],
            is_valid=random.random() < 0.9,
            journey=random.choice([None, "a"]),
            tags=random.choice([[], ["a", "b"]]),
        )
    for segment in segments:
        if random.random() < 0.4:
            left_at = random.choice([None, None, NOW])
            MembershipFactory.create(segment=segment, profile_id=row.id, left_at=left_at)


def real(node: Any, random: Random) -> Any:
    """Let a drawn condition ask about real fields."""
    if isinstance(node, Field):
        return real_field(node, random)
    if node == "sign-up":
        return REPORT
    if not isinstance(node, Node):
        return node
    changes = {}
    for name in node.__match_args__:  # type: ignore[attr-defined]
        value = getattr(node, name)
        changes[name] = tuple(real(each, random) for each in value) if isinstance(value, tuple) else real(value, random)
    return type(node)(**changes)


def real_field(field: Field, random: Random) -> Field:
    if field.root == "profile":
        if random.random() < 0.1:
            return Field("profile", ("segments",))
        names = REAL.get(field.keys[0])
        return Field("profile", (*random.choice(names).split("."), *field.keys[1:])) if names else field
    if field.root == "event" and len(field.keys) == 1 and random.random() < 0.3:
        return Field("event", (random.choice(["journey", "tags", "type"]),))
    return field


@pytest.mark.timeout(3600)
@settings(
    max_examples=examples(200, nightly=5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(strategies.CONDITIONS, st.integers(0, 2**32))
def test_real_people_are_evaluated_alike_in_memory_and_in_sql(
    crowd: list[tuple[dict[str, Any], History]], drawn: Condition, seed: int
) -> None:
    condition: Condition = real(drawn, Random(seed))
    note(str(condition))
    matches = compile(condition)

    sql, params = to_sql(condition, now=NOW, layout=language.layout())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql} IS TRUE FROM profiles_profile AS p ORDER BY id", params)
        found = [row[0] for row in cursor.fetchall()]

    assert found == [matches(document, now=NOW, history=history) for document, history in crowd]


@pytest.mark.parametrize(
    ("test", "is_asked_for"),
    [
        ('CONTAINS "vip"', lambda keys: "vip" in keys),
        ('NOT CONTAINS "vip"', lambda keys: "vip" not in keys),
        ('CONTAINS ANY ["vip", "new", 5]', lambda keys: bool({"vip", "new"} & keys)),
        ('CONTAINS ALL ["vip", "new"]', lambda keys: {"vip", "new"} <= keys),
        ('CONTAINS "nothing"', lambda keys: False),
        ("CONTAINS 5", lambda keys: False),
        ("EMPTY", lambda keys: not keys),
    ],
)
def test_segments_of_people_are_looked_up_and_not_gathered(
    crowd: list[tuple[dict[str, Any], History]], test: str, is_asked_for: Any
) -> None:
    condition = language.parse(f"profile@segments {test}")

    sql, params = to_sql(condition, now=NOW, layout=language.layout())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM profiles_profile AS p WHERE {sql}", params)
        assert cursor.fetchone() == (sum(is_asked_for(set(each["profile"]["segments"])) for each, _ in crowd),)

    assert ("jsonb_agg" in sql) == (test == "EMPTY")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field",
    ["primary_id", "email", "visits.count", "data.pii.birthday", "traits.plan", "traits.a.b", "computed.n", "segments"],
)
def test_every_field_is_known_to_the_catalogue(field: str) -> None:
    language.parse(f"profile@{field} EXISTS", catalogue=language.catalogue())


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("profile@data.pii.birthdy EXISTS", 1, "Did you mean profile@data.pii.birthday?"),
        ('TRUE = TRUE AND event@type = "a"', 17, "event@type cannot be asked about here"),
        ('DID("a" WHERE event@property EXISTS)', 15, "event@property"),
        ("session@id EXISTS", 1, "session@id"),
    ],
)
def test_what_is_no_part_of_a_persons_story_is_refused_with_its_place(text: str, column: int, message: str) -> None:
    with pytest.raises(ConditionError, match=message.replace("?", "[?]")) as caught:
        language.parse(text, catalogue=language.catalogue())

    assert caught.value.column == column


def test_change_of_a_field_is_seen_through_its_reader() -> None:
    row = Profile(traits={"a": {"b": [1]}}, visit_count=2, last_seen_at=NOW)
    readers = [
        language.reader_of(Field("profile", tuple(path.split("."))))
        for path in ("traits.a.b", "traits.a", "traits.x.y", "visits.count", "last_seen_at")
    ]
    before = [read(row) for read in readers]

    row.traits["a"]["b"].append(2)
    row.visit_count, row.last_seen_at = 3, NOW + timedelta(1)

    assert [old == read(row) for old, read in zip(before, readers, strict=True)] == [False, False, True, False, False]
