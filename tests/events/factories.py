"""Valid minimal rows of `events` that only its own tests make."""

import factory
from factory.django import DjangoModelFactory

from apps.core.ids import new_id
from apps.events.models import EventTypeAlias, IdentificationPoint, QuarantinedEvent, RefusedEvent, UnplannedType
from tests.factories import NOON


class EventTypeAliasFactory(DjangoModelFactory[EventTypeAlias]):
    """Another name of a type."""

    class Meta:
        model = EventTypeAlias

    type = factory.Sequence(lambda number: f"sale-{number}")
    becomes = "sale-completed"


class IdentificationPointFactory(DjangoModelFactory[IdentificationPoint]):
    """The address with which somebody does something."""

    class Meta:
        model = IdentificationPoint

    event_type = factory.Sequence(lambda number: f"thing-{number}")
    path = "email"
    kind = "email"


class QuarantinedEventFactory(DjangoModelFactory[QuarantinedEvent]):
    """An order that waits since noon."""

    class Meta:
        model = QuarantinedEvent

    id = factory.LazyFunction(new_id)
    type = "order-placed"
    source_id = factory.Faker("uuid4", cast_to=None)
    time = received_at = NOON


class RefusedEventFactory(DjangoModelFactory[RefusedEvent]):
    """Something that was refused at noon."""

    class Meta:
        model = RefusedEvent

    source_id = factory.Faker("uuid4", cast_to=None)
    received_at = NOON


class UnplannedTypeFactory(DjangoModelFactory[UnplannedType]):
    """A type that nobody defined, and that came once, at noon."""

    class Meta:
        model = UnplannedType

    type = factory.Sequence(lambda number: f"unplanned-{number}")
    source_id = factory.Faker("uuid4", cast_to=None)
    count = 1
    first_seen_at = last_seen_at = NOON
