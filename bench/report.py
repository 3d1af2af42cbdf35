"""The measurements as a table to read and a file to compare with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.cases import CASES, DEEPER, Case
from bench.compare import Compared, Figures
from bench.measured import Measured

Row = Sequence[str]


def pages(found: Compared) -> list[str]:
    """The table of the pages: milliseconds, answers a second, how many times the floor's time, and what is wanted."""
    head = ["page", "floor", "screens", "p95", "req/s", "x floor", "wanted", "API", "p95", "x floor", "stock", "p95"]
    rows = [_page_row(case, found.figures) for case in CASES if case.id in found.figures]
    memory = [
        f"{name}: {begun:.0f} MB after the first page, {peak:.0f} MB at most"
        for name, (begun, peak) in found.memory.items()
    ]
    return [*_table(head, rows), "", "memory of the process: " + "; ".join(memory)]


def page(case: str, found: Compared) -> str:
    """One page's figures in a line: medians in milliseconds."""
    own = found.figures[case]
    label = next(one.label for one in CASES if one.id == case)
    return f"{label}: " + ", ".join(f"{name} {figures.p50:.2f}" for name, figures in own.items()) + " ms"


def job(one: Measured) -> str:
    """One whole job's figures in a line."""
    return ", ".join(part for part in (f"{one.label}: {one.ours}", one.floor, one.ratio, one.more) if part)


def _page_row(case: Case, every: Mapping[str, Mapping[str, Figures]]) -> Row:
    own = every[case.id]
    floor = own.get("floor") or every.get("list20", {}).get("floor")
    screens, api, stock = (own.get(name) for name in ("screens", "api", "stock"))
    first = every.get(case.page, {}).get("screens")
    wanted = [f"{case.most:g} x" if case.most and "floor" in own else ""]
    met = [screens.p50 <= case.most * floor.p50] if screens and floor and case.most and "floor" in own else []
    if screens and first:
        wanted.append(f"{screens.p50 / first.p50:.2f} of {DEEPER:g} x first page")
        met.append(screens.p50 <= DEEPER * first.p50)
    if api and floor and case.api:
        met.append(api.p50 <= case.api * floor.p50)
    if screens and stock:
        met.append(screens.p50 <= stock.p50)
    return [
        case.label,
        _ms(own.get("floor")),
        _ms(screens),
        f"{screens.p95:.1f}" if screens else "-",
        f"{screens.per_second:.0f}" if screens else "-",
        _times(screens, floor),
        ", ".join(w for w in wanted if w) + ("" if all(met) else "  MISSED"),
        _ms(api),
        f"{api.p95:.1f}" if api else "-",
        _times(api, floor),
        _ms(stock),
        f"{stock.p95:.1f}" if stock else "-",
    ]


def _ms(figures: Figures | None) -> str:
    return "-" if figures is None else f"{figures.p50:.2f}"


def _times(figures: Figures | None, floor: Figures | None) -> str:
    return "-" if figures is None or floor is None else f"{figures.p50 / floor.p50:.1f}"


def same_rows(found: Compared) -> list[str]:
    """Where the programs did not show the rows of the floor: nothing, or what is wrong with the comparison."""
    wrong = []
    for case, own in found.figures.items():
        floor = own.get("floor")
        if floor is None or case in ("details", "edit", "save", "recorded"):
            continue
        for name in ("screens", "api"):
            if name in own and [n for n in own[name].shown if n in floor.shown] != floor.shown:
                wrong.append(f"{case}: {name} shows other rows than the floor")
    return wrong


def whole(measured: Sequence[Measured]) -> list[str]:
    """The table of whole jobs: export, import, reviews, reminders, start."""
    head = ["whole job", "ours", "floor", "ratio", "wanted", "stock", "more"]
    rows = [
        [
            one.label,
            one.ours,
            one.floor,
            one.ratio,
            one.wanted + ("" if one.met else "  MISSED"),
            one.stock,
            one.more,
        ]
        for one in measured
    ]
    return _table(head, rows)


def _table(head: Row, rows: Sequence[Row]) -> list[str]:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return [texts[0], "  ".join("-" * width for width in widths), *texts[1:]]


def save(path: Path, header: Mapping[str, Any], found: Compared | None, measured: Sequence[Measured]) -> None:
    """Everything that was measured so far, as JSON; a run that is stopped leaves what it had."""
    document: dict[str, Any] = {**header, "whole": [asdict(one) for one in measured]}
    if found is not None:
        document["memory_mb"] = {name: {"begun": b, "peak": p} for name, (b, p) in found.memory.items()}
        document["pages"] = {
            case: {
                name: {
                    "p50_ms": f.p50,
                    "p95_ms": f.p95,
                    "per_second": f.per_second,
                    "bytes": f.size,
                    "n": len(f.seconds),
                }
                for name, f in own.items()
            }
            for case, own in found.figures.items()
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part")
    whole.write_text(json.dumps(document, ensure_ascii=False, indent=2), "utf-8")
    whole.replace(path)
