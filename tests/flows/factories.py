"""Flows, people on their way through them, and what operators say of all flows."""

from datetime import time, timedelta

import factory
from factory.django import DjangoModelFactory

from apps.flows.models import AwaitedType, Flow, FlowVersion, FrequencyCap, QuietHours, Run, Wait
from tests.factories import NOON


class FlowFactory(DjangoModelFactory[Flow]):
    """A flow that is on, and was never published."""

    class Meta:
        model = Flow

    key = factory.Sequence(lambda number: f"flow-{number}")
    name = factory.LazyAttribute(lambda row: row.key.capitalize())
    state = Flow.State.ON


class FlowVersionFactory(DjangoModelFactory[FlowVersion]):
    """The first version of a flow, which nobody enters yet: see `published`."""

    class Meta:
        model = FlowVersion

    flow = factory.SubFactory(FlowFactory)
    number = 1
    definition = factory.LazyFunction(dict)
    published_at = NOON
    published_by = "anna"


class RunFactory(DjangoModelFactory[Run]):
    """Somebody who has entered at noon, and is not to go on before the next day."""

    class Meta:
        model = Run

    version = factory.SubFactory(FlowVersionFactory)
    flow = factory.SelfAttribute("version.flow")
    profile_id = factory.Faker("uuid4", cast_to=None)
    original_profile_id = factory.SelfAttribute("profile_id")
    started_at = NOON
    due_at = NOON.replace(day=24)
    state = factory.LazyFunction(dict)


class WaitFactory(DjangoModelFactory[Wait]):
    """A node that waits for a purchase, whatever it is."""

    class Meta:
        model = Wait

    run_id = factory.LazyAttribute(lambda row: RunFactory(profile_id=row.profile_id).id)
    profile_id = factory.Faker("uuid4", cast_to=None)
    kind = Wait.Kind.EVENT
    type = "purchase"
    token = 1


class AwaitedTypeFactory(DjangoModelFactory[AwaitedType]):
    """Runs have waited for purchases."""

    class Meta:
        model = AwaitedType

    type = "purchase"


class FrequencyCapFactory(DjangoModelFactory[FrequencyCap]):
    """One e-mail a day."""

    class Meta:
        model = FrequencyCap

    channel = "email"
    most = 1
    period = timedelta(days=1)


class QuietHoursFactory(DjangoModelFactory[QuietHours]):
    """Each night, for all channels."""

    class Meta:
        model = QuietHours

    weekdays = factory.LazyFunction(lambda: list(range(7)))
    start = time(21)
    end = time(8)
