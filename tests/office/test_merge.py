"""The laws of merging."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien import Programme
from khien.office.merge import Conflict, merge
from khien.programme import TABLES
from khien.programme.compare import row_key

edits = st.dictionaries(st.integers(0, 2), st.integers(-3, 3), max_size=3)


def edited(programme: Programme, changes: dict[int, int]) -> Programme:
    """The programme with these amounts added to rows of its money."""
    more = [changes.get(row, 0) for row in range(programme.money.height)]
    if not any(more):
        return programme
    return programme.replace(money=programme.money.with_columns(pl.col("amount_mvnd") + pl.Series(more)))


@pytest.mark.slow
@settings(max_examples=12)
@given(mine=edits, theirs=edits)
def test_merging_is_the_same_from_both_sides(isle: Programme, mine: dict[int, int], theirs: dict[int, int]) -> None:
    a, b = edited(isle, mine), edited(isle, theirs)
    one, other = merge(isle, a, b), merge(isle, b, a)
    if isinstance(one, Programme):
        assert isinstance(other, Programme)
        assert one.hash == other.hash
    else:
        assert isinstance(other, list)
        assert [(c.key, c.ours, c.theirs) for c in one] == [(c.key, c.theirs, c.ours) for c in other]


@pytest.mark.slow
@settings(max_examples=5)
@given(changes=edits)
def test_an_edit_against_nothing_is_the_edit(isle: Programme, changes: dict[int, int]) -> None:
    a = edited(isle, changes)
    for merged in (merge(isle, a, isle), merge(isle, isle, a), merge(isle, a, a)):
        assert isinstance(merged, Programme)
        assert merged.hash == a.hash


def test_a_row_removed_here_and_changed_there_is_a_conflict(isle: Programme) -> None:
    row = isle.efforts.row(0, named=True)
    key = row_key(TABLES["efforts"], row)
    less = isle.replace(efforts=isle.efforts.slice(1))
    first = pl.int_range(pl.len()) == 0
    more = isle.replace(efforts=isle.efforts.with_columns(people=pl.col("people") + first.cast(pl.Int64)))
    changed = row | {"people": row["people"] + 1}
    assert merge(isle, less, more) == [Conflict("efforts", key, None, row, None, changed)]
    assert merge(isle, more, less) == [Conflict("efforts", key, None, row, changed, None)]
    assert isinstance(merge(isle, less, less), Programme)


def test_settings_merge_with_their_sources(isle: Programme) -> None:
    a = isle.replace(settings=isle.settings.model_copy(update={"discount_rate": 0.07}))
    b = isle.replace(settings=isle.settings.model_copy(update={"reserve_mvnd": isle.settings.reserve_mvnd + 1}))
    merged = merge(isle, a, b)
    assert isinstance(merged, Programme)
    assert (merged.settings.discount_rate, merged.settings.reserve_mvnd) == (0.07, isle.settings.reserve_mvnd + 1)
    assert merged.settings.facts == isle.settings.facts
    assert isinstance(
        merge(isle, a, isle.replace(settings=isle.settings.model_copy(update={"discount_rate": 0.08}))), list
    )
