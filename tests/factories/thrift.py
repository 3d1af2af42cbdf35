"""What a test process does once and not a thousand times. Nothing of it changes what the product does or answers."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from backoffice import sign_in

HASHING = "PASSWORD_HASH_PASSLIB_OPTIONS"
AS_SERVED: dict[str, Any] = dict(sign_in.CONFIG[HASHING])
"""How the product hashes passwords: a fifth of a second each, as it should be. A test about that asks for it."""
CHEAP = {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}


class Compiled(BytecodeCache):
    """Templates are compiled once for all applications of the process that know the same extensions of the language."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, frozenset[str]], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same source, if anything was."""
        bucket.code = self._known.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._known[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[str, str, frozenset[str]]:
    return bucket.key, bucket.checksum, frozenset(bucket.environment.extensions)


def begin(patch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed at little cost, and templates compiled once, as long as the patch holds."""
    patch.setitem(sign_in.CONFIG, HASHING, {**AS_SERVED, **CHEAP})
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Compiled()})
