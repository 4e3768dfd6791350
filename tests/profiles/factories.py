"""Valid minimal rows of `profiles` that only its own tests make."""

import factory
from factory.django import DjangoModelFactory

from apps.core.ids import new_id
from apps.profiles.models import BlockedIdentifier, ErasedId, IdentityConflict, MergeRule, PrivacyRequest
from tests.factories import NOON, IdentifierFactory


class BlockedIdentifierFactory(DjangoModelFactory[BlockedIdentifier]):
    """An address that is an office's."""

    class Meta:
        model = BlockedIdentifier

    pattern = factory.Sequence(lambda number: f"office-{number}@agency.example")


class PrivacyRequestFactory(DjangoModelFactory[PrivacyRequest]):
    """An erasure that somebody asked for at noon."""

    class Meta:
        model = PrivacyRequest

    kind = PrivacyRequest.Kind.ERASE
    subject = factory.Faker("uuid4", cast_to=None)
    reference = "T-1"
    requested_by = "anna"
    requested_at = NOON


class ErasedIdFactory(DjangoModelFactory[ErasedId]):
    """The tombstone of a customer's number."""

    class Meta:
        model = ErasedId

    id = factory.Faker("uuid4", cast_to=None)
    kind = "user"
    erased_at = NOON
    request = factory.SubFactory(PrivacyRequestFactory)


class IdentityConflictFactory(DjangoModelFactory[IdentityConflict]):
    """Two people who have the same identifier, which is shared."""

    class Meta:
        model = IdentityConflict

    id = factory.LazyFunction(new_id)
    at = NOON
    refusal = "shared"
    profile_id = factory.Faker("uuid4", cast_to=None)
    other_id = factory.Faker("uuid4", cast_to=None)
    identifier_id = factory.LazyFunction(lambda: IdentifierFactory(is_shared=True).pk)


class MergeRuleFactory(DjangoModelFactory[MergeRule]):
    """Of two profiles, what was said last counts."""

    class Meta:
        model = MergeRule

    path = factory.Sequence(lambda number: f"traits.trait_{number}")
    strategy = "latest"
