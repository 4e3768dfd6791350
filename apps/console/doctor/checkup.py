"""Checks, what they find, and how all of them are made: each for itself, and none for longer than it may."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.db import OperationalError, connection
from redis.exceptions import RedisError

from apps.collector import health
from apps.collector.health import Health
from apps.core.registry import Registry
from cdp.logging import without_values

LIMIT_SECS: Final = 10.0  # of one check, all of which are made at the same time
STATEMENT_SECS: Final = 5


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"  # it works, and will not for ever
    BROKEN = "broken"  # something does not work, or may be lost


class State(StrEnum):
    """What came of a check; the later, the worse."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"  # it could not be made
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and the way out."""

    code: str
    severity: Severity
    message: str
    remedy: str
    command: str = ""  # to be typed, where one helps


@dataclass(slots=True)
class Report:
    """What a check saw, in a few words, and what it found."""

    told: str = ""
    findings: list[Finding] = field(default_factory=list)

    def warn(self, code: str, message: str, remedy: str, command: str = "") -> None:
        """Note what works, and will not for ever."""
        self.findings.append(Finding(code, Severity.WARNING, message, remedy, command))

    def broken(self, code: str, message: str, remedy: str, command: str = "") -> None:
        """Note what does not work."""
        self.findings.append(Finding(code, Severity.BROKEN, message, remedy, command))


class Unseen(Exception):
    """What a check looks at cannot be seen; the message says why."""


class Patient:
    """The platform, as all checks look at it: what takes long is measured once for all of them."""

    def __init__(self) -> None:
        self._measuring = threading.Lock()
        self._health: Health | None = None

    @property
    def health(self) -> Health:
        """What readiness and the admin's home show, too."""
        with self._measuring:
            self._health = self._health or health.measure()
            return self._health


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name: what it is about, and the function that makes it."""

    name: str
    title: str
    make: Callable[[Patient], Report]


Made = Callable[[Patient], Report]
checks: Final[Registry[Check]] = Registry("check", module="doctor")


def check(name: str, title: str) -> Callable[[Made], Made]:
    """Declare a function as a check. It may raise Unseen, DatabaseError and RedisError: then nobody knows."""

    def declared(make: Made) -> Made:
        checks.register(name, Check(name, title, make), stacklevel=2)
        return make

    return declared


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check."""

    check: Check
    report: Report
    problem: str = ""  # why it could not be made

    @property
    def state(self) -> State:
        """Say it in a word."""
        severities = {finding.severity for finding in self.report.findings}
        if Severity.BROKEN in severities:
            return State.BROKEN
        if self.problem:
            return State.UNKNOWN
        return State.WARNING if severities else State.OK


def examine(wanted: Iterable[Check]) -> list[Result]:
    """Make the checks, in some seconds whatever is away, and return what came of each, in their order."""
    patient = Patient()
    running = [_Running(each, patient) for each in wanted]
    for each in running:
        each.thread.start()
    deadline = time.monotonic() + LIMIT_SECS
    return [each.result(deadline) for each in running]


class _Running:
    """A check on a thread of its own: one that hangs is left behind."""

    def __init__(self, check: Check, patient: Patient) -> None:
        self._check = check
        self._patient = patient
        self._result: Result | None = None
        self.thread = threading.Thread(target=self._run, name=f"doctor-{check.name}", daemon=True)

    def result(self, deadline: float) -> Result:
        """Wait for it until then, by the monotonic clock."""
        self.thread.join(max(0.0, deadline - time.monotonic()))
        return self._result or Result(self._check, Report(), f"It took longer than {LIMIT_SECS:.0f} seconds.")

    def _run(self) -> None:
        try:
            self._result = Result(self._check, self._check.make(self._patient))
        except Unseen as reason:
            self._result = Result(self._check, Report(), str(reason))
        except OperationalError:
            self._result = Result(self._check, Report(), "PostgreSQL does not answer, or not in time.")
        except RedisError:
            self._result = Result(self._check, Report(), "Valkey does not answer.")
        except OSError as error:  # a file that is closed to whoever calls the doctor
            self._result = Result(self._check, Report(), f"It could not be looked at: {error}.")
        except Exception as error:  # noqa: BLE001 - one that fails must not hide what the others find
            why = f"The check itself failed: {type(error).__name__}: {without_values(str(error))}."
            self._result = Result(self._check, Report(), why)
        finally:
            connection.close()


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask the database, which may take a few seconds and no more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{STATEMENT_SECS}s"])
        cursor.execute(query, list(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
