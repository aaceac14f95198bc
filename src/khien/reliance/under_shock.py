"""What is left under a shock, and for how long: coverage with the best re-allocation, in a worst and a best case.

Method page: docs/methods/under-shock.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from khien.programme import Programme
from khien.reliance.blocks import Block, Floats, solve_all
from khien.reliance.coverage import Matrix
from khien.reliance.cuts import MONTHS_PER_QUARTER, Cut
from khien.reliance.phases import Left, Phase, phases, weights_of, what_is_left
from khien.reliance.sources import Chain, value_chain
from khien.reliance.standing import Stand, Standing

LONGEST_MONTHS = 120.0
"""Months beyond which it does not matter how long a capability survives."""

KEPT_SHARE = 0.8
"""Share of today's coverage that is to be held where nobody says what is."""

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """One question: how things stand, what is cut, over which phases, seen how."""

    standing: Standing
    cut: Cut
    time: list[Phase]
    worst: bool
    frozen: bool = False


def peace(chain: Chain, standing: Standing, quarter: Sequence[int]) -> Matrix:
    """Coverage without any cut, [capabilities, quarters]; not a number where nothing is required."""
    need = chain.need
    serves = np.array([[standing.serves(p, q) for q in quarter] for p in need.products], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.minimum(1.0, (need.yields @ serves) / need.required[:, list(quarter)])


def covered(chain: Chain, cases: Sequence[Case]) -> list[Matrix]:
    """Coverage of every capability in every phase of each case; not a number where nothing is required."""
    left = [what_is_left(chain, c.standing, c.cut, c.time, worst=c.worst, frozen=c.frozen) for c in cases]
    solved = iter(solve_all([one.block for one in left if one is not None]))
    found = []
    for case, one in zip(cases, left, strict=True):
        matrix = peace(
            chain, case.standing, [case.time[0 if case.frozen else k].quarter for k in range(len(case.time))]
        )
        if one is not None:
            _put(matrix, one, next(solved), case.time)
        found.append(matrix)
    return found


def _put(matrix: Matrix, left: Left, x: Floats, time: list[Phase]) -> None:
    for c, columns in left.covered.items():
        for k, column in enumerate(columns):
            if column >= 0:
                matrix[c, k] = float(np.clip(x[column] / time[k].length, 0.0, 1.0)) + 0.0


def overall(chain: Chain, matrix: Matrix, quarter: Sequence[int]) -> Floats:
    """Weighted mean over the capabilities, by phase."""
    return np.asarray((weights_of(chain, quarter) * np.nan_to_num(matrix)).sum(axis=0))


def coverage_under_shock(
    programme: Programme, stand: Stand, cut: Cut, *, first: int, months: float | None = None
) -> pl.DataFrame:
    """Coverage while a cut lasts, after stocks and with the best re-allocation.

    Parameters
    ----------
    programme : Programme
    stand : callable
        How things stand when given organisations are cut off: `fixed(standing)`, or from a plan.
    cut : Cut
    first : int
        Quarter of the programme on whose first day the cut begins.
    months : float, optional
        How long it lasts; the programme's `cut_quarters` if left out. It ends with the programme.

    Returns
    -------
    polars.DataFrame
        Per capability ("all" for the programme) and phase: `capability`, `from_month`, `to_month` (since the cut
        began), `year`, `coverage` (in peace), `worst` and `best` (under the cut, as each case answers: in a single
        phase, or of a single capability, the best may be the lesser), all 0 to 1. Phases in which a capability has no
        requirement are left out.

    Raises
    ------
    SolverStopped
        The linear programme did not end in time.
    """
    chain = value_chain(programme)
    length = cut_months(programme) if months is None else months
    time = phases(first, length, chain.need.when.quarters, float(programme.settings.assurance_months))
    quarter = [phase.quarter for phase in time]
    before = peace(chain, stand(NONE), quarter)
    cuts = [cut.seen(worst=worst) for worst in (True, False)]
    cases = [Case(stand(one.organisations), one, time, worst) for one, worst in zip(cuts, (True, False), strict=True)]
    worst, best = covered(chain, cases)
    names = ["all", *chain.need.capabilities]
    columns = {
        name: np.concatenate([overall(chain, matrix, quarter)[None, :], matrix]).ravel()
        for name, matrix in (("coverage", before), ("worst", worst), ("best", best))
    }
    return pl.DataFrame(
        {
            "capability": [name for name in names for _ in time],
            "from_month": [phase.begin for phase in time] * len(names),
            "to_month": [phase.end for phase in time] * len(names),
            "year": [int(chain.need.when.year_of[q]) for q in quarter] * len(names),
            **columns,
        },
        schema_overrides={"capability": pl.String, "year": pl.Int64},
    ).filter(pl.col("coverage").is_not_nan())


def mean_over_time(table: pl.DataFrame) -> pl.DataFrame:
    """Means of `coverage_under_shock` over the cut: one row a capability, in order.

    `worst` and `best` are the lesser and the greater of the two answers: what is best for the whole may give a single
    capability less than the worst case does.
    """
    length = pl.col("to_month") - pl.col("from_month")
    means = [((pl.col(name) * length).sum() / length.sum()).alias(name) for name in ("coverage", "worst", "best")]
    answers = table.group_by("capability", maintain_order=True).agg(means)
    return answers.with_columns(worst=pl.min_horizontal("worst", "best"), best=pl.max_horizontal("worst", "best"))


def cut_months(programme: Programme) -> float:
    """How long a cut lasts where nobody says otherwise."""
    return float(MONTHS_PER_QUARTER * int(programme.settings.cut_quarters))


def months_survived(
    programme: Programme,
    stand: Stand,
    cut: Cut,
    *,
    first: int,
    level: float | None = None,
    longest: float = LONGEST_MONTHS,
) -> pl.DataFrame:
    """How long each capability stays at a level under a cut that does not end, with what serves on its first day.

    Parameters
    ----------
    level : float, optional
        Coverage that is to be held, above 0 and at most 1; left out, 0.8 of what each has before the cut.
    longest : float
        Months at which it is cut off.

    The others are those of `coverage_under_shock`.

    Returns
    -------
    polars.DataFrame
        Per capability with a requirement, and "all" for the programme: `capability`, `coverage` (before the cut),
        `level` (to be held), `worst` and `best` (months, 0 to `longest`). Each capability is given all that can
        help it; so not all of them last that long at the same time.
    """
    chain = value_chain(programme)
    assurance = min(float(programme.settings.assurance_months), longest)
    time = [Phase(a, b, first) for a, b in ((0.0, assurance), (assurance, longest)) if b > a]
    before = peace(chain, stand(NONE), [first])[:, 0]
    asked: list[tuple[int | None, float]] = [(None, float(overall(chain, before[:, None], [first])[0]))]
    asked += [(c, float(value)) for c, value in enumerate(before) if not np.isnan(value)]
    levels = [KEPT_SHARE * value if level is None else level for _, value in asked]
    months = np.zeros((2, len(asked)))
    for row, worst in enumerate((True, False)):
        one = cut.seen(worst=worst)
        case = Case(stand(one.organisations), one, time, worst, frozen=True)
        months[row] = _lasting(chain, case, before, asked, levels, longest)
    return pl.DataFrame(
        {
            "capability": ["all" if c is None else chain.need.capabilities[c] for c, _ in asked],
            "coverage": [value for _, value in asked],
            "level": levels,
            "worst": months[0],
            "best": months[1],
        }
    )


def _lasting(
    chain: Chain,
    case: Case,
    before: Floats,
    asked: list[tuple[int | None, float]],
    levels: list[float],
    longest: float,
) -> list[float]:
    """Months for which each capability asked for (None is the programme) holds its level."""
    blocks: list[tuple[int, Block, list[int]]] = []
    found = [
        longest if value > 0.0 and level <= value + 1e-9 else 0.0
        for (_, value), level in zip(asked, levels, strict=True)
    ]
    for i, (c, _) in enumerate(asked):
        if found[i] == 0.0:
            continue
        left = what_is_left(chain, case.standing, case.cut, case.time, worst=case.worst, frozen=True, only=c)
        if left is None:
            continue
        hold = {c: levels[i]} if c is not None else None
        blocks.append((i, held_level(left, before, hold, levels[i]), left.lengths))
    for (i, _, lengths), x in zip(blocks, solve_all([block for _, block, _ in blocks]), strict=True):
        found[i] = float(x[lengths].sum())
    return found


def held_level(left: Left, before: Floats, hold: dict[int, float] | None, level: float = 0.0) -> Block:
    """Turn a programme of what is left into: hold these levels as long as possible.

    `hold` gives a level for each capability; None asks for `level` of the whole programme.
    """
    block = left.block
    block.cost = [0.0] * len(block.cost)
    for k, length in enumerate(left.lengths):
        block.low[length], block.cost[length] = 0.0, -1.0
        if hold is not None:
            for c, wanted in hold.items():
                if left.covered[c][k] >= 0:
                    block.at_most(0.0, (wanted, length), (-1.0, left.covered[c][k]))
            continue
        touched = [(-float(left.weights[c, k]), columns[k]) for c, columns in left.covered.items() if columns[k] >= 0]
        others = [c for c in range(len(before)) if c not in left.covered]
        rest = sum(float(left.weights[c, k]) * float(np.nan_to_num(before[c])) for c in others)
        block.at_most(0.0, (level - rest, length), *touched)
    return block
