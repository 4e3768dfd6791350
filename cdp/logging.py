"""Logs as JSON, a line each: constant messages, with the data beside them, and ids of ours that say what it was about.

What PostgreSQL says of an error goes on with values of the rows and with parts of the statement (`DETAIL`, `CONTEXT`,
`LINE 1`): only its first line is written.
"""

import json
import logging
import re
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from http.client import responses
from types import TracebackType
from typing import Any

logger = logging.getLogger(__name__)
MAX_IDS = 20
SUSPICIOUS = "django.security."  # a host name, a cookie: quoted as it came
STANDARD = frozenset(vars(logging.makeLogRecord({})))
# From such a line to the end of what the exception says: a traceback leaves a line empty before the next exception.
VALUES = re.compile(r"\n(?:LINE \d+|DETAIL|CONTEXT|QUERY|HINT): .*?(?=\n\n(?:The above|During)|\Z)", re.DOTALL)


_about: ContextVar[dict[str, Any]] = ContextVar("_about", default={})  # noqa: B039 - it is never changed, only replaced


class about:
    """Write these ids into each line that is logged meanwhile, of a request, a batch, a job or a task.

    Ids of ours alone: whatever a sender may have put personal data into does not belong there.
    """

    __slots__ = ("_ids", "_token")

    def __init__(self, **ids: Any) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        before = _about.get()
        self._token = _about.set({**before, **self._ids} if before else self._ids)

    def __exit__(self, *_error: object) -> None:
        _about.reset(self._token)


def without_values(text: str) -> str:
    """Leave out what PostgreSQL adds to an error."""
    return VALUES.sub("", text) if "\n" in text else text


def request_id() -> str:
    """Return the id of the request that this thread serves; empty where it serves none."""
    return str(_about.get().get("request_id", ""))


class JsonFormatter(logging.Formatter):
    """Write {time, level, logger, message, ...ids, ...extra, error}."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_values(_message_of(record)),
        }
        line.update({name: _cut(value) for name, value in _about.get().items()})
        told = {name: value for name, value in vars(record).items() if name not in STANDARD and name != "request"}
        line.update({name: _cut(value) for name, value in told.items()})
        if record.exc_info and not (_is_of_request(record) and getattr(record, "status_code", 500) < 500):
            line["error"] = without_values(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def _is_of_request(record: logging.LogRecord) -> bool:
    return hasattr(record, "request") or record.name.startswith(SUSPICIOUS)


def _message_of(record: logging.LogRecord) -> str:
    """Say it without what a sender wrote: Django quotes hosts, origins and paths, which may name people."""
    if not _is_of_request(record):
        return record.getMessage()
    kind = record.name.rpartition(".")[2]
    if kind == "csrf" and record.args:
        kind = str(next(iter(record.args))).partition(" - ")[0]  # the origin follows
    elif not record.name.startswith(SUSPICIOUS):
        kind = responses.get(getattr(record, "status_code", 0), kind)
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return f"{kind}: {match.view_name if match else 'other'}"


def _cut(ids: Any) -> Any:
    """Name no more of a large batch than one can look at."""
    return [*ids[:MAX_IDS], f"and {len(ids) - MAX_IDS} more"] if isinstance(ids, list) and len(ids) > MAX_IDS else ids


def tell_of_crashes() -> None:
    """Let what ends this process, or a thread of it, be a line of the log, too, and so what Python warns of."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _tell
    threading.excepthook = lambda ended: _tell(ended.exc_type, ended.exc_value, ended.exc_traceback)


def _tell(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        logger.critical("A process or thread ended by an error", exc_info=(kind, error or kind(), trace))
