"""Who a customer is: names, licence numbers and phones brought to one form, to find duplicates (F7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from models.errors import Sentence

PLACEHOLDERS = frozenset(
    {"null", "none", "nil", "n/a", "na", "tbd", "unknown", "-", "--", "---", "—", "?", "/", "."}
    | {"未知", "不详", "待补", "待补充", "待定", "暂缺"}
)


def is_placeholder(text: str) -> bool:
    """Whether a text only says that something is not known. 无 is an answer, not a placeholder."""
    plain = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip().casefold()
    return not plain or plain in PLACEHOLDERS


# --- names

_LEGAL_FORM_ZH = re.compile(r"(股份有限公司|有限责任公司|有限公司|股份公司|公司)$")
_LEGAL_FORM_EN = frozenset(
    {
        "ltd",
        "limited",
        "co",
        "company",
        "corp",
        "corporation",
        "inc",
        "incorporated",
        "llc",
        "llp",
        "plc",
        "lp",
    }
    | {
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "sarl",
        "spa",
        "srl",
        "bv",
        "nv",
        "ab",
        "oy",
        "pte",
        "pty",
        "sdn",
        "bhd",
    }
)
_PUNCTUATION = re.compile(r"[^\w&+]|_")


def name_key(name: str) -> str:
    """The name as it is compared: without width, case, accents, spaces, punctuation and legal form.

    A branch keeps its own name: 分公司 is another office, not another spelling. A name of nothing but its
    legal form stays as it is; an empty one or a placeholder such as NULL gives ''.
    """
    if is_placeholder(name):
        return ""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    plain = "".join(c for c in plain if not "\u0300" <= c <= "\u036f")
    plain = plain.replace("&", " and ").replace("'", "").replace("’", "").replace(".", "")
    words = [word for word in _PUNCTUATION.sub(" ", plain).split() if word]
    while len(words) > 1 and words[-1] in _LEGAL_FORM_EN:
        words.pop()
    if len(words) > 1 and words[-1] == "and":  # Smith & Co.
        words.pop()
    whole = "".join(words)
    if whole.endswith("分公司"):
        return whole
    return _LEGAL_FORM_ZH.sub("", whole) or whole


# --- licence

_LICENCE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LICENCE_LENGTH, _OLD_LICENCE_LENGTH = 18, 15


def licence_key(number: str) -> str:
    """A licence number in capitals without spaces and dashes; '' when too short to tell companies apart."""
    key = re.sub(r"[\s\-–—_.]", "", unicodedata.normalize("NFKC", number)).upper()
    return key if len(key) >= 6 and any(c.isdigit() for c in key) else ""


def licence_warning(number: str) -> Sentence | None:
    """What looks wrong with a unified social credit code (GB 32100-2015); never a reason to refuse it."""
    key = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", number)).upper()
    if not key:
        return None
    if len(key) == _OLD_LICENCE_LENGTH and key.isdigit():
        return Sentence(
            "这是 15 位的旧注册号，请补充 18 位统一社会信用代码。",
            "This is an old 15-digit registration number; please add the 18-character unified code.",
        )
    if len(key) != _LICENCE_LENGTH:
        return Sentence(
            f"统一社会信用代码应为 18 位，此处为 {len(key)} 位。",
            f"A unified social credit code has 18 characters; this has {len(key)}.",
        )
    if any(c not in _LICENCE_CHARACTERS for c in key):
        return Sentence(
            "统一社会信用代码只含数字和大写字母，且不含 I、O、S、V、Z。",
            "A unified social credit code has digits and capitals only, without I, O, S, V and Z.",
        )
    if licence_check_character(key[:17]) != key[17]:
        return Sentence(
            "统一社会信用代码的校验位不符，可能有一位写错。",
            "The check character of this unified social credit code does not match: is one mistyped?",
        )
    return None


def licence_check_character(first17: str) -> str:
    """The 18th character that belongs to the first 17 of a unified social credit code.

    :raises ValueError: for characters that such a code never has.
    """
    total = sum(_LICENCE_CHARACTERS.index(c) * pow(3, place, 31) for place, c in enumerate(first17))
    return _LICENCE_CHARACTERS[-total % 31]


# --- phones

_EXTENSION = re.compile(r"(?:转|分机号?|内线|ext(?:ension)?\.?|(?<=\d)\s*x|#|(?<=\d{7})-)\s*:?\s*(\d{1,6})\s*$")
_SEVERAL = re.compile(r"[;,、|\n]|\s/\s|(?<=\d)/(?=[\d+(])")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})\d{7,8}")
_SERVICE = re.compile(r"[48]00\d{7}|9[56]\d{3,6}|1[02]\d{3}|12345")
_LOCAL = re.compile(r"[2-8]\d{6,7}")


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number by its digits.

    `kind`: mobile, landline, service, local (a landline without area code), foreign or unknown.
    """

    number: str
    extension: str = ""
    kind: str = "unknown"


