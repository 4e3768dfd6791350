"""Who may decide again on what was decided about a consent.

Anybody can claim to be anybody with a public write key: an address, a customer number, a profile id are no secrets.
What nobody else has is the session or the device where something was decided. So it is decided again only there, or by
whom we know: a source that trusts ids, a program with a key, a person in the admin.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from apps.core.ids import as_uuid
from apps.profiles import consents
from apps.profiles.models import ConsentDecision, Profile

DECIDED_ELSEWHERE: Final = "It was decided elsewhere: it can be decided again there, or by a source that trusts ids."
Keys = tuple[UUID | None, ...]


class Hand(NamedTuple):
    """What a sender holds: the keys of session and device; `is_vouched` when we know who it is that sends."""

    keys: Keys = ()
    is_vouched: bool = False

    def may_go_on_from(self, other: "Hand") -> bool:
        """Tell whether what the other decided may be decided again by this one."""
        return self.is_vouched or self.holds(other.keys)

    def holds(self, keys: Keys) -> bool:
        """Tell whether one of the keys is in this hand."""
        return any(key is not None and key in self.keys for key in keys)


NOBODY: Final = Hand()


class Deciders:
    """Where the consents of people were decided, read from the ledger once for all of them."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: Mapping[UUID, Keys] | None = None

    def is_own(self, consent_id: str, profile: Profile, hand: Hand, *, among: Iterable[Profile]) -> bool:
        """Tell whether what holds of a consent was decided by this hand; `among` are all who will be asked about."""
        if self._keys is None:
            self._keys = keys_of(_event_of(each, name) for each in among for name in each.consents)
        event_id = _event_of(profile, consent_id)
        return event_id is not None and hand.holds(self._keys.get(event_id, ()))

    def foreign(self, profile: Profile, hand: Hand, *, among: Iterable[Profile]) -> set[str]:
        """Name the consents of a profile that this hand may neither see nor decide again."""
        if hand.is_vouched:
            return set()
        return {name for name in profile.consents if not self.is_own(name, profile, hand, among=among)}


def keys_of(event_ids: Iterable[UUID | None]) -> dict[UUID, Keys]:
    """Return {event: the keys of session and device} of decisions."""
    wanted = {event_id for event_id in event_ids if event_id}
    rows = ConsentDecision.objects.filter(event_id__in=wanted) if wanted else ConsentDecision.objects.none()
    return {row.event_id: (row.session_id, row.device_key) for row in rows.only("event_id", "session_id", "device_key")}


def _event_of(profile: Profile, consent_id: str) -> UUID | None:
    said = profile.provenance.get(consents.path_of(consent_id))
    return as_uuid(said[1]) if said else None
