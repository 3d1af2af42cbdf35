"""One whole job's figures as they are printed, and processes of their own to measure jobs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
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
    and what of that the process had before it began."""

    result: Any
    seconds: float
    peak: float
    before: float


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
    began = perf_counter()
    result = work(world)
    line.send(Run(result, perf_counter() - began, machine.peak(), before))


def times(ours: float, floor: float) -> str:
    """How many times as long."""
    return f"{ours / floor:.2f} x" if floor else "-"
