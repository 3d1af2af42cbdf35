"""Settings come from the environment once; a wrong value names its variable."""

import json
import stat
from pathlib import Path

import pytest

from config.settings import Settings, SettingsError

SECRETS = {"SECRET_KEY": "k" * 40, "PASSWORD_SALT": "s" * 40, "TOTP_SECRET": "t" * 40}


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return {"BACKOFFICE_DATA": str(tmp_path / "data")}


def test_an_empty_environment_means_the_embedded_database_on_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    assert settings.embedded
    assert settings.data_dir == tmp_path / "var"
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert not settings.demo
    assert settings.smtp_url is None
    assert settings.mail_dir == tmp_path / "var" / "mail"


def test_embedded_secrets_are_made_once_and_kept_private(embedded: dict[str, str], tmp_path: Path) -> None:
    first, second = Settings.from_env(embedded), Settings.from_env(embedded)
    assert first == second
    kept = tmp_path / "data" / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secrets.json"]
    assert len({first.secret_key, first.password_salt, first.totp_secret}) == 3


def test_a_given_secret_goes_before_the_kept_one(embedded: dict[str, str]) -> None:
    kept = Settings.from_env(embedded)
    given = Settings.from_env(embedded | {"SECRET_KEY": "k" * 40})
    assert given.secret_key == "k" * 40
    assert given.password_salt == kept.password_salt


def test_damaged_secrets_are_not_replaced_in_silence(embedded: dict[str, str], tmp_path: Path) -> None:
    kept = tmp_path / "data" / "secrets.json"
    kept.parent.mkdir()
    for damage in ("{", "[]", json.dumps({"secret_key": "short"})):
        kept.write_text(damage)
        with pytest.raises(SettingsError, match=r"secrets\.json"):
            Settings.from_env(embedded)
        assert kept.read_text() == damage


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="BACKOFFICE_DATA"):
        Settings.from_env({"BACKOFFICE_DATA": str(tmp_path / "file" / "data")})


def test_a_production_database_needs_given_secrets() -> None:
    uri = {"MONGODB_URI": "mongodb://db1,db2/?replicaSet=rs"}
    with pytest.raises(SettingsError, match="SECRET_KEY, PASSWORD_SALT, TOTP_SECRET: must be set"):
        Settings.from_env(uri)
    assert not Settings.from_env(uri | SECRETS).embedded


def test_secrets_and_addresses_with_passwords_stay_out_of_the_repr() -> None:
    settings = Settings.from_env(
        SECRETS | {"MONGODB_URI": "mongodb://me:hunter2@db/", "SMTP_URL": "smtp://me:hunter3@mail:587"}
    )
    for secret in ("hunter2", "hunter3", "kkkk", "ssss", "tttt"):
        assert secret not in repr(settings)


def test_trusted_hosts_default_to_this_machine_and_the_base_address() -> None:
    settings = Settings.from_env(SECRETS | {"BACKOFFICE_BASE_URL": "https://desk.example.com/"})
    assert settings.base_url == "https://desk.example.com"
    assert settings.trusted_hosts == ("127.0.0.1", "localhost", "[::1]", "desk.example.com")
    given = Settings.from_env(SECRETS | {"BACKOFFICE_TRUSTED_HOSTS": "a.example.com, .example.org,"})
    assert given.trusted_hosts == ("127.0.0.1", "localhost", "[::1]", "a.example.com", ".example.org")


def test_a_demonstration_is_never_offered_to_the_network() -> None:
    assert Settings.from_env(SECRETS | {"BACKOFFICE_DEMO": "yes"}).demo
    with pytest.raises(SettingsError, match="BACKOFFICE_DEMO"):
        Settings.from_env(SECRETS | {"BACKOFFICE_DEMO": "1", "BACKOFFICE_HOST": "0.0.0.0"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eight"),
        ("PORT", "-1"),
        ("PORT", "٨٠"),
        ("PORT", "9" * 5000),
        ("BACKOFFICE_DEMO", "maybe"),
        ("MONGODB_URI", "postgres://db"),
        ("BACKOFFICE_DATABASE", "a b"),
        ("BACKOFFICE_DATABASE", "admin"),
        ("BACKOFFICE_DATABASE", "x" * 39),
        ("BACKOFFICE_DATABASE_CACHE_GB", "0.2"),
        ("BACKOFFICE_DATABASE_CACHE_GB", "1025"),
        ("BACKOFFICE_DATABASE_CACHE_GB", "2GB"),
        ("BACKOFFICE_DATABASE_CACHE_GB", "nan"),
        ("BACKOFFICE_DATABASE_CACHE_GB", "1e1"),
        ("BACKOFFICE_BASE_URL", "desk.example.com"),
        ("BACKOFFICE_BASE_URL", "http://[::"),
        ("BACKOFFICE_BASE_URL", "http://desk:99999"),
        ("BACKOFFICE_TRUSTED_HOSTS", "*"),
        ("BACKOFFICE_TRUSTED_HOSTS", "http://desk"),
        ("SMTP_URL", "mail:25"),
        ("SMTP_URL", "smtp://"),
        ("CLAMD_URL", "clamd"),
        ("CLAMD_URL", "tcp://"),
        ("CLAMD_URL", "unix://run/clamd.ctl"),
        ("CLAMD_URL", "http://127.0.0.1:3310"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b\nBcc: c@d"),
        ("BACKOFFICE_MAX_UPLOAD_BYTES", "20MB"),
        ("LOG_LEVEL", "LOUD"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        Settings.from_env(SECRETS | {name: value})


def test_the_database_address_is_not_repeated_in_an_error() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(SECRETS | {"MONGODB_URI": "mongo://me:hunter2@db/"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("given", "cache"), [("", None), ("0.25", 0.25), ("2", 2.0), ("1.5", 1.5)])
def test_the_cache_of_the_embedded_database_is_said_in_gigabytes(
    embedded: dict[str, str], given: str, cache: float | None
) -> None:
    assert Settings.from_env(embedded | {"BACKOFFICE_DATABASE_CACHE_GB": given}).database_cache_gb == cache


@pytest.mark.parametrize(("given", "proxies"), [(None, 0), ("1", 1), ("5", 5)])
def test_the_number_of_proxies_is_said(embedded: dict[str, str], given: str | None, proxies: int) -> None:
    assert Settings.from_env({**embedded, **({"BACKOFFICE_PROXIES": given} if given else {})}).proxies == proxies


@pytest.mark.parametrize("given", ["-1", "6", "many"])
def test_a_wrong_number_of_proxies_names_its_variable(embedded: dict[str, str], given: str) -> None:
    with pytest.raises(SettingsError, match="BACKOFFICE_PROXIES"):
        Settings.from_env({**embedded, "BACKOFFICE_PROXIES": given})
