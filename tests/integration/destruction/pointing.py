"""Closed records that point to a file and bear a copy of its name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import registry, store
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import YEARS, Cast


def closed_pointing(cast: Cast, slug: str, to: dict[str, Any], now: datetime, **values: Any) -> dict[str, Any]:
    """One of a type whose rules copy the customer's name."""
    rt = registry.get(slug).rt
    final = next(state.value for state in rt.workflow.states if state.final) if rt.workflow else None
    given = {"customer": to["_id"], "customer_name": to["name"], "owner": cast.owner.id, "state": final, **values}
    with unruled(rt):
        return store.create(slug, {**given, "level": "secret"}, actor=cast.owner, now=now - YEARS)


def moved(slug: str, one: dict[str, Any], to: dict[str, Any], cast: Cast, now: datetime, **values: Any) -> None:
    """The pointer is moved; what else changes is given."""
    with unruled(registry.get(slug).rt):
        store.change(slug, one["_id"], {"customer": to["_id"], **values}, actor=cast.owner, now=now)
