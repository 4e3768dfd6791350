"""Who is this? The one place where ids that a client brings become a profile.

docs/identity.md says the rules to people. Raw and living ids: see models/identifiers.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from apps.core.fetch import fetch, new
from apps.core.ids import new_id
from apps.profiles import computed, ledger, merge_rules, merging
from apps.profiles.identifiers import identifier_id, normalise
from apps.profiles.leads import Found, Known, Lead, Proof
from apps.profiles.models import Alias, Identifier, IdentityConflict, Merge, Profile, Reason
from apps.profiles.objections import Objections, has_given_up
from apps.profiles.standing import NOBODY, Hand

LOOKUP = """
SELECT profile.* FROM profiles_identifier AS identifier
LEFT JOIN profiles_alias AS alias ON alias.id = identifier.profile_id
JOIN profiles_profile AS profile ON profile.id = coalesce(alias.profile_id, identifier.profile_id)
WHERE identifier.id = %s AND NOT identifier.is_shared
"""
Kind = Identifier.Kind
Refusal = IdentityConflict.Refusal


@dataclass(slots=True)
class Claim:
    """The ids that came with a request; it does not change any more."""

    profile_ref: UUID | None = None  # the profile id that the client stores
    user_id: str | None = None  # the customer number in the sender's system
    anonymous_id: str | None = None  # the device, as an SDK names it
    trusts_ids: bool = False
    proofs: tuple[Proof, ...] = ()
    user: UUID | None = field(init=False)  # the ids of the identifiers: of the user, of the device, and of the proofs
    device: UUID | None = field(init=False)
    proven: list[UUID] = field(init=False)
    keys: tuple[UUID, ...] = field(init=False)  # everything that a batch must lock before it looks this claim up

    def __post_init__(self) -> None:
        """Hash the identifiers once: they are looked up many times."""
        self.user = identifier_id(Kind.USER, self.user_id) if self.user_id else None
        self.device = identifier_id(Kind.ANONYMOUS, self.anonymous_id) if self.anonymous_id else None
        self.proven = [identifier_id(proof.kind, proof.value) for proof in self.proofs] if self.proofs else []
        self.keys = tuple(filter(None, (self.user, self.device, *self.proven, self.profile_ref)))

    def names(self) -> Iterator[tuple[str, UUID, bool]]:
        """Yield kind and id of each identifier, the surest first, and whether it is of the past."""
        if self.user:
            yield Kind.USER, self.user, False
        if self.device:
            yield Kind.ANONYMOUS, self.device, False
        for proof, id in zip(self.proofs, self.proven, strict=True):
            yield proof.kind, id, proof.is_former


class Cause(NamedTuple):
    """A merge, or one that was refused, with the proof that it came from, if it did."""

    row: Merge | IdentityConflict
    proof: Proof | None


@dataclass(slots=True)
class Directory(Known):
    """All that a batch of claims touches, and the resolution of one claim after the other.

    Resolution happens in memory, claim after claim, so that later claims of a batch see what earlier ones made, merges
    included (there is one query more in a batch that merges); what is new or changed here is to be written once the
    batch is stored.
    """

    unannounced: set[UUID] = field(default_factory=set)  # made here, and no event has said so yet
    new_aliases: list[Alias] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    objections: Objections = field(default_factory=Objections)
    # Whom claims led to, and to nobody else, since anything changed here: events of one person come in runs.
    _settled: dict[tuple[UUID | None, ...], Found] = field(default_factory=dict)

    @property
    def merges(self) -> list[Merge]:
        """The merges, in their order."""
        return [cause.row for cause in self.causes if isinstance(cause.row, Merge)]

    def later_than_all(self, now: datetime) -> datetime:
        """Return now, or a time after everything that was ever stored of these profiles (see Profile.later)."""
        return max([now, *(row.later(now) for row in self.profiles.values())])

    def resolve(
        self,
        claim: Claim,
        *,
        session_profile_id: UUID | None,
        now: datetime,
        merges: bool = True,
        hand: Hand = NOBODY,
    ) -> Found:
        """Find the claim's person, or make one; and merge the profiles that turn out to be theirs.

        - A known user id is a person: its profile is the one, whatever else the request carries.
        - Otherwise the session's profile wins, then the device's, then the one whose id the client stores, be it an
          old one, then one that an event proves. One that belongs to another customer is left alone.
        - Nothing fits: a new profile. Its id is ours, unless the source is trusted to set ids; a UUID that
          the client made goes on to lead here.
        - All other profiles that the claim leads to are merged with it, unless something speaks against it.
        """
        leads = list(self._leads(claim, session_profile_id))
        first = self._first(claim, leads)
        raw_id = first.raw_id if first else self._create(claim, now=now).id
        person = self.profiles[self.living_id(raw_id)]
        if claim.user_id and not person.primary_id:
            person.primary_id = claim.user_id
            self._settled.clear()
        others = [lead for lead in leads if self.profiles[self.living_id(lead.raw_id)] is not person]
        if merges:
            person = self._join_all(Found(person, raw_id), others, hand, now=now)
        found = Found(person, raw_id)
        self._remember(claim, found, hand, now=now)
        if others:
            self._settled.clear()
        elif first:
            self._settled[session_profile_id, *claim.keys] = found
        return found

    def settled(self, claim: Claim, *, session_profile_id: UUID | None) -> Found | None:
        """Return what `resolve` has found for such a claim, and would find again."""
        return self._settled.get((session_profile_id, *claim.keys))

    def find(self, claim: Claim, *, session_profile_id: UUID | None) -> Profile | None:
        """Find the claim's profile by the rules of `resolve`, and change nothing."""
        found = self._first(claim, self._leads(claim, session_profile_id))
        return self.profiles[self.living_id(found.raw_id)] if found else None

    def people(self, claim: Claim, *, session_profile_id: UUID | None) -> list[Profile]:
        """List all whom a claim leads to, who may become one person by it."""
        leads = [self._owner(claim), *self._leads(claim, session_profile_id)]
        found = {self.living_id(lead.raw_id): lead for lead in leads if lead}
        return [self.profiles[id] for id in found]

    def merge(
        self,
        one: Found,
        other: Found,
        *,
        reason: Reason,
        now: datetime,
        lead: Lead | None = None,
        standing: Mapping[str, UUID] | None = None,
    ) -> Profile:
        """Make one profile of two, and return it: the object of the one that survives. The other is no more.

        `standing` names, for some consents of both, the raw id whose decision stands, be it the older.
        """
        kept, gone = sorted((one, other), key=lambda found: merging.precedence(found.profile))
        identifier = lead.identifier if lead else None
        row = ledger.merge_of(kept, gone, reason=reason, identifier=identifier, at=now)
        row.standing = {name: str(raw_id) for name, raw_id in (standing or {}).items()}
        images = {found.raw_id: merging.image_of(found.profile) for found in (kept, gone)}
        merged = merging.merge_images(images[kept.raw_id], images[gone.raw_id], merge_rules.current.get())
        for name, raw_id in (standing or {}).items():
            merging.let_stand(merged, images[raw_id], name)
        for name, value in merged.items():
            setattr(kept.profile, name, value)
        kept.profile.updated_at = now
        computed.refresh(kept.profile, today=now.astimezone(UTC).date())
        del self.profiles[gone.profile.id]
        self._settled.clear()
        for alias in self.aliases.values():
            if alias.profile_id == gone.profile.id:
                alias.profile_id = kept.profile.id
        self.aliases[gone.profile.id] = Alias(
            id=gone.profile.id, profile_id=kept.profile.id, origin_id=gone.profile.id, created_at=now
        )
        self.causes.append(Cause(row, lead.proof if lead else None))
        return kept.profile

    def _first(self, claim: Claim, leads: Iterable[Lead]) -> Lead | None:
        """Return what leads to the claim's person: the user id, or the first that leads to no other customer."""
        owner = self._owner(claim)
        if owner:
            return owner
        for lead in leads:
            customer = self.profiles[self.living_id(lead.raw_id)].primary_id
            if not claim.user_id or not customer or customer == claim.user_id:
                return lead
        return None

    def _owner(self, claim: Claim) -> Lead | None:
        return self._of_identifier(claim.user, Reason.USER) if claim.user else None

    def _leads(self, claim: Claim, session_profile_id: UUID | None) -> Iterator[Lead]:
        own = [Lead(session_profile_id, Reason.SESSION)] if session_profile_id else []
        device = self._of_identifier(claim.device, Reason.DEVICE) if claim.device else None
        own += [device] if device else []
        known = [lead for lead in own if self.living_id(lead.raw_id) in self.profiles]
        if not known and claim.profile_ref and self.living_id(claim.profile_ref) in self.profiles:
            # The profile id is what the client keeps longest, and what others can learn: the last to ask.
            alias = self.aliases.get(claim.profile_ref)
            known = [Lead(alias.origin_id if alias else claim.profile_ref, Reason.REFERENCE)]
        yield from known
        for proof, id in zip(claim.proofs, claim.proven, strict=True):
            lead = self._of_identifier(id, Reason.PROOF)
            if lead:
                yield lead._replace(proof=proof)

    def _of_identifier(self, id: UUID, reason: Reason) -> Lead | None:
        found = self.identifiers.get(id)
        if found is None or found.is_shared or self.living_id(found.profile_id) not in self.profiles:
            return None
        return Lead(found.profile_id, reason, found)

    def _join_all(self, found: Found, leads: list[Lead], hand: Hand, *, now: datetime) -> Profile:
        person, raw_id = found
        for lead in leads:
            other = self.profiles[self.living_id(lead.raw_id)]
            if other is not person:  # by an earlier lead
                person = self._join(Found(person, raw_id), other, lead, hand, now=now)
        return person

    def _join(self, person: Found, other: Profile, lead: Lead, hand: Hand, *, now: datetime) -> Profile:
        identifier, proof = lead.identifier, lead.proof
        standing = self.objections.standing(self, person, Found(other, lead.raw_id), hand)
        refusal = self.objections.refusal(self, person.profile, other, lead, hand)
        if refusal == Refusal.TWO_CUSTOMERS and identifier and proof and has_given_up(other, proof):
            self._give(identifier, person)
            return person.profile
        if refusal is None and standing is None:
            refusal = Refusal.CONSENTS
        if refusal:
            row = ledger.conflict_of(person.profile, other, refusal, reason=lead.reason, identifier=identifier, at=now)
            self.causes.append(Cause(row, proof))
            if identifier and proof and self._is_shared(identifier, (person.profile, other), refusal, hand):
                identifier.is_shared = True
                self.changed_identifiers[identifier.id] = identifier
            return person.profile
        if identifier:
            identifier.merge_count += 1
            self.changed_identifiers[identifier.id] = identifier
        return self.merge(person, Found(other, lead.raw_id), reason=lead.reason, now=now, lead=lead, standing=standing)

    def _is_shared(self, identifier: Identifier, people: tuple[Profile, Profile], refusal: Refusal, hand: Hand) -> bool:
        """Tell whether an identifier turned out to be that of several people: it cannot tell anybody any more."""
        if identifier.kind == Kind.USER:
            return False
        if refusal == Refusal.TWO_CUSTOMERS:
            return self.objections.is_of_several(self, identifier, people, hand)
        return refusal == Refusal.SHARED

    def _give(self, identifier: Identifier, person: Found) -> None:
        """Let an identifier that its owner gave up be that of who comes with it now."""
        identifier.profile_id, identifier.merge_count = person.raw_id, 0
        person.profile.identifier_count += 1
        self.changed_identifiers[identifier.id] = identifier
        self._settled.clear()

    def _create(self, claim: Claim, *, now: datetime) -> Profile:
        is_taken = claim.profile_ref in self.profiles or claim.profile_ref in self.aliases
        adopted = claim.profile_ref if claim.trusts_ids and not is_taken else None
        times = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), now)
        profile = new(Profile, id=adopted or new_id(), **times)
        self.profiles[profile.id] = profile
        self.unannounced.add(profile.id)
        if claim.profile_ref and not is_taken and adopted is None:
            alias = Alias(id=claim.profile_ref, profile_id=profile.id, origin_id=profile.id, created_at=now)
            self.aliases[alias.id] = alias
            self.new_aliases.append(alias)
        return profile

    def _remember(self, claim: Claim, found: Found, hand: Hand, *, now: datetime) -> None:
        """Let the identifiers of the claim lead to its profile; only a device goes over to who uses it now."""
        for kind, key, is_former in claim.names():
            known = self.identifiers.get(key)
            owner = self.living_id(known.profile_id) if known else None
            if owner in self.profiles and (kind != Kind.ANONYMOUS or owner == found.profile.id):
                continue
            if is_former and not hand.is_vouched:
                continue  # nobody takes a number by saying that it was theirs
            if kind != Kind.ANONYMOUS and self._has_all_names(found.profile):
                continue
            found.profile.identifier_count += 1
            if known is None:
                known = new(Identifier, id=key, kind=kind, created_at=now)
            known.profile_id = found.raw_id
            self.identifiers[key] = self.changed_identifiers[key] = known
            self._settled.clear()

    def _has_all_names(self, profile: Profile) -> bool:
        """Tell whether as many names lead to a profile as may; the database is asked only where that can be."""
        most = settings.MAX_IDENTIFIERS_PER_PROFILE
        return profile.identifier_count >= most and self.objections.n_names(self, profile) >= most


