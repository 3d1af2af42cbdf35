"""The history page offers a former version; its preview says what would change and what would stay."""

from __future__ import annotations

import io
from datetime import datetime

from models import records, registry, schema, store
from models.attachment import service as attachment
from models.person.roles import Role
from tests.factories.types import SAMPLE
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_reading import ORDER
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
    assert "restored a former version: 23 Nov 2026 10:00" in desk.text(at)


def test_rows_are_told_one_by_one_and_those_that_stay_as_they_are(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, people=[{"name": "Zhao"}, {"name": "Qian"}])
    raw = {"people": [{"name": "Zhao"}, {"name": "Sun"}]}
    records.change(desk.person, "sample", made["number"], raw, rev=1, now=now)
    page = desk.text(f"/records/sample/{made['number']}/history/1")
    assert page.count("<div>Zhao</div>") == 2
    assert "<div><del>Sun</del></div>" in page
    assert "<div><ins>Qian</ins></div>" in page


def test_of_equal_rows_each_counts_and_rows_that_only_moved_are_all_told(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, people=[{"name": "Zhao"}, {"name": "Qian"}])
    once, moved = [{"name": "Qian"}, {"name": "Zhao"}], [{"name": "Zhao"}, {"name": "Qian"}, {"name": "Zhao"}]
    for rev, rows in enumerate((once, moved), start=1):
        records.change(desk.person, "sample", made["number"], {"people": rows}, rev=rev, now=now)
    at = f"/records/sample/{made['number']}/history"
    page = desk.text(f"{at}/1")
    assert page.count("<div>Zhao</div>") == page.count("<div>Qian</div>") == 2
    assert page.count("<div><del>Zhao</del></div>") == 1
    records.change(desk.person, "sample", made["number"], {"people": once}, rev=3, now=now)
    page = desk.text(f"{at}/1")
    for name in ("Zhao", "Qian"):
        assert f"<div><del>{name}</del></div>" in page
        assert f"<div><ins>{name}</ins></div>" in page


def test_a_file_that_was_replaced_by_one_of_its_name_is_told(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    files = [
        attachment.put(io.BytesIO(content), "a.txt", person=desk.person, now=now, limit=10) for content in (b"x", b"y")
    ]
    made = make(desk.person, scans=[files[0]["file"]])
    records.change(desk.person, "sample", made["number"], {"scans": [files[1]["file"]]}, rev=1, now=now)
    page = desk.text(f"/records/sample/{made['number']}/history/1")
    assert "<del>a.txt</del>" in page
    assert "<ins>a.txt</ins>" in page


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


def test_what_stays_is_named_only_where_the_type_has_it(sit: Sit, make: Make, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person)
    records.change(desk.person, "sample", made["number"], {"name": "Torch"}, rev=1, now=now)
    assert "Level, owner and state stay as they are." in desk.text(f"/records/sample/{made['number']}/history/1")
    registry.register(ORDER)
    try:
        schema.migrate()
        order = records.create(desk.person, "order_note", {"name": "Order"}, now=now)
        records.change(desk.person, "order_note", order["number"], {"name": "Later"}, rev=1, now=now)
        page = desk.text(f"/records/order_note/{order['number']}/history/1")
    finally:
        registry.unregister("order_note")
    assert "The owner stays as it is." in page
    assert "state stay" not in page


def test_what_is_wrong_with_a_field_out_of_sight_is_not_told_in_words(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = make(owner.person, name="Lamp")
    records.change(owner.person, "sample", made["number"], {"name": "Torch"}, rev=1, now=now)

    def refuse(draft: registry.Draft) -> None:
        draft.problem("salary", "工资超过四十二万", "A salary of 42 is too much for a lamp.")
        draft.problem("name", "名称不行", "No such lamp.")

    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    at = f"/records/sample/{made['number']}/history/1"
    page = owner.send(at, 422, rev="2").get_data(as_text=True)
    assert "No such lamp." in page
    assert "Something that you may not see is against the rules" in page
    assert "salary" not in page.lower()
    assert "A salary of 42" in head.send(at, 422, rev="2").get_data(as_text=True)
