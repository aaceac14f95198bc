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
     ("KHIEN_TSL", "1")],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as error:
        from_environment({"KHIEN_SECRET_KEY": "x", name: value})
    assert name in error.value.message_vi
