"""Long jobs that people started have failed."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Max

from apps.alerts.symptoms import Facts, Kind, Param, Shape, Symptom, Values, register
from apps.core import tasks
from apps.core.models import Task


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Count those that failed lately, and that nobody has let go on, by kind; their errors stay in the admin."""
    since = facts.now - timedelta(hours=values["hours"])
    failed = Task.objects.filter(state=Task.State.FAILED, finished_at__gte=since).values("kind")
    for row in failed.annotate(number=Count("pk"), latest_at=Max("finished_at")).order_by("kind"):
        title = tasks.kinds[row["kind"]].title if row["kind"] in tasks.kinds else row["kind"]
        times = "a task has failed" if row["number"] == 1 else f"{row['number']:,} tasks have failed"
        yield Symptom(row["kind"], f"{title}: {times}. Tasks has the reason; what is fixed goes on there.")


register(
    "failed_tasks",
    Kind(
        title="A task fails",
        about="Long work that somebody started, such as copying stored events, ended with an error.",
        icon="error",
        order=50,
        params=(Param("hours", "In the last hours", Shape.NUMBER, 24, least=1, most=720, brief="in the last {} h"),),
        look=look,
    ),
)
