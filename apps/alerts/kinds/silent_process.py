"""A process that shows that it lives was not heard for too long."""

from collections.abc import Iterator
from typing import Final

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register
from apps.core import beats
from apps.core.spans import in_words

REMEDIES: Final = {
    beats.Name.INGEST: "What is accepted waits: start manage.py run ingest.",
    beats.Name.CRON: "Start manage.py run cron and run worker.",
}


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Ask when it was heard last; what was never heard does not run."""
    if not facts.health.takes_events:
        raise Unknown
    name = beats.Name(values["process"])
    silent = facts.health.silent_secs.get(name)
    if silent is None:
        yield Symptom(name, f"{name.capitalize()} has never run. {REMEDIES[name]}")
    elif silent >= 60 * values["minutes"]:
        yield Symptom(name, f"{name.capitalize()} was not heard for {in_words(silent)}. {REMEDIES[name]}")


register(
    "silent_process",
    Kind(
        title="Ingest or cron stands still",
        about="The process that empties the inbox, or what runs by the clock, shows no sign of life.",
        icon="heart_broken",
        order=80,
        params=(
            Param("process", "Which", Shape.PROCESS, beats.Name.INGEST.value),
            Param("minutes", "Silent for minutes", Shape.NUMBER, 5, least=1, most=10_080),
        ),
        look=look,
    ),
)
