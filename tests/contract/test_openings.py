"""Every opening in the product: a record opened by set work is the record that the store would have made."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

import models
from models import catalogue, registry, schema, store, stored_form
from models.calendar import local
from models.declarations import Level
from models.office import office_calendar
from models.opening import FOLDED_TITLE, Opening, open_set
from models.person.roles import SYSTEM, Person, Role
from models.record import collection_name
from models.registry import Draft
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
Make = Callable[..., Opening | None]


def makers() -> Iterator[Make]:
    """Every function of the services whose answer is an opening."""
    for module in pkgutil.walk_packages(models.__path__, "models."):
        if not module.name.endswith(".service"):
            continue
        found = importlib.import_module(module.name)
        for _, function in inspect.getmembers(found, inspect.isfunction):
            if function.__module__ == module.name and str(function.__annotations__.get("return")).startswith("Opening"):
                yield function


MAKERS = {f"{make.__module__.split('.')[1]}.{make.__name__}": make for make in makers()}
NAMES = ("远山机械有限公司", "ＡＢＣ　Ｔrading  Co.", "Straße & Söhne GmbH", "ǅ", "İzmir 贸易", "a b", "Ⅷ号 仓库")


@pytest.fixture(params=sorted(MAKERS))
def make(request: pytest.FixtureRequest, db: Base) -> Make:
    catalogue.load()
    schema.migrate()
    return MAKERS[request.param]


def opening_of(make: Make, now: datetime) -> Opening:
    """The opening, made with whatever the function asks for."""
    offered = {"now": now, "calendar": office_calendar()}
    found = make(**{name: offered[name] for name in inspect.signature(make).parameters})
    assert found is not None
    return found


def files(now: datetime) -> Person:
    """Active files of every level and shape, each with everything due."""
    owner, seller = person(Role.SPECIALIST), person(Role.SALES, department="sales")
    for index, name in enumerate(NAMES):
        for level in Level:
            whole = {"salesperson": seller.id, "contact_name": "钱二", "contact_phone": "13900000001"}
            record = customer(
                owner,
                now - timedelta(days=90),
                name=f"{name}{level.rank}" if len(name) > 1 else f"{name}{level.rank}"[: level.rank + 1],
                level=level.value,
                state="active",
                delivered=date(2026, 6, 1),
                grade="B",
                credit_limit=Decimal(1000),
                next_report_due=local(now).date() - timedelta(days=index),
                **(whole if index % 2 else {}),
            )
            assert record["state"] == "active"
    customer(owner, now, name="休眠", state="dormant", next_report_due=local(now).date(), delivered=date(2026, 6, 1))
    return owner


def test_the_product_has_openings_to_walk() -> None:
    assert len(MAKERS) >= 3


def test_an_opened_record_holds_what_the_store_derives(make: Make, db: Base, now: datetime) -> None:
    files(now)
    opening = opening_of(make, now)
    assert open_set(opening, now) == len(NAMES) * len(Level)
    rt = opening.target
    for row in db[collection_name(rt.slug)].find():
        derived = stored_form.derived(rt, stored_form.load(rt, row))
        assert {name: row.get(name) for name in derived} == derived
        assert (row["rev"], row["granted"], row["state_since"], row["created_at"]) == (1, [], now, now)
        assert "batch" not in row  # that is a record's import


def test_the_types_own_rules_change_nothing_on_an_opened_record(make: Make, db: Base, now: datetime) -> None:
    files(now)
    opening = opening_of(make, now)
    open_set(opening, now)
    rt = opening.target
    for row in db[collection_name(rt.slug)].find():
        record = stored_form.load(rt, row)
        draft = Draft(rt, "change", record, dict(record), SYSTEM, now)
        for hook in registry.get(rt.slug).hooks.prepare:
            hook(draft)
        assert (draft.changed, draft.problems) == (set(), {})


def test_an_opened_record_has_the_first_version_that_the_store_would_write(make: Make, db: Base, now: datetime) -> None:
    files(now)
    opening = opening_of(make, now)
    open_set(opening, now)
    rt = opening.target
    for row in db[collection_name(rt.slug)].find():
        (version,) = db[store.VERSIONS].find({"record": row["_id"]}, {"_id": 0})
        written = {change["field"]: change["after"] for change in version.pop("changes")}
        assert written == {f.name: row[f.name] for f in stored_form.fields_of(rt) if row.get(f.name) is not None}
        assert version == {
            "type": rt.slug,
            "record": row["_id"],
            "rev": 1,
            "at": now,
            "by": None,
            "by_name": SYSTEM.name,
            "action": "create",
            "note": "",
        }


def test_an_opened_record_takes_the_level_owner_and_department_of_its_source(
    make: Make, db: Base, now: datetime
) -> None:
    files(now)
    opening = opening_of(make, now)
    assert opening.target.default_level is Level.INTERNAL
    open_set(opening, now)
    followed = ("level", "secret_until", "owner", "department")
    sources = {row["_id"]: row for row in db[collection_name(opening.source.slug)].find()}
    for row in db[collection_name(opening.target.slug)].find():
        source = sources[row[opening.source.slug]]
        assert [row.get(name) for name in followed] == [source.get(name) for name in followed]


def test_the_folded_title_of_a_source_is_the_first_searchable_field_and_required(make: Make, now: datetime) -> None:
    opening = opening_of(make, now)
    first = next(f for f in opening.source.fields if f.searchable)
    assert (first.name, first.required) == (opening.source.title, True)
    for name, expression in opening.folded.items():
        if expression == FOLDED_TITLE:
            assert opening.values[name] == f"${opening.source.title}"
