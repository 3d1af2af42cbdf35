"""How long a level lasts and who set it (X1, X2); the store runs it for every classified type."""

from __future__ import annotations

from datetime import date

from config.policy import policy
from models.calendar import add_months, local
from models.declarations import Level
from models.registry import Draft


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
    """Note who set a new level, and give it its default period unless the writer chose one."""
    before = draft.before or {}
    level = Level(draft.values["level"] or Level.INTERNAL.value)
    if level.value == before.get("level"):
        return
    draft.values["level_set_by"] = draft.actor.id
    chosen = "secret_until" in draft.given and draft.values["secret_until"] != before.get("secret_until")
    if level is Level.INTERNAL or not chosen:
        draft.values["secret_until"] = period_of(level, local(draft.now).date())
