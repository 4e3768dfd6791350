"""Is there room: where we write, and where PostgreSQL does, if its disk can be seen from here?"""

import os
import shutil
from pathlib import Path
from typing import Final

from django.db import DatabaseError, connection
from django.template.defaultfilters import filesizeformat

from apps.console.doctor.checkup import Patient, Report, Unseen, check, rows
from cdp import embedded

FEW_PART, FEWEST_PART = 0.10, 0.03
FEW_BYTES, FEWEST_BYTES = 5 * 2**30, 2**30  # of a large disk, a small part is much
HOLDS: Final = {"database": "data of PostgreSQL", "platform": "logs and files of the platform"}
ELSEWHERE: Final = "the database holds %s, how much room it has is not seen from here"
SIZE: Final = "SELECT pg_database_size(current_database()), current_setting('data_directory', true)"


@check("disk", "Disk")
def disk(_patient: Patient) -> Report:
    """Look at all disks that are known here."""
    report = Report()
    database_bytes, places = known()
    told = [] if "database" in places or database_bytes is None else [ELSEWHERE % filesizeformat(database_bytes)]
    seen = set()
    for holds, path in places.items():
        if not path.exists() or path.stat().st_dev in seen:
            continue
        seen.add(path.stat().st_dev)
        told.append(_look(report, HOLDS[holds], path))
    if not told:
        raise Unseen("No disk is seen from here, neither that of the platform nor that of PostgreSQL.")
    report.told = "; ".join(told)
    return report


def known() -> tuple[int | None, dict[str, Path]]:
    """Return how many bytes the database has, and which folders are seen from here, by what they hold."""
    var = embedded.var_dir()
    places = {"platform": var}
    try:
        [(size, directory)] = rows(SIZE)
    except DatabaseError:
        directory, size = str(embedded.data_dir(var)), None
    if directory and os.path.exists(directory) and (size is None or _is_local()):  # noqa: PTH110 - Path raises if closed
        return size, {"database": Path(directory), **places}
    return size, places


def _is_local() -> bool:
    """Tell whether the server runs on this machine: it is reached by a socket, or at the loopback address."""
    host = str(connection.get_connection_params().get("host") or "")
    return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")


def _look(report: Report, what: str, path: Path) -> str:
    found = shutil.disk_usage(path)
    part = found.free / found.total if found.total else 0.0
    message = f"Of the disk of {path} ({what}) {filesizeformat(found.free)} are free, {part:.0%}."
    remedy = (
        "Make room outside of the database (logs, old dumps), never by deleting files of PostgreSQL; then keep events "
        "for a shorter time: EVENT_RETENTION_MONTHS, and manage.py partitions."
    )
    if part < FEWEST_PART or (part < FEW_PART and found.free < FEWEST_BYTES):
        report.broken("disk_full", message, remedy, f"du -xh --max-depth=2 {path} | sort -h | tail")
    elif part < FEW_PART and found.free < FEW_BYTES:
        report.warn("disk_nearly_full", message, remedy, f"du -xh --max-depth=2 {path} | sort -h | tail")
    return f"{part:.0%} free of {filesizeformat(found.total)} for {what}"
