"""Addresses that are the same in every request, built once: a page has dozens of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import url_for

MOST_KEPT = 2_000
SLUG, NUMBER = "0slug0", "0number0"


@lru_cache(maxsize=MOST_KEPT)
def of(endpoint: str, **values: Any) -> str:
    """The address of an endpoint with values of which there are few, such as a type's slug."""
    return url_for(endpoint, **values)


def of_record(act: str, slug: str, number: str, **values: Any) -> str:
    """The address of a page of a record."""
    if values:
        return url_for(f"records.{act}", slug=slug, number=number, **values)
    pattern = of(f"records.{act}", slug=SLUG, number=NUMBER)
    return pattern.replace(SLUG, slug).replace(NUMBER, quote(number, safe="!$&'()*+,:;=@"))
