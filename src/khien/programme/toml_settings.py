"""Settings in and out of `programme.toml`, with findings for what does not fit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from khien.programme.findings import Findings
from khien.programme.guesses import guess
from khien.programme.settings import LONGEST_HORIZON, SETTING_NAMES, Fact, Settings
from khien.programme.text_files import decoded

FILE: Final = "programme.toml"
SHEET: Final = "settings"
STATUSES: Final = ("claimed", "verified", "accepted", "illustrative")


def read_toml(folder: Path, findings: Findings) -> dict[str, Any] | None:
    """The settings as the file states them: dotted name to value, source and status."""
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        findings.note("settings-missing", "settings", value=FILE)
        return None
    except OSError as error:
        findings.note("file-unreadable", "settings", value=FILE, reason=error.strerror or str(error))
        return None
    if (text := decoded(data, "settings", findings)) is None:
        return None
    try:
        stated = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        findings.note("settings-unreadable", "settings", value=FILE, reason=str(error))
        return None
    rates = stated.pop("rates", {})
    if not isinstance(rates, dict):
        findings.note("setting-invalid", "settings", None, "rates", rates, reason="[rates]")
        rates = {}
    return stated | {f"rates.{name}": value for name, value in rates.items()}


def settings_of(stated: Mapping[str, Any], findings: Findings) -> Settings | None:
    """Settings out of what the file states; None, with findings, when they cannot be used."""
    values: dict[str, Any] = {}
    facts: dict[str, Fact] = {}
    for name, entry in stated.items():
        if name not in SETTING_NAMES and not name.startswith("rates."):
            findings.note("unknown-setting", "settings", None, name, name, guess=guess(name, SETTING_NAMES))
            continue
        value, fact = _entry(name, entry, findings)
        if value is not None:
            values[name] = value
            facts[name] = fact
    for name in SETTING_NAMES:
        if name not in values and not Settings.model_fields[name].is_required():
            default = Settings.model_fields[name].default
            findings.note("setting-default", "settings", None, name, default)
    before = len(findings)
    settings = _built(values, facts, findings)
    if settings is not None:
        _check_horizon(settings, findings)
    return settings if len(findings) == before else None


def _entry(name: str, entry: Any, findings: Findings) -> tuple[Any, Fact]:
    if not isinstance(entry, dict):
        findings.note("setting-without-source", "settings", None, name, entry)
        return entry, Fact()
    for extra in entry.keys() - {"value", "source", "status"}:
        findings.note(
            "unknown-setting",
            "settings",
            None,
            f"{name}.{extra}",
            extra,
            guess=guess(extra, ("value", "source", "status")),
        )
    source, status = entry.get("source"), entry.get("status")
    if status is not None and status not in STATUSES:
        findings.note(
            "setting-invalid", "settings", None, f"{name}.status", status, reason=", ".join(STATUSES)
        )
        status = None
    if source is not None and (not isinstance(source, str) or not source.strip()):
        findings.note("setting-invalid", "settings", None, f"{name}.source", source, reason="text")
        source = None
    if source is None or status is None:
        findings.note("setting-without-source", "settings", None, name, entry.get("value"))
    return entry.get("value"), Fact(source=source, status=status)


def _built(values: dict[str, Any], facts: dict[str, Fact], findings: Findings) -> Settings | None:
    plain = {n: _as_wanted(n, v) for n, v in values.items() if not n.startswith("rates.")}
    rates = {n.removeprefix("rates."): _as_wanted(n, v) for n, v in values.items() if n.startswith("rates.")}
    try:
        return Settings(**plain, rates=rates, facts=facts)
    except ValidationError as errors:
        for error in errors.errors():
            name = ".".join(str(part) for part in error["loc"])
            code = "setting-missing" if error["type"] == "missing" else "setting-invalid"
            value = None if code == "setting-missing" else error["input"]
            findings.note(code, "settings", None, name, value, reason=error["msg"])
        return None


def check_settings(settings: Settings, findings: Findings) -> None:
    """Report what is wrong with settings made in Python: copies are not checked when they are made."""
    if (again := _built(settings.values(), dict(settings.facts), findings)) is not None:
        _check_horizon(again, findings)


def _as_wanted(name: str, value: Any) -> Any:
    """Whole numbers where a fraction is wanted, and 4.0 where 4 is: spreadsheets know one kind of number."""
    wanted = float if name.startswith("rates.") else Settings.model_fields[name].annotation
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _check_horizon(settings: Settings, findings: Findings) -> None:
    if settings.last < settings.first:
        findings.note(
            "horizon-backwards",
            "settings",
            None,
            "last_quarter",
            settings.last_quarter,
            first=settings.first_quarter,
        )
    elif settings.last - settings.first >= LONGEST_HORIZON:
        findings.note(
            "horizon-too-long", "settings", None, "last_quarter", settings.last_quarter, most=LONGEST_HORIZON
        )


def settings_toml(settings: Settings) -> str:
    """The text of `programme.toml`: one table a setting, in the order of the class."""
    blocks = []
    for name, value in settings.values().items():
        fact = settings.facts.get(name, Fact())
        lines = [f"[{_dotted(name)}]", f"value = {_toml(value)}"]
        lines += [f"source = {_toml(fact.source)}"] if fact.source is not None else []
        lines += [f"status = {_toml(fact.status)}"] if fact.status is not None else []
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _dotted(name: str) -> str:
    if not name.startswith("rates."):
        return name
    return "rates." + _toml(name.removeprefix("rates."))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'
    return repr(value)
