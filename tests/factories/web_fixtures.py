"""Fixtures: an application on the session's database, whose clock the test holds, and a browser-like client.

A `conftest` that wants them imports them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database

from backoffice.app import create_app
from config.settings import Settings
from models import schema
from models.person.roles import Role
from tests.factories.desks import Desk, seat
from tests.factories.web import Browser, Clock, account

Add = Callable[..., ObjectId]
Sit = Callable[..., Desk]


@pytest.fixture(scope="session")
def prepared(connected: Settings) -> Settings:
    """The settings of a database with its collections and indexes."""
    schema.migrate()
    return connected


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(prepared: Settings, db: Database[dict[str, Any]], clock: Clock) -> Flask:
    """The application as in production, second factor included."""
    made = create_app(prepared, clock=clock, connect=False)
    made.testing = True
    return made


@pytest.fixture
def demo_app(prepared: Settings, db: Database[dict[str, Any]], clock: Clock) -> Flask:
    """The application in demonstration mode."""
    made = create_app(replace(prepared, demo=True), clock=clock, connect=False)
    made.testing = True
    return made


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def demo_browser(demo_app: Flask) -> Browser:
    return Browser(demo_app.test_client())


@pytest.fixture
def add(app: Flask, now: datetime) -> Add:
    """Make an account: `add(Role.SALES, email=...)` returns its id."""

    def make(*roles: Role, email: str = "sales@example.com", **more: Any) -> ObjectId:
        return account(app, *roles, email=email, now=now, **more)

    return make


@pytest.fixture
def sit(demo_app: Flask, now: datetime) -> Sit:
    """Seat somebody: `sit(Role.HEAD)`; they read English unless said otherwise."""

    def made(*roles: Role, **more: Any) -> Desk:
        return seat(demo_app, *roles, now=now, **more)

    return made
