"""Measure the platform: `make bench`, or `make bench ONLY=track`; some five minutes on two slow cores.

Everything runs on this machine, the load generator included. Absolute figures say little about another machine; the
ratios to the limits measured in the same run say more.
"""

import json
import os
import sys
import time
from pathlib import Path

from cdp import embedded

RESULTS = Path(__file__).parent / "results.json"
# What each figure must be.
TARGETS = {
    "track_ratio": ">= 0.10",
    "accept_ratio": ">= 0.30",
    "ingest_ratio": ">= 0.15",
    "rich_pipeline_ratio": ">= 0.60",
    "segments_100_pipeline_ratio": ">= 0.70",
    "stored_2m_ratio": ">= 0.90",
    "claims_per_s": ">= 15,000",
    "claims_ratio": ">= 0.20",
    "claims_snapshot_ratio": ">= 0.70",
    "statements_per_batch": "constant",
    "web_rss_mb": "< 150",
    "merge_block_ms": "< 100",
    "profile_lookup_p50_ms": "< 5",
    "segment_sql_ratio": "<= 1.2",
    "live_incremental_growth": "<= 1.5",
    "crash_lost": "0",
    "crash_doubled": "0",
    "crash_miscounted": "0",
}


def main() -> None:
    """Run the parts named on the command line, or all, and print and keep the figures."""
    with embedded.temporary_servers(is_durable=True, memory_mb=1024) as servers:
        os.environ.update(
            DATABASE_URL=servers.database_url,
            REDIS_URL=servers.redis_url,
            SECRET_KEY="bench" * 10,
            IDENTITY_KEY="bench" * 10,
            DJANGO_SETTINGS_MODULE="cdp.settings",
            LOG_LEVEL="ERROR",
        )
        import django

        django.setup()
        from django.core.management import call_command

        from bench.parts import PARTS

        call_command("migrate", verbosity=0)
        wanted = sys.argv[1:] or list(PARTS)
        figures: dict[str, float] = {}
        for name in wanted:
            started = time.perf_counter()
            figures |= {key: round(value, 3) for key, value in PARTS[name]().items()}
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    width = max(map(len, figures))
    for key, value in figures.items():
        print(f"{key:<{width}}  {value:>12,.3f}  {TARGETS.get(key, '')}")
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
