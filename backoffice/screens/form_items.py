"""What stands on a record's form for each field: the input with its label, help and errors, as HTML.

An item never judges a value. It carries what was typed, there and back: `held` is a text, a list of texts, a mapping
for the parts of a value, or a list of mappings for rows. A form has up to a hundred of them, so whatever is the same
on every page of a language is written once, when the item is made; items are kept and shared between requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import typed_text
from backoffice.screens.cells import size_text
from models.declarations import Field

Posted = MultiDict[str, str]
Attributes = Mapping[str, str]


@dataclass(frozen=True)
class Spec:
    """What is told of a field on forms in one language: its words and attributes, and what stands inside it."""

    field: Field
    make: type[Item]
    label: str
    help: str = ""
    attributes: Attributes = made(default_factory=dict)
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    wide: bool = False
    inner: tuple[Spec, ...] = ()

    def item(self, name: str, anchor: str = "") -> Item:
        """The item of this field whose input has a name, and an id: the name, unless another one is given."""
        return self.make(self, name, anchor or name)


@dataclass(frozen=True)
class Page:
    """What differs from page to page: the sentences beside inputs, by name; what pointers are called, by the type to
    which they point ('' for people) and what is sent for them; the files that may be shown, by id."""

    errors: Mapping[str, list[str]] = made(default_factory=dict)
    titles: Mapping[tuple[str, str], str] = made(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = made(default_factory=dict)


class Item(ABC):
    """One field on a form."""

    look = "form-control"
    many = False
    """Whether it holds a list."""

    def __init__(self, spec: Spec, name: str, anchor: str) -> None:
        self.spec, self.name, self.id, self.star = spec, name, anchor, _star(spec)
        self.label = f"{escape(spec.label)}{self.star}"
        self._help = f"<span>{escape(spec.help)}</span>" if spec.help else ""
        self._frames = self._frame(False), self._frame(True)
        self._marks = self._mark(False), self._mark(True)

    @abstractmethod
    def control(self, held: Any, page: Page) -> str:
        """The bare input."""

    def html(self, held: Any, page: Page) -> str:
        """The input with its label, help and errors."""
        wrong = page.errors.get(self.name, ())
        before, after = self._frames[bool(wrong)]
        return f"{before}{self.control(held, page)}{after}{self.help(wrong)}</div>"

    def read(self, posted: Posted, shown: Any) -> Any:
        """What was typed; what was shown, where the input was not on the page."""
        return typed_text(posted, self.name, shown)

    def sent(self, held: Any) -> Any:
        """What is held, as it is read: blank rows and unticked boxes are left out."""
        return held or ""

    def written(self, held: Any) -> bool:
        """Whether something is written in it."""
        return bool(held.strip() if isinstance(held, str) else held)

    def find(self, steps: list[str], held: Any, label: str) -> tuple[Item, str]:
        """The item at the rest of a problem's path, as deep as there is one, and what it is called."""
        return self, label

    @property
    def first(self) -> Item:
        """Where a problem of the whole stands: an item with an input of its own."""
        return self

    def help(self, wrong: Iterable[str]) -> str:
        """What stands below the input."""
        said = "".join(f'<span class="field-error">{escape(one)}</span>' for one in wrong) + self._help
        return f'<div class="field-help" id="{self.id}-help">{said}</div>' if said else ""

    def mark(self, page: Page) -> str:
        """The attributes of the input, with those that say that something is wrong."""
        return self._marks[self.name in page.errors]

    def _frame(self, wrong: bool) -> tuple[str, str]:
        unit = self.spec.unit
        opening, closing = ('<div class="with-unit">', f"<span>{escape(unit)}</span></div>") if unit else ("", "")
        looks = "field" + (" wide" if self.spec.wide else "") + (" has-error" if wrong else "")
        label = f'<label class="field-label" id="{self.id}-label" for="{self.id}">{self.label}</label>'
        return f'<div class="{looks}" id="{self.id}-field">{label}{opening}', closing

    def _mark(self, wrong: bool) -> str:
        made = {"id": self.id, "name": self.name, "class": self.look + (" is-invalid" if wrong else "")}
        if wrong or self.spec.help:
            made["aria-describedby"] = f"{self.id}-help"
        if wrong:
            made["aria-invalid"] = "true"
        if self.spec.field.required:
            made["required"] = ""
        return attributes({**made, **self.spec.attributes})


