"""What leads from the ids that a client brings to profiles, and what is known of these."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from apps.profiles.models import Alias, Identifier, Profile, Reason


class Proof(NamedTuple):
    """An identifier in an event that proves whose the event is, by an identification point."""

    kind: str
    value: str  # usable, see identifiers.py
    merges_customers: bool = False
    event_index: int = 0
    is_former: bool = False  # a number that the sender says its person had before: it leads, and names nobody
    path: str = ""  # where in the event's properties it stands


class Found(NamedTuple):
    """Whose something is, and the raw id by which that was found."""

    profile: Profile
    raw_id: UUID


class Lead(NamedTuple):
    """Something in a claim that leads to a profile."""

    raw_id: UUID
    reason: Reason
    identifier: Identifier | None = None
    proof: Proof | None = None


@dataclass(slots=True)
class Known:
    """The profiles, aliases and identifiers that a batch of claims touches, loaded in a query each."""

    profiles: dict[UUID, Profile] = field(default_factory=dict)  # living ones only
    aliases: dict[UUID, Alias] = field(default_factory=dict)
    identifiers: dict[UUID, Identifier] = field(default_factory=dict)
    changed_identifiers: dict[UUID, Identifier] = field(default_factory=dict)

    def living_id(self, raw_id: UUID) -> UUID:
        """Follow an id to the profile that it leads to now."""
        alias = self.aliases.get(raw_id) if self.aliases else None
        return alias.profile_id if alias else raw_id

    def raw_id_of(self, known: UUID | None, profile: Profile, *, otherwise: UUID) -> UUID:
        """Return the raw id that something keeps while it is the same person's; else that of who has it now."""
        return known if known is not None and self.living_id(known) == profile.id else otherwise
