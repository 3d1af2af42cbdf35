"""What entries of the audit trail tell beside their act has a name that people can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bson import ObjectId

from backoffice.screens.audit_details import NAMES, told

ROOT = Path(__file__).parents[2]
PARTS = ("models", "jobs", "backoffice")


def test_whatever_an_entry_tells_has_a_name() -> None:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    told = {name for path in files for name in _told(ast.parse(path.read_text()))}
    assert {"purpose", "step", "via"} <= told
    shown = {name for name in told if not name.endswith("_id")}  # ids are for programs
    assert shown - set(NAMES) == set()


def test_what_the_database_calls_something_is_not_told() -> None:
    one = ObjectId()
    detail = {"undoes": str(one), "types": [str(one)], "keys": one, "sha256": "a" * 64, "digest": ["b", str(one)]}
    assert told({"detail": detail}, "en") == f"SHA-256: {'a' * 64}; SHA-256: b"


def _told(tree: ast.AST) -> Iterator[str]:
    """The keys that are written out where a `detail` is made or given."""
    for node in ast.walk(tree):
        given: ast.expr | None = None
        match node:
            case ast.keyword(arg="detail", value=value):
                given = value
            case ast.Assign(targets=[ast.Name(id="detail")], value=value):
                given = value
            case ast.AugAssign(target=ast.Name(id="detail"), value=value):
                given = value
        for part in ast.walk(given) if given is not None else ():
            if isinstance(part, ast.Dict):
                yield from (str(key.value) for key in part.keys if isinstance(key, ast.Constant))


def test_files_of_a_record_are_told_from_one_another() -> None:
    """By the end of their address (X7): what a file is called is content."""
    row = {"detail": {"purpose": "export", "file": "6b0482f95dc0aa2c5fc26e3d"}}
    assert told(row, "en").endswith("file: …c26e3d")
