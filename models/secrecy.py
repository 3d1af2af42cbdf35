"""How long a record stays classified (X2). Pure."""

from __future__ import annotations

from datetime import date

from dateutil.relativedelta import relativedelta

from config.policy import Secrecy
from models.declarations import Level


def default_until(level: Level, today: date, policy: Secrecy) -> date | None:
    """The last day of secrecy for a level set today; None for internal records."""
    years = {
        Level.SECRET: policy.secret_years,
        Level.CONFIDENTIAL: policy.confidential_years,
        Level.TOP_SECRET: policy.top_secret_years,
    }
    return None if level is Level.INTERNAL else today + relativedelta(years=years[level])
