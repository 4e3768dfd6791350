"""What flows do to profiles, and what becomes of it."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.core import actors
from apps.events.event_types import planned
from apps.events.event_types.operations import OPERATIONS
from apps.events.resolution import by_hand, unmerging
from apps.flows.engine import changes
from apps.flows.engine.moves import Change, Failure
from apps.flows.engine.step import Setter
from apps.flows.models import Flow, FlowVersion
from apps.profiles.admin.shown import set_by
from apps.profiles.models import Profile
from tests.factories import ANNA, NOON, ProfileFactory
from tests.flows.factories import RunFactory

LATER = NOON + timedelta(hours=1)
SETTER = Setter("welcome", 3, "n2", UUID("0197c0de-0000-7000-8000-000000000001"))


def changed(profile: Profile, *told: tuple[str, str, Any], now: datetime = LATER) -> frozenset[str]:
    return changes.apply(profile, [Change(*each) for each in told], setter=SETTER, now=now)


def test_fields_are_changed_with_the_flow_version_step_and_run_that_did_it() -> None:
    profile: Profile = ProfileFactory.build(traits={"plan": "free", "tags": ["a"]}, stats={"views": 29})

    found = changed(
        profile,
        ("equals", "traits.plan", "pro"),
        ("append_unique", "traits.tags", "b"),
        ("increment", "stats.views", 1),
        ("equals", "data.pii.firstname", "Ada"),
        ("equals", "data.contact.email.main", "ada@example.com"),
        ("equals_if_not_exists", "data.pii.firstname", "Eve"),
    )

    assert (profile.traits, profile.stats) == ({"plan": "pro", "tags": ["a", "b"]}, {"views": 30})
    assert (profile.name, profile.email, profile.is_anonymous) == ("Ada", "ada@example.com", False)
    assert profile.data["anonymous"] is False
    assert profile.updated_at == LATER
    assert found == {
        *("traits.plan", "traits.tags", "stats.views", "data.pii.firstname", "data.contact.email.main"),
        "data.anonymous",
    }
    assert profile.provenance["traits.plan"] == [
        LATER.isoformat(),
        "flow:welcome:3:n2:0197c0de-0000-7000-8000-000000000001",
        "",
    ]
    assert Setter.read(profile.provenance["traits.plan"][1]) == SETTER


def test_what_stays_the_same_is_no_change_but_said_anew() -> None:
    profile: Profile = ProfileFactory.build(traits={"plan": "pro", "tags": ["a"]})

    assert changed(profile, ("equals", "traits.plan", "pro"), ("append_unique", "traits.tags", "a")) == frozenset()

    assert set(profile.provenance) == {"traits.plan"}


def test_a_flow_says_it_now_whatever_a_clock_that_is_ahead_has_said() -> None:
    ahead = [(LATER + timedelta(minutes=5)).isoformat(), "an event", ""]
    profile: Profile = ProfileFactory.build(traits={"plan": "free"}, provenance={"traits.plan": ahead})

    changed(profile, ("equals", "traits.plan", "pro"), ("delete", "traits.gone", None))

    assert profile.traits["plan"] == "pro"


@pytest.mark.parametrize(
    ("operation", "path", "value", "reason"),
    [
        ("equals", "data.job.salary", "plenty", "data.job.salary: The value does not fit, as the field holds number."),
        ("equals", "data.pii.fistname", "Ada", "has no such field. Did you mean data.pii.firstname?"),
        ("equals", "consents.letters", True, "what it can is below data, traits, interests, stats."),
        ("equals", "primary_id", "C-1", "A flow cannot set it"),
        ("equals", "traits", {}, "A flow cannot set it"),
        ("equals", "traits..a", 1, "is not a dotted path"),
        ("equals", "traits.plan.name", 1, "There is no place for 'name'"),
        ("double", "traits.size", 1, "There is no operation double"),
        ("append", "data.job.salary", 1, "It holds number, on which append does not work."),
        ("increment", "traits.plan", 1, "nothing that can be reckoned with"),
        ("append", "traits.tags", None, "Null cannot be appended."),
        ("equals", "traits.text", "a\x00", "The value cannot be stored."),
    ],
)  # fmt: skip
def test_all_of_a_step_is_done_or_nothing_and_the_reason_tells_no_value(
    operation: str, path: str, value: Any, reason: str
) -> None:
    before = {"traits": {"plan": "secret-plan", "size": 1}, "provenance": {"traits.size": [NOON.isoformat(), "e", ""]}}
    profile: Profile = ProfileFactory.build(**before)

    with pytest.raises(Failure) as failed:
        changed(
            profile, ("increment", "traits.size", 4), ("equals", "data.pii.firstname", "Ada"), (operation, path, value)
        )

    assert reason in str(failed.value)
    assert not {"secret-plan", "plenty"} & set(re.findall(r"[\w-]+", str(failed.value)))
    assert profile.traits == before["traits"]
    assert profile.provenance == before["provenance"]
    assert profile.name == ""


def test_a_person_holds_only_so_much(settings: Any) -> None:
    settings.MAX_PROFILE_BYTES = 1_000
    profile: Profile = ProfileFactory.build(traits={})

    with pytest.raises(Failure, match=r"traits\.long: .*at most 1000 bytes"):
        changed(profile, ("equals", "traits.long", "x" * 2_000))


@pytest.mark.parametrize("name", sorted({operation.name for operation in OPERATIONS.values()}))
def test_each_operation_is_there(name: str) -> None:
    assert changes.refusal("traits.size", name) == ""
    profile: Profile = ProfileFactory.build(traits={"size": 3})

    changed(profile, (name, "traits.size", 2))

    assert profile.traits.get("size") == {
        "equals": 2, "equals_if_not_exists": 3, "first": 3, "append": [3, 2], "append_unique": [3, 2], "remove": 3,
        "increment": 5, "decrement": 1, "add": 5, "subtract": 1, "min": 2, "max": 3, "first_time": 2, "last_time": 3,
        "delete": None,
    }[name]  # fmt: skip


@pytest.mark.django_db
def test_a_page_says_in_words_which_step_of_which_flow_set_a_field() -> None:
    flow = Flow.objects.create(key="welcome", name="Welcome series")
    FlowVersion.objects.create(
        flow=flow,
        number=3,
        definition={"nodes": [{"id": "n2", "kind": "set-fields", "name": "Promote"}]},
        published_at=NOON,
        published_by="anna",
    )
    profile: Profile = ProfileFactory.build(traits={})
    changed(profile, ("equals", "traits.plan", "pro"))

    assert set_by(profile, "traits.plan") == "Welcome series, version 3: Promote 23 Nov 2026"
    assert actors.names_of([str(SETTER._replace(flow="gone")), "flow:odd", "user:x", "nobody"]) == {}


@pytest.mark.django_db
def test_what_runs_set_goes_back_with_them_when_a_merge_is_undone() -> None:
    anna, bo = ProfileFactory(), ProfileFactory()
    of_anna, of_bo = RunFactory(profile_id=anna.id), RunFactory(profile_id=bo.id)
    merge = by_hand.merge(bo.id, anna.id, actor=ANNA, now=timezone.now())
    whole = Profile.objects.get()
    for run, path in ((of_anna, "traits.of_anna"), (of_bo, "traits.of_bo")):
        by = SETTER._replace(run_id=run.id)
        changes.apply(whole, [Change("equals", path, "set")], setter=by, now=timezone.now())
    whole.save()

    unmerging.undo(merge.id, actor=ANNA, rules=planned.rules(), now=timezone.now())

    found = {row.id: row for row in Profile.objects.all()}
    assert {id: row.traits for id, row in found.items()} == {anna.id: {"of_anna": "set"}, bo.id: {"of_bo": "set"}}
    assert set(found[bo.id].provenance) == {"traits.of_bo"}
