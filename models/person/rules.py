"""Rules on accounts: passwords, how long a session lives, how many tries, who needs a second factor."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from config.later import Later
from models.errors import Sentence
from models.person.roles import APPROVING, OVERSEEING, PRIVILEGED, Role

strength = Later("zxcvbn")

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
FRESH = timedelta(minutes=5)

TRY_WINDOW = timedelta(minutes=15)
ACCOUNT_TRIES = 8
ADDRESS_TRIES = 60

SHORTEST, LONGEST = 12, 128
JUDGED = 72  # zxcvbn judges no more; its time grows with the length
NEEDED_GUESSES = 10**11

COMPANY_WORDS = ("backoffice", "kefu", "客服", "kehu", "客户")
COMMON_WORDS = (
    "mima", "密码", "woaini", "我爱你", "meiyou", "gongsi", "公司", "zhongguo", "中国", "beijing", "shanghai",
    "shenzhen", "guangzhou", "nihao", "你好", "laopo", "laogong", "baobei", "xiexie", "guanliyuan", "管理员",
    "5201314", "1314520", "520520", "147258", "888888", "666666", "168168", "aini", "wangyi", "taobao", "qq",
)  # fmt: skip
"""What people here put into passwords and the English-minded word lists do not know."""

READING_ROLES = frozenset({Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD})
"""The service department: whoever reads classified records by role (X3)."""

CONFIRMING = OVERSEEING - {Role.AUDITOR}
"""Who may be the second person when a privileged role is given; the auditor changes nothing."""


def needs_second_factor(roles: Collection[Role]) -> bool:
    """Whether a person of these roles signs in with a second factor (outside demonstrations)."""
    return not (APPROVING | READING_ROLES | PRIVILEGED).isdisjoint(roles)


def session_ended(created: datetime, last_seen: datetime, now: datetime) -> bool:
    """Whether a session is over: 30 minutes without a request, or 12 hours old."""
    return now - last_seen >= IDLE or now - created >= ABSOLUTE


def is_fresh(fresh_at: datetime | None, now: datetime) -> bool:
    """Whether the password was given in the last 5 minutes, as a signature needs."""
    return fresh_at is not None and timedelta(0) <= now - fresh_at < FRESH


def normal_password(password: str) -> str:
    """One form for characters that a keyboard may write in several ways."""
    return unicodedata.normalize("NFKC", password)


def password_problem(password: str, name: str, email: str) -> Sentence | None:
    """Why a password is not good enough for a person, or None. No rule of kinds of characters: length and
    unlikeliness, judged offline against word lists, names, keyboard runs, dates and repeats."""
    password = normal_password(password)
    if len(password) < SHORTEST:
        return Sentence(f"密码至少需要 {SHORTEST} 个字符。", f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        return Sentence(f"密码最多 {LONGEST} 个字符。", f"A password has at most {LONGEST} characters.")
    own = [word for word in own_words(name, email) if word in password.casefold()]
    if own:
        return Sentence(
            "密码中不能包含您的姓名、邮箱或本系统、公司的名称。",
            "A password does not hold your name, your email or the name of the product or company.",
        )
    judged = strength.zxcvbn(password[:JUDGED], user_inputs=[*COMMON_WORDS, *own_words(name, email)])
    if judged["guesses"] < NEEDED_GUESSES:
        return Sentence(
            "这个密码太容易被猜到：请避免常用密码、键盘顺序、日期和重复，可以用几个不相关的词组成一句。",
            "This password is too easy to guess: avoid common passwords, keyboard runs, dates and repeats. "
            "A few unrelated words make a good one.",
        )
    return None


def own_words(name: str, email: str) -> list[str]:
    """The words that a person's password may not hold, in lower case."""
    local, _, domain = email.casefold().partition("@")
    company = domain.split(".")[0]
    words: Iterable[str] = [*name.casefold().split(), name.casefold().replace(" ", ""), local, company]
    return sorted({w for w in (*words, *COMPANY_WORDS) if len(w) >= (4 if w.isascii() else 2)})
