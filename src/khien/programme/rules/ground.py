"""Places: no rings, dates forwards, crosswalks that do not multiply people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from khien.programme.rules.chain import shares_sum_to_one
from khien.programme.rules.rings import rings
from khien.programme.sheet import Desk


def places_lie_in_larger_ones(desk: Desk) -> None:
    """No place lies in itself, straight or in a ring."""
    sheet = desk["places"]
    edges = sheet.frame.select("id", "parent").drop_nulls()
    own = edges.filter(pl.col("id") == pl.col("parent"))["id"].to_list()
    for ring in [[name] for name in own] + rings((a, b) for a, b in edges.iter_rows()):
        line = next(sheet.where(pl.col("id") == ring[0], "id"))[0]
        desk.note("place-cycle", "places", line, "parent", " → ".join([*ring, ring[0]]))


def dates_run_forwards(desk: Desk) -> None:
    """A unit does not end before it begins."""
    wrong = pl.col("valid_to") < pl.col("valid_from")
    for line, first, last in desk["places"].where(wrong, "valid_from", "valid_to"):
        desk.note("dates-backwards", "places", line, "valid_to", last, first=first)


def crosswalks_sum_to_one(desk: Desk) -> None:
    """The people of an old unit are not counted twice."""
    shares_sum_to_one(desk, "place_changes", "before", "people_share")


def obligations_run_forwards(desk: Desk) -> None:
    """An obligation does not begin after the year in which it is due."""
    wrong = pl.col("from_year") > pl.col("due").str.slice(0, 4).cast(pl.Int64, strict=False)
    for line, first, due in desk["obligations"].where(wrong, "from_year", "due"):
        desk.note("years-backwards", "obligations", line, "due", due, first=first)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    places_lie_in_larger_ones,
    dates_run_forwards,
    crosswalks_sum_to_one,
    obligations_run_forwards,
)
