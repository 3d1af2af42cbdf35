"""D2: of requests about what is destroyed no word is left that somebody typed into them, whatever field it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from config.settings import Settings
from models import records, schema, store
from models.access_request import service as cards
from models.declarations import Label, RecordType, Rights
from models.describe import field, group, grouped
from models.destruction import former, gone, removal, traces
from models.key_vault import copies
from models.key_vault.refusals import KeysUnusable
from models.kinds import KINDS
from models.person import unsent
from models.person.roles import Role
from models.secrecy_change import service as secrecy
from models.secrecy_change.document import SLUG
from tests.factories.bulk_changes import carried_out as bulk
from tests.factories.people import person
from tests.factories.registering import registered
from tests.integration.destruction.conftest import WEEK, YEARS, Cast, carried_out, signed
from tests.integration.destruction.house import said

Base = Database[dict[str, Any]]
LOWER = {"kind": "lower", "new_level": "internal", "new_basis": "Basisword 77", "reason": "Reasonword 77"}


def lowered(cast: Cast, old: dict[str, Any], then: datetime) -> dict[str, Any]:
    """A request to lower the file's level, refused."""
    made = secrecy.ask(cast.owner, "customer", old["number"], LOWER, now=then)
    number = made["number"]
    return records.move(cast.head, SLUG, number, "refuse", {}, rev=1, now=then, note="No", fresh=True)


