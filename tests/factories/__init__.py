"""Valid minimal rows and payloads; tests override the one thing that they are about.

Rows that only the tests of one app make are in the module `factories` of its folder.
"""

from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import factory
from django.apps import apps as django_apps
from django.db.models import Model
from factory.django import DjangoModelFactory

from apps.collector.payload import Payload, PayloadEvent
from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.events.models import ComplianceRule, ComputedTrait, Event, EventType, InboxItem, Redirect, Source
from apps.events.sources import COLUMNS, SourcePolicy, policy_of
from apps.events.store import partitions
from apps.profiles.models import Alias, ConsentType, Identifier, Profile
from apps.segments.models import Cause, Membership, Segment
from apps.sessions.models import Session

ANNA = Actor("user:1", "anna")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


class SourceFactory(DjangoModelFactory[Source]):
    """An API source that is switched on."""

    class Meta:
        model = Source

    name = factory.Sequence(lambda number: f"Source {number}")


class EventTypeFactory(DjangoModelFactory[EventType]):
    """An event type of the operator's own that says nothing yet."""

    class Meta:
        model = EventType

    type = factory.Sequence(lambda number: f"thing-{number}")
    name = factory.LazyAttribute(lambda row: row.type.capitalize())


class RedirectFactory(DjangoModelFactory[Redirect]):
    """A tracked link to a shop."""

    class Meta:
        model = Redirect

    name = factory.Sequence(lambda number: f"Link {number}")
    source = factory.SubFactory(SourceFactory, kind=Source.Kind.REDIRECT)
    url = "https://shop.example/sale"


class ComputedTraitFactory(DjangoModelFactory[ComputedTrait]):
    """A trait that counts all events; built, it waits for `computed_traits.save`."""

    class Meta:
        model = ComputedTrait

    key = factory.Sequence(lambda number: f"trait_{number}")
    name = factory.LazyAttribute(lambda row: row.key)


class ProfileFactory(DjangoModelFactory[Profile]):
    """An anonymous profile, first seen at noon."""

    class Meta:
        model = Profile

    created_at = updated_at = first_seen_at = last_seen_at = last_active_at = NOON
    computed_version = 0  # it may have events


class AliasFactory(DjangoModelFactory[Alias]):
    """Another id of a profile."""

    class Meta:
        model = Alias

    id = factory.Faker("uuid4", cast_to=None)
    profile = factory.SubFactory(ProfileFactory)
    origin_id = factory.LazyAttribute(lambda row: row.profile and row.profile.id)
    created_at = NOON


class IdentifierFactory(DjangoModelFactory[Identifier]):
    """A name that another system has for a profile."""

    class Meta:
        model = Identifier

    id = factory.Faker("uuid4", cast_to=None)
    kind = Identifier.Kind.USER
    profile = factory.SubFactory(ProfileFactory)
    created_at = NOON


class ConsentTypeFactory(DjangoModelFactory[ConsentType]):
    """Something that people may agree to, without an end."""

    class Meta:
        model = ConsentType

    id = "marketing"
    name = factory.SelfAttribute("id")
    text = "You may write to me."


class ComplianceRuleFactory(DjangoModelFactory[ComplianceRule]):
    """E-mail addresses are dropped from the events of people who do not agree to marketing."""

    class Meta:
        model = ComplianceRule

    name = factory.Sequence(lambda number: f"Rule {number}")
    field = "event@properties.email"
    consents = ["marketing"]


class SessionFactory(DjangoModelFactory[Session]):
    """A session of a profile that began at noon."""

    class Meta:
        model = Session

    profile = factory.SubFactory(ProfileFactory)
    original_profile_id = factory.LazyAttribute(lambda row: row.profile and row.profile.id)
    source_id = factory.Faker("uuid4", cast_to=None)
    started_at = last_seen_at = last_active_at = NOON


class EventFactory(DjangoModelFactory[Event]):
    """A page view at noon that belongs to nobody."""

    class Meta:
        model = Event

    id = factory.LazyFunction(new_id)
    time = received_at = processed_at = NOON
    type = "page-view"
    source_id = factory.Faker("uuid4", cast_to=None)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Event:
        partitions.ensure([partitions.month_of(kwargs["time"])])
        return super()._create(model_class, *args, **kwargs)


class SegmentFactory(DjangoModelFactory[Segment]):
    """A segment of people with the plan pro that was built; built, it waits for `definitions.save`."""

    class Meta:
        model = Segment

    key = factory.Sequence(lambda number: f"segment-{number}")
    name = factory.LazyAttribute(lambda row: row.key.capitalize())
    kind = Segment.Kind.CONDITION
    condition = factory.LazyAttribute(lambda row: 'profile@traits.plan = "pro"' if row.kind == "condition" else "")
    built_at = NOON


class MembershipFactory(DjangoModelFactory[Membership]):
    """Somebody who has been in a segment since noon."""

    class Meta:
        model = Membership

    segment = factory.SubFactory(SegmentFactory)
    profile_id = factory.Faker("uuid4", cast_to=None)
    entered_at = NOON
    entered_because = Cause.EVENT


class InboxItemFactory(DjangoModelFactory[InboxItem]):
    """A request that waits."""

    class Meta:
        model = InboxItem

    source_id = factory.Faker("uuid4", cast_to=None)
    dialect = InboxItem.Dialect.TRACK
    body = "{}"
    received_at = NOON


def factory_of(model: type[Model]) -> type[DjangoModelFactory[Any]]:
    """Find the factory of a model: here, or in the module `factories` of a folder of tests."""
    for path in Path(__file__).parent.parent.glob("*/factories.py"):
        import_module(f"tests.{path.parent.name}.factories")
    found = [each for each in DjangoModelFactory.__subclasses__() if each._meta.model is model]
    app = django_apps.get_app_config(model._meta.app_label).name.rpartition(".")[2]
    assert found, f"Write a DjangoModelFactory of {model.__name__} in tests/{app}/factories.py: tests make a row by it."
    return found[0]


def track_body(source: Source, *types: str, session: str | None = "session-of-anna", **parts: Any) -> dict[str, Any]:
    """Make a `/track` body with one event of each type; `parts` replace or add top-level keys."""
    return {
        "source": {"id": str(source.id)},
        "session": {"id": session} if session else None,
        "profile": None,
        "context": {},
        "events": [{"type": type_} for type_ in types],
        **parts,
    }


def policy(source: Source | None = None, **values: Any) -> SourcePolicy:
    """What the pipeline knows of a source; of one that is in no database, when only values are given."""
    source = source or SourceFactory.build(**values)
    return policy_of({name: getattr(source, name) for name in COLUMNS})


def payload(*events: PayloadEvent | str, **values: Any) -> Payload:
    """A payload on its way, received at noon; an event may be given by its type alone, what stages fill by its name."""
    carried = [event if isinstance(event, PayloadEvent) else PayloadEvent(type=event) for event in events]
    filled = {each.name: values.pop(each.name) for each in fields(Payload) if not each.init and each.name in values}
    found = Payload(**{"source": policy(), "received_at": NOON, "events": carried, **values})
    for name, value in filled.items():
        setattr(found, name, value)
    return found
