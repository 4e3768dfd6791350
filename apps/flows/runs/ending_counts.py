"""How many runs of a flow ended how, by time: what says whether a flow fails, without a look at its runs."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from apps.flows.models import Flow, Run

WATCHED: Final = timedelta(hours=1)
LEAST: Final = 20  # of fewer runs nothing is concluded
_FAILING: Final = f"""
SELECT flow.id, sum(n) FILTER (WHERE status = {Run.Status.FAILED:d})::bigint AS failed, sum(n)::bigint AS ended
FROM flows_flow AS flow JOIN flows_endingcount AS count ON count.flow_id = flow.id
WHERE flow.state = '{Flow.State.ON}' AND count.at > greatest(%s, flow.failures_since)
GROUP BY flow.id HAVING sum(n) >= {LEAST}
    AND sum(n) FILTER (WHERE status = {Run.Status.FAILED:d}) * 100 >= sum(n) * flow.max_failure_percent
"""  # noqa: S608 - numbers of ours


class Failing(NamedTuple):
    """A flow of whose runs too many fail."""

    flow_id: UUID
    n_failed: int
    n_ended: int

    @property
    def reason(self) -> str:
        """Say in a sentence why it is paused."""
        return f"{self.n_failed:,} of the {self.n_ended:,} runs that ended within an hour have failed."


def failing(*, now: datetime) -> list[Failing]:
    """List the flows that are on, of whose runs more fail than they say may."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILING, [now - WATCHED])
        return [Failing(*row) for row in cursor.fetchall()]