def test_the_basis_that_a_change_of_secrecy_asked_for_goes(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    made = lowered(cast, old, now - YEARS)
    assert set(said({"Basisword", "Reasonword"})) == {"record_secrecy_change", "record_version"}
    signed(cast, [old], now)
    carried_out(now + WEEK)
    assert said({"Basisword", "Reasonword"}) == {}
    left = store.fetch(SLUG, made["_id"])
    gone_one = f"已销毁 {old['number']}"
    assert (left["new_basis"], left["reason"], left["number_asked"]) == (gone_one, gone_one, old["number"])
    assert (left["kind"], left["new_level"], left["state"]) == ("lower", "internal", "refused")


REQUEST = RecordType(
    slug="request_sample",
    label=Label("样申请", "Sample request"),
    plural=Label("样申请", "Sample requests"),
    icon="circle",
    menu="work",
    number="YS-{year}-{seq:06d}",
    title="number_asked",
    groups=(group("asked", "内容", "What"),),
    fields=grouped(
        "asked",
        field("number_asked", "text", "编号", "Number", "fixed"),
        field("type_asked", "text", "类型", "Type", "fixed"),
        field("words", "text", "文字", "Words"),
        field("sealed", "text", "密文", "Sealed", "encrypted"),
        field("mail", "email", "邮箱", "Email"),
        field("site", "link", "网址", "Link"),
        field("place", "address", "地址", "Address"),
        field("count", "integer", "数", "Count"),
        field("on", "date", "日", "Day"),
        field(
            "rows",
            "embedded_list",
            "行",
            "Rows",
            fields=(field("said", "long_text", "话", "Said"), field("often", "integer", "次", "Often")),
        ),
    ),
    rights=Rights(),
)


def test_every_field_that_people_type_into_loses_its_words_by_its_declaration(
    cast: Cast, old: dict[str, Any], now: datetime
) -> None:
    with registered(REQUEST):
        schema.migrate()
        values = {
            "number_asked": old["number"],
            "type_asked": "customer",
            "words": "Plantedword one",
            "sealed": "Plantedword two",
            "mail": "plantedword@example.test",
            "site": "https://example.test/plantedword",
            "place": {"province": None, "city": None, "district": None, "street": "Plantedword 3", "postcode": None},
            "count": 7,
            "on": now.date(),
            "rows": [{"said": "Plantedword four", "often": 2}],
        }
        made = store.create("request_sample", values, actor=cast.owner, now=now - YEARS)
        assert said({"Plantedword"})
        signed(cast, [old], now)
        carried_out(now + WEEK)
        assert said({"Plantedword"}) == {}
        left, instead = store.fetch("request_sample", made["_id"]), f"已销毁 {old['number']}"
        assert [left[name] for name in ("words", "sealed", "mail", "site", "place")] == [instead, *[None] * 4]
        assert (left["count"], left["on"], left["rows"]) == (7, now.date(), [{"said": instead, "often": 2}])


def test_a_kind_that_keeps_its_values_is_one_that_holds_no_words() -> None:
    assert set(KINDS) - traces.WORDLESS == {
        *("text", "long_text", "email", "phone", "link", "address", "embedded", "embedded_list", "files")
    }


def test_what_a_bulk_change_of_its_cards_said_goes_too(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    asker = person(Role.SPECIALIST, name="Asker", manager=cast.head.id)
    then = now - YEARS
    raw = {"uses": ["view"], "reason": "x", "valid_until": then.date().isoformat()}
    card = cards.ask(asker, "customer", old["number"], raw, now=then)
    decide = {"valid_until": then.date().isoformat()}
    records.move(cast.head, "access_request", card["number"], "approve", decide, rev=1, now=then, fresh=True)
    numbers, note = [card["number"]], "Revokedword"
    plan = bulk(cast.head, "move-revoke", {}, now=then, slug="access_request", numbers=numbers, note=note)
    assert (plan.count("changed"), plan.note) == (1, note)
    assert set(said({note})) == {"bulk_change", "record_version"}
    signed(cast, [old], now)
    carried_out(now + WEEK)
    assert said({note}) == {}


def test_a_half_typed_decision_on_a_request_about_it_goes(cast: Cast, old: dict[str, Any], now: datetime) -> None:
    made, asker = lowered(cast, old, now - YEARS), cast.head.id
    assert asker is not None
    paths = [f"/records/{slug}/{number}/do/refuse" for slug, number in (("secrecy_change", made["number"]), ("x", "y"))]
    for path in paths:
        unsent.keep(asker, path, [("note", "Halfword")], now)
    signed(cast, [old], now)
    carried_out(now + WEEK)
    assert [row["path"] for row in database()[unsent.UNSENT].find()] == paths[1:]


@pytest.fixture
def left(cast: Cast, old: dict[str, Any], now: datetime, db: Base) -> dict[str, Any]:
    """A request about a record that is gone, as a destruction of a former version left it."""
    made = lowered(cast, old, now - YEARS)
    [first] = db[store.VERSIONS].find({"record": made["_id"], "rev": 1})
    signed(cast, [old], now)
    carried_out(now + WEEK)
    assert said({"Basisword"}) == {}
    basis = {"new_basis": LOWER["new_basis"]}
    db["record_secrecy_change"].update_one({"_id": made["_id"]}, {"$set": basis})
    told = [{**one, "after": "已销毁"} if one["field"] == "reason" else one for one in first["changes"]]
    db[store.VERSIONS].update_one({"_id": first["_id"]}, {"$set": {"changes": told}})
    db[former.DONE].delete_many({})
    return made


def test_migrate_takes_out_what_destructions_of_former_versions_left(
    left: dict[str, Any], monkeypatch: pytest.MonkeyPatch, saved: Settings, db: Base
) -> None:
    written: list[None] = []
    monkeypatch.setattr(copies, "keep_up", lambda: written.append(None))
    assert schema.migrate() == ["took what somebody had typed out of 1 requests about records that are gone"]
    assert said({"Basisword"}) == {}
    assert written == [None]
    assert db[gone.PARTS].count_documents({"_id": left["_id"], "at": None}) == 0
    assert schema.migrate() == []


def test_migrate_that_broke_off_before_the_keys_were_saved_ends_it_the_next_time(
    left: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch, saved: Settings, db: Base
) -> None:
    def unwritable() -> None:
        raise KeysUnusable("no room")

    with monkeypatch.context() as patched:
        patched.setattr(copies, "keep_up", unwritable)
        with pytest.raises(KeysUnusable):
            schema.migrate()
    assert said({"Basisword"}) == {}
    assert db[gone.PARTS].count_documents({"_id": left["_id"], "at": None}) == 1
    written: list[None] = []
    monkeypatch.setattr(copies, "keep_up", lambda: written.append(None))
    assert schema.migrate() == ["took what somebody had typed out of 1 requests about records that are gone"]
    assert written == [None]
    assert db[gone.PARTS].count_documents({"_id": left["_id"], "at": None}) == 0
    assert schema.migrate() == []


def test_migrate_leaves_a_request_alone_whose_record_is_set_aside_and_may_come_back(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    made = lowered(cast, old, now - YEARS)
    signed(cast, [old], now)
    removal.begin_due(now + WEEK)
    db[former.DONE].delete_many({})
    assert former.take_words_out() == []
    assert store.fetch(SLUG, made["_id"])["new_basis"] == LOWER["new_basis"]
    carried_out(now + WEEK)
    assert said({"Basisword"}) == {}
