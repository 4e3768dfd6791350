"""The platform has paused a flow, as too many of its runs failed."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Symptom, Values, register
from apps.flows.models import Flow


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find the flows that nobody has paused, and that are."""
    for flow in Flow.objects.filter(state=Flow.State.PAUSED).exclude(paused_because="").order_by("name"):
        yield Symptom(str(flow.pk), f"The flow {flow.name} was paused: {flow.paused_because} Its runs say why.")


register(
    "paused_flow",
    Kind(
        title="A flow was paused",
        about="Too many runs of a flow failed, so that it was paused. Its people wait until somebody lets it go on.",
        icon="pause_circle",
        order=55,
        params=(),
        look=look,
    ),
)
