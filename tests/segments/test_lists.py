import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.core.ids import new_id
from apps.events.resolution import by_hand
from apps.profiles import ledger
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Dirty, Identifier, Profile
from apps.segments import definitions, lists
from apps.segments.lists import ListError, Mode, Report
from apps.segments.models import Membership, Segment
from tests.factories import (
    ANNA,
    NOON,
    AliasFactory,
    IdentifierFactory,
    MembershipFactory,
    ProfileFactory,
    SegmentFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invited() -> Segment:
    row: Segment = SegmentFactory.create(key="invited", kind=Segment.Kind.LIST)
    return row


def profile(**values: Any) -> Profile:
    made: Profile = ProfileFactory.create(**values)
    return made


def take(segment: Segment, *names: str, mode: Mode = Mode.ADD) -> Report:
    return lists.take(segment, list(enumerate(names, 1)), mode=mode, actor=ANNA, now=NOON)


def members(segment: Segment) -> set[UUID]:
    return set(Membership.objects.filter(segment=segment, left_at=None).values_list("profile_id", flat=True))


def test_people_are_found_by_all_that_names_them(invited: Segment) -> None:
    anna, bert, cora, dora = (profile(primary_id=name, email=f"{name}@example.com") for name in "abcd")
    IdentifierFactory.create(id=identifier_id(Identifier.Kind.PHONE, "+48601123123"), kind="phone", profile=bert)
    old = AliasFactory.create(profile=dora)

    report = take(invited, "a", " +48 601 123 123 ", "C@Example.com", str(old.id))

    assert members(invited) == {anna.id, bert.id, cora.id, dora.id}
    assert report == Report(n_lines=4, n_entered=4)


def test_lines_that_name_nobody_or_several_people_are_reported_and_stop_nobody(invited: Segment) -> None:
    anna = profile(primary_id="a")
    profile(email="family@example.com")
    profile(email="family@example.com")

    report = take(invited, "nobody", "a", "family@example.com", str(new_id()))

    assert members(invited) == {anna.id}
    assert [number for number, _ in report.unknown] == [1, 4]
    assert report.ambiguous == [(3, "family@example.com")]
    assert (report.n_unknown, report.n_ambiguous, report.n_entered) == (2, 1, 1)


def test_list_is_added_removed_and_replaced(invited: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "CHUNK", 2)
    people = {name: profile(primary_id=name).id for name in "abcdef"}
    stranger = MembershipFactory.create()

    take(invited, *"abcde")
    assert take(invited, *"abcde") == Report(n_lines=5)

    assert take(invited, "a", "f", mode=Mode.REMOVE) == Report(n_lines=2, n_left=1)
    assert members(invited) == {people[name] for name in "bcde"}

    assert take(invited, *"efb", mode=Mode.REPLACE) == Report(n_lines=3, n_entered=1, n_left=2)
    assert members(invited) == {people[name] for name in "bef"}
    assert members(stranger.segment) == {stranger.profile_id}
    left = Membership.objects.filter(segment=invited).exclude(left_at=None)
    assert set(left.values_list("left_because", flat=True)) == {"list"}


def test_a_list_of_nobody_replaces_nobody(invited: Segment) -> None:
    anna = profile(primary_id="a")
    take(invited, "a")

    for names in ((), ("nobody", "null")):
        with pytest.raises(ListError, match="names nobody"):
            take(invited, *names, mode=Mode.REPLACE)

    assert members(invited) == {anna.id}


def test_members_who_turn_out_to_be_on_a_list_stay_when_it_replaces_the_others(
    invited: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "CHUNK", 1)
    elder, younger, stranger = profile(), profile(), profile()
    for each in (elder, stranger):
        MembershipFactory.create(segment=invited, profile_id=each.id)

    def lines() -> Iterator[tuple[int, str]]:
        yield 1, str(younger.id)
        by_hand.merge(elder.id, younger.id, actor=ANNA, now=timezone.now())

    lists.take(invited, lines(), mode=Mode.REPLACE, actor=ANNA, now=NOON)

    assert members(invited) == {elder.id}


def test_a_list_whose_people_others_keep_merging_is_to_be_taken_again(
    invited: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(primary_id="a")
    monkeypatch.setattr(ledger, "has_moved", lambda *_, **__: True)

    with pytest.raises(ListError, match="try again"):
        take(invited, "a")


def test_segments_that_ask_about_a_list_are_evaluated_again(invited: Segment) -> None:
    anna = profile(primary_id="a")
    take(invited, "a", mode=Mode.REMOVE)
    definitions.save(SegmentFactory.build(key="guests", condition='profile@segments CONTAINS "invited"'))

    take(invited, "a")

    assert list(Dirty.objects.values_list("profile_id", flat=True)) == [anna.id]


def test_only_segments_that_go_by_lists_take_them() -> None:
    profile(primary_id="a")
    for kind in (Segment.Kind.CONDITION, Segment.Kind.FLOW):
        with pytest.raises(ListError, match="goes by"):
            take(SegmentFactory.create(kind=kind), "a")
    with pytest.raises(ListError, match="switched off"):
        take(SegmentFactory.create(kind=Segment.Kind.LIST, is_enabled=False), "a")


def test_csv_is_read_by_its_first_column_or_by_one_that_is_named() -> None:
    text = 'Name,E-mail\n"Lie, Anna",anna@example.com\n\nBert\n Cora , cora@example.com \n'

    assert list(lists.read(io.StringIO(text))) == [(1, "Name"), (2, "Lie, Anna"), (4, "Bert"), (5, "Cora")]
    assert list(lists.read(io.StringIO(text), column="e-MAIL")) == [(2, "anna@example.com"), (5, "cora@example.com")]


@pytest.mark.parametrize(
    ("text", "message"), [("a,b\n1,2\n", "no column email; the first line has a, b"), ("", "has nothing")]
)
def test_file_without_the_column_is_refused(text: str, message: str) -> None:
    with pytest.raises(ListError, match=message):
        list(lists.read(io.StringIO(text), column="email"))


def test_file_that_is_no_csv_is_refused_with_its_line() -> None:
    with pytest.raises(ListError, match="not in UTF-8"):
        list(lists.read(io.TextIOWrapper(io.BytesIO(b"anna\n\xff\xfe\n"), encoding="utf-8", newline="")))
    with pytest.raises(ListError, match="Line 2 is no CSV"):
        list(lists.read(["anna\n", "x" * 200_000]))
