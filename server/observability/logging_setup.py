"""Logging: every `logging` call, with the ids of its request and its job.

Log lines have named values, never whole bodies, prompts, headers or query strings.
"""

import logging
import sys
import time
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET = ("alembic", "botocore", "boto3", "httpx", "urllib3")
NO_DESCRIPTORS = "socket.accept() out of system resource"
"""How asyncio begins the record that it writes for each try to accept a connection without a free file descriptor."""

REPEATED_S = 60.0


def set_up_logging(log_format: str) -> None:
    """`json`: one object a line; `text`: for people; `auto`: text on a terminal, else json."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_color,
    ]
    rendered: Processor = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _as_text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendered]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(OncePerMinute(NO_DESCRIPTORS))


class OncePerMinute(logging.Filter):
    """Drops the records that begin with `text` until REPEATED_S after the last one that passed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._next_s = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(self._text):
            return True
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + REPEATED_S
        return True


def _without_color(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's copy of the text with colors
    return event


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    facts: dict[str, Any] = dict(event)
    facts.pop("logger", None)
    line = f"{facts.pop('timestamp')} {facts.pop('level').upper()} {facts.pop('event')}"
    trace = facts.pop("exception", None)
    line = " ".join([line, *(f"{name}={value}" for name, value in facts.items())])
    return f"{line}\n{trace}" if trace else line
