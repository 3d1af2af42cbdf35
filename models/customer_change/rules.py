"""Reported changes: what counts as filed (F4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from models.errors import Refusal

NOT_FILING = frozenset({"declassify", "secrecy_changed", "archive", "restore", "revisited", "contract_signed"})
"""What makes a version of a file without anybody writing in it."""


class NotFiled(Refusal):
    """A reported change cannot be closed before the file has it."""

    code = "not_filed"
    zh = "收到变动之后客户档案尚无更正。请先更正档案，或说明为何无需入档。"
    en = "The customer's file was not corrected since the change was reported. Correct it first, or say why not."


def filing_version(versions: Iterable[Mapping[str, Any]], received_at: datetime) -> Mapping[str, Any]:
    """Of the file's versions (`rev`, `at`, `action`), the first since the report in which somebody wrote in the file.

    :raises NotFiled: there is none.
    """
    later = [one for one in versions if one["at"] > received_at and one["action"] not in NOT_FILING]
    if not later:
        raise NotFiled()
    return min(later, key=lambda one: int(one["rev"]))


def is_ahead(happened_on: date | None, today: date) -> bool:
    """Whether a change is said to happen in the future; what is only planned is no change yet."""
    return happened_on is not None and happened_on > today
