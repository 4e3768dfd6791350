"""The tombstones of erased ids: what is found under one, and what becomes of an id that comes again."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.fetch import fetch
from apps.core.ids import digest
from apps.profiles.models import ErasedId, Identifier, PrivacyRequest

# Names of a person, in whatever hands: who brings one brings that person back. All other ids are those of devices.
PERSONAL: Final = frozenset(
    {Identifier.Kind.USER, Identifier.Kind.EMAIL, Identifier.Kind.PHONE, Identifier.Kind.EXTERNAL}
)


@lru_cache(maxsize=16_384)
def burial_id(key: UUID) -> UUID:
    """Hash an id, keyed by IDENTITY_KEY: the id itself is not kept."""
    return digest("erased", str(key), key=settings.IDENTITY_KEY.encode()[:64])


def bury(names: Iterable[tuple[str, UUID]], *, request: PrivacyRequest, at: datetime) -> int:
    """Set tombstones for (kind, id), and return how many; one that stands already stays as it is."""
    rows = [
        ErasedId(
            id=burial_id(key),
            kind=kind,
            # Random: nothing leads from it to the id that it follows, nor to others of the same person.
            successor=None if kind in PERSONAL else uuid4(),
            erased_at=at,
            request=request,
        )
        for kind, key in names
    ]
    ErasedId.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)
    return len(rows)


def hashed(keys: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return {hash: id}, by which to look for tombstones, more than once if need be."""
    return {burial_id(key): key for key in keys}


def find(hashes: Mapping[UUID, UUID]) -> dict[UUID, ErasedId]:
    """Return {id: tombstone} of those of the `hashed` ids that have one; one query."""
    return {hashes[id]: row for id, row in fetch(ErasedId, hashes).items()}


def lift(tombstones: Collection[ErasedId], *, actor: Actor, at: datetime) -> int:
    """Let ids come again, because their person does, and return how many there were."""
    with transaction.atomic():
        for row in tombstones:
            audit.record("lifted", actor=actor, at=at, object=row, kind=row.kind)
        n_lifted, _ = ErasedId.objects.filter(pk__in=[row.pk for row in tombstones]).delete()
    return n_lifted
