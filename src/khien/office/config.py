"""The office's settings, all from the environment; a value that makes no sense is refused by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from khien.words import t

DEFAULT_HOME: Final = "khien-office"
DEMO_MARK: Final = "this-is-a-demo"
"""A file of this name in the data folder makes every page say that it is a demo."""
SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-20000;"
    "PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=27103364;"
)
_KNOWN: Final = (
    "KHIEN_HOME", "KHIEN_SECRET_KEY", "KHIEN_HOSTS", "KHIEN_TLS", "KHIEN_ZONE", "KHIEN_URL",
    "KHIEN_LANG", "KHIEN_DATA", "KHIEN_CI", "KHIEN_TEST_DATABASE",
)  # fmt: skip


class ConfigError(ValueError):
    """A setting of the office is wrong; says which and what it may be."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class Config:
    """What the environment says.

    Attributes:
        home: the data folder: database (SQLite), secret key.
        database: settings of Django's default database.
        secret_key: signs sessions and links; made once and kept in the data folder unless given.
        hosts: names under which the office answers.
        tls: behind a proxy that speaks TLS; cookies are then sent over TLS only.
        zone: the office's time zone; times are stored in UTC.
        url: address that links are made with, without a slash at the end.
        demo: the data folder is marked as that of a demo, and every page says so.
    """

    home: Path
    database: dict[str, Any]
    secret_key: str
    hosts: tuple[str, ...]
    tls: bool
    zone: str
    url: str
    demo: bool = False


def from_environment(env: Mapping[str, str] | None = None) -> Config:
    """The settings, read once at start.

    Raises:
        ConfigError: a value is wrong, or a name that begins with KHIEN_ is not known.
    """
    env = os.environ if env is None else env
    for name in env:
        if name.startswith("KHIEN_") and name not in _KNOWN:
            raise ConfigError("office_config_unknown", name=name, known=", ".join(_KNOWN))
    home = Path(env.get("KHIEN_HOME") or DEFAULT_HOME).absolute()
    return Config(
        home=home,
        database=_database(env.get("DATABASE_URL", ""), home),
        secret_key=env.get("KHIEN_SECRET_KEY") or _kept_key(home),
        hosts=tuple(h.strip() for h in env.get("KHIEN_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h.strip()),
        tls=_truth(env, "KHIEN_TLS"),
        zone=_zone(env.get("KHIEN_ZONE", "Asia/Ho_Chi_Minh")),
        url=_address(env.get("KHIEN_URL", "")),
        demo=(home / DEMO_MARK).is_file(),
    )


def _database(url: str, home: Path) -> dict[str, Any]:
    """SQLite in the data folder, or PostgreSQL at an address like postgresql://user:password@host:5432/name."""
    if not url:
        options = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_PRAGMAS}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "office.sqlite3"), "OPTIONS": options}
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ConfigError("office_config_database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _kept_key(home: Path) -> str:
    """The key in the data folder; made at the first start, readable by its owner alone."""
    place = home / "secret.key"
    try:
        return place.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:  # another process was quicker
        pass
    return place.read_text(encoding="ascii").strip()


def _truth(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "0").lower()
    if text not in ("0", "1", "true", "false"):
        raise ConfigError("office_config_truth", name=name, value=text)
    return text in ("1", "true")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError("office_config_zone", value=name) from None
    return name


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ConfigError("office_config_url", value=url)
    return url.rstrip("/")
