"""Kinds of values: read from what people write, stored and loaded, written so that they can be read again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from bson import CodecOptions, Decimal128, decode, encode

from models.declarations import Field, Label
from models.kinds import Unreadable, kind_of, parts_of, plain
from models.kinds.numbers import decimal128, decimal_of
from tests.factories.types import REGIONS, SAMPLE

HANGZHOU = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路 1 号", "postcode": "310000"}
NO_PLACE = dict.fromkeys(HANGZHOU, None)


def field(kind: str, **more: Any) -> Field:
    return Field(name="x", kind=kind, label=Label("值", "Value"), **more)


def period(first: str, last: str) -> dict[str, date | None]:
    return {"from": date.fromisoformat(first) if first else None, "until": date.fromisoformat(last) if last else None}


def money(amount: str, currency: str) -> dict[str, Any]:
    return {"amount": Decimal(amount), "currency": currency}


TIME, PERIOD, ADDRESS = field("time"), field("period"), field("address")
TREE, AMOUNT = field("tree", choices=REGIONS), field("money", currencies=("CNY", "USD"))
UTC_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
COUNT, DECIMAL, YUAN, SHARE = field("integer"), field("decimal"), field("money"), field("percent")
DOLLAR = field("money", currency="USD")
DAY, MOMENT = field("date"), field("datetime")

READ: tuple[tuple[Field, Any, Any], ...] = (
    (TIME, "14:30", time(14, 30)),
    (TIME, "9：05", time(9, 5)),
    (TIME, "下午3点20分", time(15, 20)),
    (TIME, "12:10 am", time(0, 10)),
    (TIME, "14:30:59", time(14, 30)),
    (TIME, time(8, 0, 30), time(8)),
    (PERIOD, "2026-01-01 至 2026-03-31", period("2026-01-01", "2026-03-31")),
    (PERIOD, "自2026年1月1日起", period("2026-01-01", "")),
    (PERIOD, "until 2026-03-31", period("", "2026-03-31")),
    (PERIOD, "2026-01-01 ~ 2026-01-01", period("2026-01-01", "2026-01-01")),
    (PERIOD, {"from": "", "until": "2026-03-31"}, period("", "2026-03-31")),
    (PERIOD, {"from": "", "until": ""}, None),
    (ADDRESS, "浙江省杭州市西湖区文三路 1 号（310000）", HANGZHOU),
    (ADDRESS, "北京市朝阳区建国路8号", {**NO_PLACE, "province": "北京市", "district": "朝阳区", "street": "建国路8号"}),
    (ADDRESS, "建设小区 3 号", {**NO_PLACE, "street": "建设小区 3 号"}),
    (ADDRESS, {"city": " 杭州市 "}, {**NO_PLACE, "city": "杭州市"}),
    (TREE, "nj", "nj"),
    (TREE, "南京", "nj"),
    (TREE, "华东 / 江苏 / 南京", "nj"),
    (TREE, "east/JIANGSU", "js"),
    (AMOUNT, "1,200.5", money("1200.50", "CNY")),
    (AMOUNT, "US$3", money("3.00", "USD")),
    (AMOUNT, "-5 usd", money("-5.00", "USD")),
    (AMOUNT, "3 元", money("3.00", "CNY")),
    (AMOUNT, {"amount": "7", "currency": ""}, money("7.00", "CNY")),
    (COUNT, "1,200", 1200),
    (COUNT, "12,0000", 120000),
    (COUNT, "1,200.00", 1200),
    (YUAN, "¥1,200.5", Decimal("1200.50")),
    (YUAN, "-￥ 1 200", Decimal("-1200.00")),
    (YUAN, "1200 元", Decimal("1200.00")),
    (YUAN, "rmb 3", Decimal("3.00")),
    (YUAN, "-0", Decimal("0.00")),
    (YUAN, 1e-1, Decimal("0.10")),
    (DOLLAR, "US$3", Decimal("3.00")),
    (DOLLAR, "$3", Decimal("3.00")),
    (SHARE, "12.5%", Decimal("12.50")),
    (SHARE, "12.5", Decimal("12.50")),
    (MOMENT, "2026/11/22 14:30", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
    (MOMENT, "2026-11-22T14:30:00+00:00", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
    (MOMENT, "2026-11-22", datetime(2026, 11, 21, 16, tzinfo=UTC)),
    (AMOUNT, {"amount": "", "currency": "USD"}, None),
)


@pytest.mark.parametrize(("declared", "raw", "value"), READ, ids=[f"{f.kind}-{n}" for n, (f, _, _) in enumerate(READ)])
def test_what_people_write_is_read_kept_and_read_again(declared: Field, raw: Any, value: Any) -> None:
    kind = kind_of(declared)
    assert kind.read(declared, raw) == value
    kept = decode(encode({"x": kind.store(value)}), UTC_AWARE)["x"]
    assert kind.load(kept) == value
    if value is None:
        return
    for language in ("zh", "en"):
        assert kind.read(declared, kind.text(declared, value, language)) == value


@pytest.mark.parametrize(
    ("declared", "raw", "path"),
    [
        (TIME, "24:00", ""),
        (TIME, "9", ""),
        (PERIOD, "2026-03-31", ""),
        (PERIOD, "2026-03-31 至 2026-01-01", "until"),
        (PERIOD, {"from": "x", "since": 1}, "since"),
        (PERIOD, ["2026-01-01"], ""),
        (ADDRESS, {"postcode": "12"}, "postcode"),
        (ADDRESS, {"city": {"$gt": ""}}, "city"),
        (TREE, "mars", ""),
        (AMOUNT, "JPY 5", ""),
        (AMOUNT, "5 CNY USD", ""),
        (AMOUNT, {"amount": "1", "currency": "JPY"}, "currency"),
        (AMOUNT, {"amount": "1e400"}, "amount"),
        (COUNT, "1,5", ""),
        (COUNT, "1_000", ""),
        (COUNT, "5元", ""),
        (YUAN, "$1,200.00", ""),
        (YUAN, "1,5", ""),
        (YUAN, "1,20,000", ""),
        (YUAN, "1_000", ""),
        (YUAN, "12%", ""),
        (YUAN, "12万", ""),
        (YUAN, "--5", ""),
        (YUAN, "元", ""),
        (YUAN, "1e20", ""),
        (DOLLAR, "5元", ""),
        (DECIMAL, "13%", ""),
        (DECIMAL, "nan", ""),
        (MOMENT, "2026.11.22 14.08", ""),
        (MOMENT, "2026-11-22 14-08", ""),
        (MOMENT, datetime(1, 1, 1, tzinfo=UTC), ""),
        (MOMENT, datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-8))), ""),
        (MOMENT, "0001-01-01 00:00:00", ""),
        (DAY, date(1, 1, 1), ""),
        (DAY, datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-8))), ""),
    ],
)
def test_what_is_no_such_value_is_refused_where_it_is_wrong(declared: Field, raw: Any, path: str) -> None:
    with pytest.raises(Unreadable) as refused:
        kind_of(declared).read(declared, raw)
    assert path in refused.value.problems
    assert all(text.zh and text.en for text in refused.value.problems.values())


def test_a_name_that_two_branches_have_needs_its_branch() -> None:
    twice = field(
        "tree", choices=(*REGIONS, REGIONS[0].__class__("other", Label("其他", "Other"), below=REGIONS[1].below))
    )
    with pytest.raises(Unreadable, match="what it is part of"):
        kind_of(twice).read(twice, "广东")


def test_a_filter_on_a_branch_asks_for_everything_below_it() -> None:
    assert kind_of(TREE).condition(TREE, "is", "华东") == {"x": {"$in": ["east", "js", "nj", "zj"]}}
    assert kind_of(TREE).condition(TREE, "is_not", "js") == {"x": {"$nin": ["js", "nj"]}}


def test_parts_are_named_for_what_stands_inside_a_value() -> None:
    assert [part.name for part in parts_of(AMOUNT)] == ["amount", "currency"]
    assert [part.name for part in parts_of(PERIOD)] == ["from", "until"]
    assert parts_of(field("money")) == ()


def test_embedded_values_are_plain_down_to_their_parts() -> None:
    people = SAMPLE.by_name["people"]
    rows = [{"name": "王敏", "wage": Decimal("1.50"), "shift": period("2026-01-01", "")}]
    assert plain(people, rows) == [
        {
            "name": "王敏",
            "phone": None,
            "born": None,
            "wage": "1.50",
            "shift": {"from": "2026-01-01", "until": None},
        }
    ]


NUMBERS = (
    "0",
    "-0",
    "0.00",
    "1",
    "-1.50",
    "123456789012345.67",
    "1E+3",
    "0E-7",
    "1E-50",
    "1E-200",
    "9" * 18,
    "-" + "8" * 19,
)


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_stored_as_the_driver_would_store_it(text: str) -> None:
    assert decimal128(Decimal(text)).bid == Decimal128(Decimal(text)).bid


@pytest.mark.parametrize(
    "text", [*NUMBERS, str(2**64), "9" * 34, "1E-6176", "9E+6144", "NaN", "-NaN", "sNaN", "Infinity", "-Infinity"]
)
def test_a_number_is_loaded_as_the_driver_would_load_it(text: str) -> None:
    assert repr(decimal_of(Decimal128(text))) == repr(Decimal128(text).to_decimal())


ADDRESSES = (
    {"city": "乐山市", "district": "市中区", "street": "海棠路 1 号", "postcode": "614000"},
    {"province": "四川省", "city": "乐山市", "district": "市中区", "street": "海棠路|2 号"},
    {"city": "上海市", "street": "外滩 1 号"},
    {"street": "南京市场大街 1 号"},
    {"street": "城市广场", "postcode": "310000"},
    {"province": "Zhejiang", "city": "Hangzhou", "street": "1 Main Road", "postcode": "SW1A 1AA"},
    {"street": "||||"},
    {"province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路 1 号", "postcode": "310000"},
)


@pytest.mark.parametrize("parts", ADDRESSES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_address_leaves_in_a_cell_that_tells_its_parts(parts: dict[str, str], language: str) -> None:
    declared = field("address")
    kind = kind_of(declared)
    value = kind.read(declared, parts)
    assert kind.read(declared, kind.cell(declared, value, language)) == value


def test_an_address_whose_words_tell_its_parts_leaves_as_people_write_it() -> None:
    declared, kind = field("address"), kind_of(field("address"))
    assert kind.cell(declared, kind.read(declared, ADDRESSES[-1]), "zh") == "浙江省杭州市西湖区文三路 1 号（310000）"
    assert kind.cell(declared, None, "zh") == ""


def test_a_part_between_bars_is_checked_as_any_other() -> None:
    with pytest.raises(Unreadable) as refused:
        kind_of(field("address")).read(field("address"), "|||Main Road|?")
    assert list(refused.value.problems) == ["postcode"]


@pytest.mark.parametrize(
    ("places", "amount", "shown"),
    [
        (2, "1200.5", "1,200.50"),
        (4, "0.0051", "0.0051"),
        (4, "-3", "-3.0000"),
        (0, "100", "100"),
        (2, "0.0051", "0.0051"),
    ],
)
def test_all_places_of_an_amount_are_shown(places: int, amount: str, shown: str) -> None:
    signed = shown.replace("-", "-US$") if shown.startswith("-") else f"US${shown}"
    several = field("money", currencies=("CNY", "USD"), places=places)
    assert kind_of(several).text(several, money(amount, "USD"), "en") == signed
    one = field("money", currency="USD", places=places)
    assert kind_of(one).text(one, Decimal(amount), "en") == signed
    plain_number = field("decimal", places=places)
    assert kind_of(plain_number).text(plain_number, Decimal(amount), "en") == shown


@pytest.mark.parametrize("text", ["￥1,200.00", "¥1，200", "1200元", "人民币 1200", "RMB 1200", "cny1200"])
@pytest.mark.parametrize("more", [{"currency": "CNY"}, {"currencies": ("CNY", "USD")}])
def test_the_signs_of_an_amount_are_those_of_one_currency_or_several(text: str, more: dict[str, Any]) -> None:
    declared = field("money", **more)
    read = kind_of(declared).read(declared, text)
    assert (read["amount"] if isinstance(read, dict) else read) == 1200


def test_a_full_width_comma_names_no_currency() -> None:
    several = field("money", currencies=("CNY", "USD"))
    for text in ("1,200", "1，200"):
        assert list(kind_of(several).condition(several, "at_least", text) or {}) == [several.name]
    assert list(kind_of(several).condition(several, "at_least", "￥1,200") or {}) == [
        several.name,
        f"{several.name}.currency",
    ]


@pytest.mark.parametrize(
    ("declared", "raw"),
    [(DAY, "2026年11月31日"), (DAY, "2026-11-31"), (MOMENT, "2026/11/31 14:30"), (MOMENT, "2026-11-31")],
)
def test_a_day_that_no_calendar_has_is_named_and_not_called_badly_written(declared: Field, raw: str) -> None:
    with pytest.raises(Unreadable) as refused:
        kind_of(declared).read(declared, raw)
    (text,) = refused.value.problems.values()
    assert text.zh == "日历上没有 2026-11-31 这一天。"
    assert text.en == "There is no 2026-11-31 in the calendar."
