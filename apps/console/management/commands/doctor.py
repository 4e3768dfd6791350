"""What is wrong, and what to do: for a person at a shell, and for scripts."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console.doctor.checkup import Check, Finding, Result, Severity, State, checks, examine

EXIT_CODES: Final = {State.OK: 0, State.WARNING: 1, State.UNKNOWN: 2, State.BROKEN: 2}
WORST_LAST: Final = list(State)


class Command(BaseCommand):
    """Look at everything that the platform needs, and say of what is wrong how to put it right."""

    help = "Say what is wrong and what to do. Exit codes: 0 all is well, 1 warnings, 2 something is broken or unseen."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names of checks, and offer JSON."""
        parser.add_argument("names", nargs="*", metavar="name", help="checks to make; without any, all of them")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        """Look, tell, and end with the exit code."""
        began_at = time.monotonic()
        results = examine(_wanted(names))
        state = max((result.state for result in results), key=WORST_LAST.index)
        if options["json"]:
            told = {"status": state.value, "checks": [as_dict(result) for result in results]}
            self.stdout.write(json.dumps(told, indent=1))
        else:
            self._tell(results, secs=time.monotonic() - began_at)
        sys.exit(EXIT_CODES[state])

    def _tell(self, results: Sequence[Result], *, secs: float) -> None:
        styles = {
            State.OK: self.style.SUCCESS,
            State.WARNING: self.style.WARNING,
            State.UNKNOWN: self.style.WARNING,
            State.BROKEN: self.style.ERROR,
        }
        width = max(len(result.check.title) for result in results)
        for result in results:
            mark = styles[result.state](f"{result.state.value:<8}")
            self.stdout.write(f"{mark} {result.check.title:<{width}}  {result.problem or result.report.told}".rstrip())
            for finding in result.report.findings:
                style = styles[State.BROKEN if finding.severity == Severity.BROKEN else State.WARNING]
                self._advise(finding, style)
        self.stdout.write(f"\n{summary(results)} ({len(results)} checks, {secs:.1f} s)")

    def _advise(self, finding: Finding, style: Any) -> None:
        self.stdout.write(f"         {style('!')} {finding.message}")
        self.stdout.write(f"           {finding.remedy}")
        if finding.command:
            self.stdout.write(f"           $ {finding.command}")


def _wanted(names: Sequence[str]) -> list[Check]:
    checks.discover()
    unknown = sorted(set(names) - set(checks))
    if unknown:
        message = f"There is no check {shlex.join(unknown)}; there are {', '.join(checks)}."
        raise CommandError(message, returncode=EXIT_CODES[State.UNKNOWN])
    return [each for name, each in checks.items() if not names or name in names]


def as_dict(result: Result) -> dict[str, Any]:
    """Shape what came of a check for JSON."""
    return {
        "name": result.check.name,
        "title": result.check.title,
        "status": result.state.value,
        "told": result.report.told,
        "problem": result.problem,
        "findings": [asdict(finding) for finding in result.report.findings],
    }


def summary(results: Sequence[Result]) -> str:
    """Say in a sentence how it is."""
    states = [result.state for result in results]
    n_broken, n_unseen = states.count(State.BROKEN), states.count(State.UNKNOWN)
    if n_broken:
        return f"{n_broken} broken, {states.count(State.WARNING)} with warnings."
    if n_unseen:
        return f"{n_unseen} could not be seen."
    return f"{states.count(State.WARNING)} with warnings." if State.WARNING in states else "All is well."
