"""Tries to sign in are counted for the visitor, not for the proxy that stands before the web."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from backoffice.app import create_app
from config.settings import Settings
from models.person.document import TRIES
from tests.factories.web import Browser, Clock

PROXY = "192.0.2.1"


@pytest.mark.parametrize(("proxies", "counted"), [(0, 1), (1, 2)])
def test_behind_a_proxy_each_visitor_is_counted_apart(
    prepared: Settings, db: Database[dict[str, Any]], clock: Clock, proxies: int, counted: int
) -> None:
    app = create_app(replace(prepared, proxies=proxies), clock=clock, connect=False)
    app.testing = True
    browser = Browser(app.test_client(), address=PROXY)
    for visitor in ("198.51.100.1", "198.51.100.2"):
        browser.headers = {"X-Forwarded-For": visitor}
        browser.sign_in("someone@example.com", "wrong password")
    assert db[TRIES].count_documents({"_id": {"$regex": "^address:"}}) == counted
