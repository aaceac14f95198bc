from __future__ import annotations

from pathlib import Path

import polars as pl

from khien import read
from khien.draw.limits import limit_names


def test_a_limit_is_called_by_what_it_is_counted_over(island: Path) -> None:
    programme = read(island)
    first, last = programme.years[0], programme.years[-1]
    group, country = programme.groups["id"][0], programme.countries["id"][0]
    given = (
        ("a", "floor", "group", group, first, first), ("b", "ceiling", "country", country, None, None),
        ("c", "ceiling", "risk_class", "very_high", None, None), ("d", "floor", "form", "own", first + 1, None),
        ("e", "ceiling", "all", None, None, last),
    )  # fmt: skip
    names = ("id", "kind", "over", "key", "from_year", "to_year")
    more = {"share": None, "because": None}
    rows = [dict(zip(names, row, strict=True)) | more for row in given]
    for row in rows:
        row["amount_mvnd"] = 1 if row["kind"] == "floor" else 10**9
    limits = pl.DataFrame(rows, schema=programme.limits.schema)
    told = {"groups": {group: "Rescue"}}
    found = limit_names(programme.replace(limits=limits), told, "en")
    assert found == {
        "a": f"Floor: Rescue, {first}",
        "b": f"Ceiling: {country}, {first}–{last}",
        "c": f"Ceiling: Risk class: Very high, {first}–{last}",
        "d": f"Floor: Own, {first + 1}–{last}",
        "e": f"Ceiling: the whole programme, {first}–{last}",
    }
