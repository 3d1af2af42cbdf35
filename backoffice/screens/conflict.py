"""Saving over somebody else's change: each field as it was, as they saved it and as it was typed, and the choice
between them.

The choice is made on the page, with or without a script: `_take-<field>` says mine, theirs or, of lists, both. What is
taken from the other is not sent on at all, so that the field stays as they saved it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice.screens import cells, forms
from backoffice.screens.cells import moment_short
from backoffice.screens.form_rows import MARK, versions_marked
from backoffice.screens.forms import RecordForm
from backoffice.screens.reader import Reader
from models import names, records
from models.declarations import Field
from models.kinds import read_values
from models.merge.rules import three_way
from models.records import Sight

Context = dict[str, Any]
Posted = MultiDict[str, str]

TAKE = "_take-"
WAS = "_was"
MOST_FORMER = 3
"""Versions from which the rows of one form may come: as many as were saved over it."""
LISTS = ("embedded_list", "files", "choices")
"""Kinds of which both people's changes can be kept."""


def chosen(form: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, by field."""
    return {name.removeprefix(TAKE): choice for name, choice in form.items() if name.startswith(TAKE)}


def settled(
    sight: Sight,
    fields: tuple[Field, ...],
    posted: Posted,
    takes: Mapping[str, str],
    current: Mapping[str, Any],
    was: int,
    reader: Reader,
) -> Posted:
    """What was posted, without the fields in which the other's value was chosen, and with the joined lists where both
    were; `was` is the version from which the person had begun. Of a list whose former rows they may not know, all
    that stand there now stay."""
    slug = sight.rt.slug
    theirs = {name for name, choice in takes.items() if choice == "theirs"}
    both = tuple(f for f in fields if takes.get(f.name) == "both" and f.kind in LISTS)
    found = _without(posted, theirs | {f.name for f in both})
    if both:
        known = records.as_it_was(sight, current, was).values
        original = {f.name: known.get(f.name) for f in both} | {"rev": was}
        here = _without(posted, {f.name for f in fields} - {f.name for f in both})
        before, theirs_now = (forms.build(slug, both, side, reader) for side in (original, current))
        mine = forms.build(slug, both, current, reader, here, former=row_versions(sight, current, here))
        for field in both:
            joined = three_way(*(_items(form, field) for form in (before, mine, theirs_now)))
            found.setlistdefault(field.name, [""])
            for name, text in _inputs(field, joined):
                found.add(name, text)
    return found


@dataclass(frozen=True)
class _Row:
    """A row of a list as it is sent, equal to one that means the same."""

    sent: Mapping[str, Any] = field(compare=False)
    mark: str = field(compare=False)
    meant: Mapping[str, Any]


def _items(form: RecordForm, declared: Field) -> list[Any]:
    """What a list sends, one by one."""
    if declared.kind != forms.LIST:
        return list(form.sent(declared))
    return [
        _Row(row.sent, row.mark, {f.name: _value(f, row.meant[f.name]) for f in declared.fields})
        for row in form.rows(declared)
    ]


def _value(declared: Field, meant: Any) -> Any:
    """The value that an input means; what it holds, where that is none."""
    values, problems = read_values((replace(declared, required=False),), {declared.name: meant})
    return meant if problems else values[declared.name]


def row_versions(sight: Sight, current: Mapping[str, Any], posted: Posted) -> forms.Versions:
    """What the versions held from which rows of what was posted come, as far as the reader may know it; without the
    present one, which the form has."""
    wanted = sorted({rev for rev in versions_marked(posted) if 0 < rev < current["rev"]}, reverse=True)
    return {rev: records.as_it_was(sight, current, rev).values for rev in wanted[:MOST_FORMER]}


def _without(posted: Posted, left_out: set[str]) -> Posted:
    pairs = [(name, text) for name, text in posted.items(multi=True) if name.partition("-")[0] not in left_out]
    return MultiDict(pairs)


def _inputs(field: Field, sent: list[Any]) -> Iterator[tuple[str, str]]:
    """The inputs that send a list's value."""
    if field.kind == "files":
        yield from ((f"{field.name}-kept", one) for one in sent)
    elif field.kind == "choices":
        yield from ((field.name, one) for one in sent)
    else:
        for at, row in enumerate(sent):
            yield from _flat(f"{field.name}-{at}", row.sent)
            yield f"{field.name}-{at}-{MARK}", row.mark


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}-{name}", inner)
    elif isinstance(value, list):
        yield from ((prefix, one) for one in value)
    else:
        yield prefix, value


# --- the page


