"""What speaks against two profiles being one person, though something says that they are. docs/identity.md tells it."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.conf import settings

from apps.core import paths
from apps.core.ids import NIL
from apps.profiles import ledger
from apps.profiles.identifiers import normalise
from apps.profiles.leads import Found, Known, Lead, Proof
from apps.profiles.models import Identifier, IdentityConflict, Profile
from apps.profiles.standing import Deciders, Hand

Kind = Identifier.Kind
Refusal = IdentityConflict.Refusal
_CONTACTS: Final = {Kind.EMAIL: "data.contact.email.", Kind.PHONE: "data.contact.phone."}


class Objections:
    """Those for which what is known of profiles gives reason; what else is asked of the database is read once.

    Who knows the profiles says so with each question: had we each other, each batch would wait for Python's garbage
    collector.
    """

    __slots__ = ("_claimants", "_deciders", "_separated")

    def __init__(self) -> None:
        self._deciders = Deciders()
        self._separated: list[tuple[UUID, UUID]] | None = None
        self._claimants: dict[UUID, set[UUID]] | None = None

    def refusal(self, known: Known, person: Profile, other: Profile, lead: Lead, hand: Hand) -> Refusal | None:
        """Say why two are not merged, but for what they have decided; None where nothing speaks against it."""
        proof = lead.proof
        if are_two_customers(person, other) and not _joins_customers(proof, hand):
            return Refusal.TWO_CUSTOMERS
        most = settings.MAX_IDENTIFIERS_PER_PROFILE
        if person.identifier_count + other.identifier_count > most and self.n_names(known, person, other) > most:
            return Refusal.TOO_MANY_IDS
        # A customer may come with any number of devices: the customer number is not what would be shared.
        is_limited = proof is not None and proof.kind != Kind.USER
        n_merges = lead.identifier.merge_count if lead.identifier else 0
        if is_limited and n_merges >= settings.MAX_MERGES_PER_IDENTIFIER:
            return Refusal.SHARED
        return Refusal.SEPARATED if self._were_separated(known, person, other) else None

    def standing(self, known: Known, person: Found, other: Found, hand: Hand) -> dict[str, UUID] | None:
        """Say whose decision stands of each consent that both decided on; None where nobody can say that.

        Who merely claims to be somebody overrules nothing: what was decided in their hand gives way to the other.
        """
        both = person.profile.consents.keys() & other.profile.consents.keys()
        if not both or hand.is_vouched:
            return {}
        foreign = {found.raw_id: self.foreign(known, found.profile, hand) for found in (person, other)}
        standing = {}
        for name in sorted(both):
            elsewhere = [raw_id for raw_id, names in foreign.items() if name in names]
            if len(elsewhere) == 2:
                return None
            if elsewhere:
                standing[name] = elsewhere[0]
        return standing

    def foreign(self, known: Known, profile: Profile, hand: Hand) -> set[str]:
        """Name the consents of a profile that were decided elsewhere than where the hand is."""
        return self._deciders.foreign(profile, hand, among=known.profiles.values())

    def is_of_several(self, known: Known, identifier: Identifier, claimants: Iterable[Profile], hand: Hand) -> bool:
        """Tell whether an identifier is that of too many customers to recognise anybody.

        Anybody can make customers up: of those whom only claims know it takes several.
        """
        if self._claimants is None:
            self._claimants = {}
            wanted = [id for id, row in known.identifiers.items() if row.kind not in (Kind.USER, Kind.ANONYMOUS)]
            told = IdentityConflict.objects.filter(identifier_id__in=wanted, refusal=Refusal.TWO_CUSTOMERS)
            for row in told.only("identifier_id", "profile_id", "other_id"):
                self._claimants.setdefault(row.identifier_id or NIL, set()).update((row.profile_id, row.other_id))
        all_claimants = self._claimants.setdefault(identifier.id, set())
        all_claimants.update(profile.id for profile in claimants)
        return hand.is_vouched or len(all_claimants) > settings.MAX_CUSTOMERS_PER_IDENTIFIER

    def n_names(self, known: Known, *people: Profile) -> int:
        """Count the identifiers of people, but for their devices: those that were not seen for longest are let go."""
        living = {profile.id for profile in people}
        own = living | {alias.id for alias in known.aliases.values() if alias.profile_id in living}
        stored = Identifier.objects.filter(profile_id__in=ledger.raw_ids(own)).exclude(kind=Kind.ANONYMOUS)
        new = {
            id
            for id, row in known.changed_identifiers.items()
            if row.kind != Kind.ANONYMOUS and known.living_id(row.profile_id) in living
        }
        return len(new.union(stored.values_list("id", flat=True)))

    def _were_separated(self, known: Known, person: Profile, other: Profile) -> bool:
        """Tell whether a person has parted the two by hand; read once, as few batches come to ask."""
        if self._separated is None:
            self._separated = ledger.separated()
        return any({*map(known.living_id, pair)} == {person.id, other.id} for pair in self._separated)


def are_two_customers(person: Profile, other: Profile) -> bool:
    """Tell whether both have a customer number, and not the same."""
    return bool(person.primary_id and other.primary_id and person.primary_id != other.primary_id)


def _joins_customers(proof: Proof | None, hand: Hand) -> bool:
    """Tell whether a proof says that two customers are one: that they have another number now is for those we know."""
    return proof is not None and (proof.merges_customers or (proof.is_former and hand.is_vouched))


def has_given_up(owner: Profile, proof: Proof) -> bool:
    """Tell whether somebody once had an address or a number, and says now that they have another one, or none."""
    below = _CONTACTS.get(Kind(proof.kind))
    said = [path for path in owner.provenance if path.startswith(below)] if below else []
    held = (paths.get({"data": owner.data}, path) for path in said)
    return bool(said) and proof.value not in {normalise(proof.kind, each) for each in held if isinstance(each, str)}
