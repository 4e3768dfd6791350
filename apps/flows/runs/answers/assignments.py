"""Branches of splits: whoever drew one keeps it."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from apps.core.ids import new_id
from apps.flows.runs.answers import Asked, answering

_DRAW: Final = """
WITH drawn AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[])
    AS drawn (id, flow_id, node, profile_id, branch, at)
), kept AS (
    INSERT INTO flows_assignment (id, flow_id, node, profile_id, branch, at) SELECT * FROM drawn
    ON CONFLICT (flow_id, node, profile_id) DO NOTHING RETURNING flow_id, node, profile_id, branch
)
SELECT * FROM kept UNION ALL
SELECT a.flow_id, a.node, a.profile_id, a.branch FROM flows_assignment AS a JOIN drawn USING (flow_id, node, profile_id)
"""


@answering("assignment", keeps=True)
def assign(questions: Sequence[Asked]) -> list[Any]:
    """Return the branch that each person has; of who has none, the one that they drew, which they have from now on."""
    drawn = {
        (asked.run.flow_id, asked.question.node, asked.subject.profile_id): (asked.about["branch"], asked.now)
        for asked in reversed(questions)
        if asked.subject.profile_id
    }
    kept = {}
    if drawn:
        keys = sorted(drawn)
        flows, nodes, people = map(list, zip(*keys, strict=True))
        branches, times = map(list, zip(*(drawn[key] for key in keys), strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_DRAW, [[new_id() for _ in keys], flows, nodes, people, branches, times])
            kept = {tuple(key): branch for *key, branch in cursor.fetchall()}
    return [
        kept.get((asked.run.flow_id, asked.question.node, asked.subject.profile_id), asked.about["branch"])
        for asked in questions
    ]
