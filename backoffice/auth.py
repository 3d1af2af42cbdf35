"""Who acts, and the gate that every request passes: without a session in force only the sign-in is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from time import time
from typing import Any

from bson import ObjectId
from flask import Flask, Request, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security.utils import hash_password as _hash_password
from flask_security.utils import set_request_attr

from backoffice import at_hand, edge, locale, sign_in
from backoffice.account import Account, Seen
from backoffice.edge import STATIC_ENDPOINTS
from backoffice.errors import NotSignedIn
from config.settings import Settings
from models.access_request import grants
from models.person import deputies, rules, service
from models.person import session as sessions
from models.person.known import as_before, before
from models.person.roles import Person

WITHOUT_IDENTITY = STATIC_ENDPOINTS | {"health.healthz", "health.readyz"}
"""Asked for without anybody's identity, and without the database."""

API = "api"
"""The blueprint that looks after itself."""

WATCHING = frozenset({"records.still_open"})
"""What pages ask by themselves, whoever sits before them: it keeps no session alive."""

OPEN = WITHOUT_IDENTITY | sign_in.ANONYMOUS | {"language.switch", "trial.enter", "calendar_feed.show"}
"""Everything that a person who is not signed in may reach; whatever is not named here is closed."""


def init_app(app: Flask, settings: Settings) -> None:
    """Bind sign-in and the gate to an application."""
    app.before_request(gate)
    sign_in.init_app(app, settings)
    security = app.extensions["security"]
    security.login_manager.user_loader(_load)
    security.login_manager.request_loader(_nobody)
    # Nothing asks Flask-Principal what anybody may do, so that it need not ask who is there, before each request.
    security.principal.identity_loaders.clear()


def gate() -> ResponseReturnValue | None:
    """Let a request through, or send the person to the sign-in."""
    if request.routing_exception is not None:
        return None
    if request.blueprint == API:
        return None  # it asks every request for a token, and never for a session
    if request.endpoint in sign_in.CLOSED:
        abort(404)
    if request.blueprint == "security" and request.is_json:
        abort(415)
    if request.endpoint == sign_in.CODE and not sign_in.awaits_code() and known_person() is not None:
        return redirect(url_for("admin.index"))  # Flask-Security would sign them out
    if request.endpoint in WITHOUT_IDENTITY:
        return None
    person = known_person()  # whoever is signed in is spoken to in their language on open pages too
    if request.endpoint in OPEN:
        return None
    if person is None:
        if edge.wants_json():
            raise NotSignedIn()
        return redirect(url_for("security.login", next=edge.here()))
    if g.account_row.get("must_change") and request.endpoint not in sign_in.WITH_OLD_PASSWORD:
        return redirect(url_for("security.change_password"))
    return None


def known_person() -> Person | None:
    """The signed-in person, or None."""
    if "person" not in g and not current_user.is_authenticated:
        return None
    person: Person | None = g.get("person")
    return person


def current_person() -> Person:
    """The signed-in person, taken once per request. :raises NotSignedIn: when there is none."""
    person = known_person()
    if person is None:
        raise NotSignedIn()
    return person


def is_fresh() -> bool:
    """Whether the password was given in the last five minutes, as a signature needs."""
    if known_person() is None:
        return False
    return rules.is_fresh(g.session_row.fresh_at, edge.now())


def hash_password(password: str) -> str:
    """The argon2id hash of a password, as stored. Needs an application context."""
    hashed: str = _hash_password(rules.normal_password(password))
    return hashed


def _beside(person: ObjectId, now: datetime) -> list[dict[str, Any]]:
    return [grants.beside(person, now), *at_hand.stages(person, before(person))]


def _load(user_id: str) -> Account | Seen | None:
    """The account of the session in force; called by Flask-Login when a request first asks who is there. Only the pages
    of Flask-Security get it as what can be changed and stored."""
    sid = session.get("sid")
    if not isinstance(sid, str) or request.endpoint in WITHOUT_IDENTITY or request.blueprint == API:
        return None
    found = sessions.find(sid, edge.now(), _beside, used=request.endpoint not in WATCHING)
    if found is None or found.account["fs_uniquifier"] != user_id:
        return None
    g.session_row, g.account_row = found.session, found.account
    at_hand.keep(found.answer)
    person = service.person_of(g.account_row, locale.language())
    person = deputies.with_stand_ins(person, g.account_row, edge.now())
    granted = grants.by_use((row["grant"] for row in found.answer if "grant" in row), person)
    g.person = as_before(replace(person, grants=granted))
    set_request_attr("fs_authn_via", "session")
    # Flask-Security compares with the wall clock; ours decides.
    set_request_attr("fs_paa", time() if rules.is_fresh(found.session.fresh_at, edge.now()) else 0)
    if request.blueprint != "security":
        return Seen(g.account_row)
    return Account.of(g.account_row)


def _nobody(_request: Request) -> None:
    """Only a session signs in to pages: Flask-Security would look for a token of its own in every other request."""
