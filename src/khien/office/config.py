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
    "KHIEN_OIDC_ISSUER", "KHIEN_OIDC_CLIENT", "KHIEN_OIDC_SECRET", "KHIEN_OIDC_NAME", "KHIEN_SECOND_FACTOR",
    "KHIEN_IDLE_MINUTES", "KHIEN_MOST_SESSIONS", "KHIEN_MAIL", "KHIEN_MAIL_FROM", "KHIEN_HOOKS_PRIVATE",
    "KHIEN_LOG_FORM", "KHIEN_LOG_OWNER", "KHIEN_LANG", "KHIEN_DATA", "KHIEN_CI", "KHIEN_TEST_DATABASE",
    "KHIEN_WARNINGS", "KHIEN_CAP_KEY", "KHIEN_CAP_CERT", "KHIEN_LEVELS",
)  # fmt: skip


class ConfigError(ValueError):
    """A setting of the office is wrong; says which and what it may be."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class Provider:
    """Whoever else says who somebody is, by OpenID Connect: its address, what it knows us as, its name on the page."""

    issuer: str
    client: str
    secret: str
    name: str


@dataclass(frozen=True)
class Mail:
    """The server that mail goes out by; `tls` is "", "starttls" or "tls"."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    sender: str


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
        provider: where people may sign in by OpenID Connect; None for nowhere.
        second_factor: whether everybody needs one; else whoever wants one.
        idle_minutes: a session that asked for nothing for so long is over.
        most_sessions: of one person at once; the oldest ends when one more begins.
        mail: the mail server; None when the office sends no mail.
        hooks_private: web hooks may call addresses inside the own network.
        json_log: the server's log is JSON, a line an event.
        log_owner: on PostgreSQL behind TLS, serve although the web's role owns the log's table.
    """

    home: Path
    database: dict[str, Any]
    secret_key: str
    hosts: tuple[str, ...]
    tls: bool
    zone: str
    url: str
    demo: bool = False
    provider: Provider | None = None
    second_factor: bool = False
    idle_minutes: int = 120
    most_sessions: int = 10
    mail: Mail | None = None
    hooks_private: bool = False
    json_log: bool = False
    log_owner: bool = False


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
        hosts=_hosts(env.get("KHIEN_HOSTS", "localhost,127.0.0.1,[::1]")),
        tls=_truth(env, "KHIEN_TLS"),
        zone=_zone(env.get("KHIEN_ZONE", "Asia/Ho_Chi_Minh")),
        url=_address(env.get("KHIEN_URL", "")),
        demo=(home / DEMO_MARK).is_file(),
        provider=_provider(env),
        second_factor=_choice(env, "KHIEN_SECOND_FACTOR", ("optional", "required")) == "required",
        idle_minutes=_whole(env, "KHIEN_IDLE_MINUTES", 120, 1, 12 * 60),
        most_sessions=_whole(env, "KHIEN_MOST_SESSIONS", 10, 1, 100),
        mail=_mail(env),
        hooks_private=_truth(env, "KHIEN_HOOKS_PRIVATE"),
        json_log=_choice(env, "KHIEN_LOG_FORM", ("line", "json")) == "json",
        log_owner=_truth(env, "KHIEN_LOG_OWNER"),
    )


def _database(url: str, home: Path) -> dict[str, Any]:
    """SQLite in the data folder, or PostgreSQL at an address like postgresql://user:password@host:5432/name."""
    if not url:
        options = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_PRAGMAS}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "office.sqlite3"), "OPTIONS": options}
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ConfigError("office_config_database") from None
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ConfigError("office_config_database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
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


def _hosts(text: str) -> tuple[str, ...]:
    """Names with commas between; a star would answer to any name, and so to a forged one."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names or any("/" in name or "*" in name or " " in name for name in names):
        raise ConfigError("office_config_hosts", value=text)
    return names


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ConfigError("office_config_url", value=url)
    return url.rstrip("/")


def _provider(env: Mapping[str, str]) -> Provider | None:
    """All three of address, client and secret, or none; over https but on this machine."""
    issuer, client, secret = (env.get(f"KHIEN_OIDC_{name}", "") for name in ("ISSUER", "CLIENT", "SECRET"))
    if not (issuer or client or secret):
        return None
    parts = urlsplit(issuer)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
    if not (safe and parts.hostname and client and secret):
        raise ConfigError("office_config_oidc")
    return Provider(issuer.rstrip("/"), client, secret, env.get("KHIEN_OIDC_NAME", "OpenID Connect"))


def _mail(env: Mapping[str, str]) -> Mail | None:
    """Like smtp://user:password@host:587 (STARTTLS), smtps://host:465 (TLS), smtp+plain://localhost:25 (neither)."""
    url, sender = env.get("KHIEN_MAIL", ""), env.get("KHIEN_MAIL_FROM", "")
    if not url and not sender:
        return None
    ways = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("", 25)}
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not env.get("KHIEN_URL"):
        raise ConfigError("office_config_mail_url")
    if parts.scheme not in ways or not parts.hostname or port == 0 or "@" not in sender or "\n" in sender:
        raise ConfigError("office_config_mail")
    tls, usual = ways[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Mail(parts.hostname, port or usual, user, password, tls, sender)


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of some words; the first when nothing is said."""
    text = env.get(name) or choices[0]
    if text not in choices:
        raise ConfigError("office_config_choice", name=name, value=text, choices=", ".join(choices))
    return text


def _whole(env: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = env.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise ConfigError("office_config_whole", name=name, value=text, least=least, most=most)
    return int(text)
