from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.events.resolution import by_hand
from apps.profiles import dirty, editing
from apps.profiles.models import Dirty
from tests.factories import NOON, ProfileFactory

pytestmark = pytest.mark.django_db
ANNA = Actor("user:7", "anna")


def test_a_profile_is_noted_once_and_later_each_time() -> None:
    one, other = new_id(), new_id()

    dirty.mark([one, other, one])
    before = Dirty.objects.get(pk=one).marked_at
    dirty.mark([one])
    dirty.mark([])

    assert Dirty.objects.count() == 2
    assert Dirty.objects.get(pk=one).marked_at > before


def test_the_time_grows_even_where_the_clock_goes_back() -> None:
    profile_id = new_id()
    ahead = timezone.now() + timedelta(hours=1)
    Dirty.objects.create(profile_id=profile_id, marked_at=ahead)

    dirty.mark([profile_id])

    assert Dirty.objects.get().marked_at > ahead


def test_what_was_looked_at_is_forgotten_but_not_what_came_meanwhile() -> None:
    seen, again = new_id(), new_id()
    dirty.mark([seen, again])
    looked_at = list(Dirty.objects.values_list("profile_id", "marked_at"))
    dirty.mark([again])

    dirty.clear(looked_at)

    assert Dirty.objects.get().profile_id == again


def test_whoever_edits_by_hand_marks_and_so_does_who_merges() -> None:
    edited, kept, gone = ProfileFactory(), ProfileFactory(), ProfileFactory()

    editing.edit(edited.id, {"traits.plan": "pro"}, actor=ANNA, now=NOON)
    by_hand.merge(kept.id, gone.id, actor=ANNA, now=NOON)

    assert set(Dirty.objects.values_list("profile_id", flat=True)) == {edited.id, kept.id, gone.id}
