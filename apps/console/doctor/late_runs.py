"""Do people go on in flows when their time has come?"""

from datetime import UTC, datetime, timedelta
from typing import Final

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands
from apps.core.spans import in_words
from apps.flows.describing import pass_troubles
from apps.flows.models import Flow, Run
from apps.flows.runs import pending, waking
from apps.flows.triggers import trigger_index

LATE: Final = timedelta(minutes=5)
MOST: Final = 5  # that are named
_WHY: Final = "Their pages under Runs, and the log, say why: put that right."
_AGAIN: Final = commands.manage("flow pending --given-up --do revive --limit 10000")


@check("flows", "Flows")
def flows(_patient: Patient) -> Report:
    """Look for runs that are late, fail or were given up, and flows that were paused or that nobody can enter."""
    now = datetime.now(UTC)
    due = waking.due(now=now)
    report = Report(f"{due.number:,} runs are due" if due.number else "no run is due")
    if due.since and now - due.since > LATE:
        message = f"Runs of flows are due, the oldest for {in_words((now - due.since).total_seconds())}."
        remedy = f"{commands.start('flows')} If it runs, start another one."
        report.broken("flow_runs_late", message, remedy, commands.manage("run flows"))
    if number := pending.dead().count():
        message = f"{number:,} runs of flows were given up: {Run.MAX_ATTEMPTS} times they could not go on."
        report.warn("flow_runs_dead", message, f"{_WHY} Then let them be tried again.", _AGAIN)
    if number := pending.failing().count():
        message = f"{number:,} runs of flows cannot go on, and are tried again."
        report.warn("flow_runs_failing", message, f"{_WHY} They are given up after {Run.MAX_ATTEMPTS} tries.")
    for flow in Flow.objects.filter(state=Flow.State.PAUSED).exclude(paused_because="").order_by("name")[:MOST]:
        message = f"The flow {flow.name} was paused: {flow.paused_because}"
        report.warn("flow_paused", message, "Its runs say why. Let it go on once that is put right.")
    for flow, reason in trigger_index.left_out():
        message = f"Nobody enters the flow {flow.name}: {reason}"
        report.warn("flow_left_out", message, "Change that in its draft, and publish it.")
    for flow, reason in pass_troubles.troubles(now=now):
        message = f"The flow {flow.name} does not go through everybody. {reason}"
        report.warn("flow_pass", message, f"Its page leads to the task. {commands.start('worker')}")
    return report
