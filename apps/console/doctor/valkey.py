"""Valkey: does it answer, has it room, and does it keep jobs until they are done?"""

from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands

FULL_PART: Final = 0.85


@check("valkey", "Valkey")
def valkey(_patient: Patient) -> Report:
    """Look at the server of queues and caches."""
    report = Report()
    try:
        info: dict[str, Any] = get_redis_connection().info()
    except (RedisError, OSError):
        report.told = "does not answer"
        message = "Valkey does not answer: events are still taken, and background jobs wait."
        remedy = "Start it, or let REDIS_URL name one that runs; make up starts its own again. Nothing is lost."
        report.broken("valkey_away", message, remedy, commands.valkey("PING"))
        return report
    used, most = info["used_memory"], info.get("maxmemory", 0)
    version = info.get("valkey_version") or info["redis_version"]
    report.told = f"{version}, {filesizeformat(used)}{f' of {filesizeformat(most)}' if most else ''} in memory"
    if info.get("role") != "master":
        message = "REDIS_URL names a replica, which takes no jobs."
        report.broken("valkey_replica", message, "Let it name the primary, and start the processes again.")
    if info.get("loading"):
        report.warn("valkey_loading", "Valkey still reads its data, and does nothing else.", "Wait.")
    if most:
        _look_at_memory(report, used, most, str(info.get("maxmemory_policy", "")))
    if info.get("rdb_last_bgsave_status", "ok") != "ok" or info.get("aof_last_write_status", "ok") != "ok":
        message = "Valkey could not write its data to disk, and may refuse all changes until it can."
        remedy = "Make room on its disk; or let it keep nothing, as nothing in it has to last."
        report.broken("valkey_disk", message, remedy, commands.valkey("CONFIG", "SET", "save", ""))
    return report


def _look_at_memory(report: Report, used: int, most: int, policy: str) -> None:
    if policy != "noeviction":
        message = f"Valkey throws things away when its memory is full ({policy}): jobs, too, which then come late."
        report.warn(
            "valkey_evicts",
            message,
            "Let it keep all.",
            commands.valkey("CONFIG", "SET", "maxmemory-policy", "noeviction"),
        )
    if used > FULL_PART * most:
        message = f"Valkey uses {filesizeformat(used)} of {filesizeformat(most)}: when it is full, it takes no jobs."
        remedy = "Give it more (maxmemory), or start workers that empty the queues."
        report.warn("valkey_full", message, remedy, commands.valkey("INFO", "memory"))
