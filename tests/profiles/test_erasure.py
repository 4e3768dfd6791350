"""What is left when a person is erased, or made anonymous: nothing, or nothing that leads to them."""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps as django_apps
from django.db import connection, transaction
from django.utils import timezone

from apps.core import audit, tasks
from apps.core.models import AuditEntry, Task
from apps.events.event_types import planned
from apps.events.models import Event, InboxItem, RefusedEvent
from apps.events.resolution import by_hand, unmerging
from apps.events.store import emitting
from apps.events.store.emitting import Emission, emit
from apps.profiles import erasure, ledger
from apps.profiles.burial import burial_id
from apps.profiles.holdings import holdings, person_of
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Alias, ConsentDecision, ErasedId, Identifier, Merge, PrivacyRequest, Profile
from apps.segments.platform_events import ENTERED
from apps.sessions.models import Session
from tests.factories import (
    ANNA,
    NOON,
    AliasFactory,
    ConsentTypeFactory,
    InboxItemFactory,
    ProfileFactory,
    SessionFactory,
)
from tests.shop import Shop

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "anna@example.com", "+4915112345678"
ERASE, ANONYMISE = PrivacyRequest.Kind.ERASE, PrivacyRequest.Kind.ANONYMISE


@pytest.fixture
def shop() -> Shop:
    """A shop with two customers: Anna has used two devices and was merged; Ben stays."""
    ConsentTypeFactory()
    shop = Shop()
    consent = {"type": "consent-update", "properties": {"consents": {"marketing": True}}}
    shop.track("page-view", consent, session="annas-phone", context={"location": {"city": "Oslo"}})
    shop.call(
        "identify", anonymousId="annas-laptop", userId="C-17", traits={"email": EMAIL, "phone": PHONE, "plan": "x"}
    )
    shop.track({"type": "sign-in", "properties": {"email": {"main": EMAIL}}}, session="annas-phone")
    checkout = {"type": "checkout-started", "properties": {"value": 9.5, "currency": "EUR", "note": "for Anna"}}
    shop.track(checkout, session="annas-phone")
    shop.track({"type": "page-view", "time": "never"}, session="annas-phone", properties={"x": EMAIL})
    shop.call("identify", anonymousId="bens-laptop", userId="C-18", traits={"email": "ben@example.com"})
    shop.settle()
    return shop


def anna() -> Profile:
    return Profile.objects.get(primary_id="C-17")


def forget(profile_id: UUID, kind: Any = ERASE) -> PrivacyRequest:
    return start_erasure(profile_id, kind=kind, reference="ticket 7", actor=audit.SYSTEM, at=timezone.now())


def everything() -> str:
    """Return all rows of all tables as one text."""
    rows = []
    for model in filter(lambda model: model._meta.managed, django_apps.get_models()):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT to_jsonb(row)::text FROM "{model._meta.db_table}" AS row')
            rows += [f"{model._meta.label} {text}" for (text,) in cursor.fetchall()]
    return "\n".join(rows)


def test_nothing_of_an_erased_person_is_left_anywhere(shop: Shop) -> None:
    person = anna()
    known = [person.id, *Alias.objects.filter(profile_id=person.id).values_list("id", flat=True)]
    known += Session.objects.filter(profile_id=person.id).values_list("id", flat=True)
    known += Identifier.objects.exclude(profile__primary_id="C-18").values_list("id", flat=True)
    assert len(known) > 6
    assert Merge.objects.exists()

    forget(person.id)

    left = everything()
    for trace in (*map(str, known), EMAIL, PHONE, "C-17", "Oslo", "for Anna", "annas"):
        assert trace not in left, trace


@pytest.mark.parametrize("kind", [ERASE, ANONYMISE])
@pytest.mark.parametrize("seed", range(3))
def test_in_whatever_order_tables_are_gone_through_the_same_goes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int, kind: Any
) -> None:
    """The profile alone has to be the last: its aliases go with it."""
    shop.track({"type": "x" * 200}, session="annas-phone")
    *others, last = erasure._as_they_go()
    assert last is holdings["profile"]
    Random(seed).shuffle(others)
    monkeypatch.setattr(erasure, "_as_they_go", lambda: [*others, last])
    person = person_of(anna())
    counts = {name: holding.count(person) for name, holding in holdings.items()}

    request = forget(person.id, kind)

    assert {name: number for name, number in request.counts.items() if number} == {
        name: number for name, number in counts.items() if number
    }
    left = everything()
    for trace in (*map(str, person.raw_ids), EMAIL, PHONE, "C-17", "Oslo", "for Anna", "annas"):
        assert trace not in left, trace


