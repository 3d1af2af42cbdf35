"""Archive and restore: with a reason, out of the lists, still referred to, and back."""

from __future__ import annotations

from models import store
from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


def test_archiving_asks_for_a_reason_that_the_history_keeps(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made, child = make(owner.person), make(owner.person, name="Child")
    store.change(
        "sample",
        child["_id"],
        {"parent": made["_id"]},
        actor=owner.person,
        now=store.fetch("sample", made["_id"])["created_at"],
    )
    at = AT + made["number"]
    assert f"{at}/archive" in head.text(at)
    assert f"{at}/archive" not in owner.text(at)
    owner.text(f"{at}/archive", 403)
    owner.send(f"{at}/archive", 403, rev="1", note="Old")
    assert "Please give a reason" in head.send(f"{at}/archive", 422, rev="1", note=" ").get_data(as_text=True)
    head.send(f"{at}/archive", 409, rev="7", note="Old")
    assert head.send(f"{at}/archive", rev="1", note="No longer sold").location == AT

    assert "No longer sold" in owner.text(f"{at}/history")
    assert f"{at}/edit" not in owner.text(AT)
    assert at in owner.text(f"{AT}?archived=1")
    assert "Lamp (archived)" in owner.text(AT + child["number"])
    assert "Lamp (archived)" in owner.text(AT)
    assert f"{at}/edit" not in owner.text(at)

    head.send(f"{at}/restore", rev="2", note="Sold again")
    assert store.fetch("sample", made["_id"])["number"] == made["number"]
    assert "Sold again" in owner.text(f"{at}/history")
    assert "Lamp (archived)" not in owner.text(AT + child["number"])
