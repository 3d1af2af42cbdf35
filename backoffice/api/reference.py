"""The page that shows the API's document, in the product's look, for people who are signed in.

It is drawn from the document itself: what a person may not reach does not stand there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, render_template, request, url_for

from backoffice import auth, locale
from backoffice.api import document
from backoffice.api.problems import PREFIX

Json = dict[str, Any]

blueprint = Blueprint("api_reference", __name__)
METHODS = ("get", "post", "patch")


@blueprint.get("/api/")
def show() -> str:
    """The operations by type, each with its parameters, body and answers."""
    made = document.build(auth.current_person(), locale.language())
    sections = list(_sections(made))
    wanted = request.args.get("part", "")
    chosen = next((one for one in sections if one["name"] == wanted), sections[0])
    return render_template(
        "api/reference.html",
        sections=[
            {"label": one["name"], "url": url_for(".show", part=one["name"]), "active": one is chosen}
            for one in sections
        ],
        chosen=chosen,
        about=made["info"]["description"],
        prefix=PREFIX,
    )


def _sections(made: Json) -> Iterator[Json]:
    """The operations of each tag, in the document's order."""
    found: dict[str, list[Json]] = {}
    for path, methods in made["paths"].items():
        for method in METHODS:
            if method in methods:
                one = methods[method]
                found.setdefault(one["tags"][0], []).append(_operation(made, method, path, one))
    for name, operations in found.items():
        yield {"name": name, "operations": operations}


def _operation(made: Json, method: str, path: str, one: Json) -> Json:
    body = one.get("requestBody", {}).get("content", {})
    schema = body.get("application/json", {}).get("schema")
    return {
        "method": method.upper(),
        "path": path,
        "summary": one["summary"],
        "help": one.get("description", ""),
        "parameters": [
            {
                "name": p["name"],
                "type": _type(p["schema"]),
                "where": p["in"],
                "required": p.get("required", False),
                "text": p.get("description", ""),
            }
            for p in one.get("parameters", [])
        ],
        "body": list(_properties(schema)) if schema else [],
        "raw": next(iter(body), "") if body and not schema else "",
        "answers": [
            {"status": status, "text": _answer(made, found), "good": status < "400"}
            for status, found in sorted(one["responses"].items())
        ],
        "anchor": one["operationId"],
    }


def _answer(made: Json, found: Json) -> str:
    """What an answer means, in the document's words."""
    if "$ref" in found:
        found = made["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
    text: str = found["description"]
    return text


def _properties(schema: Json, prefix: str = "") -> Iterator[Json]:
    """The fields of a body, those inside others included."""
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        yield {
            "name": prefix + name,
            "title": one.get("title", ""),
            "type": _type(one),
            "required": name in required,
            "text": one.get("description", ""),
        }
        inner = one.get("items", one)
        if isinstance(inner, dict) and "properties" in inner:
            yield from _properties(inner, f"{prefix}{name}{'[]' if 'items' in one else ''}.")


def _type(schema: Json) -> str:
    """A schema in a word or two."""
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    kinds = schema.get("type", "")
    named = kinds if isinstance(kinds, str) else " | ".join(kinds)
    return " ".join(part for part in (named, schema.get("format", "")) if part)
