"""Refusals and failures, turned into an answer in one place: a page in the product's look, or JSON for scripts.

The answer never needs the database: when the look cannot be drawn because the database is away, a plain page says
the same. No answer holds a stack trace, an id or a value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from mongoengine.connection import ConnectionFailure as NotConnected
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from backoffice import addresses, edge, locale
from config.database import DatabaseError
from models.attachment.rules import NotMarkable
from models.decided import DecidedAlready
from models.errors import Invalid, Outage, Refusal, Sentence, Spoken
from models.listing import BadQuery
from models.person.tries import TooManyTries
from models.reading.rules import TooMuchReading
from models.records import NeedsFreshSignIn, NotNow

log = logging.getLogger(__name__)

AWAY = (ConnectionFailure, NotConnected, DatabaseError, ExecutionTimeout, WTimeoutError)
"""What a lost database raises; AutoReconnect, NetworkTimeout and ServerSelectionTimeoutError are ConnectionFailures."""

RETRY_SECONDS = 10

MEANWHILE = (
    *("stale", "changed_meanwhile", "changed_since", "touched_since", "already_decided", "no_longer_so"),
    *("no_longer_there", "proposed_meanwhile", "type_changed", "view_changed", "calendar_changed"),
)
"""The refusals that say that somebody else was quicker; other conflicts changed nothing."""

PLAIN = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>
"""

AWAY_TITLE = Sentence("暂时无法访问", "Not available at the moment")
AWAY_TEXT = Sentence(
    zh="系统暂时连不上数据库，您的修改没有保存。请稍后刷新重试；如果一直如此，请联系系统管理员。",
    en="The database cannot be reached, and nothing was stored. Please try again in a moment; if it stays like this, "
    "tell an administrator.",
)
UNKNOWN_TEXT = Sentence(
    zh="系统暂时连不上数据库，无法确定您提交的内容是否已经保存。请稍后先查看，再决定是否重新提交；如果一直如此，请联系系统管理员。",
    en="The database went away while it stored what you sent, which may be there or not. Look in a moment before you "
    "send it again; if it stays like this, tell an administrator.",
)
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"


class NotSignedIn(Refusal):
    """Nobody is signed in, or the session is over."""

    code, status = "not_signed_in", 401
    zh, en = "请先登录。", "Please sign in first."


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, on_refusal)
    app.register_error_handler(Outage, on_refusal)
    app.register_error_handler(CSRFError, on_stale_form)
    app.register_error_handler(HTTPException, on_http_error)
    for error in AWAY:
        app.register_error_handler(error, on_database_away)
    app.register_error_handler(InternalServerError, on_bug)


def on_refusal(refusal: Spoken) -> ResponseReturnValue:
    """A rule said no, or something cannot be used at the moment."""
    text = refusal.text(locale.language())
    if isinstance(refusal, NeedsFreshSignIn) and not edge.wants_json():
        flash(text, "info")
        return redirect(url_for("security.verify", next=edge.here()), 303)
    extra: dict[str, object] = {}
    if isinstance(refusal, Invalid):
        code = locale.language()
        extra["problems"] = {path: _say(problem, code) for path, problem in refusal.problems.items()}
    if isinstance(refusal, BadQuery) and request.endpoint == "records.listing" and not edge.wants_json():
        extra["actions"] = [{"label": _("Show all"), "url": request.path}]
    on_sheet = request.endpoint == "records.act" and not edge.wants_json()
    if isinstance(refusal, NotNow) and on_sheet and request.view_args:
        record = addresses.of_record("details", request.view_args["slug"], request.view_args["number"])
        extra["actions"] = [{"label": _("Where it stands"), "url": record}]
    if isinstance(refusal, NeedsFreshSignIn):
        extra["verify_url"] = url_for("security.verify", next=edge.here())
    response = answer(refusal.status, refusal.code, _title_of(refusal), text, **extra)
    if isinstance(refusal, TooManyTries | TooMuchReading):
        response.headers["Retry-After"] = str(refusal.seconds)
    if isinstance(refusal, Outage):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def on_stale_form(error: CSRFError) -> ResponseReturnValue:
    """A form without its token, or with one of an earlier session."""
    text = _("This form has expired. Go back, reload the page and send it again; nothing was stored.")
    return answer(error.code or 400, "stale_form", _title(400), text)


