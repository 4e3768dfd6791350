"""Whatever changes people outside of the pipeline, they are in the right segments after the next re-evaluation run."""

from datetime import timedelta
from uuid import UUID

from django.core.management import call_command
from django.utils import timezone

from apps.core import audit, jobs, tasks
from apps.core.audit import Actor
from apps.core.models import Task
from apps.events.backfill.selection import PROFILES, TRAITS, Selection
from apps.events.computed_traits import definitions, recomputing
from apps.events.jobs import start_backfill
from apps.events.models import EventType
from apps.events.resolution import by_hand
from apps.profiles import editing, erasure
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Merge, PrivacyRequest, Profile
from tests.factories import ANNA, ComputedTraitFactory
from tests.segments.people import members, segment
from tests.shop import Shop

PRO, BUYERS, NO_BUYERS = 'profile@traits.plan = "pro"', 'DID("bought")', 'DID NOT("bought")'


def evaluate() -> None:
    """Do what the clock does each minute."""
    call_command("segment_live", "--wait", verbosity=0)


def visitor(shop: Shop, session: str, *events: str, **properties: object) -> UUID:
    """Let somebody come, and return the id of their profile."""
    known = set(Profile.objects.values_list("id", flat=True))
    shop.track(*({"type": event, "properties": properties} for event in events or ["page-view"]), session=session)
    return Profile.objects.exclude(id__in=known).get().id


def carry_on(task_id: UUID) -> None:
    """Do what workers do with a task."""
    while tasks.run(task_id, secs=30):
        pass


def test_fields_that_somebody_sets_by_hand(shop: Shop) -> None:
    segment("pro", PRO)
    anna = visitor(shop, "anna")
    evaluate()

    editing.edit(anna, {"traits.plan": "pro"}, actor=Actor("user:7", "oscar"), now=shop.later(hours=1))
    evaluate()

    assert members("pro") == {anna}


def test_mappings_that_come_later_for_profiles_and_for_events(shop: Shop) -> None:
    segment("pro", PRO)
    segment("gold", 'DID("bought" WHERE event@traits.metal = "gold")')
    anna = visitor(shop, "anna", "bought", plan="pro", metal="gold")
    evaluate()
    assert not members("pro") | members("gold")
    overrides = {"profile": {"traits.plan": {"equals": "properties.plan"}}, "traits": {"metal": "metal"}}
    EventType.objects.create(type="bought", name="Bought", overrides=overrides)

    for kind in (PROFILES, TRAITS):
        carry_on(start_backfill(Selection(kind, "bought"), actor=ANNA, now=timezone.now()).pk)
    evaluate()

    assert members("pro") == members("gold") == {anna}


def test_traits_that_are_computed_in_the_background(shop: Shop) -> None:
    segment("busy", "profile@computed.purchases >= 2")
    anna = visitor(shop, "anna", "bought", "bought")
    evaluate()

    definitions.save(ComputedTraitFactory.build(key="purchases", event_types=["bought"]))
    carry_on(jobs.start_task(recomputing.KIND, params={}, requested_by="oscar").pk)
    evaluate()

    assert members("busy") == {anna}


def test_people_who_are_merged_by_hand_and_separated_again(shop: Shop) -> None:
    segment("buyers", BUYERS)
    segment("others", NO_BUYERS)
    anna, bert = visitor(shop, "anna"), visitor(shop, "bert", "bought")
    evaluate()
    assert (members("buyers"), members("others")) == ({bert}, {anna})

    by_hand.merge(anna, bert, actor=ANNA, now=shop.later(seconds=1))
    evaluate()  # the purchases are still elsewhere
    shop.settle()
    evaluate()
    whole = Profile.objects.get().id
    merged = (members("buyers"), members("others"))
    shop.undo(Merge.objects.get())
    evaluate()

    assert merged == ({whole}, set())
    assert (members("buyers"), members("others")) == ({bert}, {anna})


def test_somebody_who_is_made_anonymous(shop: Shop) -> None:
    segment("buyers", BUYERS)
    anna = visitor(shop, "anna", "bought")
    evaluate()
    assert members("buyers") == {anna}

    kind = PrivacyRequest.Kind.ANONYMISE
    start_erasure(anna, kind=kind, reference="ticket 7", actor=audit.SYSTEM, at=timezone.now())
    carry_on(Task.objects.get(kind=erasure.TASK).pk)
    evaluate()

    nobody = Profile.objects.get().id
    assert nobody != anna
    assert members("buyers") == {nobody}


def test_time_that_goes_by(shop: Shop) -> None:
    shop.now = timezone.now() - timedelta(days=2)
    segment("recent", 'DID("bought" LAST 1 DAYS)')
    segment("quiet", 'DID NOT("bought" LAST 1 DAYS)')
    anna = visitor(shop, "anna", "bought")
    assert members("recent") == {anna}  # the pipeline evaluates as of the batch

    call_command("segment_live", "--full", "--wait", verbosity=0)

    assert (members("recent"), members("quiet")) == (set(), {anna})
