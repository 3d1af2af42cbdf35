"""What is measured page by page, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One kind of request. `most` times the floor's time is what our screens may take, `api` what the API may;
    `page` names the list page to which a longer way through the list is compared, at most 1.3 times as slow."""

    id: str
    label: str
    most: float = 0
    api: float = 0
    page: str = ""


DEEPER = 1.3

CASES = (
    Case("list20", "first page, 20 rows", most=12, api=4),
    Case("list100", "first page, 100 rows", most=20, api=4),
    Case("deep20", "page at 90 %, 20 rows", most=12, api=4, page="list20"),
    Case("filter", "filter: region and state", api=4, page="list20"),
    Case("filter_rare", "filter: few hits", api=4, page="list20"),
    Case("prefix_zh", "name begins with (Chinese)", api=4, page="list20"),
    Case("prefix_en", "name begins with (English)", api=4, page="list20"),
    Case("search_zh", "search, common Chinese word", api=4, page="list20"),
    Case("search_zh_rare", "search, rare Chinese letters", api=4, page="list20"),
    Case("search_en", "search, common English word", api=4, page="list20"),
    Case("search_en_rare", "search, rare letters and digits", api=4, page="list20"),
    Case("search_none", "search without a hit", api=4, page="list20"),
    Case("sort_name", "sorted by name", api=4, page="list20"),
    Case("sort_limit", "sorted by credit limit", api=4, page="list20"),
    Case("named100", "100 complaints, customers' names", most=6, api=4),
    Case("details", "details", most=10, api=4),
    Case("related", "lists beside it, behind its page"),
    Case("edit", "edit page", most=10),
    Case("save", "save, with history and audit", most=4, api=4),
    Case("noted", "what an API list asks and writes, and nothing else"),
    Case("recorded", "what a save writes, and nothing else"),
)
