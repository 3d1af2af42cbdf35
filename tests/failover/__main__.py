"""`python -m tests.failover`: the scheduler under kills, pauses and failovers, and what is lost or doubled."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.failover.plan import Plan
from tests.failover.trial import Found, run

FULL = Plan(
    reminders=10_000,
    people=100,
    kills=50,
    pauses=20,
    failovers=5,
    lease=15.0,
    tick=1.0,
    election=10.0,
    speed=6.0,
    spread_minutes=100,
)
"""The lease and the tick of the product, the election time of the database as it is shipped."""


def main() -> int:
    """Run the trial and print what came of it; 1 when something was lost, doubled or slow."""
    parser = argparse.ArgumentParser("python -m tests.failover", description=__doc__)
    parser.add_argument("--small", action="store_true", help="the size that belongs to the tests")
    parser.add_argument("--seed", type=int, default=1, help="another order of the blows")
    parser.add_argument("--keep", type=Path, default=None, help="work in this folder, and leave it there")
    asked = parser.parse_args()
    plan = Plan() if asked.small else FULL
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="backoffice-trial-"))
    try:
        found = run(plan, folder, _told, asked.seed)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write("\n".join([*report(plan, found), ""]))
    return int(not found.is_right(plan))


def report(plan: Plan, found: Found) -> list[str]:
    """The outcome in lines."""
    load = " ".join(f"{average:.1f}" for average in os.getloadavg())
    began = f"{plan.reminders:,} reminders for {plan.people} people, {plan.workers} workers, lease {plan.lease:g} s"
    return [
        f"{began}; {found.seconds:.0f} s, load {load}",
        *(_times(name, times) for name, times in found.blows().items()),
        *(f"{name}: {count}" for name, count in found.counts.items()),
        *(f"{name} repeated with the same id: {count}" for name, count in found.repeated.items()),
        "runs: " + ", ".join(f"{name} {count}" for name, count in sorted(found.runs.items())),
        f"audit trail: {found.trail}",
    ]


def _times(name: str, seconds: list[float]) -> str:
    if not seconds:
        return f"{name}: none"
    return (
        f"{len(seconds)} {name}: another one at work after {statistics.median(seconds):.1f} s "
        f"({min(seconds):.1f} to {max(seconds):.1f})"
    )


def _told(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
