"""D1, D3: a proposal says why; an open contract, complaint or credit report stands against it until it is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models import store
from models.destruction import service
from models.errors import Invalid
from tests.integration.destruction.conftest import Cast

OPEN: dict[str, dict[str, Any]] = {
    "contract": {"subject": "Lamps", "kind": "sale"},
    "complaint": {"summary": "Late", "facts": "Late again", "contact_phone": "13900000002"},
    "credit_report": {},
}


@pytest.mark.parametrize("why", ["", "   "])
def test_without_a_reason_nothing_is_proposed(cast: Cast, old: dict[str, Any], now: datetime, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.propose(cast.owner, "customer", [old["number"]], why, now=now)
    assert set(refused.value.problems) == {"reason"}


@pytest.mark.parametrize("slug", OPEN)
def test_what_is_open_about_a_file_keeps_it_and_is_named(
    cast: Cast, old: dict[str, Any], now: datetime, slug: str
) -> None:
    values = {**OPEN[slug], "customer": old["_id"], "owner": cast.owner.id}
    made = store.create(slug, values, actor=cast.owner, now=now)
    with pytest.raises(service.NotDestructible) as refused:
        service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    assert f"{made['number']} is open" in refused.value.text("en")
    store.change(slug, made["_id"], {"archived_at": now}, actor=cast.owner, now=now)
    asked = service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    assert asked["state"] == "proposed"
