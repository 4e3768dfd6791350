"""RFM scores: how recently, how often and for how much somebody bought, from 1 to 5, beside everybody else.

A score is ceil(5 * cume_dist) over all profiles that have the trait. That takes a look at everybody: `rescale` does it
in the background and stores where each score ends, and until the next time single profiles are scored by that.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.core.snapshot import Snapshot
from apps.profiles.models import Profile, ScoreScale

FUNCTION: Final = "rfm"
MEASURES: Final = {"recency": "last", "frequency": "count", "monetary": "sum"}  # and what each of them goes by

Limits = Mapping[str, list[Any]]

LIMITS = """
SELECT {ends} FROM (
    SELECT {measure} AS measure, ceil(5 * cume_dist() OVER (ORDER BY {measure})) AS score
    FROM (SELECT computed -> %s AS said FROM profiles_profile WHERE computed ? %s) AS those
) AS scored
"""
# ISO times in UTC sort as text does, letter by letter.
_READ: Final = {
    "last": "(said ->> 'last') COLLATE \"C\"",
    "count": "(said ->> 'count')::bigint",
    "sum": "(said ->> 'sum')::double precision",
}


def scored(key: str, said: dict[str, Any]) -> dict[str, Any]:
    """Add its scores to what an RFM trait says of a profile; there are none before everybody was looked at once."""
    limits = current.get().get(key)
    if not limits:
        return said
    scores = {}
    for measure, name in MEASURES.items():
        n_exceeded = sum(1 for limit in limits[measure] if limit is None or said[name] > limit)
        scores[measure] = 1 + n_exceeded
    return {**scores, "text": "".join(map(str, scores.values())), **said}


def rescale(key: str, *, at: datetime) -> int:
    """Look at all profiles, store where the scores of a trait end, and return how many profiles have it."""
    n_profiles = Profile.objects.filter(computed__has_key=key).count()
    limits = {measure: _limits(key, name) for measure, name in MEASURES.items()} if n_profiles else {}
    scale = {"limits": limits, "n_profiles": n_profiles, "made_at": at}
    ScoreScale.objects.update_or_create(trait=key, defaults=scale)
    return n_profiles


def _limits(key: str, name: str) -> list[Any]:
    """Return the greatest values that score 1, 2, 3 and 4, or less; None where nobody scores so low."""
    ends = ", ".join(f"max(measure) FILTER (WHERE score <= {score})" for score in range(1, 5))
    with connection.cursor() as cursor:
        cursor.execute(LIMITS.format(ends=ends, measure=_READ[name]), [key, key])
        return list(cursor.fetchone())


def _read() -> dict[str, Limits]:
    return dict(ScoreScale.objects.values_list("trait", "limits"))


current = Snapshot(_read, of=(ScoreScale,), refresh_secs=5)
