"""Logs as JSON, a line each: constant messages, with the data beside them.

What PostgreSQL says of an error goes on with values of the rows and with parts of the statement (`DETAIL`, `CONTEXT`,
`LINE 1`): only its first line is written.
"""

import json
import logging
import re
from datetime import UTC, datetime

STANDARD = frozenset(vars(logging.makeLogRecord({})))
# From such a line to the end of what the exception says: a traceback leaves a line empty before the next exception.
VALUES = re.compile(r"\n(?:LINE \d+|DETAIL|CONTEXT|QUERY|HINT): .*?(?=\n\n(?:The above|During)|\Z)", re.DOTALL)


def without_values(text: str) -> str:
    """Leave out what PostgreSQL adds to an error."""
    return VALUES.sub("", text) if "\n" in text else text


class JsonFormatter(logging.Formatter):
    """Write {time, level, logger, message, ...extra, error}."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_values(record.getMessage()),
        }
        line.update({name: value for name, value in vars(record).items() if name not in STANDARD and name != "request"})
        if record.exc_info:
            line["error"] = without_values(self.formatException(record.exc_info))
        return json.dumps(line, default=str)
