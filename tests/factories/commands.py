"""Counts what a piece of work asks of the database. Imported before anything connects, as the driver wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import monitoring

LOG = "local"
"""Where the end of the server's log is waited for, once a minute and for no piece of work."""


class Begun(monitoring.CommandListener):
    """Hears of commands when they begin, and not how they end."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


class Commands(Begun):
    """Writes down commands while somebody listens."""

    def __init__(self) -> None:
        self._heard: list[str] | None = None
        self._returned: list[int] = []

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """The commands of a block, each as `find record_sample`."""
        found: list[str] = []
        self._heard = found
        yield found
        self._heard = None

    @contextmanager
    def returned(self) -> Iterator[list[int]]:
        """How many documents each answer within a block holds that holds some."""
        found: list[int] = []
        before, self._returned = self._returned, found
        with self.heard():
            yield found
        self._returned = before

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        cursor = event.reply.get("cursor") if self._heard is not None else None
        rows = (cursor.get("firstBatch") or cursor.get("nextBatch")) if cursor else None
        if rows:
            self._returned.append(len(rows))

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self._heard is not None and event.database_name != LOG:
            self._heard.append(f"{event.command_name} {event.command.get(event.command_name)}")


commands = Commands()
monitoring.register(commands)
