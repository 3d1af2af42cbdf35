"""How long a level lasts and who set it (X1, X2); the store runs it for every classified type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from config.policy import policy
from models import turns
from models.calendar import add_months, local
from models.day_words import day_text
from models.declarations import Label, Level
from models.errors import Sentence
from models.person.roles import Role
from models.registry import Draft

FILLED_IN = frozenset({"create", "change"})
"""The writes, beside moves, whose end of the period a person has filled in; others take it from what was decided or
stands."""

GROUNDS = {
    Level.SECRET: Label("一般往来事项", "Ordinary dealings"),
    Level.CONFIDENTIAL: Label("重要往来事项", "Important dealings"),
    Level.TOP_SECRET: Label("直接关系公司利益", "Bears directly on the company's interests"),
}
"""What a level is for (X1): the basis of one that is set without a basis of its own, in the language of whoever sets
it, as if they had written it."""


def period_of(level: Level, since: date) -> date | None:
    """The last day of a level set on `since`, by default (X2); None for internal records."""
    secrecy = policy().secrecy
    years = {
        Level.SECRET: secrecy.secret_years,
        Level.CONFIDENTIAL: secrecy.confidential_years,
        Level.TOP_SECRET: secrecy.top_secret_years,
    }
    return add_months(since, 12 * years[level]) if level in years else None


def keep_level(draft: Draft) -> None:
    """Note who set a new level, with its basis, and give it its default period unless the writer chose one. A
    classified record has an end, later than today and within its default period; only the head sets a later one at
    once (X2)."""
    before, values = draft.before or {}, draft.values
    level, today = Level.of(values["level"]), local(draft.now).date()
    set_now = level.value != before.get("level")
    chosen = "secret_until" in draft.given and values["secret_until"] != before.get("secret_until")
    if not set_now and not chosen:
        return
    if set_now:
        values["level_set_by"] = draft.actor.id
        values["level_basis"] = _basis(before, values, level, draft.actor.language)
    last = _last_day(before, level, today)
    if last is None or not chosen or values["secret_until"] is None:
        values["secret_until"] = last
    elif draft.action in FILLED_IN or draft.transition is not None:
        latest = last if set_now and not turns.serves(draft.actor, values, Role.HEAD) else None
        problem = end_problem(values["secret_until"], latest, today)
        if problem is not None:
            draft.problems["secret_until"] = problem


def _basis(before: Mapping[str, Any], values: Mapping[str, Any], level: Level, language: str) -> str | None:
    """The basis of a level set now: what was written, else what the level is for; none of what is internal."""
    stated: str | None = values.get("level_basis")
    if stated == before.get("level_basis"):
        stated = written_basis(before)
    return (stated or GROUNDS[level].text(language)) if level in GROUNDS else None


def written_basis(record: Mapping[str, Any]) -> str | None:
    """The basis that somebody wrote for a record's level; None where it is only what the level is for."""
    stated: str | None = record.get("level_basis")
    ground = GROUNDS.get(Level.of(record.get("level")))
    return None if ground is not None and stated in (ground.zh, ground.en) else stated


def _last_day(before: Mapping[str, Any], level: Level, today: date) -> date | None:
    """The default end of a level set today: raising one ends no period earlier that the head made longer."""
    last, former = period_of(level, today), before.get("secret_until")
    raised = level.rank > Level.of(before.get("level")).rank
    return max(last, former) if last and former and raised else last


def end_problem(until: date, latest: date | None, today: date) -> Sentence | None:
    """What is wrong with a chosen end of secrecy; `latest` is None for whoever may choose any later day."""
    if until <= today:
        return Sentence("应晚于今天。", "This is later than today.")
    if latest is not None and until > latest:
        return Sentence(
            f"该密级最晚至 {day_text(latest).zh}；延长须由客服部经理批准。",
            f"This level lasts to {day_text(latest).en} at most; a longer period needs the head.",
        )
    return None
