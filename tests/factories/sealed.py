"""Stored documents as they are under their seals: the same value is sealed differently each time."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from models.exchange.uploads import LENGTH
from models.key_vault import service as keys
from models.key_vault.refusals import KeyGone, KeysUnusable


def unsealed(value: Any) -> Any:
    """A stored value with everything in it opened."""
    if keys.is_sealed(value):
        return ("sealed", keys.unseal_value(value))
    if isinstance(value, dict):
        return {name: unsealed(one) for name, one in value.items()}
    return [unsealed(one) for one in value] if isinstance(value, list) else value


def readable(value: Any) -> bytes:
    """What whoever holds all keys that there are can read in a stored value, the texts one behind the other."""
    if keys.is_sealed(value):
        with suppress(KeyGone):
            return readable(keys.unseal_value(value))
        return b""
    if isinstance(value, dict):
        return b"\n".join(readable(one) for one in value.values())
    if isinstance(value, list):
        return b"\n".join(map(readable, value))
    if isinstance(value, bytes):
        return value + _framed(value)
    return str(value).encode()


def _framed(content: bytes) -> bytes:
    """The pieces of an uploaded file, if this is a part of one."""
    made, at = b"", 0
    while at + LENGTH.size < len(content):
        (length,) = LENGTH.unpack_from(content, at)
        sealed = content[at + LENGTH.size : at + LENGTH.size + length]
        if len(sealed) != length or length < LENGTH.size:
            break
        with suppress(KeyGone, KeysUnusable):
            made += keys.unseal(sealed)
        at += LENGTH.size + length
    return made
