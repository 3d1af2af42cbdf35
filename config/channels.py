"""Group robots and webhooks that messages may go to, read from a TOML file outside the database.

Their addresses and secrets open a chat to whoever has them: they stay out of the database, of backups and of screens.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
RESERVED = ("email",)
LONGEST_LABEL = 40
SHORTEST_SECRET = 24
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Through these an IPv6 network reaches any IPv4 address, inner ones too."""
KEYS = {"name", "kind", "zh", "en", "url", "secret", "private"}


class ChannelsError(Exception):
    """The file of channels cannot be used; the text names the channel and repeats neither address nor secret."""


class Kind(StrEnum):
    """The form and signature that the other side expects."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    SIGNED = "signed"
    """Any program: JSON with an HMAC signature and a time, as the Standard Webhooks specification lays it down."""


@dataclass(frozen=True)
class Channel:
    """One place that messages go to. `private` allows an address inside the house, and one without TLS."""

    name: str
    kind: Kind
    zh: str
    en: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    private: bool = False

    def label(self, language: str) -> str:
        """Its name for people."""
        return self.zh if language.startswith("zh") else self.en


def load(path: Path) -> tuple[Channel, ...]:
    """The channels of a file. :raises ChannelsError: it cannot be read, or a channel makes no sense."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ChannelsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # its text can repeat a line with a secret
        raise ChannelsError(f"{path} is not a TOML file") from error
    tables = found.pop("channel", [])
    if found or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ChannelsError(f"{path} may hold [[channel]] tables and nothing else")
    channels = tuple(_channel(table) for table in tables)
    names = [channel.name for channel in channels]
    if len(set(names)) < len(names):
        raise ChannelsError(f"{path} names a channel twice")
    return channels


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, and not of this machine, house or link."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip in TRANSLATED:
        return False
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return bool(ip.is_global and inner.is_global and not ip.is_multicast and not inner.is_multicast)


def _channel(table: Mapping[str, Any]) -> Channel:
    name = table.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise ChannelsError(f"{name!r} is no name of a channel: small letters, digits and hyphens")
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise ChannelsError(f"{name}: unknown key {unknown[0]!r} (known: {', '.join(sorted(KEYS))})")
    if table.get("kind") not in set(Kind):
        raise ChannelsError(f"{name}: kind must be one of {', '.join(Kind)}")
    private = table.get("private", False)
    if not isinstance(private, bool):
        raise ChannelsError(f"{name}: private must be true or false")
    labels = {key: table.get(key) for key in ("zh", "en")}
    for key, label in labels.items():
        if not isinstance(label, str) or not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
            raise ChannelsError(f"{name}: {key} must be a name for people, of at most {LONGEST_LABEL} characters")
    kind, secret = Kind(table["kind"]), table.get("secret", "")
    if not isinstance(secret, str) or (kind is Kind.SIGNED and len(secret) < SHORTEST_SECRET):
        raise ChannelsError(
            f"{name}: secret must be a text, for a signed webhook of {SHORTEST_SECRET} characters or more"
        )
    url = _url(name, table.get("url"), private)
    return Channel(name, kind, str(labels["zh"]), str(labels["en"]), url, secret, private)


def _url(name: str, url: object, private: bool) -> str:
    problem = ChannelsError(f"{name}: url must be an https address without a user name in it")
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        raise problem
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise problem from None
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not host or parts.username is not None or parts.fragment or port == 0:
        raise problem
    if not private and _is_inside(host):
        raise ChannelsError(f"{name}: url leads to an address inside the house; private = true would allow it")
    return url


def _is_inside(host: str) -> bool:
    """Whether a host is written as an address that is not public. Names are looked up when something is sent."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return not is_public(host)
