"""Names, licences, phones and emails brought to one form (F7)."""

from __future__ import annotations

import random

import pytest

from models.customer.identity import (
    Phone,
    duplicate_keys,
    is_placeholder,
    licence_check_character,
    licence_key,
    licence_warning,
    name_key,
    parse_phone,
    phone_keys,
    phone_warning,
    phones_in,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("东岭样例机械有限公司", "东岭样例机械股份有限公司"),
        ("东岭样例机械有限公司", " 东岭样例 机械有限责任公司 "),
        ("东岭样例机械（上海）有限公司", "东岭样例机械(上海)公司"),
        ("ＡＢＣ样例有限公司", "abc样例"),
        ("Sample & Sons Co., Ltd.", "SAMPLE AND SONS"),
        ("Sample & Co., Ltd.", "sample"),
        ("Sample, Inc.", "Sample Corporation"),
        ("S.A.M. Ltd", "SAM Limited"),
        ("Échantillon S.A.", "echantillon"),
        ("Sam's Foods", "Sams Foods LLC"),
    ],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("东岭样例机械有限公司", "东岭样例机械有限公司上海分公司"),
        ("东岭样例机械有限公司", "东岭样例电器有限公司"),
        ("东岭样例集团有限公司", "东岭样例有限公司"),
        ("公司", "有限公司"),
        ("Limited", "Company"),
        ("Sample Ltd", "Sampled Ltd"),
    ],
)
def test_different_customers_keep_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("text", ["", "  ", "NULL", "n/a", "－", "未知", "待补"])
def test_a_placeholder_is_no_name(text: str) -> None:
    assert is_placeholder(text)
    assert name_key(text) == ""


def test_nothing_to_say_is_an_answer() -> None:
    assert not is_placeholder("无")


def test_a_right_licence_passes_and_any_single_slip_shows() -> None:
    dice = random.Random(3)
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for _ in range(30):
        stem = "91" + "".join(dice.choice(alphabet) for _ in range(15))
        code = stem + licence_check_character(stem)
        assert licence_warning(code) is None
        assert licence_warning(f" {code[:8].lower()}-{code[8:]} ") is None
        place = dice.randrange(18)
        wrong = dice.choice(alphabet.replace(code[place], ""))
        warning = licence_warning(code[:place] + wrong + code[place + 1 :])
        assert warning is not None
        assert "校验位" in warning.zh


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("310000123456789", "旧注册号"),
        ("9131000", "18 位"),
        ("91350100M000100YIO", "不含"),
        ("NULL", "18 位"),
    ],
)
def test_a_doubtful_licence_is_a_warning_in_words(number: str, said: str) -> None:
    warning = licence_warning(number)
    assert warning is not None
    assert said in warning.zh


def test_no_licence_is_no_warning() -> None:
    assert licence_warning("  ") is None


@pytest.mark.parametrize(("number", "key"), [("9135-0100 m0", "91350100M0"), ("NULL", ""), ("无", ""), ("12", "")])
def test_the_licence_key(number: str, key: str) -> None:
    assert licence_key(number) == key


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13800138000", Phone("13800138000", kind="mobile")),
        ("+86 138-0013-8000", Phone("13800138000", kind="mobile")),
        ("0086 13800138000", Phone("13800138000", kind="mobile")),
        ("8613800138000", Phone("13800138000", kind="mobile")),
        ("１３８００１３８０００", Phone("13800138000", kind="mobile")),
        ("(010) 5550-1234", Phone("01055501234", kind="landline")),
        ("010-55501234转801", Phone("01055501234", "801", "landline")),
        ("010-55501234-801", Phone("01055501234", "801", "landline")),
        ("0571-55501234 ext. 12", Phone("057155501234", "12", "landline")),
        ("+86 (0)21 5550 1234", Phone("02155501234", kind="landline")),
        ("86-21-55501234", Phone("02155501234", kind="landline")),
        ("400-555-1234", Phone("4005551234", kind="service")),
        ("55501234", Phone("55501234", kind="local")),
        ("+44 20 7946 0958", Phone("+442079460958", kind="foreign")),
        ("0044 20 7946 0958", Phone("+442079460958", kind="foreign")),
        ("+1 (555) 010-1234 x22", Phone("+15550101234", "22", "foreign")),
        ("12345", Phone("12345", kind="service")),
        ("1380013800", Phone("1380013800")),
        ("call 13800138000", Phone("13800138000")),
    ],
)
def test_phones_as_people_write_them(text: str, phone: Phone) -> None:
    assert parse_phone(text) == phone


def test_a_cell_may_hold_several_phones() -> None:
    numbers = [phone.number for phone in phones_in("13800138000、021-55501234/021-55501235；")]
    assert numbers == ["13800138000", "02155501234", "02155501235"]


def test_only_whole_numbers_of_one_owner_are_compared() -> None:
    assert phone_keys("021-55501234转8, 021-55501234转9; 95588; 55501234; abc") == ("02155501234",)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", None), ("138 0013 8000", None), ("55501234", "区号"), ("1380013800", "不像"), ("x", "不像")],
)
def test_a_doubtful_phone_is_a_warning(text: str, said: str | None) -> None:
    warning = phone_warning(text)
    assert (warning is None) == (said is None)
    assert said is None or (warning is not None and said in warning.zh)


def test_a_long_hostile_text_is_read_at_once() -> None:
    assert phones_in("1" * 200_000)[0].kind == "unknown"
    assert name_key("(" * 200_000) == ""


def test_two_files_of_one_customer_share_a_key() -> None:
    one = duplicate_keys(["东岭样例机械有限公司", "东岭"], "91350100M000100Y43", ["021-55501234转8"])
    other = duplicate_keys(["东岭样例机械公司"], "", ["+86 21 5550 1234"])
    assert set(one) & set(other) == {"n:东岭样例机械", "p:02155501234"}
    assert "l:91350100M000100Y43" in one


def test_files_that_know_nothing_share_no_key() -> None:
    assert duplicate_keys(["NULL", "甲"], "无", ["-", "95588"]) == ()
