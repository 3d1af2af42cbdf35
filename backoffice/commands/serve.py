"""`serve`: everything at once."""

from __future__ import annotations

import os
from pathlib import Path

import click

from backoffice import logging
from backoffice.supervisor import Supervisor
from config.policy import policy
from config.settings import Settings
from models.key_vault import master


@click.command()
@click.option("--demo", is_flag=True, help="Fill an empty database with a demonstration department.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the web, instead of PORT.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the embedded database, instead of BACKOFFICE_DATA.",
)
def serve(demo: bool, port: int | None, data: Path | None) -> None:
    """Run database, web and scheduler until Ctrl-C.

    Without MONGODB_URI the database is an embedded MongoDB in the data folder; a second start finds the data
    of the first. A part that ends is started again by itself.
    """
    environ = dict(os.environ)
    if demo:
        environ["BACKOFFICE_DEMO"] = "1"
    if port is not None:
        environ["PORT"] = str(port)
    if data is not None:
        environ["BACKOFFICE_DATA"] = str(data)
    settings = Settings.from_env(environ)
    policy()  # a slip in it ends the start here, with one line
    master.require(settings.keys)
    environ["BACKOFFICE_DATA"] = str(settings.data_dir)
    logging.configure(settings, logging.file_stream(settings.data_dir / "log" / "serve.log"))
    Supervisor(settings, environ, tell=click.echo).run()


COMMANDS = (serve,)