def shown(
    sight: Sight,
    fields: tuple[Field, ...],
    current: Mapping[str, Any],
    rev: int,
    posted: Posted,
    reader: Reader,
) -> tuple[RecordForm, Context]:
    """The form that shows what was typed over the record as it now stands, and what the page says of the conflict.
    `sight` is the record as its reader sees it now.

    Fields that the person had not touched take the other's value; what they typed stays. Saved again, it is a change
    of the record as it now stands. Where the former value is not theirs to know, what they sent is theirs when it
    differs from what stands now, and the other's stays unless they choose.
    """
    slug, former = sight.rt.slug, records.as_it_was(sight, current, rev)
    original = former.values
    rows_of = row_versions(sight, current, posted)
    before = forms.build(slug, fields, {**current, **original, "rev": rev}, reader, posted, former=rows_of)
    mine = before.raw(posted)
    theirs = [f for f in fields if f.name in former.changed or (f.name in mine and f.name not in original)]
    untouched = {f.name for f in theirs if f.name not in mine}
    form = forms.build(slug, fields, current, reader, _without(posted, untouched), former=rows_of)
    typed = {f.name: _read(f, mine, before) for f in theirs if f.name in mine}
    sides = [((f,), side) for f in theirs for side in (original, current)]
    sides += [((f,), {f.name: typed[f.name]}) for f in theirs if typed.get(f.name) is not None]
    found = names.resolve(reader.person, sides, language=reader.language, people=[current["updated_by"]])
    lines = [_line(f, form, original, current, typed, found) for f in theirs]
    return form, {
        "by": found.person(current["updated_by"]) or _("The system"),
        "at": moment_short(current["updated_at"], reader.language),
        "was": rev,
        "rows": lines,
    }


def _read(field: Field, mine: Mapping[str, Any], form: RecordForm) -> Any:
    """What was typed, as a value; None where it is none yet."""
    if field.kind == "files":
        return [dict(row) for row in form[field.name].rows]
    values, problems = read_values((replace(field, required=False),), {field.name: mine[field.name]})
    return None if problems else values[field.name]


def _line(
    field: Field,
    form: RecordForm,
    original: Mapping[str, Any],
    current: Mapping[str, Any],
    typed: Mapping[str, Any],
    found: names.Names,
) -> Context:
    item, touched, known = form[field.name], field.name in typed, field.name in original
    was, now = original.get(field.name), current.get(field.name)
    before = texts(field, was, found)
    yours = texts(field, typed.get(field.name), found) if touched else []
    if touched and not yours and isinstance(item.data, str) and item.data:
        yours = [item.data]  # not readable as a value: as it was typed
    several = field.kind in LISTS
    options = (["both"] if several else []) + (["mine", "theirs"] if known else ["theirs", "mine"]) if touched else []
    against = before if several and known else None
    return {
        "name": field.name,
        "field": item.id,
        "label": field.label.text(found.language),
        "original": _plain(before) if known else None,
        "theirs": _side(texts(field, now, found), against if now != was else None),
        "yours": _side(yours, against if typed.get(field.name) != was else None) if touched else None,
        "options": options,
        "choice": options[0] if options else "",
    }


def texts(field: Field, value: Any, found: names.Names) -> list[str]:
    """A value in words: one text, or one for each row and file of a list."""
    if value is None:
        return []
    if field.kind == "embedded_list":
        row = replace(field, kind="embedded")
        return [cells.text(row, one, found) for one in value]
    if field.kind == "files":
        return [one["name"] for one in value]
    if field.kind == "choices":
        return [cells.text(field, [one], found) for one in value]
    text = cells.text(field, value, found)
    return [text] if text else []


def compared(before: list[str], after: list[str]) -> tuple[list[Context], list[Context]]:
    """The lines of two values that differ, `[{text, mark}]`: `gone` is what only the former has, `new` what only the
    latter has, equal lines counted one by one. What differs in no line, such as the order of rows or a file that was
    replaced by one of its name, is marked as a whole."""
    gone, new = _marked(before, after, "gone"), _marked(after, before, "new")
    if any(line["mark"] for line in (*gone, *new)):
        return gone, new
    return _marked(before, [], "gone"), _marked(after, [], "new")


def _marked(lines: list[str], known: list[str], mark: str) -> list[Context]:
    left, marked = Counter(known), []
    for line in lines:
        marked.append({"text": line, "mark": "" if left[line] > 0 else mark})
        left[line] -= 1
    return marked


def _plain(lines: list[str]) -> list[Context]:
    return _marked(lines, lines, "")


def _side(lines: list[str], before: list[str] | None) -> list[Context]:
    """A side of the comparison: with what is new in it and what is no longer there, where it differs from `before`."""
    if before is None:
        return _plain(lines)
    gone, new = compared(before, lines)
    return new + [line for line in gone if line["mark"]]
