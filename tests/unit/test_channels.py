"""The file of channels: what is refused, and that nothing secret is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.channels import ChannelsError, Kind, is_public, load
from config.settings import Settings, SettingsError

GOOD = """
[[channel]]
name = "service-group"
kind = "dingtalk"
zh = "客服群"
en = "Service group"
url = "https://oapi.example.com/robot/send?access_token=hush"
secret = "SEC-hush"

[[channel]]
name = "relay"
kind = "signed"
zh = "内部转发"
en = "Relay"
url = "http://10.0.0.5:8080/hook"
secret = "hush-hush-hush-hush-hush"
private = true
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "channels.toml"
    path.write_text(text, "utf-8")
    return path


def test_channels_are_read_and_their_secrets_are_not_shown(tmp_path: Path) -> None:
    group, relay = load(write(tmp_path, GOOD))
    assert (group.kind, group.private, group.label("zh"), group.label("en")) == (
        Kind.DINGTALK,
        False,
        "客服群",
        "Service group",
    )
    assert (relay.kind, relay.private) == (Kind.SIGNED, True)
    assert "hush" not in repr((group, relay))


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('name = "relay"', 'name = "Relay 1"', "no name of a channel"),
        ('name = "relay"', 'name = "email"', "no name of a channel"),
        ('name = "relay"', 'name = "service-group"', "twice"),
        ('kind = "signed"', 'kind = "slack"', "kind must be one of wecom, dingtalk, feishu, signed"),
        ('zh = "内部转发"', 'zh = ""', "zh must be a name"),
        ('secret = "hush-hush-hush-hush-hush"', 'secret = "hush"', "24 characters"),
        ("private = true", 'private = "yes"', "true or false"),
        ("private = true", "privat = true", "unknown key 'privat'"),
        ("private = true", "", "https"),
        ("https://oapi.example.com", "http://oapi.example.com", "https"),
        ("https://oapi.example.com", "https://hush:hush@oapi.example.com", "user name"),
        ("https://oapi.example.com", "https://127.0.0.1", "inside the house"),
        ("https://oapi.example.com", "https://[::1]:8443", "inside the house"),
        ("https://oapi.example.com", "https://localhost", "inside the house"),
        ("https://oapi.example.com", "https://db.internal", "inside the house"),
        ("https://oapi.example.com", "file:///etc/passwd", "https"),
        ('[[channel]]\nname = "relay"', '[channels]\nname = "relay"', r"\[\[channel\]\]"),
        ('secret = "SEC-hush"', "secret = SEC-hush", "not a TOML file"),
    ],
)
def test_a_slip_is_named_without_address_and_secret(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    assert was in GOOD
    with pytest.raises(ChannelsError, match=said) as refused:
        load(write(tmp_path, GOOD.replace(was, becomes)))
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("not an address", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_the_setting_names_its_variable(tmp_path: Path) -> None:
    secrets = {"BACKOFFICE_DATA": str(tmp_path / "var")}
    file = write(tmp_path, GOOD)
    assert [one.name for one in Settings.from_env({**secrets, "BACKOFFICE_CHANNELS": str(file)}).channels] == [
        "service-group",
        "relay",
    ]
    with pytest.raises(SettingsError, match=r"BACKOFFICE_CHANNELS: .*cannot be read"):
        Settings.from_env({**secrets, "BACKOFFICE_CHANNELS": str(tmp_path / "none.toml")})
