"""People are merged, separated and moved while they are tracked: no event and no update is lost."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.api.scopes import Scope
from apps.collector.accept import process
from apps.collector.envelope import Envelope
from apps.collector.payload import Way
from apps.collector.wire import Message
from apps.core.fetch import fetch
from apps.events import sources
from apps.events.event_types import planned
from apps.events.models import Event, Source
from apps.events.resolution import by_hand, moving, unmerging
from apps.profiles import editing, erasure, export, identity
from apps.profiles.ledger import living_id
from apps.profiles.models import ConsentDecision, ErasedId, Merge, PrivacyRequest, Profile
from apps.sessions.models import Session
from tests.factories import ANNA, ConsentTypeFactory, SourceFactory
from tests.programs import program

THREADS = 10
pytestmark = pytest.mark.django_db(transaction=True)


def send(source: Source, call: str, **message: object) -> None:
    """Process one message in a transaction of its own, as a process of its own would."""
    policy = sources.find(str(source.id))
    assert policy is not None
    at = datetime.now(UTC)
    body = Message("sdk", orjson.dumps(message), Envelope(policy, at, call=call))
    process(body.read().parsed.payloads, now=at, way=Way.NOW)


def like(source: Source, device: str) -> None:
    send(source, "track", anonymousId=device, event="increase-interest", properties={"interest": "jazz"})


def alone(work: Callable[[], object]) -> None:
    """Run on a thread, with a connection that is given up afterwards."""
    try:
        work()
    finally:
        connections.close_all()


def run(pool: ThreadPoolExecutor, works: Sequence[Callable[[], object]]) -> None:
    for done in [pool.submit(alone, work) for work in works]:
        done.result(timeout=100)


def check_nothing_is_lost(n_sent: int) -> None:
    while Merge.objects.filter(moved_at=None).exists():
        moving.move(secs=30)
    assert Event.objects.filter(type="increase-interest").count() == n_sent
    assert sum(profile.interests.get("jazz", 0) for profile in Profile.objects.all()) == n_sent
    for profile in Profile.objects.all():
        assert profile.event_count == Event.objects.filter(profile_id=profile.id).count()
    assert sum(profile.event_count for profile in Profile.objects.all()) == Event.objects.count()
    assert set(Session.objects.values_list("profile_id", flat=True)) <= set(
        Profile.objects.values_list("id", flat=True)
    )


def test_devices_that_are_signed_in_meanwhile_lose_nothing() -> None:
    source = SourceFactory()
    devices = [f"device-{number}" for number in range(12)]
    works = [lambda device=device: like(source, device) for device in devices * 12]  # type: ignore[misc]
    works += [
        lambda device=device, number=number: send(  # type: ignore[misc]
            source, "identify", anonymousId=device, userId=f"user-{number % 3}"
        )
        for number, device in enumerate(devices)
    ]
    works += [lambda: alone_moving() for _ in range(6)]
    random.Random(7).shuffle(works)

    with ThreadPoolExecutor(THREADS) as pool:
        run(pool, works)  # type: ignore[arg-type]

    assert Profile.objects.count() == 3
    check_nothing_is_lost(12 * 12)


def alone_moving() -> None:
    moving.move(secs=10)


def test_merging_and_separating_by_hand_loses_nothing() -> None:
    source = SourceFactory()
    devices = [f"device-{number}" for number in range(4)]
    for device in devices:
        like(source, device)
    people: list[UUID] = list(Profile.objects.order_by("id").values_list("id", flat=True))
    rules, stop = planned.rules(), threading.Event()

    def meddle() -> None:
        dice = random.Random(11)
        while not stop.is_set():
            now = datetime.now(UTC)
            try:
                by_hand.merge(*dice.sample(people, 2), actor=ANNA, now=now)
                standing = Merge.objects.filter(undone_at=None).values_list("id", flat=True)
                if len(standing) > 1:
                    unmerging.undo(dice.choice(list(standing)), actor=ANNA, rules=rules, now=now)
            except (by_hand.CannotMerge, unmerging.CannotUndo):
                continue
            moving.move(secs=10)

    with ThreadPoolExecutor(THREADS) as pool:
        meddler = pool.submit(alone, meddle)
        run(pool, [lambda device=device: like(source, device) for device in devices * 40])  # type: ignore[misc]
        stop.set()
        meddler.result(timeout=100)

    check_nothing_is_lost(4 * 41)
    for merge in Merge.objects.filter(undone_at=None).order_by("-at"):
        if Merge.objects.filter(pk=merge.pk, undone_at=None).exists():
            unmerging.undo(merge.id, actor=ANNA, rules=rules, now=datetime.now(UTC))
    check_nothing_is_lost(4 * 41)
    assert [living_id(person) for person in people] == people
    assert set(Profile.objects.values_list("id", flat=True)) == set(people)
    assert set(Profile.objects.values_list("interests__jazz", flat=True)) == {41}


@pytest.mark.parametrize("n_merged_before", [0, 1])
def test_who_is_merged_away_and_is_back_while_we_look_is_nobody_new(
    monkeypatch: pytest.MonkeyPatch, n_merged_before: int
) -> None:
    source = SourceFactory()
    for device in ("eldest", "between", "latest"):
        like(source, device)
    eldest, *people = Profile.objects.order_by("id").values_list("id", flat=True)
    if n_merged_before:
        by_hand.merge(*people, actor=ANNA, now=datetime.now(UTC))
    with ThreadPoolExecutor(1) as pool:

        def merge() -> None:
            by_hand.merge(eldest, people[-1], actor=ANNA, now=datetime.now(UTC))

        def separate() -> None:
            last = Merge.objects.filter(undone_at=None).latest("at")
            unmerging.undo(last.id, actor=ANNA, rules=planned.rules(), now=datetime.now(UTC))

        def overtaken(model: Any, ids: Any, *, locks: bool = False) -> dict[Any, Any]:
            if locks:
                monkeypatch.setattr(identity, "fetch", fetch)
                run(pool, [merge])
            found = fetch(model, ids, locks=locks)
            if locks:
                run(pool, [separate])
            return found

        monkeypatch.setattr(identity, "fetch", overtaken)
        like(source, "latest")

    check_nothing_is_lost(4)
    assert Profile.objects.count() == 3 - n_merged_before
    assert Profile.objects.get(id=living_id(people[-1])).interests == {"jazz": 2 + n_merged_before}


@contextmanager
def overtaken(work: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Let somebody else do their work after we have looked where ids lead, and just before our nth lock of profiles."""
    waiting = [work, *[lambda: None] * (nth - 1)]

    def execute(run_it: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if waiting and "profiles_profile" in sql and sql.rstrip().endswith("UPDATE"):
            with ThreadPoolExecutor(1) as pool:
                run(pool, [waiting.pop()])
        return run_it(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield
    assert not waiting


def merged_by_hand() -> tuple[UUID, UUID]:
    """Return two people who are one: the id of the whole, and that of who was merged away."""
    source = SourceFactory()
    for device in ("elder", "younger"):
        like(source, device)
    elder, younger = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(elder, younger, actor=ANNA, now=datetime.now(UTC))
    assert living_id(younger) == elder
    moving.move(secs=30)
    return elder, younger


def separate() -> None:
    """Undo the merge, and let events follow."""
    unmerging.undo(Merge.objects.get().id, actor=ANNA, rules=planned.rules(), now=datetime.now(UTC))
    moving.move(secs=30)


def test_who_was_separated_a_moment_ago_is_erased_and_not_the_other() -> None:
    elder, younger = merged_by_hand()

    with overtaken(separate):
        kind = PrivacyRequest.Kind.ERASE
        erasure.begin(younger, kind=kind, reference="ticket 7", actor=ANNA, at=datetime.now(UTC))

    assert list(Profile.objects.values_list("id", flat=True)) == [elder]
    assert ErasedId.objects.exists()


def test_who_was_separated_a_moment_ago_is_edited_and_not_the_other() -> None:
    elder, younger = merged_by_hand()

    with overtaken(separate):
        editing.edit(younger, {"traits.plan": "pro"}, actor=ANNA, now=datetime.now(UTC))

    assert dict(Profile.objects.values_list("id", "traits")) == {elder: {}, younger: {"plan": "pro"}}


def test_who_was_separated_a_moment_ago_is_merged_and_not_the_other() -> None:
    elder, younger = merged_by_hand()
    like(SourceFactory(), "third")
    third = Profile.objects.exclude(id=elder).get().id

    with overtaken(separate):
        by_hand.merge(younger, third, actor=ANNA, now=datetime.now(UTC))

    assert set(Profile.objects.values_list("id", flat=True)) == {elder, living_id(third)}
    assert living_id(third) == living_id(younger) != elder


def test_who_was_separated_a_moment_ago_is_exported_and_not_the_other() -> None:
    elder, younger = merged_by_hand()

    with overtaken(separate):
        _, person = export.begin(younger, reference="ticket 7", actor=ANNA, at=datetime.now(UTC))

    assert (person.id, person.raw_ids) == (younger, (younger,))
    assert elder in Profile.objects.values_list("id", flat=True)


def test_a_page_erases_whom_its_address_names(admin_client: Client) -> None:
    elder, younger = merged_by_hand()

    with overtaken(separate):
        admin_client.post(reverse("admin:profiles_profile_erase_person", args=[younger]), {"reference": "ticket 7"})

    assert list(Profile.objects.values_list("id", flat=True)) == [elder]


def test_a_page_sets_fields_of_whom_its_address_names(admin_client: Client) -> None:
    elder, younger = merged_by_hand()
    plan = {"more-root": "traits", "more-name": "plan", "more-value": "pro"}

    with overtaken(separate):
        answer = admin_client.post(reverse("admin:profile_edit", args=[younger]), plan)

    assert answer["Location"] == reverse("admin:profiles_profile_change", args=[younger])
    assert dict(Profile.objects.values_list("id", "traits")) == {elder: {}, younger: {"plan": "pro"}}


@pytest.mark.usefixtures("alone")
def test_a_page_records_what_was_decided_for_whom_its_address_names(admin_client: Client) -> None:
    ConsentTypeFactory(id="letters")
    elder, younger = merged_by_hand()
    said = {"consent": "letters", "decision": "given", "reference": "letter 7", "day": f"{timezone.localdate()}"}

    with overtaken(separate):
        admin_client.post(reverse("admin:profile_consents", args=[younger]), said)

    assert list(ConsentDecision.objects.values_list("profile_id", flat=True)) == [younger]
    assert not Profile.objects.get(id=elder).consents
    assert Profile.objects.get(id=younger).consents


@pytest.mark.usefixtures("alone")
def test_a_program_records_what_was_decided_for_whom_it_names() -> None:
    ConsentTypeFactory(id="letters")
    elder, younger = merged_by_hand()
    said = {"source_id": str(SourceFactory().id), "consents": {"letters": True}}

    with overtaken(separate):
        program(Scope.CONSENTS_WRITE).post(f"/api/profiles/{younger}/consents", said, format="json")

    assert list(ConsentDecision.objects.values_list("profile_id", flat=True)) == [younger]
    assert not Profile.objects.get(id=elder).consents
