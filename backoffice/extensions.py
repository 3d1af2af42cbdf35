"""The Flask extensions, made once and bound to the application in `app`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, session
from flask.sessions import SecureCookieSessionInterface
from flask.templating import Environment
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

SIGNED, MOST_SIGNED = "signed_tokens", 10_000
SIGNER = "session_signer"

babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()


class Application(Flask):
    """Flask, whose functions are called as they are: Flask asks before each call whether it is a coroutine's, some
    twenty times a request, and none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function."""
        return func


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, whose signer is put together once for an application and not for each request."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs the cookies, with the application's secret key."""
        if SIGNER not in app.extensions:
            app.extensions[SIGNER] = super().get_signing_serializer(app)
        found: URLSafeTimedSerializer | None = app.extensions[SIGNER]
        return found


class Templates(Environment):
    """Flask's templates, in which a name behind a dot is first looked for among the keys of a dict: pages are made of
    them, and Jinja would look for an attribute first and fail."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What `obj.attribute` is in a template."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def csrf_token() -> str:
    """The token for the forms of this session's pages. It is signed once: it lasts as long as the session."""
    known: dict[str, str] = current_app.extensions.setdefault(SIGNED, {})
    signed = known.get(session.get("csrf_token", ""))
    if signed is None:
        signed = generate_csrf()
        if len(known) >= MOST_SIGNED:
            known.clear()
        known[session["csrf_token"]] = signed
    return signed