def parse_phone(text: str) -> Phone:
    """One phone number as written; what cannot be read has kind unknown and whatever digits there are."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    extension = ""
    if found := _EXTENSION.search(plain):
        extension, plain = found[1], plain[: found.start()]
    digits = re.sub(r"\D", "", plain)
    abroad = plain.lstrip("( ").startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00")
    if digits.startswith("86") and (abroad or len(digits) > 11):
        digits, abroad = digits[2:].removeprefix("0"), False
        if not _MOBILE.fullmatch(digits) and not _SERVICE.fullmatch(digits):
            digits = f"0{digits}"
    if re.search(r"[^\d\s()+\-./~—–]", plain):
        return Phone(digits, extension)
    if abroad:
        return Phone(f"+{digits}", extension, "foreign" if 7 <= len(digits) <= 15 else "unknown")
    for kind, pattern in (
        ("mobile", _MOBILE),
        ("landline", _LANDLINE),
        ("service", _SERVICE),
        ("local", _LOCAL),
    ):
        if pattern.fullmatch(digits):
            return Phone(digits, extension, kind)
    return Phone(digits, extension)


def phones_in(text: str) -> tuple[Phone, ...]:
    """All phone numbers of a cell that may hold several, separated by `;` `,` `、` `/` or a line break."""
    parts = _SEVERAL.split(unicodedata.normalize("NFKC", text))
    return tuple(parse_phone(part) for part in parts if any(c.isdigit() for c in part))


def phone_warning(text: str) -> Sentence | None:
    """What looks wrong with a phone number; never a reason to refuse it."""
    if not text.strip():
        return None
    phones = phones_in(text)
    if not phones or any(phone.kind == "unknown" for phone in phones):
        return Sentence(
            "不像是电话号码：手机为 11 位，座机请带区号，国外号码以 + 开头。",
            "This does not look like a phone number: 11 digits for a mobile, area code or + before others.",
        )
    if any(phone.kind == "local" for phone in phones):
        return Sentence("请补上区号，如 021-12345678。", "Please add the area code, such as 021-12345678.")
    return None


def phone_keys(text: str) -> tuple[str, ...]:
    """The numbers by which two customers are compared: whole ones only, without extension.

    Service numbers such as 95588 and numbers without area code belong to many, so they say nothing.
    """
    whole = (phone.number for phone in phones_in(text) if phone.kind in ("mobile", "landline", "foreign"))
    return tuple(dict.fromkeys(whole))


# --- duplicates


def duplicate_keys(names: Iterable[str], licence: str, phones: Iterable[str]) -> tuple[str, ...]:
    """Keys that two files of one customer have in common (F7): `n:` names, `l:` licence, `p:` phones.

    Names shorter than two characters and unreadable numbers give no key.
    """
    keys = [f"n:{key}" for name in names if len(key := name_key(name)) >= 2]
    if key := licence_key(licence):
        keys.append(f"l:{key}")
    keys += [f"p:{number}" for text in phones for number in phone_keys(text)]
    return tuple(dict.fromkeys(keys))
