"""The story of an event. Read this first: the stages below are the product, in the order in which they happen."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from time import perf_counter

from django.db import transaction

from apps.collector import noticing
from apps.collector.payload import Batch, Outcome, Payload, Way
from apps.collector.stages.admit import admit
from apps.collector.stages.announce import announce
from apps.collector.stages.answer import answer
from apps.collector.stages.baseline import baseline
from apps.collector.stages.claim import claim
from apps.collector.stages.comply import comply
from apps.collector.stages.compute import compute
from apps.collector.stages.dedupe import dedupe
from apps.collector.stages.enrich import enrich
from apps.collector.stages.follow import follow
from apps.collector.stages.identify import identify
from apps.collector.stages.plan import plan
from apps.collector.stages.prepare import prepare
from apps.collector.stages.profile import profile
from apps.collector.stages.recognise import recognise
from apps.collector.stages.reshape import reshape
from apps.collector.stages.segment import segment
from apps.collector.stages.store import store
from apps.collector.stages.traits import traits
from apps.collector.stages.validate import validate
from apps.collector.stages.visit import visit
from apps.core import metrics
from apps.events import platform_events
from apps.events.store import partitions
from apps.profiles.ledger import MAX_TRIES, Moved

# What each event is in itself: whether it is refused for that, which its sender is told on every way in, ...
CHECKS = (admit, validate)
# ... and what it says. Then a transaction begins, perhaps more than once: what the batch names is looked up, ...
READING = (recognise, reshape, claim)
LOOKING_UP = (prepare, dedupe)
# ... payload after payload finds its person, as what one decides, and whom it names, counts for the next, ...
IN_TURN = (comply, identify)
# ... and all follows from that. When it is committed, it is announced.
STORING = (follow, baseline, visit, enrich, traits, profile, compute, answer, store, segment, plan)


def check(payloads: Sequence[Payload], *, now: datetime) -> None:
    """Refuse what is wrong in itself, before a request is answered that is processed later; no query."""
    batch = Batch(list(payloads), now)
    for stage in CHECKS:
        stage(batch)


def process(payloads: Sequence[Payload], *, now: datetime, way: Way) -> Outcome:
    """Carry a batch of payloads from request to storage, each stage on all that are still going.

    What is stored is stored in one transaction: when this returns, and the caller's transaction (if it has one)
    commits, the batch is accepted, with all it changed; then, and only then, it is announced. A stage refuses a payload
    or an event (`refusal`) when the sender is at fault; the others go on. It raises when we are at fault: then nothing
    of the batch has happened, and the caller tries the payloads one by one and gives up what fails again.
    """
    batch = Batch(list(payloads), now, way)
    _run((*CHECKS, *READING), batch)
    partitions.ensure(months_of(batch.going))
    for n_left in reversed(range(MAX_TRIES)):
        try:
            _store(batch)
        except Moved:  # by `prepare`, which had not changed anything yet
            if not n_left:
                raise
        else:
            break
    noticing.note(batch, way=way)
    return batch.outcome


def _store(batch: Batch) -> None:
    with transaction.atomic():
        _run(LOOKING_UP, batch)
        _run_in_turn(batch)
        _run(STORING, batch)
        # By the outermost transaction: of the batch, or of its caller. Whatever is lost then, it must not fail.
        transaction.on_commit(lambda: announce(batch.outcome), robust=True)


def _run(stages: Iterable[Callable[[Batch], None]], batch: Batch) -> None:
    began_at = perf_counter()
    for stage in stages:
        stage(batch)
        ended_at = perf_counter()
        metrics.observe(metrics.STAGES, ended_at - began_at, stage.__name__)
        began_at = ended_at


def _run_in_turn(batch: Batch) -> None:
    secs = [0.0] * len(IN_TURN)
    began_at = perf_counter()
    for payload in batch.named:
        for position, stage in enumerate(IN_TURN):
            stage(payload, batch)
            ended_at = perf_counter()
            secs[position] += ended_at - began_at
            began_at = ended_at
    for stage, took_secs in zip(IN_TURN, secs, strict=True):
        metrics.observe(metrics.STAGES, took_secs, stage.__name__)


def months_of(payloads: Iterable[Payload]) -> set[date]:
    """Name the months in which events of the payloads will lie, those of the platform before them included."""
    times = [event.happened_at for payload in payloads for event in payload.going]
    if not times:
        return set()
    earlier = max(platform_events.leads().values())
    first, last = partitions.month_of(min(times) - earlier), partitions.month_of(max(times))
    if first == last:
        return {first}
    return {partitions.month_of(at) for time in times for at in (time, time - earlier)}
