"""The OpenAPI 3.1 document, made from the declarations for whoever asks: the types, fields and moves that they reach.

A type, field or choice that a person does not reach is not in their document, as it is not on their screens (X6).
What they reach but may not do is there: it answers 403, and says why. What nobody may do with records of a type, by its
declaration (to add or edit requests for access, which are asked for on the screens), is not; nor is, for a token that
only reads, what writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from flask import Response

from backoffice.api import bodies, elements, general, operations, schemas
from backoffice.api.caller import caller
from backoffice.api.lists import answered
from backoffice.api.problems import PREFIX
from backoffice.api.values import IN_LISTS, SYSTEM
from models import access, records, registry
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.person.roles import Person
from models.records import asked_fields
from models.token import service as tokens

Json = dict[str, Any]

ABOUT = Sentence(
    "记录的 REST 接口。每个请求在 Authorization 头中携带令牌，权限与令牌所属人员相同或更窄。",
    "Records over REST. Each request carries a token in the Authorization header and may do what its person may, or "
    "less.",
)


def openapi() -> Response:
    """The document for the caller."""
    bodies.check_answerable()
    bodies.check_parameters()
    me = caller()
    return answered(build(me.person, me.language))


def build(person: Person, language: str) -> Json:
    """The document for a person, with labels in `zh` or `en`."""
    title = Sentence("客户服务后台接口", "Back office API")
    about = {"description": ABOUT.zh if language == "zh" else ABOUT.en}
    made = APISpec(
        title=title.zh if language == "zh" else title.en,
        version=version("backoffice"),
        openapi_version="3.1.0",
        info=about,
        servers=[{"url": "/"}],
        security=[{"token": []}],
    )
    made.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for name, schema in elements.COMMON.items():
        made.components.schema(name, schema)
    elements.add_problems(made, language)
    types = [registry.get(slug).rt for slug in tokens.reached(person)]
    general.add(made, [rt.slug for rt in types], language)
    for rt in types:
        add_type(made, rt, person, language)
    whole: Json = made.to_dict()
    return whole | {"paths": _reading(whole["paths"])} if person.read_only else whole


def _reading(paths: Json) -> Json:
    """The addresses that are read, without what is sent to them."""
    return {path: {"get": methods["get"]} for path, methods in paths.items() if "get" in methods}


def add_type(made: APISpec, rt: RecordType, person: Person, language: str) -> None:
    """The schemas and paths of one type, as a person reaches it."""
    visible = access.visible_fields(person, rt)
    for name, schema in record_schemas(rt, visible, language).items():
        made.components.schema(name, schema)
    say = elements.Words(rt, language)
    at = f"{PREFIX}/{rt.slug}"
    one = f"{at}/{{number}}"
    about_list: Json = {"get": operations.list_page(say, visible)}
    about_one: Json = {"get": operations.reading(say)}
    fields = records.form_fields(person, rt)
    if rt.rights.create:
        about_list["post"] = operations.creation(say, schemas.new_body(fields, language))
    if operations.is_changed(rt):
        about_one["patch"] = operations.change(say, schemas.change_body(fields, language))
    paths: list[tuple[str, Json]] = [(at, about_list), (one, about_one)]
    if rt.rights.archive:
        paths += [(f"{one}/{what}", {"post": operations.archiving(say, what)}) for what in ("archive", "restore")]
    if rt.rights.merge:
        body = schemas.merge_body(access.editable_fields(person, rt))
        paths.append((f"{one}/merge", {"post": operations.merging(say, body)}))
        paths.append((f"{one}/unmerge", {"post": operations.unmerging(say)}))
    paths.append((f"{one}/history", {"get": operations.history(say)}))
    if rt.workflow is not None:
        paths.append((f"{one}/actions", {"get": operations.actions(say)}))
        paths += list(moves(rt, say, one, language))
    if any(f.kind == "files" for f in visible):
        paths.append((f"{one}/files/{{file_id}}", {"get": operations.download(say)}))
    for path, methods in paths:
        made.path(path=path, operations=methods)


def moves(rt: RecordType, say: elements.Words, one: str, language: str) -> Iterator[tuple[str, Json]]:
    """Each transition has an address of its own, because each asks for something else."""
    for move in schemas.transitions(rt):
        body = schemas.action_body(asked_fields(rt, move), language)
        yield f"{one}/actions/{move.name}", {"post": operations.action(say, move, body)}


def record_schemas(rt: RecordType, visible: tuple[Field, ...], language: str) -> dict[str, Json]:
    """A record in full, its card, its row in a list."""
    system = _system(rt, language)
    head: Json = {
        "type": {"const": rt.slug},
        "number": {"type": "string"},
        "locked": {"type": "boolean"},
    }
    values = {f.name: schemas.described(f, schemas.answered(f), language) for f in visible}
    card = {f.name: _on_card(f) for f in access.card_fields(rt)}
    held = {f.name: schemas.answered(f) for f in access.held_fields(rt)}
    # Whom a record concerns gets it without its withheld fields.
    told = schemas.closed(values, [f.name for f in visible if not f.withheld])
    full = {**head, "locked": {"const": False}, "rev": {"type": "integer"}, **system, "values": told}
    lost = elements.Words(rt, language).text(*operations.UNREADABLE)
    full["unreadable"] = {"type": "array", "items": {"type": "string"}, "description": lost}
    known = {name: system[name] for name in ("level", "owner")}
    locked = {**head, "locked": {"const": True}, **known, "values": schemas.closed(held | card, list(card))}
    row_system = {f.name: system[f.name] for f in IN_LISTS}
    some = schemas.closed(values, ())
    row = {**head, "locked": {"const": False}, "rev": {"type": "integer"}, **row_system, "values": some}
    made = {rt.slug: schemas.closed(full), f"{rt.slug}.row": schemas.closed(row)}
    return {**made, f"{rt.slug}.card": schemas.closed(locked)} if card or access.shows_cards(rt) else made


def _system(rt: RecordType, language: str) -> dict[str, Json]:
    """The engine's own fields, as a record shows them; the owner under the type's name for it."""
    made = {f.name: schemas.answered(f) for f in SYSTEM}
    made["owner"] = {"title": rt.owner.text(language), **made["owner"]}
    return {**made, "level": schemas.LEVEL, "state": schemas.state_schema(rt)}


def _on_card(field: Field) -> Json:
    """A field as the locked card shows it."""
    return {"type": ["string", "null"]} if field.card == "masked" else schemas.answered(field)


ROUTES = (("/openapi.json", "GET", openapi),)
