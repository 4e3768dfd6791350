"""Jobs wait, and nobody works on them."""

from collections.abc import Iterator
from datetime import timedelta

from apps.alerts.watching import Facts, Kind, Param, Shape, Symptom, Values, register, span


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find queues without a worker, and those that are behind: a worker that was killed seems to listen for a while."""
    for queue in facts.queues:
        waits = timedelta(seconds=queue.oldest_secs or 0.0)
        if queue.depth and not queue.n_workers:
            yield Symptom(queue.name, f"{queue.depth:,} jobs wait in {queue.name}, and no worker listens.")
        elif waits >= timedelta(minutes=values["minutes"]):
            yield Symptom(queue.name, f"The oldest job of {queue.name} waits for {span(waits)}.")


register(
    "unattended_queue",
    Kind(
        title="A queue is not worked on",
        help="Jobs wait and no worker listens, or the oldest one waits for too long.",
        icon="stacks",
        params=(Param("minutes", "Or the oldest job waits for minutes", Shape.NUMBER, 15, least=1, most=10_080),),
        look=look,
    ),
)
