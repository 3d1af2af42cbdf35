"""Refusals and failures as `application/problem+json` (RFC 9457): type, title, status, detail, code, errors.

`type` leads to the place in the reference page that explains the code. No answer holds a stack trace, an id that the
caller did not send, or a value that they may not read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from backoffice import errors
from backoffice.api.caller import NoToken, caller, language
from models.errors import FieldProblem, Forbidden, Invalid, Outage, Refusal, Sentence, Spoken
from models.listing import BadQuery
from models.reading.rules import TooMuchReading
from models.token.rate import TooManyRequests

log = logging.getLogger(__name__)

MEDIA = "application/problem+json"
PREFIX = "/api/v1"
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header with which a write is safe to send again."""

TITLES: dict[int, Sentence] = {
    400: Sentence("请求无法理解", "The request cannot be understood"),
    401: Sentence("需要有效的令牌", "A valid token is needed"),
    403: Sentence("不允许", "Not allowed"),
    404: Sentence("找不到", "Not found"),
    405: Sentence("此地址不支持该方法", "This address does not take that method"),
    406: Sentence("无法以所要求的格式回答", "No answer in that form"),
    409: Sentence("与现状冲突", "In conflict with what is stored"),
    412: Sentence("前提不成立", "A condition does not hold"),
    413: Sentence("内容太大", "Too large"),
    415: Sentence("不接受这种内容", "That kind of content is not taken"),
    416: Sentence("没有这一部分", "There is no such part"),
    422: Sentence("无法保存", "That cannot be stored"),
    428: Sentence("须说明版本", "The version is missing"),
    429: Sentence("请求过于频繁", "Too many requests"),
    500: Sentence("系统出错", "Our mistake"),
    503: Sentence("暂时无法访问", "Not available at the moment"),
}
DETAILS: dict[int, Sentence] = {
    404: Sentence(
        "没有这个地址或记录，或者您无权查看。", "There is no such address or record, or it is not yours to see."
    ),
    405: Sentence("请查看 Allow 头中列出的方法。", "The Allow header names the methods that it takes."),
    413: Sentence(
        "请求超过了允许的大小，没有保存任何内容。", "The request is larger than allowed; nothing was stored."
    ),
    416: Sentence(
        "所要求的部分在文件之外；大小见 Content-Range。",
        "The file has no such part; Content-Range has its size.",
    ),
    500: Sentence(
        "系统出现问题，没有保存任何内容。", "Something went wrong on our side; nothing half-done was stored."
    ),
    503: Sentence("暂时连不上数据库，没有保存任何内容。", "The database cannot be reached; nothing was stored."),
}
UNKNOWN = Sentence(
    "数据库在保存时失去连接，无法确定内容是否已经保存：请先查看再重发；带 Idempotency-Key 的请求可以直接重发。",
    "The database went away while it stored what you sent, which may be there or not: look before you send it again, "
    "unless it carries an Idempotency-Key.",
)
UNREAD = Sentence("请求无法读取，没有保存任何内容。", "The request could not be read; nothing was stored.")


class Problem(Refusal):
    """A refusal of the API itself. `errors` names what is wrong, by field or parameter; `extra` are further members."""

    def __init__(
        self, *, errors: Mapping[str, Sentence] | None = None, extra: Mapping[str, Any] | None = None, **params: Any
    ) -> None:
        self.errors = errors or {}
        self.extra = extra or {}
        super().__init__(**params)


class BadRequest(Problem):
    """The request breaks what the OpenAPI document says of it."""

    code, status = "bad_request", 400
    zh, en = "请求与接口文档不符：{what}", "The request is not as the document of this API has it: {what}"


class NotAcceptable(Problem):
    """The caller takes no JSON."""

    code, status = "not_acceptable", 406
    zh, en = "此接口以 application/json 回答。", "This API answers in application/json."


class WrongContent(Problem):
    """The body is of another kind."""

    code, status = "wrong_content_type", 415
    zh, en = "请求内容须为 {wanted}。", "The body has to be {wanted}."


class VersionMissing(Problem):
    """A change has to say which version it is about."""

    code, status = "version_missing", 428
    zh = "请用 rev 或 If-Match 说明您修改的是哪个版本。"
    en = "Say which version you change, with `rev` or If-Match."


class NoSuchVersion(Problem):
    """What names the version names none of the record's."""

    code, status = "no_such_version", 412
    zh = "所指的版本不是该记录的任何版本，未作任何更改。"
    en = "What names the version names none of this record's; nothing was stored."


