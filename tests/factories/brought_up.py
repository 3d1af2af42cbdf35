"""Collections that were brought up to their declarations before are not asked for their indexes again.

Fixtures migrate by the hundred, and what they change are one or two types; the product asks some seventy collections.
What this process does to collections and indexes is heard, and asked about anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo import IndexModel, MongoClient, monitoring

from config.database import Row
from models import schema

CHANGES = {"createIndexes", "dropIndexes", "deleteIndexes", "drop", "dropDatabase", "renameCollection"}
BringUp = Callable[[str, list[IndexModel]], list[str]]


class BroughtUp(monitoring.CommandListener):
    """What is known of collections, by their server and database: the indexes that they were given."""

    def __init__(self) -> None:
        self._known: dict[tuple[MongoClient[Row], str, str], list[dict[str, Any]]] = {}

    def once(self, bring_up: BringUp) -> BringUp:
        """`schema._bring_up`, which leaves alone what it has brought up and nobody has changed since."""

        def brought_up(collection: str, models: list[IndexModel]) -> list[str]:
            home = schema._home(collection)
            place, wanted = (home.client, home.name, collection), [dict(model.document) for model in models]
            if self._known.get(place) == wanted:
                return []
            done = bring_up(collection, models)
            self._known[place] = wanted
            return done

        return brought_up

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in CHANGES:
            return
        whole = event.command_name in ("dropDatabase", "renameCollection")
        name = "" if whole else str(event.command[event.command_name])
        for place in list(self._known):
            if whole or place[2] == name:
                self._known.pop(place, None)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


brought = BroughtUp()
monitoring.register(brought)
