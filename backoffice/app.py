"""The web application, put together step by step."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice import (
    api,
    assets,
    auth,
    calendar_feed,
    edge,
    errors,
    health,
    locale,
    posted_fields,
    screens,
    sign_in,
    trail,
    trial,
    types_in_force,
)
from backoffice.extensions import Application, Sessions, Templates, babel, bootstrap, csrf, csrf_token
from backoffice.screens import menu
from backoffice.screens.home import HomeView
from config import database
from config.settings import Settings
from models import catalogue
from models.backup import mark
from models.key_vault import service as key_vault
from models.person import rules

FORM_BYTES = 2 * 1024 * 1024
"""Beside files, a form may hold this much text."""

FORM_PARTS = 5_000
"""A record with a hundred rows of people sends some 1,300 inputs; Flask takes 1,000 by itself."""


def create_app(settings: Settings, *, clock: edge.Clock = edge.utc_now, connect: bool = True) -> Flask:
    """The application for these settings. `clock` tells the time of requests; with `connect` false the caller has
    connected the database already.

    :raises DatabaseError: the database cannot be reached or does not fit.
    """
    app = Application("backoffice")
    app.session_interface = Sessions()
    app.jinja_environment = Templates
    _configure(app, settings)
    if connect:
        database.connect(settings)
        mark.require_none()
        key_vault.require()
    catalogue.load()
    edge.init_app(app, clock)
    trail.init_app(app)
    assets.init_app(app)
    errors.init_app(app)
    locale.init_app(app, babel)
    auth.init_app(app, settings)
    csrf.init_app(app)
    posted_fields.init_app(app, sign_in.TAKES, apart=auth.API)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})
    bootstrap.init_app(app)
    types_in_force.init_app(app)
    app.register_blueprint(health.blueprint)
    calendar_feed.init_app(app)
    if settings.demo:
        trial.init_app(app)
    _add_screens(app)
    api.init_app(app, csrf)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.base_url.startswith("https://")
    # The visitor's address only: host and scheme are told by the settings. With no proxy nothing is taken from headers.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        DEMO=settings.demo,
        SETTINGS=settings,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=rules.ABSOLUTE,
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch is still good; it ends with the session
        BOOTSTRAP_SERVE_LOCAL=True,
    )


def _add_screens(app: Flask) -> None:
    admin = Admin(
        app,
        url="/",
        index_view=HomeView(url="/"),
        theme=Bootstrap4Theme(base_template="layout.html"),
        csp_nonce_generator=edge.csp_nonce,
    )
    screens.register(admin)
    menu.init_app(app)
