"""How much of what is needed is there: coverage of capabilities, in peace and under a cut.

Method pages: docs/methods/coverage.md and docs/methods/self-reliance.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.programme import Programme
from khien.reliance.cut import retained_matrix
from khien.reliance.horizon import NEVER, Horizon, horizon
from khien.reliance.network import dependencies

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Demand:
    """Requirements and yields as arrays.

    `required[c, t]` is not a number where capability c has no requirement in quarter t.
    """

    when: Horizon
    capabilities: list[str]
    products: list[str]
    weights: Matrix
    required: Matrix
    yields: Matrix  # [capabilities, products], amount per full year in service


def demand(programme: Programme) -> Demand:
    """Read the requirements and yields of a programme into arrays."""
    when = horizon(programme)
    capabilities, products = programme.capabilities["id"].to_list(), programme.products["id"].to_list()
    at_c = {name: i for i, name in enumerate(capabilities)}
    at_p = {name: i for i, name in enumerate(products)}
    required = np.full((len(capabilities), when.quarters), np.nan)
    for row in programme.requirements.sort("capability", "from_year").iter_rows(named=True):
        required[at_c[row["capability"]], when.quarters_of(row["from_year"], None)] = row["level"]
    yields = np.zeros((len(capabilities), len(products)))
    for row in programme.yields.iter_rows(named=True):
        yields[at_c[row["capability"]], at_p[row["product"]]] += row["amount"]
    weights = programme.capabilities["weight"].to_numpy().astype(np.float64)
    return Demand(when, capabilities, products, weights, required, yields)


def in_service_matrix(need: Demand, service_from: Mapping[str, int]) -> Matrix:
    """1 where a product is in service in a quarter, else 0."""
    begins = np.array([service_from.get(p, NEVER) for p in need.products], dtype=np.int64)
    return (np.arange(need.when.quarters)[None, :] >= begins[:, None]).astype(np.float64)


def coverage_matrix(need: Demand, output: Matrix) -> Matrix:
    """Coverage of each capability and quarter from the products' output shares.

    Not a number where there is no requirement.
    """
    return np.minimum(1.0, (need.yields @ output) / need.required)


def programme_coverage(need: Demand, covered: Matrix) -> Matrix:
    """Weighted mean over the capabilities with a requirement; not a number where there is none."""
    weights = np.where(np.isnan(need.required), 0.0, need.weights[:, None])
    total = weights.sum(axis=0)
    part = (weights * np.nan_to_num(covered)).sum(axis=0)
    return np.where(total > 0, part / np.where(total > 0, total, 1.0), np.nan)


def cut_output(
    need: Demand,
    table: pl.DataFrame,
    service_from: Mapping[str, int],
    held_from: Mapping[str, int],
    cut_quarters: int,
) -> Matrix:
    """Output share of every product in every quarter when its year opens with a cut."""
    products, kept = retained_matrix(table, held_from, need.when, cut_quarters)
    at = {name: i for i, name in enumerate(products)}
    order = [at[p] for p in need.products]
    return in_service_matrix(need, service_from) * kept[order]


def coverage(programme: Programme, service_from: Mapping[str, int]) -> pl.DataFrame:
    """Coverage of every capability and quarter, and of the whole programme.

    Parameters
    ----------
    programme : Programme
    service_from : mapping
        First quarter in which each product is in service; a missing product never is.

    Returns
    -------
    polars.DataFrame
        `capability` ("all" for the programme), `quarter`, `year`, `required`, `yield_amount`,
        `coverage` (0 to 1). Quarters in which a capability has no requirement are left out.
    """
    need = demand(programme)
    return _long(need, in_service_matrix(need, service_from), "coverage")


def self_reliance(programme: Programme, service_from: Mapping[str, int], held_from: Mapping[str, int]) -> pl.DataFrame:
    """Self-reliance of every capability and quarter: what is left when everything foreign is cut.

    Parameters
    ----------
    programme : Programme
    service_from, held_from : mapping
        First quarter in which each product is in service, and each subject held at home, when
        running projects with foreign partners are cut too (so both later than without a cut).

    Returns
    -------
    polars.DataFrame
        As `coverage`, with the column `self_reliance`.
    """
    need = demand(programme)
    output = cut_output(need, dependencies(programme), service_from, held_from, int(programme.settings.cut_quarters))
    return _long(need, output, "self_reliance")


def _long(need: Demand, output: Matrix, column: str) -> pl.DataFrame:
    covered = coverage_matrix(need, output)
    quarters = need.when.quarters
    whole = pl.DataFrame(
        {
            "capability": ["all"] * quarters,
            "quarter": np.arange(quarters),
            "year": need.when.year_of,
            "required": pl.Series([None] * quarters, dtype=pl.Float64),
            "yield_amount": pl.Series([None] * quarters, dtype=pl.Float64),
            column: programme_coverage(need, covered),
        }
    )
    count = len(need.capabilities)
    each = pl.DataFrame(
        {
            "capability": pl.Series([c for c in need.capabilities for _ in range(quarters)], dtype=pl.String),
            "quarter": np.tile(np.arange(quarters), count),
            "year": np.tile(need.when.year_of, count),
            "required": need.required.ravel(),
            "yield_amount": (need.yields @ output).ravel(),
            column: covered.ravel(),
        }
    )
    return pl.concat([whole, each]).filter(pl.col(column).is_not_nan())
