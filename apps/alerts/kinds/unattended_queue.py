"""Jobs wait, and nobody works on them."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register
from apps.core.spans import in_words


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find queues without a worker, or whose worker was killed, and those that are behind."""
    if facts.queues.is_suspended:
        yield Symptom("", "All workers were told to rest: jobs wait. rq resume lets them go on.")
    for queue in facts.queues.queues:
        jobs = "A job waits" if queue.depth == 1 else f"{queue.depth:,} jobs wait"
        waits = f"{jobs} in {queue.name}" if queue.depth else f"Nobody works on {queue.name}"
        if queue.heartbeat_secs is not None and not queue.n_workers:
            yield Symptom(queue.name, f"{waits}: its worker was last heard {in_words(queue.heartbeat_secs)} ago.")
        elif queue.depth and not queue.n_workers:
            yield Symptom(queue.name, f"{waits}, and no worker listens.")
        elif queue.oldest_secs is not None and queue.oldest_secs >= 60 * values["minutes"]:
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