def test_others_stay_as_they_are(shop: Shop) -> None:
    ben = Profile.objects.get(primary_id="C-18")
    before = [
        Profile.objects.values().get(pk=ben.pk),
        list(Event.objects.filter(profile_id=ben.id).order_by("id").values()),
        list(Identifier.objects.filter(profile_id=ben.id).order_by("id").values()),
        list(Session.objects.filter(profile_id=ben.id).values()),
    ]
    assert all(before)

    forget(anna().id)

    assert before == [
        Profile.objects.values().get(),
        list(Event.objects.order_by("id").values()),
        list(Identifier.objects.order_by("id").values()),
        list(Session.objects.values()),
    ]


def test_the_certificate_counts_what_was_there_and_names_nobody(shop: Shop) -> None:
    person = anna()
    n_events = Event.objects.filter(profile_id=person.id).count()

    request = forget(person.id)

    assert request.finished_at is not None
    assert (request.kind, request.reference, request.requested_by) == (ERASE, "ticket 7", "The platform")
    assert request.counts["events"] == n_events
    assert request.counts["profile"] == 1
    assert request.counts["sessions"] == 2
    assert request.counts["consents"] == 1
    assert request.counts["merges"] == 1
    assert request.n_ids == ErasedId.objects.filter(request=request).count()
    assert request.person == {}
    assert request.subject == burial_id(person.id)
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.object_id, entry.details) == (str(request.id), {})


def test_a_person_is_erased_by_any_id_that_they_ever_had(shop: Shop) -> None:
    alias = Alias.objects.filter(profile_id=anna().id).first()
    assert alias

    forget(alias.id)

    assert not Profile.objects.filter(primary_id="C-17").exists()


def test_an_unknown_person_is_refused() -> None:
    with pytest.raises(Profile.DoesNotExist):
        forget(uuid4())
    assert not PrivacyRequest.objects.exists()
    assert not Task.objects.exists()


def test_names_are_refused_and_devices_begin_anew(shop: Shop) -> None:
    forget(anna().id)

    kinds = {}
    for tombstone in ErasedId.objects.all():
        kinds.setdefault(tombstone.kind, set()).add(tombstone.successor is None)
    assert kinds == {
        "user": {True},
        "email": {True},
        "phone": {True},
        "anonymous": {False},
        "profile": {False},
        "session": {False},
    }
    successors = [row.successor for row in ErasedId.objects.exclude(successor=None)]
    assert len(set(successors)) == len(successors)


def test_what_names_somebody_else_is_not_buried_with_them(shop: Shop) -> None:
    """Ben's address in Anna's record must not shut Ben out."""
    Profile.objects.filter(primary_id="C-17").update(traits={"friend": "ben@example.com"})

    forget(anna().id)

    assert Identifier.objects.filter(profile__primary_id="C-18", kind="email").exists()
    shop.call("identify", userId="C-18", traits={"email": "ben@example.com"})
    assert not RefusedEvent.objects.filter(code="erased").exists()


def test_refused_events_go_by_the_ids_that_they_came_with_or_by_whom_they_name(shop: Shop) -> None:
    too_long = {"type": "x" * 200}
    shop.track({**too_long, "properties": {"n": 1}}, session="annas-phone")
    shop.track({**too_long, "properties": {"to": EMAIL}}, session="bens-phone")
    shop.track({**too_long, "properties": {"n": 2}}, session="bens-phone")

    forget(anna().id)

    [left] = RefusedEvent.objects.values_list("payload", flat=True)
    assert json.loads(left)["events"][0]["properties"] == {"n": 2}


def test_of_dead_letters_only_their_parts_go(shop: Shop) -> None:
    batch = [{"type": "track", "event": "x", "userId": user} for user in ("C-17", "C-18")]
    common = {"source_id": shop.source.id, "dead_at": NOON}
    shared = InboxItemFactory(
        dialect="sdk",
        envelope={"call": "batch", "refused": [{"code": "bot", "message": "A bot.", "index": 1}]},
        body=json.dumps({"batch": batch, "sentAt": "x"}),
        **common,
    )
    InboxItemFactory(body=json.dumps({"session": {"id": "annas-phone"}, "events": [{"type": "x"}]}), **common)
    InboxItemFactory(body="[" + json.dumps(EMAIL), **common)
    InboxItemFactory(body="to be retried: " + json.dumps(EMAIL), source_id=shop.source.id, retry_at=NOON)
    other = InboxItemFactory(body=json.dumps({"session": {"id": "bens-phone"}, "events": [{"type": "x"}]}), **common)

    forget(anna().id)

    left = {item.id: item.body for item in InboxItem.objects.all()}
    assert set(left) == {shared.id, other.id}
    assert json.loads(left[shared.id]) == {"batch": [batch[1]], "sentAt": "x"}
    shared.refresh_from_db()
    assert [refused["index"] for refused in shared.envelope["refused"]] == [0]  # what was refused stays so


