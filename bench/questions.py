"""The compared lists with filters, a search or another order, as the floor asks them: the same question to the same
collection with the indexes that there are, without anybody's rights.

The head's department stands in them, or the floor would show what is not the head's to read. A search asks the stored
pieces, as ours does: whoever looked through every text instead would wait for seconds.
"""

from __future__ import annotations

import re
from typing import Any

from bson import MinKey

from bench.house import HEAD
from bench.world import World
from models import search

Condition = dict[str, Any]
Order = list[tuple[str, int]]

IN_USE: Condition = {"archived": {"$exists": False}, "department": HEAD.department}
NEWEST: Order = [("number", -1)]


def of(world: World) -> dict[str, tuple[Condition, Order]]:
    """Condition and order by case."""
    filters: dict[str, Condition] = {
        "filter": {"region": "浙江", "state": "active"},
        "filter_rare": {"city": "云溪市", "grade": "D", "key_customer": True},
        "prefix_zh": _begins("云溪"),
        "prefix_en": _begins("Calderwell"),
        "search_zh": search.condition("机械"),
        "search_zh_rare": search.condition(world.words("zh")),
        "search_en": search.condition("logistics"),
        "search_en_rare": search.condition(world.words("en")),
        "search_none": search.condition("不存在的公司"),
    }
    return {case: (IN_USE | condition, NEWEST) for case, condition in filters.items()} | {
        "sort_name": (IN_USE | _named("name"), [("name", 1), ("number", 1)]),
        "sort_limit": (IN_USE | _named("credit_limit"), [("credit_limit", -1), ("number", -1)]),
    }


def _named(field: str) -> Condition:
    """What every record fulfils: an index is only tried for an order whose field stands in the condition."""
    return {field: {"$gte": MinKey()}}


def _begins(text: str) -> Condition:
    return {"$and": [*search.holding(text), {"name": {"$regex": "^" + re.escape(text)}}]}
