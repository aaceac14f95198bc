"""The server's log: what happens in the processes, a line an event, each with the request in which it happened."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

REQUEST: Final[ContextVar[str]] = ContextVar("khien_request", default="")
"""Id of the request that is being answered, the same as in the office's log and in the answer's header."""
_MORE: Final = ("method", "path", "status", "ms", "user", "run", "worker", "notice")
"""What an event may carry beside its text: `log.info("…", extra={"run": 3})`."""


_SECRET: Final = re.compile(r"/link/[^/\s?]+")


def _said(record: logging.LogRecord) -> str:
    """The text of an event; a link that is good for somebody is never in a log."""
    return _SECRET.sub("/link/…", record.getMessage())


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as JSON."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _said(record),
            "process": record.process,
        }
        if request := REQUEST.get():
            told["request"] = request
        told |= {name: getattr(record, name) for name in _MORE if hasattr(record, name)}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class Line(logging.Formatter):
    """One line of text; line ends in what is told are written as such, so that nobody can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as a line, its trace below."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        more = " ".join(f"{name}={getattr(record, name)}" for name in _MORE if hasattr(record, name))
        text = " ".join(part for part in (_said(record), more) if part)
        text = text.replace("\r", "\\r").replace("\n", "\\n")
        line = f"{at} {record.levelname} {record.name} {REQUEST.get() or '-'} {text}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