class Input(Item):
    """A text in one line."""

    def control(self, held: Any, page: Page) -> str:
        return f'<input{self.mark(page)} value="{escape(held)}">'


class Area(Item):
    """A text of several lines."""

    def control(self, held: Any, page: Page) -> str:
        return f"<textarea{self.mark(page)}>\r\n{escape(held)}</textarea>"


class Pointer(Item):
    """The number of a record or the email of a person; a script makes a combobox of it, which shows what it is called.
    Without one the number can be typed."""

    def control(self, held: Any, page: Page) -> str:
        title = page.titles.get((self.spec.field.to, held)) if held else None
        shown = f' data-lookup-text="{escape(title)}"' if title else ""
        return f'<input{self.mark(page)}{shown} value="{escape(held)}">'


class Select(Item):
    """One of some choices."""

    look = "form-select"

    def __init__(self, spec: Spec, name: str, anchor: str) -> None:
        super().__init__(spec, name, anchor)
        self._options = {value: f' value="{escape(value)}">{escape(label)}</option>' for value, label in spec.choices}
        self._made: dict[str | None, str] = {}

    def control(self, held: Any, page: Page) -> str:
        chosen = held if held in self._options else None
        if chosen not in self._made:
            self._made[chosen] = "".join(
                f"<option{' selected' if value == chosen else ''}{rest}" for value, rest in self._options.items()
            )
        # What is no choice any more stays until somebody chooses another.
        former = f'<option selected value="{escape(held)}">{escape(held)}</option>' if held and chosen is None else ""
        return f"<select{self.mark(page)}>{former}{self._made[chosen]}</select>"


class Ticks(Item):
    """Several of some choices, as boxes to tick."""

    many = True

    def control(self, held: Any, page: Page) -> str:
        declared = {value for value, _ in self.spec.choices}
        former = [(one, one) for one in held if one and one not in declared]  # stays until it is unticked
        boxes = (
            f'<label class="choice"><input class="form-check-input" type="checkbox" name="{self.name}" '
            f'value="{escape(value)}"{" checked" if value in held else ""}><span>{escape(label)}</span></label>'
            for value, label in (*self.spec.choices, *former)
        )
        return f'{here(self.name)}<div class="choices" id="{self.id}">{"".join(boxes)}</div>'

    def read(self, posted: Posted, shown: Any) -> Any:
        return posted.getlist(self.name) if self.name in posted else shown

    def sent(self, held: Any) -> Any:
        return [one for one in held if one]

    def written(self, held: Any) -> bool:
        return any(held)


class Files(Item):
    """Attached files, each with a tick to keep it, and an input for more."""

    many = True

    def control(self, held: Any, page: Page) -> str:
        rows = [page.files[one] for one in held if one in page.files]
        lines = (
            f'<li><label class="choice"><input class="form-check-input" type="checkbox" name="{self.name}-kept" '
            f'value="{row["file"]}" checked><span>{escape(row["name"])} '
            f'<small class="muted">{size_text(row["size"])}</small></span></label></li>'
            for row in rows
        )
        label = escape(_("Files that stay; untick to take one off"))
        kept = f'<ul class="plain files-kept" aria-label="{label}">{"".join(lines)}</ul>' if rows else ""
        return f'{here(self.name)}{kept}<input type="file" multiple{self.mark(page)}>'

    def read(self, posted: Posted, shown: Any) -> Any:
        return posted.getlist(f"{self.name}-kept") if self.name in posted else shown

    def sent(self, held: Any) -> Any:
        return list(held)


