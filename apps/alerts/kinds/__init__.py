"""The kinds of alerts that come along."""

from apps.alerts.kinds import (
    broken_flow,
    dead_letters,
    failed_jobs,
    failed_tasks,
    held_connection,
    old_inbox,
    paused_flow,
    refusal_rate,
    silent_process,
    silent_source,
    stopped_bridge,
    unattended_queue,
    valkey_away,
)

__all__ = [
    "broken_flow",
    "dead_letters",
    "failed_jobs",
    "failed_tasks",
    "held_connection",
    "old_inbox",
    "paused_flow",
    "refusal_rate",
    "silent_process",
    "silent_source",
    "stopped_bridge",
    "unattended_queue",
    "valkey_away",
]
