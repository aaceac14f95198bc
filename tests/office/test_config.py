"""Settings from the environment fail loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from khien.office.config import ConfigError, from_environment


def test_nothing_said_is_sqlite_in_one_folder(tmp_path: Path) -> None:
    config = from_environment({"KHIEN_HOME": str(tmp_path / "office")})
    assert config.database["NAME"] == str(tmp_path / "office" / "office.sqlite3")
    assert config.database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    key = tmp_path / "office" / "secret.key"
    assert len(config.secret_key) > 50
    assert key.stat().st_mode & 0o777 == 0o600
    assert from_environment({"KHIEN_HOME": str(tmp_path / "office")}).secret_key == config.secret_key


def test_an_address_is_postgresql() -> None:
    known = {"KHIEN_SECRET_KEY": "x"}
    database = from_environment({**known, "DATABASE_URL": "postgresql://me:a%40b@db.example:5433/khien"}).database
    assert [database[n] for n in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "khien",
        "me",
        "a@b",
        "db.example",
        "5433",
    ]


@pytest.mark.parametrize(
    "name, value",
    [("KHIEN_TLS", "yes"), ("KHIEN_ZONE", "Mars/Olympus"), ("KHIEN_URL", "khien.example"), ("DATABASE_URL", "mysql://x/y"),
     ("KHIEN_TSL", "1"), ("KHIEN_SECOND_FACTOR", "yes"), ("KHIEN_IDLE_MINUTES", "0"), ("KHIEN_IDLE_MINUTES", "two"),
     ("KHIEN_MOST_SESSIONS", "1000"), ("KHIEN_LOG_FORM", "xml"), ("KHIEN_HOOKS_PRIVATE", "ja"), ("KHIEN_HOSTS", "*"),
     ("KHIEN_HOSTS", "https://a.example"), ("KHIEN_MAIL", "smtp://mail.example"), ("KHIEN_URL", "x.example"),
     ("KHIEN_OIDC_ISSUER", "https://id.example"), ("KHIEN_OIDC_SECRET", "x"), ("DATABASE_URL", "postgresql://h:x/y")],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as error:
        from_environment({"KHIEN_SECRET_KEY": "x", name: value})
    assert name in error.value.message_vi


def test_a_provider_needs_https_or_this_machine_and_all_three() -> None:
    known = {"KHIEN_SECRET_KEY": "x", "KHIEN_OIDC_CLIENT": "c", "KHIEN_OIDC_SECRET": "s"}
    for issuer in ("https://id.example/realm/", "http://localhost:9000"):
        provider = from_environment({**known, "KHIEN_OIDC_ISSUER": issuer}).provider
        assert provider is not None
        assert provider.issuer == issuer.rstrip("/")
    with pytest.raises(ConfigError, match="https"):
        from_environment({**known, "KHIEN_OIDC_ISSUER": "http://id.example"})


@pytest.mark.parametrize(
    "url, told",
    [("smtp://me:p%40ss@mail.example", ("mail.example", 587, "me", "p@ss", "starttls")),
     ("smtps://mail.example", ("mail.example", 465, "", "", "tls")),
     ("smtp+plain://localhost:2525", ("localhost", 2525, "", "", ""))],
)  # fmt: skip
def test_the_mail_server_is_one_address(url: str, told: tuple[object, ...]) -> None:
    known = {"KHIEN_SECRET_KEY": "x", "KHIEN_URL": "https://khien.example", "KHIEN_MAIL_FROM": "Khiên <a@b.vn>"}
    mail = from_environment({**known, "KHIEN_MAIL": url}).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.user, mail.password, mail.tls) == told
    with pytest.raises(ConfigError, match="KHIEN_MAIL"):
        from_environment({**known, "KHIEN_MAIL": url.replace("smtp", "http")})


def test_what_the_command_line_listens_to_is_no_misspelt_setting(tmp_path: Path) -> None:
    """Whoever warns and serves from one shell has both kinds of settings in it."""
    for name in ("KHIEN_WARNINGS", "KHIEN_CAP_KEY", "KHIEN_CAP_CERT", "KHIEN_LEVELS"):
        from_environment({"KHIEN_SECRET_KEY": "x", "KHIEN_HOME": str(tmp_path), name: "x"})
