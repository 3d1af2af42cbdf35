"""Log lines: one JSON object each, with the id of the request they belong to, and no personal data.

The text of an exception is left out, because drivers and validators put stored values into it; its class and
the places it came through are what a developer needs. Mail addresses and mobile numbers that slip into a
message are blotted out.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from flask import g, has_request_context

from config.settings import Settings

OWN = ("backoffice", "models", "jobs", "config", "wsgi", "gunicorn")
PERSONAL = re.compile(r"(?P<email>[^\s<>\"'=:,;]+@[^\s<>\"'=:,;]+)|(?<![0-9A-Za-z])(?P<phone>1[3-9]\d{9})(?!\w)")
DEEPEST_CHAIN = 5


class JsonFormatter(logging.Formatter):
    """Turns a record into one line of JSON.

    A message that is itself a JSON object, and `extra={"fields": {...}}`, add keys of the caller's own.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = without_personal_data(record.getMessage())
        fields = _object_in(message)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
        }
        if not fields:
            line["message"] = message
        if has_request_context() and "request_id" in g:
            line["request"] = g.request_id
        for key, value in (fields | getattr(record, "fields", {})).items():
            line.setdefault(key, value)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class OnlyWarningsOfOthers(logging.Filter):
    """Lets our own lines through; of libraries only warnings and worse."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OWN


def configure(settings: Settings, stream: IO[str] | None = None) -> None:
    """Send every log line of this process as JSON to `stream` (standard error); calling again replaces it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(OnlyWarningsOfOthers())
    root = logging.getLogger()
    for old in [existing for existing in root.handlers if isinstance(existing.formatter, JsonFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    logging.captureWarnings(True)


def file_stream(path: Path) -> IO[str]:
    """A log file to append to; its folder is made for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("a", encoding="utf-8")


def without_personal_data(text: str) -> str:
    """`text` with mail addresses and mobile numbers blotted out."""
    return PERSONAL.sub(lambda found: f"<{found.lastgroup}>", text)


def _object_in(message: str) -> dict[str, Any]:
    if not message.startswith("{"):
        return {}
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def described(error: BaseException) -> list[dict[str, Any]]:
    """An exception and its causes, outermost first: class names and places, never their texts."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < DEEPEST_CHAIN:
        frames = traceback.extract_tb(current.__traceback__)
        chain.append(
            {
                "class": f"{type(current).__module__}.{type(current).__qualname__}",
                "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain
