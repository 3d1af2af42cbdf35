"""Modules that are loaded when something of them is first asked for: what takes long to load and is seldom needed does
not keep the start waiting."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until then. Declared where the import would stand: `markdown = Later("markdown_it")`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
