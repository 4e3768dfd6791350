"""What moves people counts how often nodes were left, and how runs ended: so figures say what rows say."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.core import metrics, storable
from apps.core.upsert import executed
from apps.flows.models import Run
from apps.flows.runs.count_spans import span_of

# Each who counts has rows of their own, most often: a row that was counted waits for the commit of who did so.
_SLOTS: Final = 16
_COUNT: Final = f"""
WITH {{beside}}nodes AS (
    INSERT INTO flows_nodecount AS known (version_id, node, port, n, at, slot)
    SELECT row.*, %s::timestamptz, pg_backend_pid() %% {_SLOTS}
    FROM jsonb_to_recordset(%s::jsonb) AS row (version_id uuid, node text, port text, n bigint)
    ON CONFLICT (version_id, at, node, port, slot) DO UPDATE SET n = known.n + EXCLUDED.n
)
INSERT INTO flows_endingcount AS known (flow_id, version_id, status, n, at, slot)
SELECT row.*, %s::timestamptz, pg_backend_pid() %% {_SLOTS}
FROM jsonb_to_recordset(%s::jsonb) AS row (flow_id uuid, version_id uuid, status smallint, n bigint)
ON CONFLICT (flow_id, at, version_id, status, slot) DO UPDATE SET n = known.n + EXCLUDED.n
"""  # noqa: S608 - a number of ours
Place = tuple[UUID, str, str]  # a version, a node of it, and a port; of entries the port is empty
End = tuple[UUID, UUID, int]  # a flow, a version of it, and a status
_NOBODY: Final[Mapping[Place, int]] = {}


def count(
    ended: Iterable[End],
    nodes: Mapping[Place, int] = _NOBODY,
    *,
    now: datetime,
    beside: tuple[str, str] | None = None,
) -> None:
    """Count runs that ended, and how often nodes were entered and left.

    One statement, for which others that count the same may wait: so it is the last one, and rows are written in one
    order. What else is to be written then goes `beside` it: SQL with a document.
    """
    endings, at = Counter(ended), span_of(now).isoformat()
    if not endings and not nodes and not beside:
        return
    left = [{"version_id": id, "node": node, "port": port, "n": n} for (id, node, port), n in sorted(nodes.items())]
    over = [
        {"flow_id": flow_id, "version_id": id, "status": status, "n": n}
        for (flow_id, id, status), n in sorted(endings.items())
    ]
    written, documents = (f"beside AS ({beside[0]}), ", beside[1:]) if beside else ("", ())
    executed(_COUNT.format(beside=written), *documents, at, storable.dumps(left), at, storable.dumps(over))
    if endings:
        transaction.on_commit(lambda: _measure(endings))


def _measure(endings: Mapping[End, int]) -> None:
    for (*_, status), number in endings.items():
        metrics.add(metrics.FLOW_RUNS, Run.Status(status).name.lower(), number=number)
