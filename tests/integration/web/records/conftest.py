"""The sample type in force, people at their desks, and records to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from models import records, registry, schema
from models.person.roles import Person
from tests.factories.desks import Desk
from tests.factories.types import SAMPLE

Sit = Callable[..., Desk]
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def sample(demo_app: Flask) -> Iterator[None]:
    registry.register(SAMPLE)
    schema.migrate()
    yield
    registry.unregister("sample")


@pytest.fixture
def sit(sample: None, sit: Sit) -> Sit:
    """Seat somebody while the sample type is in force."""
    return sit


@pytest.fixture
def make(now: datetime) -> Make:
    """Make a sample record: `make(person, name=..., level=...)`."""

    def made(who: Person, **values: Any) -> dict[str, Any]:
        return records.create(who, "sample", {"name": "Lamp", **values}, now=now)

    return made
