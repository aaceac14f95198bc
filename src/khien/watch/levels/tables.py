"""The tables of Decision 18/2021 as this package holds them in ``data/``: inputs, bands, notes, places, stations.

Reading them needs the standard library alone, so that the command line can name every input in its help at once.
"""

from __future__ import annotations

import csv
import io
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.interval import Interval
from khien.words import t

HAZARDS: Final = (
    "storm", "surge", "rain", "flood", "flash-flood", "heat", "drought", "salinity", "sea-wind", "fog", "tornado",
    "cold", "wildfire", "earthquake", "tsunami",
)  # fmt: skip
"""Ids of the hazards in the order of their articles, 42 to 56."""

OWN_TABLES: Final = "KHIEN_LEVELS"
"""Environment variable: a folder whose files stand in for those below that could not be verified."""

REPLACEABLE: Final = ("places.csv", "stations.csv", "clocks.toml")
"""Facts that were not read in the legal text, or depend on appendices that were not at hand: settings of the office."""

Condition = Interval | tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    vi: str
    en: str

    def of(self, lang: str) -> str:
        """The text in one language."""
        return self.vi if lang == "vi" else self.en


@dataclass(frozen=True)
class Input:
    """What a table asks for.

    Attributes:
        kind: a whole number, a number, or one of `choices`.
        unit: unit of a number, "" for a choice.
        low, high: least and greatest value that can be meant.
        needed: without it there is no answer; otherwise a missing one gives a range of levels.
        optional: a second way to say the same; when it is missing, the rows that use it do not count.
        place_column: column of places.csv that fills it in when a place is named.
        from_speed: name of a further input in m/s that is turned into this one by the Beaufort scale.
    """

    name: str
    kind: Literal["whole", "number", "choice"]
    words: Words
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    needed: bool = False
    optional: bool = False
    place_column: str | None = None
    from_speed: str | None = None
    choices: Mapping[str, Words] = field(default_factory=dict)

    def unit_in(self, lang: str) -> str:
        """The unit as readers of the language write it; "" where the number speaks for itself."""
        return {"d": t("level_unit_d", lang), "months": t("level_unit_months", lang), "I-XII": "", "0-1": ""}.get(
            self.unit, self.unit
        )


@dataclass(frozen=True, eq=False)
class Band:
    """One cell of a table: what must hold, and the level it gives.

    `stated` are conditions that the text states beside those that decide; where they do not hold the level stands
    and carries a note.
    """

    level: int
    when: Mapping[str, Condition]
    stated: Mapping[str, Condition]
    note: str | None


@dataclass(frozen=True)
class Hazard:
    """A hazard with its article and table. `orders` are pairs of which the first may not exceed the second;
    `differences` are inputs made by subtraction; of each group in `one_of` at least one must be given."""

    id: str
    words: Words
    article: str
    status: str
    inputs: Mapping[str, Input]
    bands: tuple[Band, ...]
    notes: Mapping[str, Words]
    one_of: tuple[tuple[str, ...], ...]
    orders: tuple[tuple[str, str], ...]
    differences: Mapping[str, tuple[str, str]]
    overlap: str
    bulletins: Words | None
    remark: Words | None


@cache
def hazard(name: str) -> Hazard:
    """One hazard's table. Raises KeyError for a name that is not in `HAZARDS`."""
    if name not in HAZARDS:
        raise KeyError(name)
    raw = _toml(f"{name}.toml")
    return Hazard(
        id=raw["id"],
        words=_words(raw),
        article=raw["article"],
        status=raw["status"],
        inputs={key: _input(key, value) for key, value in raw["inputs"].items()},
        bands=tuple(_band(value) for value in raw["bands"]),
        notes={key: _words(value) for key, value in raw.get("notes", {}).items()},
        one_of=tuple(tuple(group) for group in raw.get("one_of", [])),
        orders=tuple((low, high) for low, high in raw.get("orders", [])),
        differences={key: (a, b) for key, (a, b) in raw.get("differences", {}).items()},
        overlap=raw.get("overlap", "highest"),
        bulletins=_more(raw, "bulletins"),
        remark=_more(raw, "remark"),
    )


