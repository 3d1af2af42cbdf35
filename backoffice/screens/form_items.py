"""The form items that WTForms lacks: rows, ticked choices, pointers with their titles, files.

None of them judges a value. They carry what was typed; an empty input of the field's own name says that the field was
on the page, so that "all rows removed" differs from "not sent".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import FieldList, FormField, SelectMultipleField, StringField
from wtforms.fields.core import Field as FormItem
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta

MARKER = Markup('<input type="hidden" name="{}" value="">')


class Typed:
    """The texts of one embedded record, as a form shows them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)


class InnerForms:
    """Makes the form inside an embedded field, as WTForms asks for it."""

    def __init__(self, items: Mapping[str, Any]) -> None:
        self.items = items

    def __call__(self, formdata: Any = None, obj: Any = None, prefix: str = "", meta: Any = None) -> BaseForm:
        """A form for one embedded record."""
        bound = DefaultMeta()
        bound.update_values(meta or {})
        form = BaseForm(self.items, prefix=prefix, meta=bound)
        form.process(formdata, data=obj.values if isinstance(obj, Typed) else None)
        return form


class RowsField(FieldList):
    """The rows of an embedded list. Blank ones are not sent on; problems find their row all the same."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        pattern = re.compile(re.escape(prefix) + "-([0-9]{1,4})-")
        for name in formdata:
            if found := pattern.match(name):
                yield int(found[1])

    @property
    def filled(self) -> list[int]:
        """The positions of the rows in which something is written."""
        return [i for i, row in enumerate(self.entries) if any(written(item) for item in row.form)]

    def position(self, sent: int) -> int | None:
        """The position of the row that was sent on as number `sent`."""
        filled = self.filled
        return filled[sent] if sent < len(filled) else None


def written(item: FormItem) -> bool:
    """Whether something is written in a form item."""
    if isinstance(item, FormField):
        return any(written(inner) for inner in item.form)
    return bool(item.data.strip() if isinstance(item.data, str) else item.data)


def tick_boxes(field: FormItem, **_kwargs: Any) -> Markup:
    """Several choices as boxes to tick."""
    box = Markup(
        '<label class="choice"><input class="form-check-input" type="checkbox" name="{}" value="{}"{}>'
        "<span>{}</span></label>"
    )
    boxes = [
        box.format(field.name, one.value, Markup(" checked") if one.selected else "", one.label)
        for one in field.iter_choices()
    ]
    return Markup('{}<div class="choices" id="{}">{}</div>').format(
        MARKER.format(field.name), field.id, Markup("").join(boxes)
    )


class ManyField(SelectMultipleField):
    """Several of the declared choices."""

    widget = staticmethod(tick_boxes)


class PointerField(StringField):
    """The number of a record or the email of a person; `titles` say what the combobox shows for it."""

    def __init__(self, *args: Any, titles: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titles = titles

    def __call__(self, **kwargs: Any) -> Any:
        """The input, which a script turns into a combobox; without one the number can be typed."""
        title = self.titles.get(self.data or "")
        return super().__call__(**({"data-lookup-text": title} if title else {}), **kwargs)


def file_list(field: FilesField, **kwargs: Any) -> Markup:
    """The files that are there, each with a tick to keep it, and an input for more."""
    line = Markup(
        '<li><label class="choice"><input class="form-check-input" type="checkbox" name="{}-kept" value="{}" checked>'
        '<span>{} <small class="muted">{}</small></span></label></li>'
    )
    lines = [line.format(field.name, row["file"], row["name"], field.size_text(row["size"])) for row in field.rows]
    kept = Markup('<ul class="plain files-kept" aria-label="{}">{}</ul>').format(
        _("Files that stay; untick to take one off"), Markup("").join(lines)
    )
    more = Markup('<input type="file" multiple name="{}" id="{}" class="{}"{}>').format(
        field.name, field.id, kwargs.get("class", ""), Markup(" aria-invalid=true") if field.errors else ""
    )
    return MARKER.format(escape(field.name)) + (kept if lines else Markup("")) + more


class FilesField(FormItem):
    """Attached files: `data` are ids; `known` the rows of files that may be shown here, by id."""

    widget = staticmethod(file_list)

    def __init__(self, *args: Any, known: Mapping[str, Mapping[str, Any]], size_text: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.size_text = size_text

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the ids that were sent, when the field was on the page; else those that are stored."""
        self.process_errors = list[str]()
        self.object_data = self.data = list(data or [])
        if formdata is not None and self.name in formdata:
            self.data = formdata.getlist(f"{self.name}-kept")

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The rows of the files in the field."""
        return [self.known[one] for one in self.data if one in self.known]
