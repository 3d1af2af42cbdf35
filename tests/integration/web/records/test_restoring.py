"""The history page offers a former version; its preview says what would change and what would stay."""

from __future__ import annotations

from datetime import datetime

from models import records, store
from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_writing import hidden


def test_a_version_is_previewed_and_restored(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, name="Lamp", notes="First words")
    store.change("sample", made["_id"], {"verdict": "good"}, actor=desk.person, now=now)
    raw = {"name": "Torch", "notes": "Later words"}
    records.change(desk.person, "sample", made["number"], raw, rev=2, now=now)
    at = f"/records/sample/{made['number']}"
    page = desk.text(f"{at}/history")
    assert f"{at}/history/1" in page
    assert f"{at}/history/3" not in page
    page = desk.text(f"{at}/history/1")
    for word in ("First words", "Later words", "Verdict", "Set by rules."):
        assert word in page, word
    assert desk.send(f"{at}/history/1", 409, rev="2").status_code == 409
    assert desk.send(f"{at}/history/1", rev=hidden(page, "rev")).location == at
    assert store.fetch("sample", made["_id"])["name"] == "Lamp"
    assert "restored a former version" in desk.text(at)


def test_whoever_may_not_edit_is_offered_nothing(sit: Sit, make: Make, now: datetime) -> None:
    owner, clerk = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = make(owner.person)
    records.change(owner.person, "sample", made["number"], {"name": "Torch"}, rev=1, now=now)
    at = f"/records/sample/{made['number']}/history"
    assert f"{at}/1" not in clerk.text(at)
    clerk.text(f"{at}/1", 403)
    clerk.send(f"{at}/1", 403, rev="2")
    for wrong in ("0", "2", "99"):
        owner.text(f"{at}/{wrong}", 404)
    for wrong in ("x", "-1", "²", "9" * 30):
        owner.text(f"{at}/{wrong}", 400)


def test_a_secret_time_is_told_without_its_content(sit: Sit, make: Make, now: datetime) -> None:
    owner, head, clerk = sit(Role.SPECIALIST), sit(Role.HEAD), sit(Role.SPECIALIST)
    made = make(owner.person)
    changes = ((owner, {"level": "secret", "notes": "hush"}), (head, {"level": "internal", "notes": "open"}))
    for rev, (desk, raw) in enumerate(changes, start=1):
        records.change(desk.person, "sample", made["number"], raw, rev=rev, now=now)
    at = f"/records/sample/{made['number']}"
    for path in (at, f"{at}/history"):
        page = clerk.text(path)
        assert "hush" not in page
        assert "more secret than you may read" in page
        assert "hush" in owner.text(f"{at}/history")
