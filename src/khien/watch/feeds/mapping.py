"""Mapping files: which column of somebody's table is what. A small TOML file, checked before anything is read."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from khien.programme.columns import SLUG
from khien.programme.guesses import guess
from khien.watch.observe.findings import WatchFindings

PERIOD: Final = re.compile(r"(\d{1,5})(h|d|w)")
NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FilePart(_Part):
    """How the file is written, and which of its rows count.

    Attributes:
        source: who publishes it.
        delimiter, decimal, thousands: of CSV.
        missing: texts that stand for a value that is not known.
        rows: column to the values of which a row must have one.
    """

    source: Name
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    missing: tuple[str, ...] = ("", "NA", "N/A", "null", "...", "..", "-")
    rows: dict[str, tuple[str | int | bool, ...]] = Field(default_factory=dict)


class PlacePart(_Part):
    """Where a row is about.

    Attributes:
        column: the column that says it, or
        id: a pattern such as ``pe-{department}``, whose columns are turned into plain letters, or
        constant: one place for all rows.
        kind: "id" when the column holds ids, "vn" for names or codes of provinces of Viet Nam on the valid date, "vn63"
            and "vn34" when the file follows that list whatever the date.
        known: "seen" makes every place of the file known to the store.
    """

    column: Name | None = None
    id: Name | None = None
    constant: Name | None = None
    kind: Literal["id", "vn", "vn63", "vn34"] = "id"
    known: Literal["seen"] | None = None

    @model_validator(mode="after")
    def _one(self) -> PlacePart:
        if sum(x is not None for x in (self.column, self.id, self.constant)) != 1:
            raise ValueError("column | id | constant")
        return self


class TimePart(_Part):
    """When: a column, with its format where it is no ISO date, or year with month, week or day, or one time for all.

    `weeks` says how weeks are counted: "iso" from Monday, "epi" from Sunday; the week's `day` is its start or its end.
    """

    column: Name | None = None
    format: Name | None = None
    year: Name | int | None = None
    month: Name | int | None = None
    day_of_month: Name | int | None = None
    week: Name | None = None
    weeks: Literal["iso", "epi"] = "iso"
    day: Literal["start", "end"] = "start"
    constant: datetime | date | None = None

    @model_validator(mode="after")
    def _one(self) -> TimePart:
        if sum(x is not None for x in (self.column, self.year, self.constant)) != 1:
            raise ValueError("column | year | constant")
        return self


class IssuedPart(_Part):
    """When a value was published: a column, one time for all, or so long `after` its valid time (``45d``, ``6h``)."""

    column: Name | None = None
    format: Name | None = None
    constant: datetime | date | None = None
    after: str | None = None

    @model_validator(mode="after")
    def _one(self) -> IssuedPart:
        if sum(x is not None for x in (self.column, self.constant, self.after)) != 1:
            raise ValueError("column | constant | after")
        if self.after is not None and not PERIOD.fullmatch(self.after):
            raise ValueError("after: 45d, 6h, 2w")
        return self

    @property
    def lag(self) -> timedelta:
        """The time between the two."""
        count, unit = PERIOD.fullmatch(self.after or "0d").groups()  # type: ignore[union-attr]
        return timedelta(**{{"h": "hours", "d": "days", "w": "weeks"}[unit]: int(count)})


class ValuePart(_Part):
    """One value of a row.

    Attributes:
        column: where it stands; None counts rows (`combine` must then be "count").
        indicator: its id, a pattern as in ``gdpm-{disease}``.
        unit, frequency, place_level, name_vi, name_en, threat, owner: of the indicator, where the store does not know
            it yet; names are patterns too.
        factor: what values are multiplied with to come to the unit.
        missing: "skip" leaves missing values out, "keep" stores that they were published as not known.
        combine: what is done with rows of the same place and time: "none" (two different values are then a finding), or
            their sum, count, largest, or mean.
        cumulate: rows are increments of a reporting triangle; what was known at each issue is their running sum.
        month: the month that a column of a wide table is about.
    """

    column: Name | None = None
    indicator: Name
    unit: Name
    frequency: Literal["hour", "day", "week", "month", "quarter", "year"] = "day"
    place_level: Literal["country", "province", "commune"] = "province"
    name_vi: Name | None = None
    name_en: Name | None = None
    threat: Annotated[str, StringConstraints(pattern=SLUG)] | None = None
    owner: Name = "-"
    factor: float = Field(default=1.0, allow_inf_nan=False)
    missing: Literal["skip", "keep"] = "skip"
    combine: Literal["none", "sum", "count", "max", "mean"] = "none"
    cumulate: bool = False
    month: int | None = Field(default=None, ge=1, le=12)


class Mapping(_Part):
    """A whole mapping file."""

    file: FilePart
    place: PlacePart
    valid: TimePart
    issued: IssuedPart
    values: tuple[ValuePart, ...] = Field(min_length=1)


def ready() -> dict[str, str]:
    """Mappings that come with Khiên, for well-known public tables: name to TOML; see :func:`about`."""
    folder = resources.files("khien.watch.feeds") / "maps"
    files = (f for f in folder.iterdir() if f.name.endswith(".toml"))
    return {f.name[:-5]: f.read_text(encoding="utf-8") for f in sorted(files, key=lambda f: f.name)}


def about(text: str, lang: str) -> str:
    """What a ready mapping is for: its first line in English, its second in Vietnamese."""
    english, vietnamese = text.splitlines()[:2]
    return vietnamese.removeprefix("# vi: ") if lang == "vi" else english.removeprefix("# ")


def load(given: str | Path, findings: WatchFindings) -> Mapping | None:
    """A mapping by the path of its file or the name of a ready one; None, with findings, when it will not do."""
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8") if path.suffix == ".toml" else ready()[str(given)]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        reasons = {KeyError: "no_map", UnicodeDecodeError: "not_utf8", FileNotFoundError: "not_there"}
        reasons |= {IsADirectoryError: "folder"}
        known = reasons.get(type(error))
        reason = f"watch_why_{known}" if known else getattr(error, "strerror", None) or str(error)
        near = guess(str(given), list(ready()))
        findings.note("mapping-file", path.name, value=str(given), reason=reason, guess=near)
        return None
    return parsed(text, path.name, findings)


def parsed(text: str, name: str, findings: WatchFindings) -> Mapping | None:
    """A mapping from TOML; None, with a finding for everything that is wrong."""
    try:
        return Mapping(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        findings.note("mapping-file", name, value=name, reason=str(error))
    except ValidationError as error:
        for part in error.errors():
            where = ".".join(str(step) for step in part["loc"]) or "file"
            findings.note("mapping", name, None, where, part.get("input"), reason=part["msg"])
    return None


def columns_in(pattern: str) -> list[str]:
    """Columns that a pattern names in braces."""
    return re.findall(r"\{([^{}]+)\}", pattern)


def slug(text: str) -> str:
    """Plain small letters, digits and hyphens."""
    from khien.watch.places import letters

    return NOT_SLUG.sub("-", letters(text)).strip("-") or "x"


def filled(pattern: str, values: dict[str, Any], *, plain: bool) -> str:
    """A pattern with the values of a row; `plain` turns them into slugs, as ids need."""
    for name in columns_in(pattern):
        told = str(values[name])
        pattern = pattern.replace("{" + name + "}", slug(told) if plain else told)
    return pattern
