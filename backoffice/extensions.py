"""The Flask extensions, made once and bound to the application in `app`."""

from __future__ import annotations

from flask import current_app, session
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

SIGNED, MOST_SIGNED = "signed_tokens", 10_000

babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()


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
