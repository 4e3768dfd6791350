"""A dry run shows what the run would make of people and events, however few of these it can look at."""

from typing import Any

import pytest
from django.utils import timezone

from apps.events.backfill import dry_run
from apps.events.backfill.dry_run import Preview, preview
from apps.events.backfill.selection import PROFILES, TRAITS, Selection, plan
from apps.events.resolution import by_hand
from apps.profiles import editing
from tests.events.backfill.acting import happened, plan_type, run, traits_of
from tests.factories import ANNA, ProfileFactory

pytestmark = pytest.mark.django_db


def look(kind: str = PROFILES, **options: Any) -> Preview:
    now = timezone.now()
    return preview(plan(Selection(kind, "plan-chosen", **options), at=now), at=now)


def after(found: Preview) -> list[dict[str, Any]]:
    return [{change.path: change.after for change in sample.changes} for sample in found.samples]


@pytest.mark.parametrize("kind", [PROFILES, TRAITS])
def test_it_shows_twenty_of_all_that_would_change(kind: str) -> None:
    for number in range(23):
        happened(ProfileFactory(), {"plan": f"plan {number}"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}}, traits={"data.plan": "plan"})

    found = look(kind)

    assert (found.n_events, found.n_people, found.n_looked_at, found.n_changed) == (23, 23, 23, 23)
    assert len(found.samples) == 20
    assert all(len(sample.changes) == 1 for sample in found.samples)


def test_events_of_old_are_looked_at_too_as_those_of_today_have_the_mapping_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dry_run, "LOOKED_AT", 4)
    ben = ProfileFactory()
    happened(ben, {"plan": "free"}, day=0)
    for day in range(1, 9):
        happened(new := ProfileFactory(), {"plan": "pro"}, day=day)
        editing.edit(new.pk, {"traits.plan": "pro"}, actor=ANNA, now=timezone.now())
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    found = look()

    assert (found.n_looked_at, found.n_changed) == (4, 1)
    assert [sample.id for sample in found.samples] == [ben.pk]


def test_people_are_shown_as_all_of_their_events_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "LOOKED_AT", 2)
    kept, gone = ProfileFactory(primary_id="1"), ProfileFactory()
    for day, owner in ((3, kept), (1, gone), (2, kept), (5, gone), (4, kept)):
        happened(owner, {"plan": f"plan {day}"}, day=day)
    by_hand.merge(kept.pk, gone.pk, actor=ANNA, now=timezone.now())
    first, all_of = {"first": "properties.plan"}, {"append_unique": "properties.plan"}
    plan_type(profile={"traits.first": first, "traits.all": all_of, "traits.last": {"equals": "properties.plan"}})

    found = look()
    run()

    assert after(found) == [
        {"traits.first": "plan 1", "traits.all": [f"plan {day}" for day in range(1, 6)], "traits.last": "plan 5"}
    ]
    assert {f"traits.{name}": value for name, value in traits_of(kept).items()} == after(found)[0]


def test_who_has_too_many_events_is_shown_by_those_that_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "HISTORY", 2)
    anna = ProfileFactory()
    for day in range(4):
        happened(anna, {"plan": f"plan {day}"}, day=day)
    plan_type(profile={"traits.last": {"equals": "properties.plan"}})

    assert after(look()) == [{"traits.last": "plan 3"}]
