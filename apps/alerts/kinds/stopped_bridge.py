"""A bridge brings nothing in, is behind, or cannot take what it reads."""

from collections.abc import Iterator
from typing import Final

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Unknown, Values, register
from apps.core.spans import in_words
from apps.inbound.bridge_status import Health, Status, statuses
from apps.inbound.models import Bridge

RECOVERS: Final = 2  # minutes in which a broker that starts anew, or a process, is not told of


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find those that do not read, lag, or have dead letters, each by itself; none that somebody paused."""
    if not facts.health.takes_events:
        raise Unknown
    rows = list(Bridge.objects.filter(is_enabled=True, paused_at=None).order_by("name"))
    found = statuses(rows, now=facts.now)
    for row in rows:
        yield from _of(row, found[row.pk], values, facts)


def _of(row: Bridge, status: Status, values: Values, facts: Facts) -> Iterator[Symptom]:
    if status.health is Health.FAILED:
        told = f"Nothing comes in by the bridge {row.name}: it {_how(status)}. {status.told}".strip()
        yield Symptom(str(row.pk), told, least_minutes=RECOVERS)
    behind = list(_behind(status, values, facts))
    if behind:
        yield Symptom(f"{row.pk} waits", f"The bridge {row.name} is behind: {' '.join(behind)}")
    if status.n_dead > values["most_dead"]:
        which = "1 message" if status.n_dead == 1 else f"{status.n_dead:,} messages"
        told = f"{which} of the bridge {row.name} could not be taken: Dead letters of bridges has why."
        yield Symptom(f"{row.pk} dead", told)


def _how(status: Status) -> str:
    return "failed" if status.consumers else status.state


def _behind(status: Status, values: Values, facts: Facts) -> Iterator[str]:
    if status.n_waiting is not None and status.n_waiting > values["most_waiting"]:
        yield f"{status.n_waiting:,} messages wait."
    secs = (facts.now - status.oldest_at).total_seconds() if status.oldest_at else 0.0
    if secs > 60 * values["minutes"]:
        yield f"The oldest has waited for {in_words(secs)}."


register(
    "stopped_bridge",
    Kind(
        title="A bridge does not bring events in",
        about="It fails or does not run, more waits for it than usual, or it reads what no event can be made of.",
        icon="input",
        order=46,
        params=(
            Param("most_waiting", "More wait than", Shape.NUMBER, 50_000, "Messages.", brief="more than {} wait"),
            Param("minutes", "The oldest waits for", Shape.NUMBER, 15, "Minutes.", least=1, brief="{} minutes"),
            Param("most_dead", "More dead letters than", Shape.NUMBER, 0, brief="more than {} dead letters"),
        ),
        look=look,
    ),
)
