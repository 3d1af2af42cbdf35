"""Kinds of encrypted fields: the value of the kind itself, stored sealed, and looked for as a whole."""

from __future__ import annotations

from typing import Any

import mongoengine as me
from bson import Binary

from models.declarations import Field
from models.key_vault import service as keys
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds.base import Kind

OPERATORS = ("is", "empty", "filled")


def sealed_kind(kind: Kind) -> Kind:
    """The kind as an encrypted field has it. A value that is not sealed yet, for the field was not always encrypted,
    is loaded as it is. Sealing is for whoever knows the record, and so its key (`models.sealing`)."""
    base = type(kind)

    class Sealed(base):  # type: ignore[misc, valid-type]
        operators = OPERATORS
        sortable = False
        path = ""

        def load(self, stored: Any) -> Any:
            if isinstance(stored, Unopened):  # of a set that was opened together: whoever shows it has a mark for it
                return stored
            return super().load(keys.unseal_value(stored) if type(stored) is Binary else stored)

        def text(self, field: Field, value: Any, language: str) -> str:
            if isinstance(value, Unopened):
                return UNREADABLE.text(language)
            return str(super().text(field, value, language))

        def plain(self, value: Any) -> Any:
            return None if isinstance(value, Unopened) else super().plain(value)

        def mongo(self, field: Field) -> me.fields.BaseField:
            return me.fields.BaseField()

    made: Kind = Sealed()
    return made
