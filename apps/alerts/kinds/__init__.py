"""The kinds of alerts that come along."""

from apps.alerts.kinds import (
    dead_letters,
    failed_jobs,
    failed_tasks,
    old_inbox,
    refusal_rate,
    silent_process,
    silent_source,
    unattended_queue,
    valkey_away,
)

__all__ = [
    "dead_letters",
    "failed_jobs",
    "failed_tasks",
    "old_inbox",
    "refusal_rate",
    "silent_process",
    "silent_source",
    "unattended_queue",
    "valkey_away",
]
