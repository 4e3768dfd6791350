"""No event of a source for so long; where that is learned, only if events come at this time of other weeks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.alerts import learning
from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register, sources_of
from apps.core.spans import in_words
from apps.events.models import ArrivalCount, Source, latest_arrival


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find the sources that are silent."""
    after = timedelta(minutes=values["minutes"])
    for source, latest_at in _latest(values):
        silence = facts.counted_until - latest_at
        if silence < after:
            continue
        said = f"{source.name}: no event for {in_words(silence.total_seconds())}."
        if values["is_learned"]:
            counts = learning.usual(source.pk, latest_at, facts.counted_until, zone=timezone.get_default_timezone())
            learned = _learned(counts, minutes=values["minutes"])
            if learned is None:
                continue
            said = f"{said} {learned}"
        yield Symptom(str(source.pk), said)


def _learned(counts: list[int], *, minutes: int) -> str | None:
    """Say why a silence counts, by the events in the same time of other weeks; None where it does not."""
    if len(counts) < learning.LEAST_WEEKS:
        has = f"Its counts go back {len(counts)} full weeks" if counts else "Its counts go back less than a week"
        return f"{has}, and {learning.LEAST_WEEKS} are needed to learn from: until then {minutes} minutes count always."
    if not learning.is_unusual(counts):
        return None
    return f"In the same time of the last {len(counts)} weeks there were {min(counts):,} to {max(counts):,}."


def _latest(values: Values) -> Iterator[tuple[Source, datetime]]:
    """Read the sources that are on, with when each was heard last: one look into an index for each.

    One that is asked for by name is heard from the start, also if it has never sent; of all, those that were counted.
    """
    counted = ArrivalCount.objects.filter(source_id=OuterRef("pk"), latest_at__isnull=False).order_by("-at")
    latest = Subquery(counted.values("latest_at")[:1])
    rows: QuerySet[Any] = sources_of(values).filter(is_enabled=True).order_by("name")
    if values["source"]:
        rows = rows.annotate(latest_at=Coalesce(latest, latest_arrival(), "created_at"))
    else:
        rows = rows.annotate(latest_at=latest).filter(latest_at__isnull=False)
    return ((row, row.latest_at) for row in rows)


register(
    "silent_source",
    Kind(
        title="A source falls silent",
        about="No event arrives of a source, or of any that has sent before. Learned: a quiet Sunday night is none.",
        icon="sensors_off",
        order=10,
        params=(
            Param("source", "Source", Shape.SOURCE, None, "Empty: each source that has sent, by itself."),
            Param("minutes", "Minutes without an event", Shape.NUMBER, 60, least=1, most=525_600, brief="for {} min"),
            Param(
                "is_learned",
                "Learn when it is usually quiet",
                Shape.SWITCH,
                default=True,
                hint="A silence counts only if events came in the same time of the last weeks. Until there are three "
                "weeks to learn from, the minutes count at any hour.",
            ),
        ),
        look=look,
    ),
)
