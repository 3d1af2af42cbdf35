"""`scheduler`: the process that does what happens by itself."""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType

import click

from backoffice import logging
from config import interpreter
from config.policy import policy
from config.settings import Settings
from jobs.runner import run_scheduler
from models import catalogue


@click.command()
def scheduler() -> None:
    """Run the scheduled jobs until SIGTERM or Ctrl-C.

    Any number may run: one works, the others stand by and take over. 'backoffice serve' starts one already;
    a production installation runs it as a process of its own.
    """
    settings = Settings.from_env()
    logging.configure(settings)
    policy()
    catalogue.load()
    interpreter.settle()
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    run_scheduler(settings, stop)


COMMANDS = (scheduler,)
