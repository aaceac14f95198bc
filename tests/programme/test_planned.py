"""What checking takes for committed projects, and who counts as foreign."""

from __future__ import annotations

import polars as pl
import pytest

from khien.programme import Programme
from khien.programme.planned import planning_values


def test_what_cannot_be_read_has_no_planning_values(complete: Programme) -> None:
    """A missing value, or one out of order, is told by a check; here its option is only left out."""
    options = complete.options
    all_of_them = planning_values(options, complete.settings)
    assert all_of_them["option"].to_list() == options["id"].to_list()
    first = pl.int_range(pl.len()) == 0
    for column, value in (("cost_low_mvnd", None), ("duration_low_quarters", 10**6)):
        spoilt = options.with_columns(pl.when(first).then(value).otherwise(pl.col(column)).alias(column))
        assert planning_values(spoilt, complete.settings).rows() == all_of_them.rows()[1:]


@pytest.mark.parametrize(("home", "foreign"), [("vn", {"mitsu"}), ("jp", {"h1"})])
def test_who_is_foreign(complete: Programme, home: str, foreign: set[str]) -> None:
    from khien.programme.owners import foreign_organisations

    assert foreign_organisations(complete.organisations, home) == foreign
