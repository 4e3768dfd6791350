"""Erase a person, or make them anonymous: first what leads to them, at once; then all that they left, page by page.

From the moment at which it begins, nothing that comes in is added to what is about to go: see burial.py and the
collector's stage `identify`, which looks for tombstones before and after it locks profiles.
"""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.audit import Actor
from apps.core.models import Task
from apps.core.tasks import Step
from apps.profiles import burial, dirty, ledger
from apps.profiles.holdings import Holding, Person, holdings, person_of
from apps.profiles.models import PrivacyRequest, Profile

TASK: Final = "erase"
PAGE: Final = 1_000
Kind = PrivacyRequest.Kind
_DONE: Final = {Kind.ERASE: "erased", Kind.ANONYMISE: "anonymised"}


def begin(profile_id: UUID, *, kind: PrivacyRequest.Kind, reference: str, actor: Actor, at: datetime) -> PrivacyRequest:
    """Bury all ids of a person, and remove their profile and what leads to it; `step` does the rest.

    `profile_id` may be any that they ever had. Raises Profile.DoesNotExist, and ledger.NotYet while others merge this
    person, or a merge that was undone has still to give another person back what is theirs.
    """
    with transaction.atomic():
        profile = ledger.locked_one(profile_id)  # whoever tracks it waits, then finds it gone and its ids buried
        person = person_of(profile)
        if set(person.places) != set(person.raw_ids):
            raise ledger.NotYet("A merge of this profile was undone a moment ago. Please try again in a minute.")
        if kind == Kind.ANONYMISE:
            person = replace(person, anonymous_id=uuid4(), salt=secrets.token_hex(16))
        request = PrivacyRequest.objects.create(
            kind=kind,
            subject=burial.burial_id(profile.id),
            reference=reference,
            requested_by=actor.name,
            requested_at=at,
            person=person.as_dict(),
        )
        request.n_ids = burial.bury(person.names, request=request, at=at)
        for holding in _as_they_go():
            if holding.is_at_once:
                _count(request, holding, _remove_all(holding, person, kind=kind))
        request.save()
        audit.record(_DONE[kind], actor=actor, at=at, object=request)
    return request


def step(task: Task) -> Step:
    """Remove the next page of what a person left; the last step writes the certificate."""
    request = PrivacyRequest.objects.select_for_update().get(pk=task.params["request"])
    if request.finished_at:
        return Step(0, is_last=True)
    person = Person.from_dict(request.person)
    for holding in _as_they_go():
        n_removed = 0 if holding.is_at_once else _remove(holding, person, kind=request.kind)
        if n_removed:
            _count(request, holding, n_removed)
            request.save()
            return Step(n_removed, is_last=False, message=f"{holding.name}: {request.counts[holding.name]}")
    # Now that all events are in their place, computed traits are counted anew.
    Profile.objects.filter(pk=person.anonymous_id).update(computed={}, computed_version=0)
    if request.kind == Kind.ANONYMISE:
        dirty.mark([person.anonymous_id])
    request.person, request.finished_at = {}, timezone.now()
    request.save()
    return Step(0, is_last=True, message=request.summary)


def _as_they_go() -> list[Holding]:
    """List the holdings, those first that refer to others."""
    return [*holdings.values()][::-1]


def _remove(holding: Holding, person: Person, *, kind: str) -> int:
    remove = holding.anonymise if kind == Kind.ANONYMISE else holding.erase
    return remove(person, limit=PAGE)


def _remove_all(holding: Holding, person: Person, *, kind: str) -> int:
    total = n_removed = _remove(holding, person, kind=kind)
    while n_removed == PAGE:
        total += (n_removed := _remove(holding, person, kind=kind))
    return total


def _count(request: PrivacyRequest, holding: Holding, n_removed: int) -> None:
    request.counts[holding.name] = request.counts.get(holding.name, 0) + n_removed
