"""What the installation is told from outside, read from the environment once."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config import channels
from config.channels import Channel
from config.files import whole
from config.keys import KeyService, KeySettings, KeySettingsError, load_service

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MINIMUM_SECRET_CHARACTERS = 32
SECRETS_FILE = "secrets.json"
"""In the data folder: the secrets that were made and not given."""
MINIMUM_UPLOAD_BYTES = 1024
SMALLEST_CACHE_GB, LARGEST_CACHE_GB = 0.25, 1024.0
SECRET_VARIABLES = {
    "secret_key": "SECRET_KEY",
    "password_salt": "PASSWORD_SALT",
    "totp_secret": "TOTP_SECRET",
}


class SettingsError(Exception):
    """A setting is missing or makes no sense; the text names the variable."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process. Secrets stay out of its `repr`.

    `mongodb_uri` None means the embedded database under `data_dir`; `database_cache_gb` None means its usual cache.
    `smtp_url` None means that messages are written as .eml files to `mail_dir`.
    `proxies` is how many proxies stand before the web: the address of a visitor is taken from behind them.
    """

    secret_key: str = field(repr=False)
    password_salt: str = field(repr=False)
    totp_secret: str = field(repr=False)
    mongodb_uri: str | None = field(default=None, repr=False)
    database: str = "backoffice"
    database_cache_gb: float | None = None
    audit_database: str | None = None
    audit_key: str = field(default="", repr=False)
    audit_key_previous: str = field(default="", repr=False)
    audit_key_file: Path | None = None
    audit_folder: Path | None = None
    master_key: str = field(default="", repr=False)
    master_key_previous: str = field(default="", repr=False)
    master_key_file: Path | None = None
    key_service: KeyService | None = None
    keys_backup: Path | None = None
    keys_database: str | None = None
    keys_borrowed: bool = False
    backup_folder: Path | None = None
    backup_keep: int = 7
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    base_url: str = "http://127.0.0.1:8000"
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "backoffice@localhost"
    channels: tuple[Channel, ...] = ()
    max_upload_bytes: int = 20 * 1024 * 1024
    clamd_url: str = ""
    proxies: int = 0
    log_level: str = "INFO"

    @property
    def embedded(self) -> bool:
        """Whether the database is the one that this product starts itself."""
        return self.mongodb_uri is None

    @property
    def audit_dir(self) -> Path:
        """Where the signed checkpoints of the audit trail are written, outside the database."""
        return self.audit_folder or self.data_dir / "audit"

    @property
    def keys(self) -> KeySettings:
        """Where the master key and the data keys of encrypted fields are."""
        return KeySettings(
            database=self.keys_database or f"{self.database}_keys",
            path=self.master_key_file or self.data_dir / "master-key",
            given=self.master_key,
            given_before=self.master_key_previous,
            makes=self.embedded and self.master_key_file is None,
            service=self.key_service,
            backup=self.keys_backup,
            borrowed=self.keys_borrowed,
        )

    @property
    def backup_dir(self) -> Path:
        """Where the daily backups are written."""
        return self.backup_folder or self.data_dir / "backup"

    @property
    def mail_dir(self) -> Path:
        """Where messages are written when there is no mail server."""
        return self.data_dir / "mail"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings from environment variables.

        With the embedded database, secrets that are not given are made once and kept in
        `data_dir/secrets.json`, readable by its owner only.

        :raises SettingsError: a value is missing or wrong.
        """
        uri = _mongodb_uri(environ)
        data_dir = Path(_text(environ, "BACKOFFICE_DATA", "var")).expanduser().absolute()
        host = _text(environ, "BACKOFFICE_HOST", "127.0.0.1")
        port = _integer(environ, "PORT", 8000, 1, 65535)
        demo = _boolean(environ, "BACKOFFICE_DEMO")
        if demo and host not in LOOPBACK:
            raise SettingsError(
                "BACKOFFICE_DEMO: anyone may sign in to a demonstration, so BACKOFFICE_HOST must be 127.0.0.1"
            )
        base_url = _base_url(environ, host, port)
        return cls(
            **_secrets(environ, data_dir, embedded=uri is None),
            mongodb_uri=uri,
            database=_database(environ, "BACKOFFICE_DATABASE", "backoffice"),
            database_cache_gb=_gigabytes(environ, "BACKOFFICE_DATABASE_CACHE_GB", SMALLEST_CACHE_GB, LARGEST_CACHE_GB),
            audit_database=_database(environ, "BACKOFFICE_AUDIT_DATABASE", "") or None,
            audit_key=_pem(environ, "AUDIT_KEY"),
            audit_key_previous=_pem(environ, "AUDIT_KEY_PREVIOUS"),
            audit_key_file=_path(environ, "AUDIT_KEY_FILE"),
            audit_folder=_path(environ, "BACKOFFICE_AUDIT_DIR"),
            master_key=_text(environ, "MASTER_KEY", ""),
            keys_borrowed=False,
            master_key_previous=_text(environ, "MASTER_KEY_PREVIOUS", ""),
            master_key_file=_path(environ, "MASTER_KEY_FILE"),
            key_service=_key_service(environ),
            keys_backup=_path(environ, "BACKOFFICE_KEYS_BACKUP"),
            backup_folder=_path(environ, "BACKOFFICE_BACKUP_DIR"),
            backup_keep=_integer(environ, "BACKOFFICE_BACKUP_KEEP", 7, 1, 1000),
            data_dir=data_dir,
            host=host,
            port=port,
            demo=demo,
            trusted_hosts=_trusted_hosts(environ, base_url),
            base_url=base_url,
            smtp_url=_smtp_url(environ),
            mail_from=_mail_from(environ),
            channels=_channels(environ),
            max_upload_bytes=_integer(
                environ, "BACKOFFICE_MAX_UPLOAD_BYTES", 20 * 1024 * 1024, MINIMUM_UPLOAD_BYTES, 2**30
            ),
            clamd_url=_clamd_url(environ),
            proxies=_integer(environ, "BACKOFFICE_PROXIES", 0, 0, 5),
            log_level=_log_level(environ),
        )


