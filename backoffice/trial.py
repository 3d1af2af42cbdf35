"""Demonstrations only: sign in as one of the invented people by a button. Elsewhere these addresses do not exist."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from flask import Blueprint, Flask, Response, current_app, g, redirect, request, url_for
from flask_security.utils import login_user

from backoffice import auth, edge, locale
from backoffice.account import Account
from backoffice.posted_fields import takes
from models.errors import NotFound
from models.person import service
from models.person import session as sessions
from models.person.roles import ROLE_LABELS, Role

blueprint = Blueprint("trial", __name__)


def init_app(app: Flask) -> None:
    """Open the demonstration's sign-in. Not to be called outside demonstrations."""
    app.register_blueprint(blueprint)
    bound = app.extensions["security"]
    bound.login_context_processor(lambda: {"demo_people": people(), "demo_sign_in_url": url_for("trial.enter")})
    bound.verify_context_processor(lambda: {"demo_refresh_url": url_for("trial.refresh")})


def people() -> list[dict[str, Any]]:
    """The demonstration people for the sign-in page: `value`, `name`, `role` and `text`, what one can try."""
    code = locale.language()
    shown = []
    for row in service.trial_people():
        labels = [ROLE_LABELS[Role(r)][0 if code == "zh" else 1] for r in row["roles"]]
        text = row.get("trial_zh" if code == "zh" else "trial_en", "")
        shown.append({"value": str(row["_id"]), "name": row["name"], "role": " · ".join(labels), "text": text})
    return shown


@blueprint.post("/demonstration/enter")
@takes("person", "next")
def enter() -> Response:
    """Sign in as the demonstration person `person`. Nobody else can be entered as."""
    try:
        wanted = ObjectId(request.form.get("person", ""))
    except InvalidId:
        raise NotFound() from None
    if wanted not in {row["_id"] for row in service.trial_people()}:
        raise NotFound()
    login_user(Account.of(service.get(wanted)), remember=False, authn_via=["demonstration"])
    return _back()


@blueprint.post("/demonstration/refresh")
@takes("next")
def refresh() -> Response:
    """Stand in for giving the password again, which demonstration people do not have."""
    auth.current_person()
    if "trial_order" not in g.account_row:
        raise NotFound()
    sessions.refresh(g.session_row, edge.now())
    return _back()


def _back() -> Response:
    target = request.values.get("next", "")
    return current_app.make_response(redirect(target if edge.is_local(target) else "/", 303))
