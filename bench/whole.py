"""Jobs over many records: export, import, reviews, reminders, the start of the web process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.world import World


@dataclass(frozen=True)
class Measured:
    """One job as it is printed; `met` false when it missed what is wanted."""

    label: str
    ours: str
    floor: str = ""
    ratio: str = ""
    wanted: str = ""
    met: bool = True
    stock: str = ""
    more: str = ""


JOBS: dict[str, Callable[[World, Callable[[str], None]], list[Measured]]] = {}
"""The jobs by name, in the order in which they are measured."""
