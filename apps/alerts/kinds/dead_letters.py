"""Accepted requests failed, and were set aside."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Count the dead letters of the inbox."""
    if not facts.health.takes_events:
        raise Unknown
    if facts.health.n_dead_letters > values["most"]:
        yield Symptom("", f"{facts.health.n_dead_letters:,} accepted requests failed, and are dead letters.")


register(
    "dead_letters",
    Kind(
        title="There are dead letters",
        about="Accepted requests failed on their own. Once the cause is fixed they are tried again, under Inbox.",
        icon="dangerous",
        params=(Param("most", "More than", Shape.NUMBER, 0, "Dead letters."),),
        look=look,
    ),
)
