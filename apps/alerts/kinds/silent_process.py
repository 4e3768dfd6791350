"""A process that shows that it lives was not heard for too long."""

from collections.abc import Iterator
from typing import Final

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register
from apps.core import beats, commands
from apps.core.spans import in_words

STARTED: Final = {beats.Name.INGEST: ["ingest"], beats.Name.CRON: ["cron", "worker"]}
FIRST_MINUTES: Final = 1  # in which what was just started is heard, after a night in which all stood still


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Ask when it was heard last; what was never heard may just have been started, and has its minutes, too."""
    if not facts.health.takes_events:
        raise Unknown
    name = beats.Name(values["process"])
    silent, remedy = facts.health.silent_secs.get(name), commands.start(*STARTED[name])
    if silent is None:
        yield Symptom(name, f"{name.capitalize()} has never run. {remedy}", values["minutes"])
    elif silent >= 60 * values["minutes"]:
        yield Symptom(name, f"{name.capitalize()} was not heard for {in_words(silent)}. {remedy}", FIRST_MINUTES)


register(
    "silent_process",
    Kind(
        title="Ingest or cron stands still",
        about="The process that empties the inbox, or what runs by the clock, shows no sign of life.",
        icon="heart_broken",
        order=80,
        params=(
            Param("process", "Which", Shape.PROCESS, beats.Name.INGEST.value),
            Param("minutes", "Silent for minutes", Shape.NUMBER, 5, least=1, most=10_080, brief="for {} min"),
        ),
        look=look,
    ),
)
