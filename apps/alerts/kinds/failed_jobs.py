"""Jobs of the queues have failed."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Count the failed jobs of each queue."""
    for queue in facts.queues.queues:
        if queue.n_failed > values["most"]:
            jobs = "A job" if queue.n_failed == 1 else f"{queue.n_failed:,} jobs"
            yield Symptom(queue.name, f"{jobs} failed in {queue.name}, the last one: {queue.last_error}.")


register(
    "failed_jobs",
    Kind(
        title="Jobs fail",
        about="Jobs of the background ended with an error. Queues shows them, with the reason.",
        icon="running_with_errors",
        order=60,
        params=(
            Param("most", "More than", Shape.NUMBER, 0, "Failed jobs of one queue.", brief="more than {} in a queue"),
        ),
        look=look,
    ),
)
