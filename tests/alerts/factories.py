"""Valid minimal rows of `alerts`, and facts that nobody has to measure."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.alerts.models import Alert, Channel, Incident, Notification
from apps.alerts.symptoms import Facts, Kind, Symptom, kinds
from apps.collector.health import Health
from apps.core import beats
from apps.core.signing import new_secret
from apps.events.models import ArrivalCount, Source
from apps.events.store.noticed import SPAN, span_of
from tests.factories import NOON
from tests.registries import declared


class AlertFactory(DjangoModelFactory[Alert]):
    """An alert that opens at once when there is a dead letter, and is over at once."""

    class Meta:
        model = Alert

    name = factory.Sequence(lambda number: f"Alert {number}")
    kind = "dead_letters"
    recovery_minutes = 0


class ChannelFactory(DjangoModelFactory[Channel]):
    """A webhook that leads nowhere."""

    class Meta:
        model = Channel

    name = factory.Sequence(lambda number: f"Channel {number}")
    kind = "webhook"
    address = "https://hook.example/cdp"
    secret = factory.LazyFunction(new_secret)


class IncidentFactory(DjangoModelFactory[Incident]):
    """An incident that is open since noon."""

    class Meta:
        model = Incident

    alert = factory.SubFactory(AlertFactory)
    message = "1 accepted requests failed, and are dead letters."
    seen_at = last_seen_at = opened_at = NOON


class NotificationFactory(DjangoModelFactory[Notification]):
    """A message that is due."""

    class Meta:
        model = Notification

    incident = factory.SubFactory(IncidentFactory)
    channel = factory.SubFactory(ChannelFactory)
    what = Notification.What.OPENED
    message = "1 accepted requests failed, and are dead letters."
    created_at = due_at = NOON


def facts(now: datetime = NOON, **health: Any) -> Facts:
    """Make facts of a platform that is well, but for what is named."""
    well = {"takes_events": True, "has_valkey": True, "silent_secs": {beats.Name.INGEST: 1.0, beats.Name.CRON: 1.0}}
    made = Facts(now)
    vars(made)["health"] = Health(**{**well, **health})
    return made


def arrivals(source: Source, at: datetime, taken: int = 1, *, refused: int = 0) -> None:
    """Note what arrived of a source in the five minutes of a moment."""
    latest_at = at if taken else None
    ArrivalCount.objects.create(source_id=source.pk, at=span_of(at), taken=taken, refused=refused, latest_at=latest_at)


def steady(source: Source, *, since: datetime, until: datetime, taken: int = 10) -> None:
    """Let a source send all the time."""
    n_spans = (until - since) // SPAN
    ArrivalCount.objects.bulk_create(
        ArrivalCount(source_id=source.pk, at=since + n * SPAN, taken=taken, latest_at=since + n * SPAN)
        for n in range(n_spans)
    )


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@contextmanager
def made_up(symptoms: list[Symptom]) -> Iterator[str]:
    """Let there be a kind that finds what a list has at the moment, and name it."""
    kind = Kind("Made up", "", "science", 0, (), lambda values, facts: list(symptoms))
    with declared(kinds, "made_up", kind):
        yield "made_up"
