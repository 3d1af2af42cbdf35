"""A person's calendar by its private address, for calendar programs: no session, and the address is the password.

An address that is not in force answers like a page that does not exist, whatever became of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from backoffice import edge
from models.calendar_feed import rules, service
from models.person.roles import Person
from models.token.rate import Allowance, TooManyRequests

ENDPOINT = "calendar_feed.show"
PRIVATE = "private_addresses"
"""The extension that names each endpoint which a private address opens, with what makes such an address."""

blueprint = Blueprint("calendar_feed", __name__)


def init_app(app: Flask) -> None:
    """Open the calendars' addresses."""
    app.extensions["calendar_allowance"] = Allowance(rules.READS_A_MINUTE)
    app.extensions.setdefault(PRIVATE, {})[ENDPOINT] = address_for
    app.register_blueprint(blueprint)


def address_for(person: Person, user: Mapping[str, Any], now: datetime) -> str:
    """A new address of the calendar of a stored account, below the site; the former one ends."""
    return address_of(service.make(person, user, now))


def address_of(secret: str) -> str:
    """The address below the site that a secret opens."""
    return url_for(ENDPOINT, secret=secret)


@blueprint.get("/calendar/<secret>.ics")
def show(secret: str) -> Response:
    """The calendar as its person may read it at this moment; unchanged for who has it already."""
    now = edge.now()
    found = service.find(secret, now)
    if found is None:
        abort(404)
    allowance: Allowance = current_app.extensions["calendar_allowance"]
    try:
        allowance.spend(found.feed, now)
    except TooManyRequests as refusal:
        return Response(
            status=refusal.status, headers={"Retry-After": str(refusal.seconds), "Cache-Control": "no-store"}
        )
    body = service.calendar(found.person(now), now, current_app.config["SETTINGS"].base_url)
    answer = Response(body, content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Disposition"] = 'inline; filename="work.ics"'
    answer.set_etag(hashlib.sha256(body).hexdigest())
    answer.make_conditional(request)
    return answer
