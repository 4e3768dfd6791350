"""The story of an event. Read this first: the stages below are the product, in the order in which they happen."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from apps.collector import noticing
from apps.collector.stages.admit import admit
from apps.collector.stages.compute import compute
from apps.collector.stages.enrich import enrich
from apps.collector.stages.identify import identify
from apps.collector.stages.observe import observe
from apps.collector.stages.profile import profile
from apps.collector.stages.recognise import recognise
from apps.collector.stages.reshape import reshape
from apps.collector.stages.segment import segment
from apps.collector.stages.store import store
from apps.collector.stages.traits import traits
from apps.collector.stages.validate import validate
from apps.collector.stages.visit import visit
from apps.collector.track import Batch, Track
from apps.core.stages import timed
from apps.events import platform_events
from apps.events.store import partitions
from apps.profiles.identity import Directory, Moved

MAX_TRIES = 10  # while others merge the profiles of the batch between our look and our lock


def months_of(tracks: Iterable[Track]) -> set[date]:
    """Name the months in which events of the tracks will lie, those of the platform before them included."""
    times = {event.happened_at for track in tracks for event in track.going}
    earliest = max(platform_events.leads().values())
    return {partitions.month_of(at) for time in times for at in (time, time - earliest)}


# What each event is in itself, and whether it is refused for that, which its sender is told on every way in; then what
# it is made ready for; then whose it is, and all that follows from that, which may have to begin again.
NOBODY = Directory()  # whose an event is has no say in what it is
CHECKS = (admit, validate)
PREPARATION = (*CHECKS, recognise, reshape)
STAGES = (identify, observe, visit, enrich, traits, profile, compute, store, segment)


def check(tracks: Sequence[Track], *, now: datetime) -> None:
    """Refuse what is wrong in itself, before a request is answered that is processed later; no query."""
    batch = Batch(list(tracks), now, directory=NOBODY)
    for stage in CHECKS:
        stage(batch)


def process(tracks: Sequence[Track], *, now: datetime) -> None:
    """Carry a batch of payloads from request to storage, each stage on all that are still going.

    What is stored is stored in one transaction: when this returns, and the caller's transaction (if it has one)
    commits, the batch is accepted, with all it changed. A stage refuses a track or an event (`refusal`) when the
    sender is at fault; the others go on. It raises when we are at fault: then nothing of the batch has happened, and
    the caller tries the tracks one by one and parks what fails again.
    """
    batch = Batch(list(tracks), now)
    for stage in PREPARATION:
        with timed(stage):
            stage(batch)
    partitions.ensure(months_of(batch.going))
    for n_left in reversed(range(MAX_TRIES)):
        try:
            with transaction.atomic():
                for stage in STAGES:
                    with timed(stage):
                        stage(batch)
        except Moved:  # by `identify`, which had not changed anything yet
            if not n_left:
                raise
        else:
            noticing.note(batch)
            return  # Point of no return: from here on the batch is accepted.
