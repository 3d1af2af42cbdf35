"""How gunicorn runs the web process: `gunicorn --config python:backoffice.gunicorn_settings wsgi:application`.

WEB_WORKERS (default 2) and WEB_THREADS (default 4, per worker) fit it to the machine.
"""

from __future__ import annotations

import os
from typing import Any


def _count(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 64):
        raise ValueError(f"{name}: {text!r} is not a whole number from 1 to 64")
    return int(text)


# Threads, because each request waits for the database for most of its time.
worker_class = "gthread"
workers = _count("WEB_WORKERS", 2)
threads = _count("WEB_THREADS", 4)
timeout = 60  # seconds without a sign of life until a worker is replaced
graceful_timeout = 20
keepalive = 5
# Each worker is replaced from time to time: what leaks in a library does not add up.
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8190
control_socket_disable = True  # it would open a socket in the home directory
accesslog = None  # backoffice.edge writes a line without addresses and search words

logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "backoffice.logging.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}
