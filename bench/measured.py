"""One whole job's figures as they are printed, and processes of their own to measure jobs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

from bench import machine
from bench.world import World
from config import database, interpreter
from models import catalogue


@dataclass(frozen=True)
class Measured:
    """One job; `met` false when it missed what is wanted. `figures` are the numbers behind the words."""

    label: str
    ours: str
    floor: str = ""
    ratio: str = ""
    wanted: str = ""
    met: bool = True
    stock: str = ""
    more: str = ""
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What a function did in a process of its own: what it returned, how long it took, the most memory it had (MB),
    what of that the process had before it began, and the processor time of process and database server, which tells
    more than the clock on a machine that does other things as well."""

    result: Any
    seconds: float
    peak: float
    before: float
    own: float
    server: float

    def worked(self, count: int) -> str:
        """The processor time for one of `count`."""
        return f"{self.own / count * 1e6:.0f} + {self.server / count * 1e6:.0f} µs"


def alone(work: Callable[[World], Any], world: World) -> Run:
    """Run `work` in a fresh process on the measured processor, connected and with the record types in force."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(work, world, theirs))
    process.start()
    theirs.close()
    try:
        found: Run = ours.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} ended without a result") from None
    process.join()
    return found


def _work(work: Callable[[World], Any], world: World, line: Connection) -> None:
    machine.pin(machine.processors()[0])
    database.connect(world.settings)
    catalogue.load()
    interpreter.settle()
    before = machine.peak()
    began, own, server = perf_counter(), process_time(), server_seconds()
    result = work(world)
    seconds, own, server = perf_counter() - began, process_time() - own, server_seconds() - server
    line.send(Run(result, seconds, machine.peak(), before, own, server))


def server_seconds() -> float:
    """Processor time of the database server so far."""
    used = database.database().client.admin.command("serverStatus")["extra_info"]
    return float(used["user_time_us"] + used["system_time_us"]) / 1e6


def times(ours: float, floor: float) -> str:
    """How many times as long."""
    return f"{ours / floor:.2f} x" if floor else "-"
