"""What the operations of the OpenAPI document are made of: parameters, answers, problems, texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apispec import APISpec

from backoffice.api import schemas
from backoffice.api.problems import MEDIA, TITLES, say
from models.declarations import RecordType

Json = dict[str, Any]

JSON = "application/json"
ALWAYS, WRITES = (400, 401, 404, 406, 429, 503), (403, 409, 412, 413, 415, 422)

COMMON: dict[str, Json] = {
    "problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    },
    "written": {
        "type": "object",
        "required": ["type", "number", "rev"],
        "properties": {
            "type": {"type": "string"},
            "number": {"type": "string"},
            "rev": {"type": "integer"},
            "state": {"type": "string"},
        },
    },
    "file": schemas.FILE,
}


@dataclass(frozen=True)
class Words:
    """What the texts about a type need."""

    rt: RecordType
    language: str

    def text(self, zh: str, en: str) -> str:
        """A text with the type's name for `{}`."""
        label = self.rt.label.text(self.language)
        return (zh if self.language == "zh" else en).format(label)


def operation(
    words: Words,
    name: str,
    summary: str,
    parameters: list[Json],
    answers: Json,
    *,
    write: bool = False,
    body: Json | None = None,
) -> Json:
    """One operation; the problems that any request may meet are added."""
    problems = ALWAYS + (WRITES if write else ())
    made: Json = {
        "operationId": f"{words.rt.slug}.{name}",
        "tags": [words.rt.plural.text(words.language)],
        "summary": summary,
        "parameters": parameters,
        "responses": {**answers, **{str(code): problem(code) for code in problems}, "414": _too_long(words)},
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return made


def _too_long(words: Words) -> Json:
    """The answer of the web server itself to an address beyond its limit, before the program sees anything of it."""
    zh = "地址超过 8,190 字节：由 Web 服务器直接拒绝，内容为简短的 HTML 页面，并断开连接。"
    en = "The address has more than 8,190 bytes: the web server itself says so, in a short page, and closes."
    return {"description": words.text(zh, en), "content": {"text/html": {"schema": {"type": "string"}}}}


def add_problems(made: APISpec, language: str) -> None:
    """The problems, as answers to refer to."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/problem"}}}
    for code, title in TITLES.items():
        made.components.response(f"problem{code}", {"description": say(title, language), "content": content})


def answer(description: str, schema: Json, **more: Any) -> Json:
    """A JSON answer."""
    return {"description": description, "content": {JSON: {"schema": schema}}, **more}


def ref(name: str) -> Json:
    """A schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def problem(code: int) -> Json:
    """The answer of a problem, in the document."""
    return {"$ref": f"#/components/responses/problem{code}"}


def query(name: str, schema: Json, description: str = "") -> Json:
    """A parameter of an address."""
    told = {"description": description} if description else {}
    return {"name": name, "in": "query", "required": False, "schema": schema, **told}


def header(name: str, schema: Json, description: str) -> Json:
    """A parameter in a header."""
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def number(words: Words) -> Json:
    """The number of a record, in an address."""
    schema = {"type": "string", "pattern": "^[A-Z0-9-]{1,60}$"}
    return {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": schema,
        "description": words.text("记录的编号", "The number of the record"),
        "example": words.rt.number.format(year=2026, seq=1),
    }


def if_match(words: Words) -> Json:
    """The version that a change is about."""
    text = words.text("读取时的 ETag；也可用 rev。", "The ETag with which you read it; or send `rev`.")
    return header("If-Match", {"type": "string"}, text)


def key(words: Words) -> Json:
    """The key under which a write is carried out once."""
    text = words.text(
        "同一个键的写入只执行一次，24 小时内再次发送得到同样的回答。",
        "A write with the same key is carried out once; sent again within 24 hours it is answered the same.",
    )
    return header("Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,200}$"}, text)


def one_of(options: list[Json]) -> Json:
    """One of some schemas."""
    return options[0] if len(options) == 1 else {"anyOf": options}
