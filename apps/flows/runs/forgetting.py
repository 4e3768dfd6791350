"""For how long what runs leave behind is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from apps.core.ids import first_id
from apps.flows.contacting import contacts
from apps.flows.runs import count_spans

PAGE: Final = 5_000
# What makes an entry unique must outlast the run: 'once' is for ever. What is left of one is in no index of this.
_RUNS: Final = """
WITH page AS (
    SELECT id, entry_key IS NULL AS is_all FROM flows_run
    WHERE ended_at < %(until)s AND state <> '{}' ORDER BY ended_at LIMIT %(most)s
), gone AS (DELETE FROM flows_run USING page WHERE flows_run.id = page.id AND is_all),
bare AS (UPDATE flows_run SET state = '{}', reason = '' FROM page WHERE flows_run.id = page.id AND NOT is_all),
steps AS (DELETE FROM flows_step USING page WHERE run_id = page.id),
waits AS (DELETE FROM flows_wait USING page WHERE run_id = page.id)
SELECT count(*) FROM page
"""
_STEPS: Final = """
DELETE FROM flows_step WHERE id IN (SELECT id FROM flows_step WHERE id < %(first)s ORDER BY id LIMIT %(most)s)
"""
_GOALS: Final = """
DELETE FROM flows_wait WHERE id IN (SELECT id FROM flows_wait WHERE expires_at < %(now)s LIMIT %(most)s)
"""
_ALLOWANCES: Final = """
DELETE FROM flows_allowance WHERE id IN (
    SELECT id FROM flows_allowance WHERE forget_at < %(now)s ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""
_SHARED_VALUES: Final = """
DELETE FROM flows_sharedvalue WHERE id IN (
    SELECT id FROM flows_sharedvalue WHERE forget_at < %(now)s ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""
_LAST_VALUES: Final = """
DELETE FROM flows_lastvalue WHERE id IN (SELECT id FROM flows_lastvalue WHERE forget_at < %(now)s LIMIT %(most)s)
"""


def forget_old(*, now: datetime) -> int:
    """Delete runs that ended longer ago than the settings say, and steps, page by page; return how many runs.

    Also goals for which it is too late, what limits and caps no longer count, and what was shared or seen too long
    ago. 0 days keep runs, or steps, for ever. Counts stay, in longer spans.
    """
    n_runs = 0
    if settings.FLOW_RUN_RETENTION_DAYS:
        until = now - timedelta(days=settings.FLOW_RUN_RETENTION_DAYS)
        n_runs = _until_done(lambda: _forget_runs(until))
    if settings.FLOW_STEP_RETENTION_DAYS:
        first = first_id(now - timedelta(days=settings.FLOW_STEP_RETENTION_DAYS))
        _until_done(lambda: _execute(_STEPS, first=first, most=PAGE))
    _until_done(lambda: _execute(_GOALS, now=now, most=PAGE))
    _until_done(lambda: _execute(_ALLOWANCES, now=now, most=PAGE))
    _until_done(lambda: _execute(_SHARED_VALUES, now=now, most=PAGE))
    _until_done(lambda: _execute(_LAST_VALUES, now=now, most=PAGE))
    _until_done(lambda: contacts.delete_old(now=now, most=PAGE))
    count_spans.fold(now=now)
    return n_runs


def _forget_runs(until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, {"until": until, "most": PAGE})
        return int(cursor.fetchone()[0])


def _until_done(page: Callable[[], int]) -> int:
    n_done = n_page = page()
    while n_page == PAGE:
        n_page = page()
        n_done += n_page
    return n_done


def _execute(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
