"""Who is this? The one place where ids that a client brings become a profile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from apps.core.ids import digest, new_id
from apps.profiles.models import Alias, Identifier, Profile


@dataclass(slots=True)
class Claim:
    """The ids that came with a request, and what was found for them."""

    profile_ref: UUID | None = None  # the profile id that the client stores
    user_id: str | None = None  # the customer number in the sender's system
    anonymous_id: str | None = None  # the device, as an SDK names it
    previous_id: str | None = None  # `alias`: the id that the user had before
    trusts_ids: bool = False

    def identifiers(self) -> Iterable[tuple[str, str]]:
        """Yield (kind, value) of each identifier, the surest first."""
        if self.user_id:
            yield Identifier.Kind.USER, self.user_id
        if self.anonymous_id:
            yield Identifier.Kind.ANONYMOUS, self.anonymous_id
        if self.previous_id:  # a client does not say of which kind it was
            yield Identifier.Kind.ANONYMOUS, self.previous_id
            yield Identifier.Kind.USER, self.previous_id

    def keys(self) -> set[UUID]:
        """Name everything that a batch must lock before it looks this claim up."""
        keys = {identifier_id(kind, value) for kind, value in self.identifiers()}
        if self.profile_ref:
            keys.add(self.profile_ref)
        return keys


@lru_cache(maxsize=16_384)  # each claim of a batch is looked at several times
def identifier_id(kind: str, value: str) -> UUID:
    """Hash an identifier, keyed by IDENTITY_KEY: the value itself is not kept here."""
    return digest(kind, value.strip(), key=settings.IDENTITY_KEY.encode()[:64])


@dataclass(slots=True)
class Directory:
    """The profiles, aliases and identifiers that a batch of claims touches, loaded in three queries.

    Resolution happens in memory, claim after claim, so that later claims of a batch see what earlier ones made;
    `new_aliases` and `changed_identifiers` are what is to be written once the batch is stored.
    """

    profiles: dict[UUID, Profile] = field(default_factory=dict)
    aliases: dict[UUID, UUID] = field(default_factory=dict)
    identifiers: dict[UUID, Identifier] = field(default_factory=dict)
    unannounced: set[UUID] = field(default_factory=set)  # made here, and no event has said so yet
    new_aliases: list[Alias] = field(default_factory=list)
    changed_identifiers: dict[UUID, Identifier] = field(default_factory=dict)

    def resolve(self, claim: Claim, *, session_profile_id: UUID | None, now: datetime) -> Profile:
        """Find the claim's profile, or make it.

        - A known user id is a person: its profile is the one, whatever else the request carries.
        - Otherwise the session's profile wins, then the device's, then that of the id before `alias`,
          then the profile whose id the client stores, be it an old one.
        - An anonymous profile becomes the user's; one that belongs to another user is left alone.
        - Nothing fits: a new profile. Its id is ours, unless the source is trusted to set ids; a UUID that
          the client made goes on to lead here.
        """
        profile = self.find(claim, session_profile_id=session_profile_id) or self._create(claim, now=now)
        if claim.user_id and not profile.primary_id:
            profile.primary_id = claim.user_id
        self._remember(claim, profile, now=now)
        return profile

    def find(self, claim: Claim, *, session_profile_id: UUID | None) -> Profile | None:
        """Find the claim's profile by the rules of `resolve`, and change nothing."""
        owner = self._of_identifier(Identifier.Kind.USER, claim.user_id)
        return owner or self._anonymous_candidate(claim, session_profile_id)

    def _anonymous_candidate(self, claim: Claim, session_profile_id: UUID | None) -> Profile | None:
        candidates = (
            self.profiles.get(session_profile_id) if session_profile_id else None,
            self._of_identifier(Identifier.Kind.ANONYMOUS, claim.anonymous_id),
            self._of_identifier(Identifier.Kind.ANONYMOUS, claim.previous_id),
            self._of_identifier(Identifier.Kind.USER, claim.previous_id),
            self._of_reference(claim.profile_ref),
        )
        for profile in candidates:
            if profile is not None and (not claim.user_id or profile.primary_id in (None, "", claim.user_id)):
                return profile
        return None

    def _of_identifier(self, kind: str, value: str | None) -> Profile | None:
        found = self.identifiers.get(identifier_id(kind, value)) if value else None
        return self.profiles.get(found.profile_id) if found else None

    def _of_reference(self, profile_ref: UUID | None) -> Profile | None:
        if profile_ref is None:
            return None
        return self.profiles.get(self.aliases.get(profile_ref, profile_ref))

    def _create(self, claim: Claim, *, now: datetime) -> Profile:
        adopted = claim.profile_ref if claim.trusts_ids and claim.profile_ref not in self.profiles else None
        profile = Profile(id=adopted or new_id(), created_at=now, updated_at=now, first_seen_at=now, last_seen_at=now)
        self.profiles[profile.id] = profile
        self.unannounced.add(profile.id)
        if claim.profile_ref and claim.profile_ref not in self.profiles and claim.profile_ref not in self.aliases:
            self.aliases[claim.profile_ref] = profile.id
            self.new_aliases.append(Alias(id=claim.profile_ref, profile_id=profile.id, created_at=now))
        return profile

    def _remember(self, claim: Claim, profile: Profile, *, now: datetime) -> None:
        """Let the identifiers of the claim lead to its profile; a user id is never taken from its owner."""
        named = [(Identifier.Kind.USER, claim.user_id), (Identifier.Kind.ANONYMOUS, claim.anonymous_id)]
        named.append((Identifier.Kind.ANONYMOUS, claim.previous_id))
        for kind, value in named:
            if not value:
                continue
            key = identifier_id(kind, value)
            known = self.identifiers.get(key)
            if known is None:
                known = Identifier(id=key, kind=kind, profile_id=profile.id, created_at=now)
                self.identifiers[key] = self.changed_identifiers[key] = known
            elif known.profile_id != profile.id and kind == Identifier.Kind.ANONYMOUS:
                known.profile_id = profile.id
                self.changed_identifiers[key] = known


def living(ids: Sequence[UUID]) -> list[UUID]:
    """Return, for each id of a profile, old or new, the id of the profile that lives."""
    aliases = dict(Alias.objects.filter(id__in=ids).values_list("id", "profile_id"))
    return [aliases.get(profile_id, profile_id) for profile_id in ids]


def load(claims: Iterable[Claim], *, session_profile_ids: Iterable[UUID]) -> Directory:
    """Read all that the claims may resolve to, and lock the profiles; the caller holds the locks of the keys.

    Three queries, whatever the number of claims. Raises nothing: what is unknown is absent.
    """
    claims = list(claims)
    named = {identifier_id(kind, value) for claim in claims for kind, value in claim.identifiers()}
    references = {claim.profile_ref for claim in claims if claim.profile_ref}
    directory = Directory()
    if named:
        directory.identifiers = Identifier.objects.in_bulk(list(named))
    if references:
        directory.aliases = dict(Alias.objects.filter(id__in=references).values_list("id", "profile_id"))
    wanted = {found.profile_id for found in directory.identifiers.values()}
    wanted |= references | set(directory.aliases.values()) | set(session_profile_ids)
    if wanted:
        directory.profiles = {profile.id: profile for profile in Profile.objects.all().locked(list(wanted))}
    return directory
