"""What is sent to the API: JSON read strictly, checked against the schema that the document shows, made input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from backoffice.api.problems import (
    BadRequest,
    NoSuchVersion,
    NotAcceptable,
    OnlyReadings,
    Problem,
    VersionMissing,
    WrongContent,
)
from config.later import Later
from models import names
from models.declarations import Field
from models.errors import Sentence
from models.kinds import Unreadable, kind_of
from models.kinds.standing import NAMED
from models.person.roles import Person

if TYPE_CHECKING:
    from jsonschema import ValidationError

jsonschema = Later("jsonschema")

READING = frozenset({"GET", "HEAD"})
JSON_BYTES = 1024 * 1024
JSON = "application/json"
MOST_ERRORS = 50
LONGEST_PATH = 100
VERSION = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})(?:-[0-9a-f]{16})?"?')

Body = dict[str, Any]
Path = tuple[str | int, ...]
Unfit = dict[Path, Sentence]
"""What a value is not that nobody could fill in so, by its path below `values`: it may stand there already."""

TYPES = {
    "string": Sentence("应为文字。", "This should be text."),
    "integer": Sentence("应为整数。", "This should be a whole number."),
    "boolean": Sentence("应为 true 或 false。", "This should be true or false."),
    "array": Sentence("应为列表。", "This should be a list."),
    "object": Sentence("应为对象。", "This should be an object."),
}
OF_VALUES = frozenset({"enum", "pattern", "minLength", "maxLength", "minimum", "maximum"})
"""What a schema says of a value that has the type that it should have."""
UNKNOWN = Sentence("没有这个字段。", "There is no such field.")
REQUIRED = Sentence("必填。", "This is required.")
BOUNDS = {
    "maximum": ("最大 {}。", "At most {}."),
    "minimum": ("最小 {}。", "At least {}."),
    "maxLength": ("最多 {} 个字符。", "At most {} characters."),
    "minLength": ("至少 {} 个字符。", "At least {} characters."),
    "maxItems": ("最多 {} 项。", "At most {} entries."),
    "minItems": ("至少 {} 项。", "At least {} entries."),
}
FORM = Sentence("格式不符。", "This has not the form that it should have.")


def check_answerable() -> None:
    """:raises NotAcceptable: when the caller takes no JSON. :raises OnlyReadings: for a write with If-None-Match."""
    if request.accept_mimetypes and not request.accept_mimetypes[JSON]:
        raise NotAcceptable()
    if request.method not in READING and "If-None-Match" in request.headers:
        raise OnlyReadings()


def check_parameters(*known: str) -> None:
    """Refuse what an address may not hold. :raises BadRequest: naming an unknown or repeated parameter."""
    wrong = {name[:LONGEST_PATH]: UNKNOWN for name in request.args if name not in known}
    once = Sentence("只能出现一次。", "This is given once.")
    wrong |= {name: once for name in request.args if name in known and len(request.args.getlist(name)) > 1}
    if wrong:
        raise _bad(wrong)


def read(schema: Mapping[str, Any], fields: Iterable[Field] = ()) -> Body:
    """The JSON object that was sent, as the schema wants it; `fields` are those below its `values`.

    :raises WrongContent: :raises BadRequest: naming each field that is wrong.
    """
    body, unfit = read_back(schema, fields)
    refuse(unfit)
    return body


def read_back(schema: Mapping[str, Any], fields: Iterable[Field]) -> tuple[Body, Unfit]:
    """`read` of what may stand already in the record that it is about: what is no more than `unfit` is given apart.

    :raises WrongContent: :raises BadRequest: naming each field that is wrong, whatever the record holds.
    """
    body, fields = _parsed(), tuple(fields)
    wrong: dict[str, Sentence] = {}
    unfit: Unfit = {}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(body):
        path = tuple(error.absolute_path)
        field = _field([str(step) for step in path], fields)
        may_stand = error.validator in OF_VALUES and field is not None and field.kind not in NAMED
        for named, sentence in _explained(error, fields):
            if may_stand:
                unfit.setdefault(path[1:], sentence)
            else:
                wrong.setdefault(named[:LONGEST_PATH], sentence)
        if len(wrong) >= MOST_ERRORS:
            break
    if wrong:
        refuse({(path,): said for path, said in wrong.items()}, unfit)
    if not isinstance(body, dict):
        raise _bad({"": TYPES["object"]})
    return body, unfit


def refuse(*problems: Unfit) -> None:
    """:raises BadRequest: when there are any, naming the first of them by their paths below `values`."""
    wrong = {".".join(map(str, path))[:LONGEST_PATH]: said for some in problems for path, said in some.items()}
    if wrong:
        raise _bad(dict(list(wrong.items())[:MOST_ERRORS]))


def version(body: Mapping[str, Any]) -> int:
    """The version that a change is about: `rev`, or the number in If-Match.

    :raises VersionMissing: :raises NoSuchVersion: when both are there and differ, or the header is no ETag of ours.
    """
    given, rev = request.headers.get("If-Match", "").strip(), body.get("rev")
    if given and given != "*":
        found = VERSION.fullmatch(given)
        if found is None or (rev is not None and int(found[1]) != rev):
            wrong = Sentence("应为读取记录时的 ETag。", "This is the ETag with which you read it.")
            raise NoSuchVersion(errors={"If-Match": wrong})
        return int(found[1])
    if rev is None:
        raise VersionMissing(errors={"rev": REQUIRED})
    return int(rev)


def pointed(person: Person, fields: Iterable[Field], values: Mapping[str, Any]) -> Body:
    """The same values with numbers, emails and names turned into the ids that they mean to this person."""
    known = {f.name: f for f in fields}
    return {name: _pointed(person, known[name], value) for name, value in values.items()}


def _pointed(person: Person, field: Field, value: Any) -> Any:
    if field.kind in names.POINTERS:
        return names.pointed(person, field, value)
    if field.kind == "embedded" and isinstance(value, dict):
        return pointed(person, field.fields, value)
    if field.kind == "embedded_list" and value:
        return [pointed(person, field.fields, row) for row in value]
    return value


def _bad(wrong: Mapping[str, Sentence]) -> Problem:
    first = next(iter(wrong))
    return BadRequest(errors=wrong, what=Sentence(f"“{first}”", f"“{first}”"))


# --- JSON, strictly


def _parsed() -> Any:
    """The body as JSON: UTF-8, no repeated names, nothing that is not a value. :raises BadRequest:
    :raises RequestEntityTooLarge:"""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != JSON or charset not in ("utf-8", "utf8"):
        raise WrongContent(wanted=JSON)
    request.max_content_length = JSON_BYTES + 1  # of what comes in chunks the rest is cut off without a word
    data = request.get_data(cache=False)
    if len(data) > JSON_BYTES:
        raise RequestEntityTooLarge()
    try:
        text = data.decode("utf-8")
        body = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(body, ensure_ascii=False).encode("utf-8")  # half of a character cannot be stored
    except (ValueError, RecursionError):
        raise BadRequest(what=Sentence("内容不是有效的 JSON。", "the body is not valid JSON.")) from None
    return body


def _object(pairs: list[tuple[str, Any]]) -> Body:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        repeated = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        repeated.encode("utf-8")  # half of a character cannot be named in an answer either
        raise _bad({repeated[:LONGEST_PATH]: Sentence("重复出现。", "This is given twice.")})
    return made


def _no_constant(text: str) -> Any:
    raise ValueError(text)


# --- what is wrong, in words


def _explained(error: ValidationError, fields: tuple[Field, ...]) -> Iterator[tuple[str, Sentence]]:
    at = [str(part) for part in error.absolute_path]
    sent: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for name in sent:
            if name not in known:
                yield _named([*at, str(name)]), UNKNOWN
    elif error.validator == "required":
        for name in wanted:
            if name not in sent:
                yield _named([*at, name]), REQUIRED
    else:
        yield _named(at), _sentence(error, _field(at, fields))


def _named(path: list[str]) -> str:
    """A path as people know it: `people.0.name`, not `values.people.0.name`."""
    return ".".join(path[1:] if path[:1] == ["values"] and len(path) > 1 else path)


def _field(path: list[str], fields: tuple[Field, ...]) -> Field | None:
    found: Field | None = None
    for part in path[1:] if path[:1] == ["values"] else ():
        if part.isdecimal():
            continue
        found = next((f for f in fields if f.name == part), None)
        if found is None:
            return None
        fields = found.fields
    return found


def _sentence(error: ValidationError, field: Field | None) -> Sentence:
    told: Any = error.validator_value
    wanted = told if isinstance(told, list) else [told]
    if error.validator == "type":
        return TYPES.get(wanted[0], FORM)
    if error.validator in ("enum", "const"):
        shown = ", ".join(str(value) for value in wanted[:8] if value is not None)
        return Sentence(f"可选：{shown}。", f"One of: {shown}.")
    if field is not None:
        try:
            kind_of(field).read(field, error.instance)
        except Unreadable as wrong:
            return next(iter(wrong.problems.values()))
    if error.validator == "minLength" and told == 1:
        return REQUIRED
    zh, en = BOUNDS.get(str(error.validator), ("", ""))
    return Sentence(zh.format(told), en.format(told)) if en else FORM
