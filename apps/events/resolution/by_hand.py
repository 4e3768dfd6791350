"""A person decides who is one: what merging two profiles will give, doing it, and whose an identifier is not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.upsert import upsert
from apps.profiles import dirty, ledger, merge_rules, merging
from apps.profiles.identity import Directory
from apps.profiles.leads import Found
from apps.profiles.models import Identifier, IdentityConflict, Merge, Profile, Reason
from apps.profiles.objections import are_two_customers

Refusal = IdentityConflict.Refusal


class CannotMerge(Exception):
    """Two profiles cannot be merged; the text says why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge will give: who is kept, and each field of both with what it becomes."""

    kept: Profile
    gone: Profile
    result: Profile
    fields: list[merging.Merged]

    @property
    def has_two_customers(self) -> bool:
        """Tell whether both have a customer number; that of the one who is kept stays."""
        return are_two_customers(self.kept, self.gone)


def preview(one_id: UUID, other_id: UUID) -> Preview:
    """Show what merging would give, and change nothing. Raises CannotMerge."""
    kept, gone = _both(one_id, other_id, read=lambda ids: list(Profile.objects.filter(id__in=ids)))
    rules = merge_rules.current.get()
    images = merging.image_of(kept), merging.image_of(gone)
    result = merging.profile_of(merging.merge_images(*images, rules))
    return Preview(kept, gone, result, merging.compare(*images, rules))


def merge(one_id: UUID, other_id: UUID, *, actor: Actor, now: datetime) -> Merge:
    """Merge two profiles, be they two customers or once separated: a person has decided. Raises CannotMerge."""
    with transaction.atomic():
        kept, gone = _both(one_id, other_id, read=lambda ids: list(Profile.objects.all().locked(ids)))
        directory = Directory(profiles={kept.id: kept, gone.id: gone})
        at = directory.later_than_all(now)
        directory.merge(Found(kept, kept.id), Found(gone, gone.id), reason=Reason.MANUAL, now=at)
        row = directory.merges[0]
        row.actor = actor.key
        upsert(Profile, [kept])
        ledger.store([row])
        dirty.mark([kept.id, gone.id])
        audit.record("merged", actor=actor, at=now, object=row)
    return row


def recognise_again(conflicts: Collection[IdentityConflict], *, actor: Actor, now: datetime) -> int:
    """Take the mark off identifiers that were taken for those of several people; what spoke against them is settled."""
    wanted = {row.identifier_id for row in conflicts if row.identifier_id}
    told = IdentityConflict.objects.filter(identifier_id__in=wanted)
    with transaction.atomic():
        n_again = Identifier.objects.filter(id__in=wanted, is_shared=True).update(is_shared=False, merge_count=0)
        told.filter(refusal__in=[Refusal.TWO_CUSTOMERS, Refusal.SHARED]).delete()
        audit.record("recognised again", actor=actor, at=now, identifiers=n_again)
    return n_again


def _both(one_id: UUID, other_id: UUID, *, read: Callable[[list[UUID]], list[Profile]]) -> tuple[Profile, Profile]:
    living = {ledger.living_id(one_id), ledger.living_id(other_id)}
    if len(living) < 2:
        raise CannotMerge("These are one profile already.")
    found = read(list(living))
    if len(found) < 2:
        raise CannotMerge("One of the profiles is no more, or was merged just now; look again.")
    kept, gone = sorted(found, key=merging.precedence)
    return kept, gone
