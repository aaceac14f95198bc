"""From a place of today to the regions that the tables of 2021 speak of, through the provinces before July 2025."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from khien.watch.levels.tables import common, rows


@dataclass(frozen=True)
class Unit:
    """A province as it was before July 2025, with what the tables call its regions (several where the text names it
    in several rows, none where it does not name it)."""

    id: str
    name: str
    code: str
    regions: Mapping[str, tuple[str, ...]]


def units(place: str) -> tuple[Unit, ...]:
    """The old provinces that a place consists of.

    Args:
        place: code of one of the 34 provinces ("48"), id of an old province ("old-49"), or a name of either, with or
            without its marks. A name that both have means today's province.

    Raises:
        KeyError: no such place.
    """
    wanted = _plain(place)
    for column in ("code", "old", "name", "old_name"):
        found = [row for row in rows("places.csv") if _plain(row[column]) == wanted]
        if found:
            return tuple(_unit(row) for row in found)
    raise KeyError(place)


def place_name(place: str) -> str:
    """The name of a place that `units` knows: today's for one of the 34, else the old one. Raises KeyError."""
    found, wanted = units(place), _plain(place)
    row = next(row for row in rows("places.csv") if row["old"] == found[0].id)
    return row["name"] if wanted in (_plain(row["code"]), _plain(row["name"])) else row["old_name"]


def names() -> list[str]:
    """Every code, id and name that `units` knows: what a mistyped one is compared with."""
    return sorted({row[column] for row in rows("places.csv") for column in ("code", "old", "name", "old_name")})


def column_status(column: str) -> str:
    """How sure the assignment of places to the regions of one column is: text, press or assumed."""
    status: str = common()["place_columns"][column]
    return status


def station(name: str) -> Mapping[str, str]:
    """The alarm levels known for a river station.

    Raises:
        KeyError: none are known for that name.
    """
    for row in rows("stations.csv"):
        if _plain(name) in (_plain(row["station"]), _plain(row["name"])):
            return row
    raise KeyError(name)


def stations() -> Sequence[str]:
    """Names of the stations whose alarm levels are known."""
    return [row["name"] for row in rows("stations.csv")]


def alarms(name: str) -> dict[str, Decimal]:
    """The three alarm levels of a station in metres. Raises KeyError."""
    row = station(name)
    return {key: Decimal(row[key]) for key in ("alarm1_m", "alarm2_m", "alarm3_m")}


def _unit(row: Mapping[str, str]) -> Unit:
    regions = {column: tuple(p for p in row[column].split(";") if p) for column in common()["place_columns"]}
    return Unit(row["old"], row["old_name"], row["code"], regions)


def _plain(text: str) -> str:
    """Lower case without marks, blanks or hyphens: ``Đà Nẵng`` and ``da-nang`` are one."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in bare if c.isalnum())
