"""`python -m bench`: fill, measure, print."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import compare, filling, machine, report, whole
from bench.cases import CASES
from bench.measured import Measured
from bench.progress import tell
from bench.world import World
from config import database
from models import catalogue


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 when the programs did not show the same rows."""
    asked = _parser().parse_args(arguments)
    wrong = 0
    machine.allow_reading(asked.data)
    with machine.server(asked.data, asked.cache):
        for size in asked.sizes:
            wrong += _measure(asked, size)
    return min(wrong, 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=(10_000, 200_000), help="customers each, such as 10000,1000000")
    parser.add_argument("--rounds", type=int, default=5, help="rounds per page (default 5)")
    parser.add_argument("--pages", type=_names, default=None, help="only these pages: " + ",".join(c.id for c in CASES))
    parser.add_argument("--programs", type=_names, default=tuple(compare.PROGRAMS), help="only these programs")
    parser.add_argument("--jobs", type=_names, default=tuple(whole.JOBS), help="only these whole jobs; - for none")
    parser.add_argument("--fill-only", action="store_true", help="fill the database and stop")
    parser.add_argument("--data", type=Path, default=Path("var/bench"), help="where database and results lie")
    parser.add_argument("--cache", type=float, default=machine.CACHE_GB, help="the database's cache in GB (as shipped)")
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part not in ("", "-"))


def _measure(asked: argparse.Namespace, size: int) -> int:
    now = datetime.now(UTC).replace(microsecond=0)
    settings = machine.settings(asked.data, size)
    database.connect(settings)
    catalogue.load()
    _fill(settings, size, now)
    if asked.fill_only:
        return 0
    world = World(settings, size, now, stock="stock" in asked.programs)
    header = _header(size, now, asked.cache)
    print("\n".join(f"{name}: {value}" for name, value in header.items()), "", sep="\n", flush=True)
    found, measured = _pages(asked, world, header), []
    wrong = report.same_rows(found) if found else []
    for name in asked.jobs:
        for one in whole.JOBS[name](world, tell):
            measured.append(one)
            tell("")
            print(report.job(one), flush=True)
            _keep(asked, world, header, found, measured)
    print("", *(report.pages(found) if found else ()), *wrong, "", *report.whole(measured), "", sep="\n")
    print(f"load at the end: {machine.load()}\n")
    return len(wrong)


def _pages(asked: argparse.Namespace, world: World, header: dict[str, Any]) -> compare.Compared | None:
    """Page by page: printed and kept as they are done."""
    cases = [case for case in CASES if asked.pages is None or case.id in asked.pages]
    found = None
    if cases and asked.programs:
        compared = compare.compare(world, cases, asked.programs, asked.rounds, tell)
        for case, found in zip(cases, compared, strict=True):
            tell("")
            print(report.page(case.id, found), flush=True)
            _keep(asked, world, header, found, [])
    return found


def _keep(
    asked: argparse.Namespace,
    world: World,
    header: dict[str, Any],
    found: compare.Compared | None,
    measured: Sequence[Measured],
) -> None:
    header["load_at_end"] = machine.load()
    report.save(asked.data / f"result-{world.size}.json", header, found, measured)


def _fill(settings: Any, size: int, now: datetime) -> None:
    if filling.is_filled(size):
        filling.add_indexes()
        tell(f"records put right: {filling.mend(size, now):,}")
        return
    for step, count in filling.fill(settings, size, now):
        tell(f"filling: {step} {count:,}")
    tell("")


def _header(size: int, now: datetime, cache: float) -> dict[str, Any]:
    measured, other = machine.processors()
    return {
        "size": size,
        "at": now.isoformat(),
        "load": machine.load(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "processors": f"programs on {measured}, database and client on {other}",
        "database_cache_gb": cache,
    }


if __name__ == "__main__":
    sys.exit(main())
