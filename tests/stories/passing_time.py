"""Time that passes for flows: whoever is due goes on, and what they are written is sent."""

from datetime import UTC, datetime

from apps.bridges.lanes.dispatcher import Dispatcher
from apps.bridges.models import Delivery
from tests.flows.runs.published import pass_time
from tests.stories.doors import Doors


def live_until(moment: datetime) -> None:
    """Let all that is due by then be done, as workers of flows and of deliveries do."""
    while pass_time(max(moment, datetime.now(UTC))):
        send()


def send() -> None:
    """Send what waits, as if its time had come."""
    if not Delivery.objects.filter(due_at__isnull=False).update(due_at=datetime.now(UTC)):
        return
    serving = Dispatcher()
    try:
        serving.serve(secs=20, idle_secs=0.3, is_stopping=lambda: False, is_relieved=lambda: False)
    finally:
        serving.close()


def due(doors: Doors, flow: str) -> datetime:
    """Tell when the one run of a flow is to go on."""
    [run] = doors.runs(flow)
    return datetime.fromisoformat(run["due_at"])
