"""An application, a place for definitions that is left as it was found, and another worker: a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config.database import database
from config.settings import Settings
from models import catalogue
from models.person.roles import Role
from models.record_type import service
from tests.factories.desks import Desk, seat
from tests.factories.web import Clock
from tests.factories.web_fixtures import Add, add, app, browser, clock, demo_app, demo_browser, prepared

__all__ = ["Add", "add", "app", "browser", "clock", "demo_app", "demo_browser", "prepared"]

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def definitions(db: Any) -> Iterator[None]:
    catalogue.load()
    service.refresh()
    yield
    for name in database().list_collection_names():
        database()[name].delete_many({})  # nobody in this process heard what another one wrote
    service.refresh()


@pytest.fixture
def head(demo_app: Flask, now: datetime) -> Desk:
    return seat(demo_app, Role.HEAD, Role.SPECIALIST, now=now, name="The Head")


@dataclass
class Worker:
    """Another process with an application of its own; it is asked line by line."""

    process: subprocess.Popen[str]

    def ask(self, **what: Any) -> dict[str, Any]:
        """Let the worker do one thing and return what it says."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the worker died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def get(self, path: str, status: int = 200) -> str:
        """The page at an address, as the head sees it, a second later by the worker's clock."""
        answer = self.ask(get=path)
        assert answer["status"] == status, answer["text"][:3000]
        return str(answer["text"])


@pytest.fixture
def worker(connected: Settings, head: Desk, clock: Clock) -> Iterator[Callable[[], Worker]]:
    """Start another worker, in which the head is signed in, too."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Worker:
        command = [sys.executable, "-m", "tests.integration.record_type.worker"]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        made = Worker(process)
        told = {
            "mongodb_uri": connected.mongodb_uri,
            "database": connected.database,
            "data_dir": str(connected.data_dir),
            "now": clock.now.isoformat(),
            "person": str(head.person.id),
        }
        assert made.ask(**told) == {"ready": True}
        return made

    yield start
    for process in started:
        process.communicate(timeout=120)
