"""A person decides who is one: what merging two profiles will give, doing it, and whose an identifier is not."""

from collections.abc import Collection, Mapping
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
    leads = {each: ledger.living_id(each) for each in (one_id, other_id)}
    living = Profile.objects.in_bulk(list(leads.values()))
    found = {each: living[lead] for each, lead in leads.items() if lead in living}
    kept, gone = _both(found, one_id, other_id)
    rules = merge_rules.current.get()
    images = merging.image_of(kept), merging.image_of(gone)
    result = merging.profile_of(merging.merge_images(*images, rules))
    return Preview(kept, gone, result, merging.compare(*images, rules))


def merge(one_id: UUID, other_id: UUID, *, actor: Actor, now: datetime) -> Merge:
    """Merge two profiles, be they two customers or once separated: a person has decided. Raises CannotMerge."""
    with transaction.atomic():
        kept, gone = _both(_locked(one_id, other_id), one_id, other_id)
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


def _locked(one_id: UUID, other_id: UUID) -> dict[UUID, Profile]:
    try:
        return ledger.locked([one_id, other_id])
    except ledger.Moved:
        raise CannotMerge("Others are merging one of the profiles; look again.") from None


def _both(found: Mapping[UUID, Profile], one_id: UUID, other_id: UUID) -> tuple[Profile, Profile]:
    """Return whom both ids lead to, the one who is kept first."""
    if one_id not in found or other_id not in found:
        raise CannotMerge("One of the profiles is no more; look again.")
    kept, gone = sorted((found[one_id], found[other_id]), key=merging.precedence)
    if kept.id == gone.id:
        raise CannotMerge("These are one profile already.")
    return kept, gone
