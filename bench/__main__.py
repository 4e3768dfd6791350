"""Measure the platform: `make bench`, or `make bench ONLY=track`; some five minutes on two slow cores.

Everything runs on this machine, the load generator included. Absolute figures say little about another machine; the
ratios to the limits measured in the same run say more, and so does the time that processors worked: keys that end in
`cpu_us` are of the process that is measured, and of the backends of PostgreSQL that worked for it.
"""

import os
import sys
from pathlib import Path

from cdp import embedded

RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    """Run the parts named on the command line, or all; 1 when one of them died."""
    with embedded.temporary_servers(is_durable=True, memory_mb=1024) as servers:
        os.environ.update(
            DATABASE_URL=servers.database_url,
            REDIS_URL=servers.redis_url,
            SECRET_KEY="bench" * 10,
            IDENTITY_KEY="bench" * 10,
            ENCRYPTION_KEYS="bench" * 10,
            DJANGO_SETTINGS_MODULE="cdp.settings",
            LOG_LEVEL="ERROR",
        )
        import django

        django.setup()
        from django.core.management import call_command

        from bench import harness
        from bench.parts import PARTS

        wanted = sys.argv[1:] or list(PARTS)
        unknown = set(wanted) - PARTS.keys()
        if unknown:
            print(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.", file=sys.stderr)
            return 2
        call_command("migrate", verbosity=0)
        died = harness.run(PARTS, wanted, results=RESULTS)
    if died:
        print(f"These parts died: {', '.join(died)}.", file=sys.stderr)
    return 1 if died else 0


if __name__ == "__main__":
    sys.exit(main())
