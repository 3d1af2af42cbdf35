"""No answer leaves before the audit trail has the readings that it shows (X7)."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from backoffice import edge, errors
from models import audit, listed
from models.reading import service as reading


def init_app(app: Flask) -> None:
    """Have each answer wait for its readings. To be called before hooks that read records are set, and after those of
    the edge, which log the answer as it leaves."""
    app.before_request(_begin)
    app.after_request(_settle)


def via() -> str:
    """The door through which the answer leaves, as entries name it: `api` or `screen`."""
    return "api" if request.blueprint == "api" else "screen"


def ahead() -> None:
    """Have the trail take what the answer shows so far while the rest of it is made. :raises NotAudited:"""
    if g.get("person") is not None:
        listed.ahead(g.person, edge.now(), via=via())


def _begin() -> None:
    audit.begin()
    listed.begin()


def _settle(response: Response) -> Response:
    """The answer; what a refusal looks like instead, when the trail does not take a reading of it, or an outage, when
    the database is away. Neither says of an act that it was not done, when it may be stored."""
    acted = audit.has_acted()
    try:
        try:
            if g.get("person") is not None:
                listed.settle(g.person, edge.now(), via=via())
                reading.tell(g.person, edge.now())
        finally:
            audit.settle()
    except (audit.NotAudited, *errors.AWAY) as failure:
        said = audit.NotShown() if acted else failure
        return current_app.make_response(current_app.handle_user_exception(said))
    return response