def on_http_error(error: HTTPException) -> ResponseReturnValue:
    """No such page, wrong method, too large, malformed."""
    if error.code is None or error.code < 400:
        return error.get_response()
    response = answer(error.code, str(error.code), _title(error.code), _sentence(error.code))
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after", "content-range"):
            response.headers[name] = value
    return response


def on_database_away(error: Exception) -> ResponseReturnValue:
    """The database cannot be reached. Nobody is told to send again what may be stored."""
    log.error("database away", extra={"fields": {"class": type(error).__name__}})
    code = locale.guessed_language()
    unknown = outcome_unknown(error)
    name, text = ("outcome_unknown", UNKNOWN_TEXT) if unknown else ("database_away", AWAY_TEXT)
    response = plain(503, name, _say(AWAY_TITLE, code), _say(text, code))
    if not unknown:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def outcome_unknown(error: Exception) -> bool:
    """Whether the database went away after it was told to keep a change and before it said that it has."""
    return isinstance(error, PyMongoError) and error.has_error_label(UNKNOWN_COMMIT)


def on_bug(error: InternalServerError) -> ResponseReturnValue:
    """Something we did not foresee; the log has it, under the number that the page names."""
    original = error.original_exception or error
    log.error("unforeseen error", exc_info=original)
    text = _("Something went wrong on our side. Nothing half-done was stored.")
    return answer(500, "error", _title(500), text, reference=g.get("request_id", ""))


def answer(status: int, code: str, title: str, text: str, **extra: object) -> Response:
    """An answer that says one thing, as JSON or as a page in the product's look."""
    # Under a host name that is not ours no address can be made, so there is no look either.
    if edge.wants_json() or request_ctx.url_adapter is None:
        return plain(status, code, title, text, **extra)
    try:
        page = render_template("error.html", page_title=title, status=status, title=title, text=text, **extra)
    except (*AWAY, PyMongoError) as error:
        log.error("page without its look", extra={"fields": {"class": type(error).__name__}})
        return plain(status, code, title, text)
    return Response(page, status, mimetype="text/html")


def plain(status: int, code: str, title: str, text: str, **extra: object) -> Response:
    """The same without the look, which needs nothing at all."""
    if edge.wants_json():
        response = jsonify({"error": code, "message": text, **extra})
        response.status_code = status
        return response
    page = PLAIN.format(lang=locale.guessed_language(), title=escape(title), text=escape(text))
    return Response(page, status, mimetype="text/html")


def _title_of(refusal: Spoken) -> str:
    if refusal.code in MEANWHILE or isinstance(refusal, DecidedAlready):
        return str(_("Something changed meanwhile"))
    if isinstance(refusal, TooMuchReading):
        return str(_("More readings than usual"))
    if isinstance(refusal, NotMarkable):
        return str(_("Cannot be shown or taken out"))
    return _title(refusal.status)


def _title(status: int) -> str:
    titles: dict[int, Callable[[], str]] = {
        400: lambda: _("That did not arrive as it should"),
        401: lambda: _("Please sign in"),
        403: lambda: _("Not allowed"),
        404: lambda: _("Not found"),
        405: lambda: _("Not possible here"),
        409: lambda: _("Not possible now"),
        413: lambda: _("Too large"),
        422: lambda: _("That cannot be stored"),
        429: lambda: _("Too many tries"),
        500: lambda: _("Our mistake"),
        503: lambda: _say(AWAY_TITLE, locale.language()),
    }
    return str(titles.get(status, titles[400])())


def _sentence(status: int) -> str:
    sentences: dict[int, Callable[[], str]] = {
        403: lambda: _("You may not do this. The department head or an administrator can help."),
        404: lambda: _("There is no such page or record, or it is not yours to see."),
        405: lambda: _("This address does not take that kind of request."),
        413: lambda: _("The file or form is larger than allowed; nothing was stored."),
        415: lambda: _("This kind of content is not accepted here."),
        429: lambda: _("Too many requests. Please wait a moment."),
    }
    return str(sentences.get(status, lambda: _("The request could not be read; nothing was stored."))())


def _say(sentence: Sentence, language: str) -> str:
    return sentence.zh if language == "zh" else sentence.en
