"""Run the parts of the bench one after the other: what one has measured is printed and kept before the next begins."""

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.db import OperationalError, connection

Figures = dict[str, float]
# What each figure must be.
TARGETS = {
    "track_ratio": ">= 0.10",
    "accept_ratio": ">= 0.30",
    "ingest_ratio": ">= 0.15",
    "rich_pipeline_ratio": ">= 0.60",
    "segments_100_pipeline_ratio": ">= 0.70",
    "plan_cost_ratio": ">= 0.95",
    "plan_tenth_cost_ratio": ">= 0.90",
    "inline_flow_ratio": ">= 0.75",
    "stored_2m_ratio": ">= 0.90",
    "claims_per_s": ">= 15,000",
    "http_deliveries_per_s": ">= 5,000",
    "claims_snapshot_ratio": ">= 0.70",
    "statements_per_batch": "constant",
    "web_rss_mb": "< 150",
    "merge_block_ms": "< 100",
    "profile_lookup_p50_ms": "< 5",
    "segment_sql_ratio": "<= 1.2",
    "live_incremental_growth": "<= 1.5",
    "track_during_copy_ratio": ">= 0.80",
    "copy_rss_growth": "<= 1.1",
    "flow_runs_ratio": ">= 0.50",
    "nodes_slowest_ratio": "<= 20",
    "resumes_per_s": ">= 5,000",
    "resumes_by_two_per_s": ">= 5,000",
    "flows_rss_growth": "<= 1.1",
    "wakeup_p95_s": "< 1",
    "flows_killed_latest_s": "< 60",
    "flows_killed_lost": "0",
    "flows_killed_doubled": "0",
    "bridge_ratio": ">= 0.70",
    "bridge_rss_growth": "<= 1.1",
    "heartbeat_ratio": "<= 3",
    "heartbeat_gaps": "0",
    "heartbeat_doubles": "0",
    "editor_drag_fps": ">= 30",
    "editor_pan_fps": ">= 30",
    "editor_zoom_fps": ">= 30",
    "crash_lost": "0",
    "crash_doubled": "0",
    "crash_miscounted": "0",
}
RECOVERY_SECS = 120.0
WIDTH = 36


def run(parts: Mapping[str, Callable[[], Figures]], wanted: Sequence[str], *, results: Path) -> list[str]:
    """Run the wanted parts, and return the names of those that died; the others go on.

    Their figures are in the results after each part: {key: figure}.
    """
    kept: Figures = {}
    died = []
    results.unlink(missing_ok=True)
    for name in wanted:
        started = time.perf_counter()
        try:
            _wait_for_database()
            figures = {key: round(value, 3) for key, value in parts[name]().items()}
        except Exception:  # noqa: BLE001 - whatever it is: the figures of other parts must not be lost with it
            traceback.print_exc()
            died.append(name)
            figures = {}
        how = "died after" if name in died else "took"
        print(f"{name} {how} {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        kept |= figures
        results.write_text(json.dumps(kept, indent=1) + "\n")
        print("".join(f"{line(key, figures)}\n" for key in figures), end="", flush=True)
    return died


def line(key: str, figures: Figures) -> str:
    """Show a figure beside what it must be; beside the ratio of a feature also what it costs each event."""
    shown = f"{key:<{WIDTH}}  {figures[key]:>12,.3f}  {TARGETS.get(key, '')}"
    cost_us = figures.get(f"{key.removesuffix('_ratio')}_cost_us")
    if cost_us is not None and key.endswith("_ratio"):
        shown += f"  ({cost_us:+.0f} µs an event)"
    return shown.rstrip()


def _wait_for_database() -> None:
    """Return once PostgreSQL serves: another part may have left it in recovery. Raises OperationalError."""
    deadline = time.monotonic() + RECOVERY_SECS
    while True:
        connection.close()
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
