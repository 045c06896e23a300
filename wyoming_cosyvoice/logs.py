"""What the server writes to standard error: lines for people or for machines, each with the request it belongs to.

What people have said is theirs: the text of a request is told at debug level only, elsewhere by its length (`hidden`).
"""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import IO, Literal

_REQUEST: ContextVar[str] = ContextVar("cosyvox_request", default="")
# A process's own beginning tells requests apart that were counted by two of them.
_START = secrets.token_hex(2)
_COUNT = itertools.count(1)
_OURS = __name__.rpartition(".")[0].rpartition(".")[0]


@contextmanager
def request() -> Iterator[str]:
    """What is logged inside belongs to one request; gives its id. Tasks begun inside, and `to_thread`, inherit it."""
    name = f"{_START}-{next(_COUNT)}"
    token = _REQUEST.set(name)
    try:
        yield name
    finally:
        _REQUEST.reset(token)


def request_id() -> str:
    """Of the request that is being served here, "" outside of one."""
    return _REQUEST.get()


def hidden(text: str) -> str:
    """What may be told of a text above debug level."""
    return f"{len(text)} character{'' if len(text) == 1 else 's'}"


def configure(*, style: Literal["text", "json"], level: str, stream: IO[str] | None = None) -> None:
    """Send every log record to `stream` (standard error), once, whatever was configured before.

    level: of our own records; a library's are told from warning on, and its debug records never, as they may hold text
    of a request.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    chosen = getattr(logging, level.upper())
    root.setLevel(max(logging.WARNING, chosen))
    logging.getLogger(_OURS).setLevel(chosen)


class TextLines(logging.Formatter):
    """2026-11-21 22:15:03 warning ab12-7 the message"""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S")
        parts = [when, record.levelname.lower(), request_id(), one_line(record.getMessage())]
        line = " ".join(part for part in parts if part)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; request and error where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id():
            fields["request"] = request_id()
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields)  # in ASCII: a lone surrogate that a client sent can be written nowhere else


def one_line(message: str) -> str:
    """A message that cannot pretend to be two, or to move the cursor: names that clients sent are in it."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)
