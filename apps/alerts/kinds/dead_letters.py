"""Accepted requests failed, and were set aside."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Count the dead letters of the inbox."""
    if not facts.health.takes_events:
        raise Unknown
    number = facts.health.n_dead_letters
    if number > values["most"]:
        which = (
            "An accepted request is a dead letter" if number == 1 else f"{number:,} accepted requests are dead letters"
        )
        yield Symptom("", f"{which}: Inbox has the reason.")


register(
    "dead_letters",
    Kind(
        title="There are dead letters",
        about="Accepted requests failed on their own. Once the cause is fixed they are tried again, under Inbox.",
        icon="dangerous",
        order=40,
        params=(Param("most", "More than", Shape.NUMBER, 0, "Dead letters.", brief="more than {}"),),
        look=look,
    ),
)
