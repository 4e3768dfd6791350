"""Logs as JSON, a line each: constant messages, with the data beside them.

What PostgreSQL says of an error goes on with values of the rows and with parts of the statement (`DETAIL`, `CONTEXT`,
`LINE 1`): only its first line is written.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

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


class JsonFormatter(logging.Formatter):
    """Write {time, level, logger, message, ...ids, ...extra, error}."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_values(record.getMessage()),
        }
        line.update(_about.get())
        line.update({name: value for name, value in vars(record).items() if name not in STANDARD and name != "request"})
        if record.exc_info:
            line["error"] = without_values(self.formatException(record.exc_info))
        return json.dumps(line, default=str)
