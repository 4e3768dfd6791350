"""`manage.py segment`: segments from the command line."""

import json
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.models import AuditEntry
from apps.segments.models import Segment, SegmentSize
from tests.factories import (
    ConsentTypeFactory,
    MembershipFactory,
    ProfileFactory,
    SegmentFactory,
)

pytestmark = pytest.mark.django_db


def segment(*args: str) -> tuple[list[str], str]:
    out, problems = StringIO(), StringIO()
    call_command("segment", *args, stdout=out, stderr=problems)
    return out.getvalue().splitlines(), problems.getvalue()


def test_all_segments_are_listed_as_json() -> None:
    SegmentFactory.create(key="pros")
    SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)

    lines, _ = segment("list")

    assert [json.loads(line)["key"] for line in lines] == ["guests", "pros"]
    assert json.loads(lines[1])["condition"] == 'profile@traits.plan = "pro"'


def test_members_are_counted_and_listed() -> None:
    row = SegmentFactory.create(key="pros")
    ids = sorted(str(each.profile_id) for each in MembershipFactory.create_batch(3, segment=row))
    MembershipFactory.create()

    assert segment("count", "pros")[0] == ["3"]
    assert SegmentSize.objects.get().size == 3
    assert segment("members", "pros")[0] == ids


def test_condition_is_explained_with_sql_plan_and_what_it_reads() -> None:
    SegmentFactory.create(key="vip")
    condition = (
        'COUNT("purchase" WHERE event@properties.amount > 50 LAST 90 DAYS) >= 3 '
        'AND profile@primary_id = "a-1" AND profile@segments CONTAINS "vip"'
    )
    SegmentFactory.create(key="rich", name="Rich people", condition=condition)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")  # which is quicker where nobody is

    lines, _ = segment("explain", "rich")
    text = "\n".join(lines)

    assert lines[0] == "Rich people (rich), by a condition, 0 members when they were last counted"
    assert lines[2] == condition
    for line in (
        "Fields: profile@primary_id",
        "Segments: vip",
        "Past events: purchase",
        "Fields of events: event@properties.amount",
        "Looks back: 90 days, 0:00:00",
        "Changes while nothing happens: yes",
    ):
        assert line in lines
    assert "SELECT p.id FROM profiles_profile AS p WHERE" in text
    assert "'purchase'" in text
    indexes = next(line for line in lines if line.startswith("Indexes: ")).removeprefix("Indexes: ").split(", ")
    assert "none" not in indexes
    plan = "\n".join(lines[lines.index("Plan") :])
    assert all(name in plan for name in indexes)


def test_words_that_name_nothing_are_told_with_the_nearest_that_do() -> None:
    SegmentFactory.create(key="vip", kind=Segment.Kind.LIST)
    ConsentTypeFactory.create(id="letters")
    condition = 'DID NOT("Sale Complted") AND profile@segments CONTAINS "vjp" AND CONSENTED("lettrs")'
    SegmentFactory.create(key="quiet", condition=condition)

    for action in ("explain", "count", "members"):
        _, problems = segment(action, "quiet")
        for nearest in ("sale-completed", "vip", "letters"):
            assert f"Did you mean {nearest}?" in problems
    rows = {row["key"]: row for row in map(json.loads, segment("list")[0])}
    assert (len(rows["quiet"]["warnings"]), rows["vip"]["warnings"]) == (3, [])


def test_segment_without_a_condition_has_little_to_explain() -> None:
    SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)

    assert len(segment("explain", "guests")[0]) == 1


def test_list_is_imported_and_what_it_cannot_follow_is_told_by_line(tmp_path: Path) -> None:
    SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)
    ProfileFactory.create(primary_id="a")
    ProfileFactory.create(email="twin@example.com")
    ProfileFactory.create(email="twin@example.com")
    file = tmp_path / "guests.csv"
    file.write_text("customer\na\nnobody\ntwin@example.com\n")

    lines, problems = segment("import", "guests", str(file), "--column", "customer")

    assert json.loads(lines[0]) == {"n_lines": 3, "n_entered": 1, "n_left": 0, "n_unknown": 1, "n_ambiguous": 1}
    assert "Line 3 names nobody: nobody" in problems
    assert "Line 4 names several people: twin@example.com" in problems
    assert Segment.objects.get().size == 1


@pytest.mark.parametrize("is_piped", [False, True])
def test_a_byte_order_mark_is_no_part_of_the_first_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_piped: bool
) -> None:
    SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)
    ProfileFactory.create(primary_id="a")
    for n_entered, text, column in ((1, "\ufeffa\n", []), (0, "\ufeffcustomer\na\n", ["--column", "customer"])):
        file = tmp_path / "guests.csv"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))

        lines, _ = segment("import", "guests", "-" if is_piped else str(file), *column)

        assert json.loads(lines[0])["n_unknown"] == 0
        assert json.loads(lines[0])["n_entered"] == n_entered


def test_mistakes_are_told_in_a_sentence(tmp_path: Path) -> None:
    SegmentFactory.create(key="pros")
    file = tmp_path / "list.csv"
    file.write_text("a\n")

    with pytest.raises(CommandError, match="There is no segment pro"):
        segment("count", "pro")
    with pytest.raises(CommandError, match="goes by a condition"):
        segment("import", "pros", str(file))


def test_what_is_done_by_command_is_in_the_audit_log(tmp_path: Path) -> None:
    row = SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)
    file = tmp_path / "guests.csv"
    file.write_text(f"{ProfileFactory.create().pk}\n")

    segment("import", "guests", str(file))
    segment("members", "guests")

    noted = AuditEntry.objects.order_by("id").values_list("actor", "action", "object_id")
    assert list(noted) == [("command", action, str(row.pk)) for action in ("changed", "exported")]
