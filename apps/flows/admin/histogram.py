"""How many people go on in which of the next hours, as a bar chart by the library of the theme."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone


def of(counts: Sequence[int], *, now: datetime) -> dict[str, Any]:
    """Return what the template draws: the data of the chart, and the same in a sentence."""
    hours = [timezone.localtime(now + timedelta(hours=n)) for n in range(len(counts))]
    labels = ["now" if n == 0 else f"{hour:%H:%M}" for n, hour in enumerate(hours)]
    data = {
        "labels": labels,
        "datasets": [{"data": list(counts), "label": "people", "backgroundColor": "var(--color-primary-600)"}],
    }
    most = max(range(len(counts)), key=lambda n: counts[n], default=0)
    n_all = sum(counts)
    peak = f", most of them at {labels[most]}" if n_all > 1 and most else ""
    return {"n": n_all, "data": json.dumps(data), "said": f"{n_all:,} go on in the next {len(counts)} hours{peak}"}
