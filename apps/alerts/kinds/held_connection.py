"""A connection is held: nothing is sent to it until somebody has looked."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Symptom, Unknown, Values, register
from apps.bridges import backlog


def look(_values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find those that are held, each by itself; what they answered is said, and no secret is in it."""
    if not facts.health.takes_events:
        raise Unknown
    waiting = {line.id: line.number for line in backlog.lines()}
    for row in backlog.held():
        waits = backlog.told(waiting.get(row.pk, 0), backlog.n_expired(row))
        text = f"Nothing is sent to the connection {row.name}: {row.held_because} {waits}"
        yield Symptom(str(row.pk), f"{text} Connections has a test, and lets it go on.")


register(
    "held_connection",
    Kind(
        title="A connection is held",
        about="A system does not take our credentials, or is not where it was: flows cannot reach it.",
        icon="link_off",
        order=45,
        params=(),
        look=look,
    ),
)
