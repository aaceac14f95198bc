"""How much hangs on each partner and each country, by registration and by control.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from khien.programme import Programme
from khien.reliance.cuts import Cut, country_cut, everything_foreign, owners, partner_cut
from khien.reliance.owners import foreign_organisations
from khien.reliance.phases import phases
from khien.reliance.sources import value_chain
from khien.reliance.standing import Stand
from khien.reliance.under_shock import NONE, Case, covered, cut_months, overall, peace

LOST = ("lost_worst", "lost_known", "lost_best")

CHUNK = 40
"""Cuts that are judged between two calls of the progress."""


def dependence(
    programme: Programme,
    stand: Stand,
    *,
    first: int,
    months: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Coverage lost when each partner or country is cut off from the first day of a quarter.

    Parameters
    ----------
    programme, stand, first, months
        As for `coverage_under_shock`.
    progress : callable, optional
        Called with how many cuts are judged, and of how many.

    Returns
    -------
    polars.DataFrame
        `by` ("everything", "partner", "registration" or "control"), `key`, `sites` (how many stop),
        `lost_worst`, `lost_known` and `lost_best` (coverage of the programme, mean over the cut). The worst takes
        every link that nobody knows for one to whoever is cut; `lost_known` counts the known links alone, with
        unknown stocks and capacities at their worst, and ranks the rows within each `by`.
    """
    chain = value_chain(programme)
    length = cut_months(programme) if months is None else months
    time = phases(first, length, chain.need.when.quarters, float(programme.settings.assurance_months))
    quarter = [phase.quarter for phase in time]
    share = np.array([phase.length for phase in time]) / sum(phase.length for phase in time)
    before = float(overall(chain, peace(chain, stand(NONE), quarter), quarter) @ share)
    cuts = _cuts(programme)
    rows = []
    for begin in range(0, len(cuts), CHUNK):
        part = cuts[begin : begin + CHUNK]
        cases = [
            Case(stand(one.organisations), one, time, worst)
            for _, cut in part
            for worst, one in (
                (True, cut.seen(worst=True)),
                (True, replace(cut.seen(worst=False), may_hit_unknown=False)),
                (False, cut.seen(worst=False)),
            )
        ]
        left = [before - float(overall(chain, matrix, quarter) @ share) for matrix in covered(chain, cases)]
        for i, (by, cut) in enumerate(part):
            rows.append((by, cut.name, len(cut.sites), *left[3 * i : 3 * i + 3]))
        if progress is not None:
            progress(begin + len(part), len(cuts))
    columns = {"by": pl.String, "key": pl.String, "sites": pl.Int64, **dict.fromkeys(LOST, pl.Float64)}
    order = ["everything", "partner", "registration", "control"]
    return (
        pl.DataFrame(rows, schema=columns, orient="row")
        .with_columns(pl.col(LOST).round(12) + 0.0)
        .with_columns(pl.col("by").replace_strict(order, range(4), return_dtype=pl.Int64).alias("_order"))
        .sort(["_order", "lost_known", "lost_worst", "key"], descending=[False, True, True, False])
        .drop("_order")
    )


def _cuts(programme: Programme) -> list[tuple[str, Cut]]:
    """Everybody abroad who could be cut off: at once, one by one, and country by country."""
    foreign = foreign_organisations(programme)
    chains = owners(programme)
    home = programme.settings.home_country
    found = [("everything", everything_foreign(programme))]
    found += [("partner", partner_cut(programme, name)) for name in sorted(foreign)]
    for by in ("registration", "control"):
        at = 0 if by == "registration" else -1
        countries = sorted({chains[name][at][1] for name in foreign} - {home})
        found += [(by, country_cut(programme, c, "registration" if at == 0 else "control")) for c in countries]
    return found
