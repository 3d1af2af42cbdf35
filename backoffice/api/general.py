"""The operations of the OpenAPI document that belong to no type: who calls, search, sending a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apispec import APISpec

from backoffice.api import elements, schemas
from backoffice.api.problems import PREFIX, say
from models.errors import Sentence

Json = dict[str, Any]

WORDS = Sentence("要查找的文字，至少两个字", "The words to find, two letters or more")
FILE_NAME = Sentence("文件名，含扩展名", "The name of the file, with its ending")


def _required(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "required": True, "schema": schema, "description": description}


def add(made: APISpec, slugs: Iterable[str], language: str) -> None:
    """Who calls, search, sending files."""
    zh = language == "zh"

    def told(name: str, summary: Sentence, done: Json, **more: Any) -> Json:
        problems = {str(code): elements.problem(code) for code in more.pop("problems", elements.ALWAYS)}
        tag = "通用" if zh else "General"
        return {
            "operationId": name,
            "tags": [tag],
            "summary": say(summary, language),
            "responses": {**done, **problems},
            **more,
        }

    text = {"type": "string"}
    token = schemas.closed({"name": text, "prefix": text, "read_only": {"type": "boolean"}, "expires": schemas.MOMENT})
    names = {"type": "array", "items": text}
    me = schemas.closed({
        "id": schemas.ID, "name": text, "email": text, "roles": names, "language": text, "types": names,
        "department": schemas.closed({"code": text, "name": text}), "token": token,
    })  # fmt: skip
    made.path(
        path=f"{PREFIX}/me",
        operations={"get": told("me", Sentence("我是谁", "Who calls"), {"200": elements.answer("OK", me)})},
    )
    rows = [elements.ref(f"{slug}.row") for slug in slugs]
    items: Json = {"type": "array", "items": elements.one_of(rows) if rows else {}}
    group = schemas.closed({"type": text, "label": text, "items": items, "more": {"type": ["string", "null"]}})
    found = {"200": elements.answer("OK", schemas.closed({"groups": {"type": "array", "items": group}}))}
    words = _required("q", {"type": "string", "minLength": 2, "maxLength": 100}, say(WORDS, language))
    summary = Sentence("在所有类型中搜索", "Search every type")
    made.path(path=f"{PREFIX}/search", operations={"get": told("search", summary, found, parameters=[words])})
    sent = {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
    name = _required("name", {"type": "string", "minLength": 1, "maxLength": 200}, say(FILE_NAME, language))
    summary = Sentence("上传文件，随后由记录引用", "Send a file, for a record to point to")
    stored = {"201": elements.answer("OK", elements.ref("file"))}
    upload = told(
        "upload", summary, stored, parameters=[name], requestBody=sent, problems=elements.ALWAYS + elements.WRITES
    )
    made.path(path=f"{PREFIX}/files", operations={"post": upload})
