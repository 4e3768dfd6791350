"""Jobs wait, and nobody works on them."""

from collections.abc import Iterator
from typing import Final

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register
from apps.collector.health import queue_findings
from apps.core.spans import in_words

# What is told apart, each for all queues: one worker serves several, and is missed once.
NOBODY: Final = "nobody"
BEHIND: Final = "behind"


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find queues without a worker, or whose worker was killed, and those that are behind."""
    found = [f"{finding.message} {finding.remedy}" for finding in queue_findings(facts.queues)]
    if found:
        yield Symptom(NOBODY, " ".join(found))
    behind = [
        f"The oldest job of {queue.name} waits for {in_words(queue.oldest_secs)}."
        for queue in facts.queues.queues
        if queue.n_workers and queue.oldest_secs is not None and queue.oldest_secs >= 60 * values["minutes"]
    ]
    if behind:
        yield Symptom(BEHIND, " ".join(behind))


register(
    "unattended_queue",
    Kind(
        title="A queue is not worked on",
        about="Jobs wait and no worker listens, a worker was killed, or the oldest job waits for too long.",
        icon="stacks",
        order=70,
        params=(
            Param(
                "minutes",
                "Or the oldest job waits for minutes",
                Shape.NUMBER,
                15,
                least=1,
                most=10_080,
                brief="no worker, or the oldest job waits for {} min",
            ),
        ),
        look=look,
    ),
)
