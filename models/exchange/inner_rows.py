"""A list of rows inside a record as one cell of a file: JSON, each row with its fields' labels, each value as the text
that a column of its own would hold. What an export writes so, an import reads again; a row may name its fields in
either language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models.declarations import Field
from models.exchange.cells import Cell, cell_of
from models.exchange.problem import Problem, quoted
from models.exchange.values import as_text, raw_value
from models.exchange.words import Meant, is_word

Read = dict[str, Any]


def told(field: Field, language: str) -> Cell:
    """How a stored list leaves."""
    parts = [(_headings(field.fields, language)[f.name], f.name, cell_of(f, language)) for f in field.fields]

    def cell(rows: Any, found: Any) -> str:
        made = []
        for row in rows:
            values = ((heading, row.get(name), how) for heading, name, how in parts)
            texts = {
                heading: as_text(how(value, found) if how else value)
                for heading, value, how in values
                if value is not None
            }
            made.append({heading: text for heading, text in texts.items() if text})
        return json.dumps(made, ensure_ascii=False)

    return cell


def _headings(fields: Iterable[Field], language: str) -> dict[str, str]:
    """What the fields of a row are called in a cell: their labels, or their names where two have the same label."""
    labels = {f.name: f.label.text(language) for f in fields}
    shared = list(labels.values())
    return {name: label if shared.count(label) == 1 else name for name, label in labels.items()}


def read(field: Field, text: str) -> tuple[list[Read] | None, dict[str, Problem]]:
    """The raw rows of a cell, as the field's kind reads them, and what is wrong with them by path. Attached files are
    passed over, as they are in columns."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None, {field.name: Problem("not_rows", {"value": quoted(text)})}
    known, made, problems = _known(field), list[Read](), dict[str, Problem]()
    for at, row in enumerate(rows):
        values: Read = {}
        for heading, said in row.items():
            inner = known.get(heading)
            if inner is None:
                problems[field.name] = Problem("no_such_part", {"value": quoted(heading)})
            elif inner.kind != "files":
                value = _raw(inner, said)
                if isinstance(value, Problem):
                    problems[f"{field.name}.{at}.{inner.name}"] = value
                elif value is not None:
                    values[inner.name] = value
        made.append(values)
    return made or None, problems


def _known(field: Field) -> dict[str, Field]:
    """The fields of a row by all that they may be called; a name stands before a label, and a label of two fields for
    neither."""
    known: dict[str, Field] = {}
    for language in ("zh", "en"):
        known |= {heading: f for f in field.fields if (heading := _headings(field.fields, language)[f.name])}
    return known | {f.name: f for f in field.fields}


def _raw(inner: Field, said: Any) -> Any:
    if said is None or isinstance(said, dict | list):
        return None if said is None else Problem("not_rows", {"value": quoted(said)})
    text = as_text(said)
    return raw_value(Meant(text) if is_word(text) else text, inner.kind)


def looks_like(text: str) -> bool:
    """Whether a cell may hold rows."""
    text = text.strip()
    return text.startswith("[") and text.endswith("]")


def pointed(row: Mapping[str, Any], pointers: Iterable[Field]) -> Iterator[tuple[Field, str]]:
    """What a raw row names of people and records."""
    for inner in pointers:
        if row.get(inner.name) is not None:
            yield inner, str(row[inner.name])
