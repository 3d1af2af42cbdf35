"""What each of the four families is written of: its declaration, its rules, and the lines that it needs beyond them.

Counted from the source are lines of code: none that is empty, a comment or a docstring. A family's own rooms are its
folder below `models/` and the modules of `jobs/` and pages that bear its name; of the rooms that all types share, each
statement that imports, names or quotes it. Left out are words and examples: help, translations, demonstration.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAMILIES = ("customer", "credit_report", "contract", "complaint")
DECLARING = ("document.py", "fields.py", "choices.py", "children.py")
RULING = ("rules.py", "refusals.py")
WORDS = ("backoffice/demonstration/", "backoffice/help/", "backoffice/translations/")
PLACES = ("models", "jobs", "screens", "templates", "config")
DEFINITIONS = (ast.ClassDef, ast.FunctionDef)
IDENTIFIER = re.compile(r"[a-z][a-z0-9_.]*")


@dataclass
class Family:
    """Lines of a family: of its declaration, of its rules, and of each place beyond, in its own files and in others."""

    name: str
    declaration: int = 0
    rules: int = 0
    own: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    shared: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))

    @property
    def beyond(self) -> int:
        """Everything that is neither declaration nor rule."""
        return sum(self.own.values()) + sum(self.shared.values())


def counted(root: Path = ROOT) -> list[Family]:
    """The four families as they are written below a folder."""
    types = {path.parent for path in root.glob("models/*/document.py") if "RecordType(" in path.read_text("utf-8")}
    return [_family(root, name, types) for name in FAMILIES]


def _family(root: Path, name: str, types: set[Path]) -> Family:
    made, home = Family(name), root / "models" / name
    for path in sorted(home.glob("*.py")):
        lines = len(code_lines(path.read_text("utf-8")))
        if path.name in DECLARING:
            made.declaration += lines
        elif path.name in RULING:
            made.rules += lines
        else:
            made.own["models"] += lines
    for path in _sources(root):
        if home in path.parents or (path.parent in types and path.name != "__init__.py"):
            continue
        text, place = path.read_text("utf-8"), _place(path.relative_to(root))
        if path.stem in _nouns(name):
            made.own[place] += len(code_lines(text)) if path.suffix == ".py" else len(text.splitlines())
        elif path.suffix == ".py":
            made.shared[place] += len(naming_lines(text, name))
        else:
            made.shared[place] += len(_sections(text, name) if path.suffix == ".toml" else _mentions(text, name))
    return made


def _sources(root: Path) -> Iterator[Path]:
    rooms = ("config", "models", "jobs", "backoffice")
    for path in sorted(found for room in rooms for found in (root / room).rglob("*")):
        if path.suffix in (".py", ".html", ".toml") and not str(path.relative_to(root)).startswith(WORDS):
            yield path


def _place(path: Path) -> str:
    if path.suffix == ".html":
        return "templates"
    return path.parts[0] if path.parts[0] in PLACES else "screens"


def _nouns(name: str) -> set[str]:
    """What a family is called: its name, the first word of it, and several of both."""
    return {noun + ending for noun in (name, name.partition("_")[0]) for ending in ("", "s")}


def code_lines(source: str) -> set[int]:
    """The numbers of the lines of Python that hold code."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    held = {n for one in tokens if one.type not in quiet for n in range(one.start[0], one.end[0] + 1)}
    said = {n for one in _docstrings(ast.parse(source)) for n in _lines(one)}
    return held - said


def naming_lines(source: str, name: str) -> set[int]:
    """The lines of code of a shared module that are there for a family: the imports of it, the definitions called
    after it, and the calls or lines that use or quote it."""
    if not any(word in source.lower() for word in _nouns(name)):
        return set()
    tree = ast.parse(source)
    search = _Search(name, _nouns(name), _aliases(tree, name), {id(one.value) for one in _docstrings(tree)})
    search.walk(tree, None)
    return search.found & code_lines(source) if search.found else search.found


@dataclass
class _Search:
    """Goes through a module; `found` are the lines that are there for a family."""

    name: str
    words: set[str]
    aliases: set[str]
    quiet: set[int]
    found: set[int] = field(default_factory=set)

    def walk(self, node: ast.AST, call: ast.Call | None) -> None:
        """Look at a node that stands within a call, and at everything in it."""
        if (isinstance(node, DEFINITIONS) and node.name.lower() in self.words) or (
            isinstance(node, ast.ImportFrom) and _is_import(node, self.name)
        ):
            self.found.update(_lines(node))
        elif isinstance(node, ast.Name | ast.Constant) and self._names(node):
            self.found.update(_lines(call or node))
        if isinstance(node, ast.Call):
            call = node
        elif not isinstance(node, ast.expr | ast.keyword):
            call = None
        for child in ast.iter_child_nodes(node):
            self.walk(child, call)

    def _names(self, node: ast.Name | ast.Constant) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.aliases
        return id(node) not in self.quiet and _quotes(node.value, self.words)


def _aliases(tree: ast.Module, name: str) -> set[str]:
    """The names under which a module knows something of a family."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            within = _is_import(node, name)
            beside = node.module in ("jobs", "models")
            found |= {one.asname or one.name for one in node.names if within or (beside and one.name == name)}
    return found


def _is_import(node: ast.ImportFrom, name: str) -> bool:
    return f"{node.module}.".startswith(f"models.{name}.")


def _docstrings(tree: ast.Module) -> Iterator[ast.Expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node


def _quotes(value: object, words: set[str]) -> bool:
    """Whether a text is a family's name, or an identifier that begins with it, such as `contract_overdue`."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        return False
    return any(value == word or value.startswith((f"{word}_", f"{word}.")) for word in words)


def _lines(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _mentions(text: str, name: str) -> list[str]:
    """The lines of a page that say a family's name."""
    wanted = re.compile(rf"\b(?:{'|'.join(sorted(_nouns(name)))})\b", re.IGNORECASE)
    return [line for line in text.splitlines() if wanted.search(line)]


def _sections(text: str, name: str) -> list[str]:
    """The lines of the policy's sections that are called after a family."""
    found, within = [], False
    for line in text.splitlines():
        if line.startswith("["):
            within = line.strip("[] ").split(" ")[0].rstrip("]").split(".")[0] in _nouns(name)
        if within and line.strip() and not line.startswith("#"):
            found.append(line)
    return found
