"""Declarations as plain data: there and back exactly, and nothing taken that is not understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models import catalogue
from models.declarations import RecordType
from models.record_type.plain import WrongDefinition, from_plain, to_plain
from tests.factories.definitions import visit, visit_with
from tests.factories.types import SAMPLE

ALL = [*(rt for rt, _ in catalogue.SHIPPED), SAMPLE]


@pytest.mark.parametrize("rt", ALL, ids=[rt.slug for rt in ALL])
def test_a_declaration_comes_back_from_json_as_it_was(rt: RecordType) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(rt)))) == rt


def test_what_has_its_default_is_not_written() -> None:
    assert to_plain(from_plain(visit())) == visit()


def nested(depth: int) -> dict[str, Any]:
    choice: dict[str, Any] = {"value": "x", "label": {"zh": "甲", "en": "A"}}
    for _ in range(depth):
        choice = {**choice, "below": [choice]}
    return choice


WRONG: tuple[tuple[Any, str, str], ...] = (
    (None, "E032", ""),
    ([], "E032", ""),
    ("visit", "E032", ""),
    ({}, "E032", "fields"),
    (visit(**{"$where": "1"}), "E031", "$where"),
    (visit(by_name={}), "E031", "by_name"),
    (visit(classified="yes"), "E032", "classified"),
    (visit(classified=1), "E032", "classified"),
    (visit(default_level="cosmic"), "E032", "default_level"),
    (visit(version=True), "E032", "version"),
    (visit(version=10**16), "E033", "version"),
    (visit(title=float("nan")), "E032", ""),
    (visit(title="a\x00b"), "E032", "title"),
    (visit(title=object()), "E032", ""),
    (visit(rights=[]), "E032", "rights"),
    (visit(rights={"create": ["emperor"]}), "E032", "rights.create.0"),
    (visit(fields="all"), "E032", "fields"),
    (visit(fields=[None]), "E032", "fields.0"),
    (visit(fields=[{}] * 1001), "E033", "fields"),
    (visit(cadence={"after": "on", "by": "on", "months": [["a"]]}), "E032", "cadence.months.0"),
    (visit_with(default={"$gt": 1}), "E032", "fields.badge.default"),
    (visit_with(colour=1), "E031", "fields.badge.colour"),
    (
        visit_with(kind="tree", choices=[nested(20)]),
        "E033",
        "fields.badge.choices.x.below.x.below.x.below.x.below.x.below",
    ),
    (visit(help={"zh": "长" * 2001, "en": "x"}), "E033", "help.zh"),
    (visit(views=[{"name": "v", "label": {"zh": "x" * 1999, "en": "x"}, "query": "x" * 1999}] * 90), "E033", ""),
)


@pytest.mark.parametrize(
    ("data", "code", "place"), WRONG, ids=[f"{n}-{c}-{p[:30]}" for n, (_, c, p) in enumerate(WRONG)]
)
def test_what_is_not_understood_is_refused_by_code_and_place(data: Any, code: str, place: str) -> None:
    with pytest.raises(WrongDefinition) as refused:
        from_plain(data)
    found = {(finding.code, finding.field) for finding in refused.value.findings}
    assert any(c == code and p.startswith(place) for c, p in found), found
    for language in ("zh", "en"):
        assert code in refused.value.text(language)
