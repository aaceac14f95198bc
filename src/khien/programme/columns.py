"""What a column is: the types of cells, and what a table's row class says about each of its columns.

A row class is the only definition of a table. From it come the checks, the Polars schema, the templates,
the JSON Schema and the reference page. Nothing else in the product repeats a column list.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"
QUARTER = r"^(19|20|21)[0-9]{2}Q[1-4]$"
LARGEST_INT = 2**53 - 1
"""Largest whole number that a spreadsheet keeps exactly."""

KindName = Literal["slug", "text", "quarter", "shares", "list", "choice", "int", "number", "bool", "date"]
DTYPES: dict[str, pl.DataType] = {
    "slug": pl.String(),
    "text": pl.String(),
    "quarter": pl.String(),
    "shares": pl.String(),
    "list": pl.String(),
    "choice": pl.String(),
    "int": pl.Int64(),
    "number": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
}


@dataclass(frozen=True)
class Kind:
    """Marks what a cell holds; travels in the annotation of a field."""

    name: KindName


_Text = StringConstraints(min_length=1, max_length=4000)
Slug = Annotated[str, StringConstraints(pattern=SLUG), Kind("slug")]
Text = Annotated[str, _Text, Kind("text")]
Quarter = Annotated[str, StringConstraints(pattern=QUARTER), Kind("quarter")]
Shares = Annotated[str, _Text, Kind("shares")]
SlugList = Annotated[str, _Text, Kind("list")]
Int = Annotated[int, Field(ge=-LARGEST_INT, le=LARGEST_INT), Kind("int")]
Count = Annotated[int, Field(ge=0, le=LARGEST_INT), Kind("int")]
Mvnd = Annotated[int, Field(ge=0, le=LARGEST_INT), Kind("int")]
Year = Annotated[int, Field(ge=1900, le=2199), Kind("int")]
Number = Annotated[float, Field(allow_inf_nan=False), Kind("number")]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), Kind("number")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Kind("number")]
Bool = Annotated[bool, Kind("bool")]
Date = Annotated[date, Kind("date")]

_NEEDED: Any = ...


def needed(
    vi: str, en: str, *, unit: str = "", to: tuple[str, ...] = (), default: Any = _NEEDED, **bounds: Any
) -> Any:
    """A column that must be filled, or that has a default which an empty cell stands for.

    Args:
        vi, en: what the column means, one sentence each.
        unit: unit of the value; the name of the column ends in it where there is one.
        to: tables whose `id` the value must be (any of them).
        default: what an empty cell means; left out, an empty cell is an error.
        bounds: `ge`, `gt`, `le`, `lt` as in pydantic.
    """
    told: dict[str, Any] = {"vi": vi, "en": en, "unit": unit, "to": list(to)}
    return Field(default=default, description=en, json_schema_extra=told, **bounds)


def optional(vi: str, en: str, *, unit: str = "", to: tuple[str, ...] = (), **bounds: Any) -> Any:
    """A column that may stay empty: the value is then unknown or does not apply, never zero."""
    return needed(vi, en, unit=unit, to=to, default=None, **bounds)


def name_vi() -> Any:
    """The Vietnamese name, the same in every table that has names."""
    return needed("tên tiếng Việt", "name in Vietnamese")


def name_en() -> Any:
    """The English name, the same in every table that has names."""
    return needed("tên tiếng Anh", "name in English")


class Row(BaseModel):
    """One row of a table. `ABOUT` says what a row is; `KEY` names the columns that identify it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]] = ("id",)
    TITLE: ClassVar[tuple[str, str]]
    ABOUT: ClassVar[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column as the rest of the product sees it; derived from a field of a row class."""

    name: str
    kind: KindName
    required: bool
    default: Any
    vi: str
    en: str
    unit: str
    to: tuple[str, ...]
    choices: tuple[str, ...] = ()
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the column."""
        return DTYPES[self.kind]

    def meaning(self, lang: str) -> str:
        """What the column means, in one language."""
        return self.vi if lang == "vi" else self.en


@dataclass(frozen=True)
class Table:
    """A table as the rest of the product sees it; derived from its row class."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    title_vi: str
    title_en: str
    about_vi: str
    about_en: str
    columns: Mapping[str, Column] = field(repr=False)

    @cached_property
    def schema(self) -> pl.Schema:
        """The Polars schema, columns in the order of the class."""
        return pl.Schema({c.name: c.dtype for c in self.columns.values()})

    @cached_property
    def references(self) -> dict[str, tuple[str, ...]]:
        """Columns that point to other tables, with the tables they may point to."""
        return {c.name: c.to for c in self.columns.values() if c.to}

    def title(self, lang: str) -> str:
        """The name of the table for people."""
        return self.title_vi if lang == "vi" else self.title_en

    def about(self, lang: str) -> str:
        """What one row is."""
        return self.about_vi if lang == "vi" else self.about_en


def table_of(row: type[Row]) -> Table:
    """Derive the table from its row class."""
    hints = typing.get_type_hints(row, include_extras=True)
    columns = {name: _column_of(name, hints[name], info) for name, info in row.model_fields.items()}
    return Table(row.TABLE, row, row.KEY, *row.TITLE, *row.ABOUT, columns)


def _column_of(name: str, hint: Any, info: Any) -> Column:
    marks = _marks(hint)
    kind: KindName = next((m.name for m in marks if isinstance(m, Kind)), "choice")
    bounds: dict[str, float] = {}
    for mark in [*marks, *info.metadata]:  # what the column itself says wins over its type
        for inner in [mark, *getattr(mark, "metadata", [])]:
            for bound in ("ge", "gt", "le", "lt"):
                if (value := getattr(inner, bound, None)) is not None:
                    bounds[bound] = value
    told = info.json_schema_extra
    return Column(
        name,
        kind,
        info.is_required(),
        None if info.is_required() else info.default,
        told["vi"],
        told["en"],
        told["unit"],
        tuple(told["to"]),
        _choices(hint),
        **bounds,
    )


def _marks(hint: Any) -> list[Any]:
    """All metadata in an annotation, looking through `| None`."""
    origin = typing.get_origin(hint)
    if origin is Annotated:
        return [*_marks(hint.__origin__), *hint.__metadata__]
    if origin in (typing.Union, types.UnionType):
        return [mark for part in typing.get_args(hint) for mark in _marks(part)]
    return []


def _choices(hint: Any) -> tuple[str, ...]:
    if typing.get_origin(hint) is Literal:
        return typing.get_args(hint)
    return tuple(choice for part in typing.get_args(hint) for choice in _choices(part))
