"""Jobs wait, and nobody works on them."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register
from apps.collector.health import queue_findings
from apps.core.spans import in_words


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find queues without a worker, or whose worker was killed, and those that are behind."""
    unattended = set()
    for found in queue_findings(facts.queues):
        unattended.add(found.queue)
        yield Symptom(found.queue, f"{found.message} {found.remedy}")
    for queue in facts.queues.queues:
        if queue.name in unattended:
            continue
        if queue.oldest_secs is not None and queue.oldest_secs >= 60 * values["minutes"]:
            yield Symptom(queue.name, f"The oldest job of {queue.name} waits for {in_words(queue.oldest_secs)}.")


register(
    "unattended_queue",
    Kind(
        title="A queue is not worked on",
        about="Jobs wait and no worker listens, a worker was killed, or the oldest job waits for too long.",
        icon="stacks",
        order=70,
        params=(Param("minutes", "Or the oldest job waits for minutes", Shape.NUMBER, 15, least=1, most=10_080),),
        look=look,
    ),
)
