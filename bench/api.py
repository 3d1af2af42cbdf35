"""Our REST API, asked for with a person's token."""

from __future__ import annotations

from bench import screens
from bench.arm import Program, nothing
from bench.world import World


def make(world: World) -> Program:
    """The product, asked through its API."""
    program = screens.make(world)
    program.name = "api"

    program.asks = nothing
    return program
