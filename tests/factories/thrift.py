"""What a test process does once and not a thousand times, and what it is given time for. Nothing of it changes what the
product does or answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from backoffice import health, sign_in
from config import database
from jobs import context, robots
from models import checks, names, schema
from models.audit import writing
from models.declarations import RecordType
from models.job import lease as leases
from models.listing import counting, hits
from models.person import directory
from models.token import service as tokens
from tests.factories.brought_up import brought

HASHING = "PASSWORD_HASH_PASSLIB_OPTIONS"
AS_SERVED: dict[str, Any] = dict(sign_in.CONFIG[HASHING])
"""How the product hashes passwords: a fifth of a second each, as it should be. A test about that asks for it."""
PATIENT_MS = 5_000
PATIENT_SECONDS = 120.0
SLOWER = 60
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


Builder = Callable[..., tuple[str, str]]


def known_builders(compile_builder: Callable[[Rule, bool], Builder]) -> Callable[[Rule, bool], Builder]:
    """What puts the address of a route together is compiled once for all applications of the process."""
    known: dict[tuple[Any, ...], Builder] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Builder:
        if rule.defaults:  # they are worked into the code
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    return compiled


def required_once(require: Callable[[Iterable[RecordType]], None]) -> Callable[[Iterable[RecordType]], None]:
    """Declarations that make sense make sense when they are loaded again."""
    right: dict[tuple[int, ...], tuple[RecordType, ...]] = {}  # by their ids, which are theirs as long as they are kept

    def required(types: Iterable[RecordType]) -> None:
        everything = tuple(types)
        key = tuple(map(id, everything))
        if key not in right:
            require(everything)
            right[key] = everything

    return required


def begin(patch: pytest.MonkeyPatch) -> None:
    """As long as the patch holds, passwords are hashed at little cost; templates and routes are compiled, and shipped
    declarations checked, once; indexes are asked for where they may have changed."""
    patch.setitem(sign_in.CONFIG, HASHING, {**AS_SERVED, **CHEAP})
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Compiled()})
    patch.setattr(Rule, "_compile_builder", known_builders(Rule._compile_builder))
    patch.setattr(checks, "require", required_once(checks.require))
    patch.setattr(schema, "_bring_up", brought.once(schema._bring_up))
    _be_patient(patch)


def _be_patient(patch: pytest.MonkeyPatch) -> None:
    """What the product breaks off within milliseconds has seconds, and what it gives seconds has minutes, so that a
    busy machine answers as an idle one. A test about a limit sets its own."""
    patch.setattr(counting, "TRIES", tuple((ceiling, PATIENT_MS) for ceiling, _ in counting.TRIES))
    patch.setattr(hits, "PATIENCE_MS", PATIENT_MS)
    for module, name in ((names, "NAMED_MS"), (tokens, "LONGEST_MS"), (writing, "LONGEST_MS")):
        patch.setattr(module, name, int(PATIENT_SECONDS * 1000))
    patch.setattr(health, "PATIENCE_SECONDS", PATIENT_SECONDS)
    patch.setattr(directory, "NAME_SECONDS", PATIENT_SECONDS)  # names are looked up as often however slow a page is
    patch.setattr(database, "SELECTION_TIMEOUT_MS", int(PATIENT_SECONDS * 1000))
    patch.setattr(database, "TRANSACTION_SECONDS", PATIENT_SECONDS)
    patch.setattr(leases, "acquire", partial(leases.acquire, ttl=PATIENT_SECONDS))  # nobody renews what a test takes
    for turns in (context, robots):
        patch.setattr(turns, "monotonic", lambda: monotonic() / SLOWER)