def load(claims: Iterable[Claim], *, session_profile_ids: Iterable[UUID]) -> Directory:
    """Read all that the claims may resolve to, and lock the profiles; the caller holds the locks of the keys.

    Three queries, whatever the number of claims, and a fourth if a profile is not known by its own id. What is unknown
    is absent. Raises ledger.Moved when a merge, or the undoing of one, came in between.
    """
    claims = list(claims)
    directory = Directory()
    directory.identifiers = fetch(Identifier, {id for claim in claims for _, id, _ in claim.names()})
    raw_ids = {claim.profile_ref for claim in claims if claim.profile_ref} | set(session_profile_ids)
    raw_ids |= {found.profile_id for found in directory.identifiers.values()}
    if not raw_ids:
        return directory
    directory.aliases = fetch(Alias, raw_ids)
    wanted = {directory.living_id(raw_id) for raw_id in raw_ids}
    directory.profiles = fetch(Profile, wanted, locks=True)
    absent = wanted - directory.profiles.keys()
    seen = {alias.id: alias.profile_id for alias in directory.aliases.values()}
    if ledger.has_moved(seen, raw_ids=raw_ids, absent=absent):
        raise ledger.Moved
    return directory


def lookup(kind: str, value: str) -> Profile | None:
    """Find the profile of an identifier, as anybody writes it; None when it is nobody's, or that of several people."""
    usable = normalise(kind, value)
    return next(iter(Profile.objects.raw(LOOKUP, [identifier_id(kind, usable)])), None) if usable else None