class Compound(Item):
    """A value that has others inside it, each under its own name."""

    def __init__(self, spec: Spec, name: str, anchor: str) -> None:
        super().__init__(spec, name, anchor)
        self.inner = {one.field.name: one.item(f"{name}-{one.field.name}") for one in spec.inner}

    def read(self, posted: Posted, shown: Any) -> Any:
        return {name: one.read(posted, shown[name]) for name, one in self.inner.items()}

    def sent(self, held: Any) -> Any:
        return {name: one.sent(held[name]) for name, one in self.inner.items()}

    def written(self, held: Any) -> bool:
        # A currency is chosen before anything is written.
        return any(one.written(held[name]) for name, one in self.inner.items() if name != "currency")

    def find(self, steps: list[str], held: Any, label: str) -> tuple[Item, str]:
        inner = self.inner.get(steps[0]) if steps else None
        if inner is None:
            return self, label
        return inner.find(steps[1:], held[steps[0]], f"{label}: {inner.spec.label}")

    @property
    def first(self) -> Item:
        inner = next(iter(self.inner.values()), None)
        return inner.first if inner is not None else self


class Parts(Compound):
    """The parts of one value side by side: a period, an address, an amount with its currency."""

    def control(self, held: Any, page: Page) -> str:
        return "".join(
            f'<label class="part part-{name}"><span class="part-name">{escape(one.spec.label)}</span>'
            f"{one.control(held[name], page)}</label>"
            for name, one in self.inner.items()
        )

    def html(self, held: Any, page: Page) -> str:
        wrong = [said for one in self.inner.values() for said in page.errors.get(one.name, ())]
        before, after = self._frames[bool(wrong)]
        return f"{before}{self.control(held, page)}{after}{self.help(wrong)}</fieldset>"

    def _frame(self, wrong: bool) -> tuple[str, str]:
        kind = self.spec.field.kind
        looks = "field" + (" wide" if kind == "address" else "") + (" has-error" if wrong else "")
        return (
            f'<fieldset class="{looks}" id="{self.id}-field"{attributes(self.spec.attributes)}>'
            f'<legend class="field-label" id="{self.id}-label">{self.label}</legend><div class="parts parts-{kind}">'
        ), "</div>"


class Nested(Compound):
    """The fields of an embedded record. With nothing written in them there is no such record, whatever it needs."""

    def sent(self, held: Any) -> Any:
        return super().sent(held) if self.written(held) else None

    def control(self, held: Any, page: Page) -> str:
        return "".join([one.html(held[name], page) for name, one in self.inner.items()])

    def html(self, held: Any, page: Page) -> str:
        return (
            f'<fieldset class="field wide embedded-one" id="{self.id}-field"><legend class="field-label">{self.label}'
            f'</legend><div class="form-grid two">{self.control(held, page)}</div></fieldset>'
        )


def attributes(made: Attributes) -> str:
    """Attributes as HTML; an empty one stands by its name."""
    return "".join([f' {name}="{escape(value)}"' if value else f" {name}" for name, value in made.items()])


def nothing(spec: Spec) -> Any:
    """What an item holds in which nothing was written."""
    if issubclass(spec.make, Compound):
        return {one.field.name: nothing(one) for one in spec.inner}
    if spec.make.many:
        return []
    return spec.choices[0][0] if spec.choices else ""


def _star(spec: Spec) -> str:
    when = {name: said for name, said in spec.attributes.items() if name.startswith("data-when")}
    if not (spec.field.required or when):
        return ""
    sometimes = "" if spec.field.required else f" data-star hidden{attributes(when)}"
    return f'<span class="required" title="{escape(_("Required"))}"{sometimes}>*</span>'


def here(name: str) -> str:
    """Says that a field was on the page, whatever else is sent of it."""
    return f'<input type="hidden" name="{name}" value="">'
