"""What is wrong with a declaration, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from models.declarations import RecordType
from models.errors import Sentence


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `code` starts with E for what stops the start, with W for what is worth a look;
    `field` names the place in the type: a field, `group`, `workflow.<move>`, `view.<name>` or ''."""

    code: str
    slug: str
    field: str
    text: Sentence

    @property
    def is_error(self) -> bool:
        """Whether the type cannot come into force like this."""
        return self.code.startswith("E")

    def line(self, language: str = "en") -> str:
        """The finding in one line, such as `E004 contract.customer: there is no record type “klient”`."""
        place = f"{self.slug}.{self.field}" if self.field else self.slug
        return f"{self.code} {place}: {self.text.zh if language.startswith('zh') else self.text.en}"


class Case(NamedTuple):
    """A type under check, with those that are in force beside it, by slug."""

    rt: RecordType
    types: dict[str, RecordType]

    def finding(self, code: str, field: str, zh: str, en: str) -> Finding:
        """A finding about this type."""
        return Finding(code, self.rt.slug, field, Sentence(zh, en))
