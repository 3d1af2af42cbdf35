"""What a command needs before it works: settings, and a connected database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backoffice import logging
from config import database, embedded
from config.settings import Settings
from models import catalogue, office
from models.record_type import service as record_type


@contextmanager
def connected() -> Iterator[Settings]:
    """The settings, with the database connected and the record types in force.

    An embedded database that does not run is started for the time of the command; one that `serve` runs is
    used as it is.
    """
    settings = Settings.from_env()
    logging.configure(settings)
    catalogue.load()
    if not settings.embedded:
        with _open(settings):
            yield settings
        return
    with embedded.ensured(settings.data_dir, cache_gb=settings.database_cache_gb), _open(settings):
        yield settings


@contextmanager
def _open(settings: Settings) -> Iterator[None]:
    database.connect(settings)
    record_type.refresh()
    office.refresh()
    try:
        yield
    finally:
        database.disconnect()
