"""Too large a share of what a source sends is refused."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Sum

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register, sources_of
from apps.events.models import ArrivalCount
from apps.events.store.noticed import span_of


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Compare what was refused with what was taken, in the last minutes: in whole spans of five."""
    since = span_of(facts.now - timedelta(minutes=values["minutes"]))
    names = dict(sources_of(values).values_list("pk", "name"))
    counted = ArrivalCount.objects.filter(source_id__in=names, at__gte=since).values("source_id")
    for row in counted.annotate(n_taken=Sum("taken"), n_refused=Sum("refused")).order_by("source_id"):
        refused, total = row["n_refused"], row["n_refused"] + row["n_taken"]
        if refused >= values["least"] and 100 * refused >= values["percent"] * total:
            said = f"{refused:,} of {total:,} were refused in {values['minutes']} minutes ({refused / total:.0%})."
            yield Symptom(str(row["source_id"]), f"{names[row['source_id']]}: {said}")


register(
    "refusal_rate",
    Kind(
        title="Much is refused",
        about="A sender has changed something: events that were taken yesterday are refused, and are lost to it.",
        icon="block",
        order=20,
        params=(
            Param("source", "Source", Shape.SOURCE, None, "Empty: each source by itself."),
            Param(
                "percent", "Share that is refused", Shape.NUMBER, 20, "Percent.", least=1, most=100, brief="{}% or more"
            ),
            Param(
                "least",
                "At least so many",
                Shape.NUMBER,
                50,
                "Refusals; with fewer nobody is told.",
                least=1,
                brief="at least {}",
            ),
            Param("minutes", "Within minutes", Shape.NUMBER, 30, least=5, most=1_440, brief="within {} min"),
        ),
        look=look,
    ),
)
