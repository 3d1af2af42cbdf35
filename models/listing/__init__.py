"""Lists: filters, search, sort and keyset pages within a person's reach, without skipping.

`address` reads a list's state from text and writes it, `conditions` turns it into the database's condition, `paging`
fetches. Screens, API, exports and jobs ask here.
"""

from models.listing.conditions import compile_query, condition_of
from models.listing.counting import cheap_count, count
from models.listing.paging import LARGEST_PAGE, Plan, following, page, plan, read, scan, token_of
from models.listing.query import (
    BARE,
    BadQuery,
    Filter,
    Group,
    ListQuery,
    Page,
    TooBroad,
    leaves,
    queryable,
    sortable,
    system_fields,
)
from models.listing.several import Asked, newest
from models.listing.walking import Question

__all__ = [
    "BARE",
    "LARGEST_PAGE",
    "Asked",
    "BadQuery",
    "Filter",
    "Group",
    "ListQuery",
    "Page",
    "Plan",
    "Question",
    "TooBroad",
    "cheap_count",
    "compile_query",
    "condition_of",
    "count",
    "following",
    "leaves",
    "newest",
    "page",
    "plan",
    "queryable",
    "read",
    "scan",
    "sortable",
    "system_fields",
    "token_of",
]
