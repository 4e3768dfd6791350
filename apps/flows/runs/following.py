"""Runs, what they wait for, drawn branches, and what was seen last follow a merge at once, in its transaction."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from django.db import connection

from apps.flows.engine.step import Setter
from apps.flows.models import Run

_MERGED: Final = "unnest(%s::uuid[], %s::uuid[]) AS merged (gone, kept)"
_RUNS: Final = f"UPDATE flows_run SET profile_id = kept FROM {_MERGED} WHERE profile_id = gone"  # noqa: S608
_WAITS: Final = f"UPDATE flows_wait SET profile_id = kept FROM {_MERGED} WHERE profile_id = gone"  # noqa: S608
# Who drew a branch already keeps it, and of several that are merged at once the first one counts.
_DRAWN_TWICE: Final = f"""
DELETE FROM flows_assignment WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY flow_id, node, coalesce(kept, profile_id) ORDER BY kept IS NOT NULL, at, id
        ) AS n
        FROM flows_assignment LEFT JOIN {_MERGED} ON gone = profile_id WHERE profile_id = ANY(%s)
    ) AS numbered WHERE n > 1
)
"""  # noqa: S608
_DRAWN: Final = f"UPDATE flows_assignment SET profile_id = kept FROM {_MERGED} WHERE profile_id = gone"  # noqa: S608


def adopt_runs(survivors: Mapping[UUID, UUID]) -> None:
    """Give the runs of profiles that are gone to those into which they were merged."""
    _follow(_RUNS, survivors)


def adopt_waits(survivors: Mapping[UUID, UUID]) -> None:
    """Let what happens to the survivors wake the runs of those who are gone."""
    _follow(_WAITS, survivors)


def adopt_assignments(survivors: Mapping[UUID, UUID]) -> None:
    """Let the survivors keep the branches that they drew, and take those of who is gone where they drew none."""
    _one_each(_DRAWN_TWICE, survivors)
    _follow(_DRAWN, survivors)


# Of what was seen last of several what counts is the latest.
_SEEN_TWICE: Final = f"""
DELETE FROM flows_lastvalue WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY flow_id, node, coalesce(kept, profile_id) ORDER BY at DESC, id DESC
        ) AS n
        FROM flows_lastvalue LEFT JOIN {_MERGED} ON gone = profile_id WHERE profile_id = ANY(%s)
    ) AS numbered WHERE n > 1
)
"""  # noqa: S608
_SEEN: Final = f"UPDATE flows_lastvalue SET profile_id = kept FROM {_MERGED} WHERE profile_id = gone"  # noqa: S608


def adopt_last_values(survivors: Mapping[UUID, UUID]) -> None:
    """Let what was seen last of any of them be what was seen of the survivors."""
    _one_each(_SEEN_TWICE, survivors)
    _follow(_SEEN, survivors)


# Before that they are those of the whole; `original_profile_id` says with whom they came.
_RETURN: Final = """
WITH returned AS (
    UPDATE flows_run SET profile_id = part.living FROM unnest(%s::uuid[], %s::uuid[]) AS part (raw, living)
    WHERE profile_id = %s AND original_profile_id = part.raw AND profile_id <> part.living RETURNING id, profile_id
)
UPDATE flows_wait SET profile_id = returned.profile_id FROM returned WHERE run_id = returned.id
"""


def return_runs(whole: UUID, parts: Mapping[UUID, UUID]) -> None:
    """Give runs, and what they wait for, back to the parts of a profile with which they came."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURN, [list(parts), list(parts.values()), whole])


def said_of(setters: Collection[str]) -> dict[str, UUID]:
    """Return for those that are steps of runs with whom these came: {setter: raw id}."""
    runs = {setter: found.run_id for setter in setters if (found := Setter.read(setter))}
    came = dict(Run.objects.filter(pk__in=runs.values()).values_list("pk", "original_profile_id"))
    return {setter: raw_id for setter, run_id in runs.items() if (raw_id := came.get(run_id))}


def _one_each(statement: str, survivors: Mapping[UUID, UUID]) -> None:
    gone, kept = list(survivors), list(survivors.values())
    with connection.cursor() as cursor:
        cursor.execute(statement, [gone, kept, gone + kept])


def _follow(statement: str, survivors: Mapping[UUID, UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(survivors), list(survivors.values())])
