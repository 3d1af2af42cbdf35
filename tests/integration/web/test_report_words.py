"""Whoever writes the report of a month is told its causes on the page; the trail has the classified ones (T8, X7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from models import audit, store
from models.office import office_calendar
from models.person.roles import Role
from models.service_report import service
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
TOLD = "Hot causes, of the complaints that you may print: Late 2"


def test_the_causes_stand_on_the_page_and_on_the_sheet_with_an_entry_and_on_no_page_afterwards(
    sit: Sit, db: Base, now: datetime
) -> None:
    head, last_month = sit(Role.HEAD, name="Head Su"), now - timedelta(days=30)
    numbers = {}
    for level in ("internal", "top_secret"):
        raw = {"facts": "x", "received_at": last_month, "level": level, "level_basis": "往来"}
        made = store.create("complaint", raw, actor=head.person, now=last_month)
        store.change("complaint", made["_id"], {"cause": "Late"}, actor=head.person, now=last_month)
        numbers[level] = made["number"]
    service.open_month(now, office_calendar())
    (row,) = db["record_service_report"].find({"kind": "monthly"})
    page = f"/records/service_report/{row['number']}"
    for path in (page, f"{page}/do/hand_in"):
        db[audit.ENTRIES].delete_many({})
        assert TOLD in head.text(path)
        assert [one["number"] for one in db[audit.ENTRIES].find({"action": "listed"})] == [[numbers["top_secret"]]]
    assert TOLD not in head.text(f"{page}/print")
    head.send(f"{page}/do/hand_in", rev=row["rev"], summary="Quiet")
    assert "Late" not in head.text(page)