@cache
def common() -> Mapping[str, Any]:
    """What all hazards share (common.toml)."""
    return _toml("common.toml")


def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a CSV file: the package's, or the office's own in its place.

    Raises:
        LevelError: the office's own file cannot be used.
    """
    return _rows(name, own_file(name))


@cache
def _rows(name: str, own: Path | None) -> tuple[Mapping[str, str], ...]:
    ours = tuple(csv.DictReader(io.StringIO(_read(name))))
    if own is None:
        return ours
    found = tuple(csv.DictReader(io.StringIO(_own_text(own)), strict=True))
    lacking = [column for column in ours[0] if not found or found[0].get(column) is None]
    if lacking:
        raise _unusable(own, ", ".join(lacking))
    return found


def own_file(name: str) -> Path | None:
    """The office's own file in place of one of the package's, if it has one."""
    folder = os.environ.get(OWN_TABLES)
    place = Path(folder) / name if folder and name in REPLACEABLE else None
    return place if place is not None and place.is_file() else None


def _own_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unusable(path, str(error)) from None


def _unusable(path: Path, why: str) -> LevelError:
    return LevelError([LevelFinding("own-table", path.name, value=str(path), fields={"why": why})])


def level_facts(level: int) -> Mapping[str, Any]:
    """Name, colour and command of a level, 0 to 5."""
    facts: Mapping[str, Any] = common()["level"][level]
    return facts


def _read(name: str) -> str:
    return (resources.files(__package__) / "data" / name).read_text(encoding="utf-8")


def _toml(name: str) -> Mapping[str, Any]:
    return tomllib.loads(_read(name))


def _words(raw: Mapping[str, Any]) -> Words:
    return Words(raw["vi"], raw["en"])


def _more(raw: Mapping[str, Any], name: str) -> Words | None:
    return Words(raw[f"{name}_vi"], raw[f"{name}_en"]) if f"{name}_vi" in raw else None


def _input(name: str, raw: Mapping[str, Any]) -> Input:
    low, high = (None if raw.get(end) is None else Decimal(raw[end]) for end in ("low", "high"))
    choices = {key: Words(vi, en) for key, (vi, en) in raw.get("choices", {}).items()}
    plain = {key: raw[key] for key in ("unit", "needed", "optional", "place_column", "from_speed") if key in raw}
    return Input(name=name, kind=raw["kind"], words=_words(raw), low=low, high=high, choices=choices, **plain)


def _band(raw: Mapping[str, Any]) -> Band:
    return Band(raw["level"], _conditions(raw["when"]), _conditions(raw.get("stated", {})), raw.get("note"))


def _conditions(raw: Mapping[str, Any]) -> Mapping[str, Condition]:
    return {key: Interval.parse(value) if isinstance(value, str) else tuple(value) for key, value in raw.items()}


def clocks_table() -> tuple[dict[str, Any], ...]:
    """The reporting clocks: the package's clocks.toml, or the office's own in its place.

    Raises:
        LevelError: the office's own file cannot be used.
    """
    return _clocks(own_file("clocks.toml"))


@cache
def _clocks(own: Path | None) -> tuple[dict[str, Any], ...]:
    if own is None:
        return tuple(_toml("clocks.toml")["clock"])
    try:
        found = tuple(tomllib.loads(_own_text(own))["clock"])
        lacking = [key for row in found for key in (*_CLOCK, "hours") if key not in row and not _timed(row, key)]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise _unusable(own, f"{type(error).__name__}: {error}") from None
    if lacking or not found:
        raise _unusable(own, ", ".join(dict.fromkeys(lacking)) or "clock")
    return found


_CLOCK: Final = ("group", "id", "vi", "en", "source_vi", "source_en", "status")


def _timed(row: Mapping[str, Any], key: str) -> bool:
    """Whether a clock that names no hours says otherwise when it ends."""
    return key == "hours" and ("day" in row or "each" in row)


@cache
def epidemic_rules() -> Mapping[str, Any]:
    """The rules of Circular 15/2026 (epidemic.toml)."""
    return _toml("epidemic.toml")
