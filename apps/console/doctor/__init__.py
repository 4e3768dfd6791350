"""What `manage.py doctor` looks at: one module a check, in the order in which they stand here.

A check of another app stands in that app's module `doctor`, and is found in the same way.
"""

from apps.console.doctor import (  # noqa: F401, I001 - they declare their checks, and are told in this order
    database,
    activity,
    vacuum,
    disk,
    replication,
    tables,
    partitions,
    valkey,
    processes,
    clocks,
    heartbeats,
    deliveries,
    late_runs,
    settings,
    secrets,
    encrypted,
)
