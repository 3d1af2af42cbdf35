"""Where the keys of encrypted fields come from: what an installation is told about its master key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROVIDERS = ("aws", "azure", "gcp", "kmip")


class KeySettingsError(Exception):
    """The file about the key service makes no sense; the text says why and repeats no secret."""


@dataclass(frozen=True)
class KeyService:
    """A key management service that wraps the data keys instead of a master key of our own: its name as the driver
    knows it (`aws`, or `aws:name`), what each configured service is reached with, which of its keys, and with which
    certificates."""

    provider: str
    providers: Mapping[str, Mapping[str, Any]] = field(repr=False)
    master_key: Mapping[str, Any] = field(default_factory=dict)
    tls: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class KeySettings:
    """Where the master key comes from: `given` in the environment, with the one before it while it is being changed,
    or the file `path`, which is made when it is not there and `makes` says so. With a `service` a master key that is
    there as well opens what it wrapped before, and wraps nothing. `database` keeps the data keys; `backup` is the file
    of their backup, if one is kept up. Keys that are `borrowed` are those of another database, of which the connected
    one is a copy: none of them is destroyed for it."""

    database: str
    path: Path
    given: str = field(default="", repr=False)
    given_before: str = field(default="", repr=False)
    makes: bool = False
    service: KeyService | None = None
    backup: Path | None = None
    borrowed: bool = False


def load_service(path: Path) -> KeyService:
    """The key service that a TOML file describes: `provider`, a table `[providers.<name>]` for each service as the
    driver takes it, and the tables `[master_key]` and `[tls.<name>]`.

    :raises KeySettingsError:
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise KeySettingsError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeySettingsError(f"{path} is no text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:  # its text names a line and a column, and nothing of what stands there
        raise KeySettingsError(f"{path} is no TOML: {error}") from error
    provider, providers = told.get("provider"), told.get("providers")
    if not isinstance(provider, str) or provider.partition(":")[0] not in PROVIDERS:
        raise KeySettingsError(f"{path}: provider must be one of {', '.join(PROVIDERS)}, or one of them with :name")
    if not isinstance(providers, dict) or provider not in providers:
        raise KeySettingsError(f"{path}: the table [providers.{provider}] is missing")
    if unknown := set(told) - {"provider", "providers", "master_key", "tls"}:
        raise KeySettingsError(f"{path}: {min(unknown)!r} is not known")
    return KeyService(provider, providers, told.get("master_key") or {}, told.get("tls") or {})