class OnlyReadings(Problem):
    """If-None-Match on a write: it would ask that nothing be there, and a write says which version it is about."""

    code, status = "only_readings", 412
    zh = "If-None-Match 只用于读取。写入请用 rev 或 If-Match 说明版本；未作任何更改。"
    en = "If-None-Match is for readings. A write names its version by `rev` or If-Match; nothing was stored."


class SignatureNeedsPerson(Problem):
    """A signature wants the password of the last five minutes; a token cannot give it."""

    code, status = "signature_needs_person", 403
    zh = "签署须由本人在页面上重新验证身份后办理，不能通过令牌进行。"
    en = "Signatures are given by a person on the screens, with a fresh sign-in; a token cannot give them."


class TokenOnlyReads(Forbidden):
    """A program may not do this whatever its person's rights: its token is for reading."""

    code = "token_only_reads"
    zh = "此令牌只能读取。如需写入，请使用允许写入的令牌。"
    en = "This token only reads. Use one that may write."


def init_app(app: Flask) -> None:
    """Answer what no route of the API handles (no such address, wrong method) in its own form, below its addresses."""
    app.register_error_handler(HTTPException, _outside)


def _outside(error: HTTPException) -> ResponseReturnValue:
    if request.path == PREFIX or request.path.startswith(PREFIX + "/"):
        return on_http_error(error)
    return errors.on_http_error(error)


def on_refusal(refusal: Spoken) -> Response:
    """A rule said no, or something cannot be used at the moment."""
    if isinstance(refusal, Forbidden) and request.method != "GET" and caller().person.read_only:
        refusal = TokenOnlyReads()
    code = language()
    named: dict[str, Sentence] = {}
    extra: Mapping[str, Any] = {}
    if isinstance(refusal, Problem):
        named, extra = dict(refusal.errors), refusal.extra
    elif isinstance(refusal, Invalid):
        named = refusal.problems
    elif isinstance(refusal, FieldProblem):
        named = {refusal.field: refusal.message}
    elif isinstance(refusal, Refusal) and refusal.about:
        named = {refusal.about: Sentence(refusal.text("zh"), refusal.text("en"))}
    elif isinstance(refusal, BadQuery):
        parameter = str(refusal.params.get("parameter", "")).partition("=")[0]
        named = {parameter: Sentence(refusal.text("zh"), refusal.text("en"))}
    response = answer(refusal.status, refusal.code, refusal.text(code), listed(named, code), extra)
    if isinstance(refusal, TooManyRequests | TooMuchReading):
        response.headers["Retry-After"] = str(refusal.seconds)
    if isinstance(refusal, Outage):
        response.headers["Retry-After"] = str(errors.RETRY_SECONDS)
    if isinstance(refusal, NoToken):
        response.headers["WWW-Authenticate"] = refusal.challenge
    return response


def on_http_error(error: HTTPException) -> Response:
    """No such address, wrong method, too large, malformed."""
    status = error.code or 500
    if status < 400:
        response: Response = error.get_response()  # type: ignore[assignment]
        return response
    response = answer(status, f"http_{status}", say(DETAILS.get(status, UNREAD), language()))
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after", "content-range"):
            response.headers[name] = value
    return response


def on_database_away(error: Exception) -> Response:
    """The database cannot be reached. Nobody is told to send again what may be stored, unless that is safe."""
    log.error("database away", extra={"fields": {"class": type(error).__name__}})
    unknown = errors.outcome_unknown(error)
    name, text = ("outcome_unknown", UNKNOWN) if unknown else ("database_away", DETAILS[503])
    response = answer(503, name, say(text, language()))
    if not unknown or IDEMPOTENCY_KEY in request.headers:
        response.headers["Retry-After"] = str(errors.RETRY_SECONDS)
    return response


def on_bug(error: InternalServerError) -> Response:
    """Something we did not foresee; the log has it, under the reference that the answer names."""
    log.error("unforeseen error", exc_info=error.original_exception or error)
    return answer(500, "error", say(DETAILS[500], language()), extra={"reference": g.get("request_id", "")})


def answer(
    status: int,
    code: str,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """A problem as an answer."""
    body: dict[str, Any] = {
        "type": f"/api/#{code}",
        "title": say(TITLES.get(status, TITLES[400]), language()),
        "status": status,
        "detail": detail,
        "code": code,
    }
    found = list(errors)
    if found:
        body["errors"] = found
    text = json.dumps({**(extra or {}), **body}, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type=MEDIA, headers={"Content-Language": language()})


def listed(named: Mapping[str, Sentence], code: str) -> list[dict[str, str]]:
    """What is wrong, field by field."""
    return [{"field": path, "message": say(sentence, code)} for path, sentence in named.items()]


def say(sentence: Sentence, code: str) -> str:
    """A sentence in `zh` or `en`."""
    return sentence.zh if code == "zh" else sentence.en
