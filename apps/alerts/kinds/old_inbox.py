"""What was accepted waits for too long."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register
from apps.core.spans import in_words


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Look at the oldest request of the inbox."""
    if not facts.health.takes_events:
        raise Unknown
    waits = facts.health.inbox_oldest_secs or 0.0
    if waits >= 60 * values["minutes"]:
        yield Symptom("", f"The oldest accepted request waits for {in_words(waits)}.")


register(
    "old_inbox",
    Kind(
        title="The inbox grows old",
        about="Accepted requests wait to be processed: ingest does not run, or is too slow.",
        icon="hourglass_bottom",
        order=30,
        params=(
            Param(
                "minutes",
                "The oldest waits for minutes",
                Shape.NUMBER,
                10,
                least=1,
                most=10_080,
                brief="the oldest waits for {} min",
            ),
        ),
        look=look,
    ),
)
