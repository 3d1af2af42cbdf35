"""Counts what a piece of work asks of the database. Imported before anything connects, as the driver wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import monitoring


class Commands(monitoring.CommandListener):
    """Writes down commands while somebody listens."""

    def __init__(self) -> None:
        self._heard: list[str] | None = None

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """The commands of a block, each as `find record_sample`."""
        found: list[str] = []
        self._heard = found
        yield found
        self._heard = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self._heard is not None:
            self._heard.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


commands = Commands()
monitoring.register(commands)
