"""Does autovacuum keep up: rows that are dead, and transaction ids that grow old?"""

from typing import Final

from apps.console.doctor.checkup import Patient, Report, check, rows
from apps.core import commands

DEAD_ROWS: Final = 50_000  # fewer are no matter
DEAD_PART: Final = 0.5  # of the rows that live; autovacuum begins at a fifth
OLD_PART: Final = 1.2  # of the age at which autovacuum freezes by itself
LAST_PART: Final = 0.75  # of the two thousand million after which PostgreSQL stops
MOST_AGE: Final = 2_000_000_000
DEAD: Final = """
SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables
WHERE n_dead_tup > %s AND n_dead_tup > %s * n_live_tup ORDER BY n_dead_tup DESC LIMIT 5
"""
AGE: Final = """
SELECT age(datfrozenxid), current_setting('autovacuum_freeze_max_age')::float, current_setting('autovacuum')
FROM pg_database WHERE datname = current_database()
"""


@check("vacuum", "Autovacuum")
def vacuum(_patient: Patient) -> Report:
    """Look at what autovacuum has left."""
    [(age, freeze_age, is_on)] = rows(AGE)
    report = Report(f"oldest transaction id {age / 1e6:,.0f} million old")
    if is_on == "off":
        message = "autovacuum is off: tables grow without end, and at last PostgreSQL stops."
        command = commands.sql("ALTER SYSTEM SET autovacuum = on", "SELECT pg_reload_conf()")
        report.broken("autovacuum_off", message, "Switch it on.", command)
    if age > LAST_PART * MOST_AGE:
        message = f"The oldest transaction id is {age:,} old: at {MOST_AGE:,} PostgreSQL takes no more changes."
        report.broken(
            "freezing", message, "Freeze now, and look for what keeps autovacuum.", commands.sql("VACUUM (FREEZE)")
        )
    elif age > OLD_PART * freeze_age:
        message = f"The oldest transaction id is {age:,} old, though autovacuum freezes at {freeze_age:,.0f}."
        remedy = "Look for what keeps it: long transactions, replication slots, prepared transactions."
        report.warn("freezing", message, remedy, commands.sql("VACUUM (FREEZE)"))
    for table, dead, live in rows(DEAD, DEAD_ROWS, DEAD_PART):
        message = f"{table} has {dead:,} dead rows beside {live:,} living ones: autovacuum does not keep up."
        remedy = "Look for long transactions first, which keep dead rows; then clean the table by hand."
        report.warn("dead_rows", message, remedy, commands.sql(f"VACUUM (ANALYZE) {table}"))
    return report