def _text(environ: Mapping[str, str], name: str, default: str) -> str:
    return environ.get(name, "").strip() or default


def _optional(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = _text(environ, name, str(default))
    # isdecimal accepts digits of other scripts, which int() would quietly take too.
    if not (text.isascii() and text.isdecimal() and low <= int(text[:20]) <= high):
        raise SettingsError(f"{name}: {text!r} is not a whole number from {low} to {high}")
    return int(text)


def _gigabytes(environ: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    text = _optional(environ, name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", text) or not low <= float(text) <= high:
        raise SettingsError(f"{name}: {text!r} is not a number of gigabytes from {low:g} to {high:g}")
    return float(text)


def _boolean(environ: Mapping[str, str], name: str) -> bool:
    text = _text(environ, name, "0").lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise SettingsError(f"{name}: {text!r} is neither yes nor no (1 or 0)")


def _mongodb_uri(environ: Mapping[str, str]) -> str | None:
    uri = _optional(environ, "MONGODB_URI")
    # The value may hold a password: it is not repeated in the message.
    if uri is not None and not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise SettingsError("MONGODB_URI: must begin with mongodb:// or mongodb+srv://")
    return uri


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    given = _optional(environ, name)
    return Path(given).expanduser().absolute() if given else None


def _pem(environ: Mapping[str, str], name: str) -> str:
    """A key in PEM form; many ways of setting a variable take no line breaks, so \\n stands for one."""
    return _text(environ, name, "").replace("\\n", "\n")


def _database(environ: Mapping[str, str], variable: str, default: str) -> str:
    name = _text(environ, variable, default)
    if not name:
        return ""
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    if not plain or len(name) > 38:
        raise SettingsError(f"{variable}: {name!r} may hold at most 38 letters, digits, hyphens and underscores")
    if name in ("admin", "local", "config"):
        raise SettingsError(f"{variable}: {name!r} is the database server's own")
    return name


def _base_url(environ: Mapping[str, str], host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    url = _text(environ, "BACKOFFICE_BASE_URL", f"http://{shown}:{port}").rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"BACKOFFICE_BASE_URL: {url!r} is not an http or https address")
    return url


def _trusted_hosts(environ: Mapping[str, str], base_url: str) -> tuple[str, ...]:
    """The host names that requests may carry: this machine's own, and those given or the base address's."""
    given = [part.strip() for part in _text(environ, "BACKOFFICE_TRUSTED_HOSTS", "").split(",")]
    names = [name for name in given if name]
    for name in names:
        if "/" in name or "*" in name or " " in name:
            raise SettingsError(
                f"BACKOFFICE_TRUSTED_HOSTS: {name!r} is not a host name (.example.com covers subdomains)"
            )
    own = urlsplit(base_url).hostname or ""
    # Whoever watches the process asks it at this machine's own address.
    here = ["127.0.0.1", "localhost", "[::1]"]
    return tuple(dict.fromkeys(here + (names or [f"[{own}]" if ":" in own else own])))


def _smtp_url(environ: Mapping[str, str]) -> str | None:
    url = _optional(environ, "SMTP_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError("SMTP_URL: must look like smtp://user:password@host:587 or smtps://...")
    return url


def _clamd_url(environ: Mapping[str, str]) -> str:
    url = _text(environ, "CLAMD_URL", "")
    try:
        parts = urlsplit(url)
        socket = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
        usable = socket or (parts.scheme == "tcp" and bool(parts.hostname) and parts.port != 0 and not parts.path)
    except ValueError:
        usable = False
    if url and not usable:
        raise SettingsError("CLAMD_URL: must look like unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310")
    return url


def _mail_from(environ: Mapping[str, str]) -> str:
    sender = _text(environ, "MAIL_FROM", "backoffice@localhost")
    if "@" not in sender or any(character in sender for character in "\r\n"):
        raise SettingsError(f"MAIL_FROM: {sender!r} is not an email address")
    return sender


def _channels(environ: Mapping[str, str]) -> tuple[Channel, ...]:
    path = _path(environ, "BACKOFFICE_CHANNELS")
    if path is None:
        return ()
    try:
        return channels.load(path)
    except channels.ChannelsError as error:
        raise SettingsError(f"BACKOFFICE_CHANNELS: {error}") from error


def _key_service(environ: Mapping[str, str]) -> KeyService | None:
    path = _path(environ, "BACKOFFICE_KEY_SERVICE")
    try:
        return load_service(path) if path is not None else None
    except KeySettingsError as error:
        raise SettingsError(f"BACKOFFICE_KEY_SERVICE: {error}") from error


def _log_level(environ: Mapping[str, str]) -> str:
    level = _text(environ, "LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL: {level!r} is not one of {', '.join(LOG_LEVELS)}")
    return level


def _secrets(environ: Mapping[str, str], data_dir: Path, *, embedded: bool) -> dict[str, str]:
    given = {key: _text(environ, variable, "") for key, variable in SECRET_VARIABLES.items()}
    for key, value in given.items():
        if value and len(value) < MINIMUM_SECRET_CHARACTERS:
            raise SettingsError(f"{SECRET_VARIABLES[key]}: needs at least {MINIMUM_SECRET_CHARACTERS} characters")
    missing = [key for key, value in given.items() if not value]
    if not missing:
        return given
    if not embedded:
        names = ", ".join(SECRET_VARIABLES[key] for key in missing)
        raise SettingsError(
            f"{names}: must be set when MONGODB_URI is (for each: "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))')"
        )
    kept = _kept_secrets(data_dir / SECRETS_FILE)
    return given | {key: kept[key] for key in missing}


def _kept_secrets(path: Path) -> dict[str, str]:
    """The secrets in `path`, which is made when it does not exist; two processes at once agree on one."""
    if not path.exists():
        _make_secrets(path)
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"BACKOFFICE_DATA: {path} cannot be read: {error}") from error
    strings = isinstance(kept, dict) and all(
        isinstance(kept.get(key), str) and len(kept[key]) >= MINIMUM_SECRET_CHARACTERS for key in SECRET_VARIABLES
    )
    if not strings:
        raise SettingsError(f"BACKOFFICE_DATA: {path} lacks one of {', '.join(SECRET_VARIABLES)}")
    return {key: kept[key] for key in SECRET_VARIABLES}


def _make_secrets(path: Path) -> None:
    made = {key: secrets.token_urlsafe(32) for key in SECRET_VARIABLES}
    try:
        with whole(path, keep=True) as file:
            file.write(json.dumps(made, indent=2).encode())
    except OSError as error:
        raise SettingsError(f"BACKOFFICE_DATA: {path.parent} cannot be written: {error.strerror}") from error