def test_of_dead_letters_of_the_platform_only_their_parts_go(shop: Shop) -> None:
    ben = Profile.objects.get(primary_id="C-18")
    emissions = [Emission(ENTERED.type, profile_id, "1", NOON) for profile_id in (anna().id, ben.id)]
    emit(emissions, is_silent=True, now=shop.now)
    InboxItem.objects.update(dead_at=NOON)

    forget(anna().id)

    assert emitting.read(json.loads(InboxItem.objects.get().body)) == ([emissions[1]], True)


def test_events_of_their_sessions_that_belong_to_nobody_go_too(shop: Shop) -> None:
    shop.track("page-view", session="annas-phone", options={"saveProfile": False})
    assert Event.objects.filter(profile_id=None).exists()

    forget(anna().id)

    assert not Event.objects.filter(profile_id=None).exists()


def test_much_is_erased_page_by_page_and_goes_on_after_a_crash(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "PAGE", 2)
    request = erasure.begin(anna().id, kind=ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())
    task = tasks.create(erasure.TASK, params={"request": str(request.pk)}, requested_by="anna", now=timezone.now())
    n_events = Event.objects.exclude(profile_id=Profile.objects.get().id).count()

    first = erasure.step(task)

    assert (first.n_done, first.is_last) == (2, False)
    assert Event.objects.exclude(profile_id=Profile.objects.get().id).count() == n_events - 2
    assert not Profile.objects.filter(primary_id="C-17").exists()  # at once, whatever is left to do
    tasks.run(task.pk, secs=30)
    request.refresh_from_db()
    assert request.finished_at is not None
    assert request.counts["events"] == n_events
    assert erasure.step(task).is_last  # done twice is done once


def test_a_merge_that_was_undone_has_to_be_tidied_up_first(shop: Shop) -> None:
    """Ben's events still lie under Anna's id: they must not go with her."""
    ben = Profile.objects.get(primary_id="C-18")
    visitor = ProfileFactory()
    merge = by_hand.merge(visitor.id, ben.id, actor=ANNA, now=shop.later(seconds=1))
    unmerging.undo(merge.id, actor=ANNA, rules=planned.rules(), now=shop.later(seconds=1))

    with pytest.raises(ledger.NotYet, match="try again"):
        forget(ben.id)

    assert not ErasedId.objects.exists()


def test_an_anonymous_person_leaves_their_figures_and_nothing_that_leads_to_them(shop: Shop) -> None:
    person = anna()
    known = [person.id, *Alias.objects.filter(profile_id=person.id).values_list("id", flat=True)]
    known += Session.objects.filter(profile_id=person.id).values_list("id", flat=True)
    types = sorted(Event.objects.filter(profile_id=person.id).values_list("type", flat=True))

    request = forget(person.id, ANONYMISE)

    assert request.finished_at is not None
    left = everything()
    for trace in (*map(str, known), EMAIL, PHONE, "C-17", "Oslo", "for Anna", "annas"):
        assert trace not in left, trace
    nobody = Profile.objects.exclude(primary_id="C-18").get()
    assert (nobody.event_count, nobody.visit_count) == (person.event_count, person.visit_count)
    assert nobody.data["metrics"] == person.data["metrics"]
    assert (nobody.is_anonymous, nobody.identifier_count, nobody.consents) == (True, 0, {})
    assert sorted(Event.objects.filter(profile_id=nobody.id).values_list("type", flat=True)) == types
    checkout = Event.objects.get(type="checkout-started")
    assert checkout.properties == {"value": 9.5, "currency": "EUR"}
    assert checkout.original_profile_id == nobody.id
    assert Session.objects.get(pk=checkout.session_id).profile_id == nobody.id
    assert Session.objects.filter(profile_id=nobody.id).count() == 2
    assert not ConsentDecision.objects.exists()


def test_the_devices_of_who_was_made_anonymous_do_not_lead_to_the_figures(shop: Shop) -> None:
    forget(anna().id, ANONYMISE)
    nobody = Profile.objects.exclude(primary_id="C-18").get()

    shop.now = timezone.now() + timedelta(seconds=1)
    shop.track("page-view", session="annas-phone")

    event = Event.objects.get(type="page-view", received_at=shop.now)
    assert event.profile_id != nobody.id


def test_what_staff_did_with_a_record_stays_known_but_not_with_whose(shop: Shop) -> None:
    person = anna()
    with transaction.atomic():
        audit.record("merged", actor=audit.SYSTEM, at=NOON, object=person)

    forget(person.id)

    assert AuditEntry.objects.get(action="merged").object_id == str(burial_id(person.id))


def test_sessions_and_aliases_of_others_are_not_theirs() -> None:
    person, other = ProfileFactory(), AliasFactory()
    SessionFactory(profile=other.profile)

    forget(person.id)

    assert (Profile.objects.count(), Alias.objects.count(), Session.objects.count()) == (1, 1, 1)
