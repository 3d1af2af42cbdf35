"""Our own static files: stamped with what they hold, so that browsers keep them for long and never too long."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, current_app, request
from markupsafe import Markup

from backoffice import locale

A_YEAR = 365 * 24 * 3600
A_DAY = 24 * 3600
OTHERS = frozenset({"bootstrap.static", "admin.static"})


def init_app(app: Flask) -> None:
    """Give templates `asset_version`, and static files the time that they may be kept."""
    version = version_of(Path(app.static_folder or ""))
    app.context_processor(lambda: {"asset_version": version})
    app.jinja_env.globals["fixed"] = lambda name, **state: fixed(name, version, **state)

    @app.after_request
    def keep(response: Response) -> Response:
        if response.status_code not in (200, 304):
            return response
        if request.endpoint == "static" and request.args.get("v") == version:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        elif request.endpoint in OTHERS:
            response.headers["Cache-Control"] = f"public, max-age={A_DAY}"
        return response


def fixed(name: str, version: str, **state: str) -> Markup:
    """A part of every page that depends on nothing but the language and a `state` of which there are few: rendered once
    for each."""
    known: dict[tuple[object, ...], Markup] = current_app.extensions.setdefault("fixed_parts", {})
    key = name, locale.language(), *state.values()
    if key not in known or current_app.debug:
        text = current_app.jinja_env.get_template(name).render(version=version, **state)
        known[key] = Markup(text)  # a template's own output  # noqa: S704
    return known[key]


def version_of(folder: Path) -> str:
    """A short text that changes with any file below a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
