"""What a password must be, who needs a second factor, when a session ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.person import rules
from models.person.roles import APPROVING, OVERSEEING, PRIVILEGED, Role

NAME, EMAIL = "李雷", "lilei@huadong.example"


@pytest.mark.parametrize(
    "password",
    [
        "seven green umbrellas",
        "Xk3vQ92mPz7t",
        "三楼窗户外面下着很大的雨呢",
        "wo bu xihuan xiayutian",
        "tRq8#vv2!mLw0",
    ],
)
def test_long_and_unlikely_passwords_are_taken(password: str) -> None:
    assert rules.password_problem(password, NAME, EMAIL) is None


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password123!",
        "P@ssw0rd2026!",
        "qwertyuiop[]",
        "1qaz2wsx3edc",
        "zxcvbnm,./12",
        "123456789012",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "iloveyou1234",
        "letmein12345",
        "woaini1314520",
        "147258369147",
        "admin2026admin",
        "20261123 2026",
        "welcome12345",
        "monkeymonkey",
    ],
)
def test_common_passwords_runs_dates_and_repeats_are_refused(password: str) -> None:
    problem = rules.password_problem(password, NAME, EMAIL)
    assert problem is not None
    assert "guess" in problem.en


@pytest.mark.parametrize("short", ["", "a", "Xk3vQ92mPz7", "三楼窗户外的"])
def test_fewer_than_twelve_characters_are_refused(short: str) -> None:
    problem = rules.password_problem(short, NAME, EMAIL)
    assert problem is not None
    assert "12" in problem.en


def test_more_than_128_characters_are_refused_without_being_judged() -> None:
    problem = rules.password_problem("correct horse battery " * 1000, NAME, EMAIL)
    assert problem is not None
    assert "128" in problem.en


@pytest.mark.parametrize(
    "password",
    [
        "purple-Lilei-kettle-7",
        "purple 李雷 kettle nine",
        "huadong kettle purple",
        "purple backoffice kettle",
        "ｌｉｌｅｉ purple kettle",
    ],
)
def test_names_email_and_company_words_are_refused(password: str) -> None:
    problem = rules.password_problem(password, NAME, EMAIL)
    assert problem is not None
    assert "name" in problem.en


def test_a_two_letter_local_part_forbids_nothing() -> None:
    assert rules.password_problem("seven green umbrellas", "Bo Li", "bo@ab.example") is None


def test_whoever_approves_reads_or_is_privileged_needs_a_second_factor() -> None:
    needing = {role for role in Role if rules.needs_second_factor({role})}
    assert needing == set(Role) - {Role.SALES}
    assert needing > PRIVILEGED > APPROVING
    assert rules.needs_second_factor({Role.SALES, Role.HEAD})
    assert not rules.needs_second_factor(set())


def test_whoever_signs_or_oversees_is_privileged() -> None:
    assert APPROVING | OVERSEEING == PRIVILEGED
    assert set(Role) - PRIVILEGED == {Role.SPECIALIST, Role.SALES}


def test_the_auditor_confirms_nobodys_rights() -> None:
    assert Role.AUDITOR not in rules.CONFIRMING
    assert rules.CONFIRMING | {Role.AUDITOR} == OVERSEEING


@pytest.mark.parametrize(
    ("idle", "age", "ended"),
    [(0, 0, False), (29, 29, False), (30, 30, True), (1, 719, False), (1, 720, True)],
)
def test_a_session_ends_idle_or_old(now: datetime, idle: int, age: int, ended: bool) -> None:
    created, seen = now - timedelta(minutes=age), now - timedelta(minutes=idle)
    assert rules.session_ended(created, seen, now) is ended


def test_a_sign_in_is_fresh_for_five_minutes_and_never_from_the_future(now: datetime) -> None:
    assert rules.is_fresh(now, now)
    assert rules.is_fresh(now - timedelta(minutes=5) + timedelta(seconds=1), now)
    assert not rules.is_fresh(now - timedelta(minutes=5), now)
    assert not rules.is_fresh(now + timedelta(seconds=1), now)
    assert not rules.is_fresh(None, now)
