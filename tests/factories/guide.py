"""What the code in the guide to record types defines: the very lines that stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[2] / "docs" / "develop" / "record-types.md"


def blocks() -> list[str]:
    """The pieces of Python in the guide, in their order."""
    return re.findall(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def defined(*which: str) -> dict[str, Any]:
    """The names that some pieces define, run one after the other."""
    made: dict[str, Any] = {}
    for block in which:
        exec(compile(block, GUIDE.name, "exec"), made)
    return made
