"""The REST API: records over HTTP for programs, from the same declarations as the screens (docs/adr/0007)."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Flask
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException, InternalServerError

from backoffice.api import caller, document, files, lists, merging, problems, records, reference, search
from backoffice.api.addresses import TypeSlug
from backoffice.errors import AWAY
from models.errors import Outage, Refusal
from models.token.rate import Allowance


def init_app(app: Flask, csrf: CSRFProtect) -> None:
    """Mount the API and its page. No session reaches it, so that it needs no protection against forged forms."""
    app.extensions["api_allowance"] = Allowance()
    app.url_map.converters["type"] = TypeSlug
    api = Blueprint("api", __name__, url_prefix=problems.PREFIX)
    api.before_request(partial(caller.identify, lists.ahead))
    api.register_error_handler(Refusal, problems.on_refusal)
    api.register_error_handler(Outage, problems.on_refusal)
    api.register_error_handler(HTTPException, problems.on_http_error)
    for error in AWAY:
        api.register_error_handler(error, problems.on_database_away)
    api.register_error_handler(InternalServerError, problems.on_bug)
    for module in (document, search, files, lists, records, merging):
        for rule, method, view in module.ROUTES:
            api.add_url_rule(rule, f"{method.lower()}_{view.__name__}", view, methods=[method])
    csrf.exempt(api)
    app.register_blueprint(api)
    app.register_blueprint(reference.blueprint)
    problems.init_app(app)
