"""Records of the sample type for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import records
from models.person.roles import Person


def sample(actor: Person, now: datetime, **values: Any) -> dict[str, Any]:
    """A sample that somebody made, called Lamp unless named otherwise."""
    return records.create(actor, "sample", {"name": "Lamp", **values}, now=now)
