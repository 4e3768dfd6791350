"""PostgreSQL: does it take changes, is it new enough, does it keep what it has promised, and has it room for us?"""

from typing import Final

from django.db import DatabaseError

from apps.console.doctor.checkup import Patient, Report, check, rows
from apps.core import commands

OLDEST: Final = 15
FULL_PART: Final = 0.85
DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
ASKED: Final = """
SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), current_setting('max_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    to_regclass('core_beat') IS NOT NULL,
    (SELECT array_agg(name) FROM pg_settings WHERE name = ANY(%s) AND setting IN ('off', 'local'))
"""


@check("database", "PostgreSQL")
def database(patient: Patient) -> Report:
    """Look at the server as a whole."""
    report = Report()
    try:
        [(version, is_standby, most, used, has_tables, loose)] = rows(ASKED, list(DURABLE))
    except DatabaseError:
        report.told = "does not answer"
        message = "PostgreSQL does not answer: no events are taken, and senders are told to come again."
        remedy = "Start it, or let DATABASE_URL name one that runs; make up starts its own again."
        report.broken("database_away", message, remedy, commands.sql("SELECT 1"))
        return report
    major = version // 10_000
    report.told = (
        f"{major}.{version % 10_000}, {'a standby' if is_standby else 'the primary'}, {used} of {most} connections"
    )
    if major < OLDEST:
        message = f"PostgreSQL {major} is too old: {OLDEST} or newer is needed."
        report.broken("database_old", message, "Move the data to a newer one: docs/operations.md, Upgrading.")
    if is_standby:
        message = "DATABASE_URL names a standby, which takes no changes."
        report.broken("database_standby", message, "Let it name the primary, and start the processes again.")
    elif has_tables and not patient.health.takes_events:
        message = "PostgreSQL answers, but commits nothing in time: perhaps it waits for a standby that is gone."
        remedy = "Bring the standby back, or take it out of synchronous_standby_names."
        report.broken("database_stuck", message, remedy, commands.sql("SELECT * FROM pg_stat_replication"))
    if loose:
        named = ", ".join(sorted(loose))
        message = f"PostgreSQL loses what it has promised when the machine dies: {named} is off."
        report.broken("not_durable", message, f"Switch {named} on in postgresql.conf, and reload it.")
    if used > FULL_PART * most:
        message = f"{used} of {most} connections are taken; without one, requests are answered 503."
        report.warn("connections", message, "Raise max_connections, or run fewer processes.")
    return report
