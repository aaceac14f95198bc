"""What a report says about self-reliance beyond the plan's own frames."""

from __future__ import annotations

import polars as pl

from khien.draw.chain import paths
from khien.plan.result import Plan
from khien.plan.standing import stand_under
from khien.programme import Programme
from khien.reliance import (
    dependence,
    double_site_failures,
    mastery,
    single_site_failures,
    what_leaves,
)
from khien.reliance.standing import Stand

PAIRS = 50
"""Double failures that are kept, the dearest first; the command ``khien reliance`` ranks all."""

MOST_SITES = 400
"""Double failures of more sites take too long for a report."""

PARTNERS = 40
"""Partners that get a block of their own, at most."""

SMALL = 5e-4
"""Coverage lost that is too little for a block of its own."""

LEAVING = {
    "partner": pl.String, "kind": pl.String, "key": pl.String, "coverage": pl.Float64, "worst": pl.Float64,
    "best": pl.Float64, "months_worst": pl.Float64, "months_best": pl.Float64, "share": pl.Float64,
    "others": pl.Int64, "products": pl.String,
}  # fmt: skip


def survival_frames(programme: Programme, plan: Plan) -> dict[str, pl.DataFrame]:
    """Return the frames of the chapter on self-reliance, by name.

    The cuts begin on the first day of the last year of the plan.

    Returns
    -------
    dict
        ``mastery`` (what is mastered today), ``failures`` (single sites), ``pairs`` (the dearest double failures,
        none where there are too many sites), ``dependence``: see `khien.reliance`; ``leaving``: what leaves with
        each partner without whom something is lost for certain, one row per capability, item or subject; ``chain``:
        see `khien.draw.chain`.
    """
    first = next(q for q in range(programme.n_quarters) if programme.year(q) == programme.years[-1])
    stand = stand_under(programme, plan, first)
    sites = single_site_failures(programme, stand, first=first)
    few = sites.height <= MOST_SITES
    pairs = double_site_failures(programme, stand, first=first, top=PAIRS) if few else _no_pairs()
    hangs = dependence(programme, stand, first=first)
    partners = hangs.filter(pl.col("by") == "partner", pl.col("lost_known") > SMALL).head(PARTNERS)
    return {
        "mastery": mastery(programme),
        "failures": sites,
        "pairs": pairs,
        "dependence": hangs,
        "leaving": _leaving(programme, stand, partners["key"].to_list(), first),
        "chain": paths(programme),
    }


def _no_pairs() -> pl.DataFrame:
    columns = {"a": pl.String, "b": pl.String, "loss_worst": pl.Float64, "loss_best": pl.Float64}
    return pl.DataFrame(schema={**columns, "more": pl.Float64, "hidden": pl.Boolean})


def _leaving(programme: Programme, stand: Stand, partners: list[str], first: int) -> pl.DataFrame:
    """What leaves with each partner, below each other."""
    parts = [pl.DataFrame(schema=LEAVING)]
    for partner in partners:
        left = what_leaves(programme, stand, partner, first=first)
        text = pl.col("products").list.join("; ")
        for kind, key, frame in (
            ("capability", "capability", left.capabilities),
            ("item", "item", left.items.with_columns(text)),
            ("subject", "subject", left.subjects.with_columns(text)),
        ):
            parts.append(frame.with_columns(partner=pl.lit(partner), kind=pl.lit(kind)).rename({key: "key"}))
    return pl.concat(parts, how="diagonal_relaxed").select(list(LEAVING))
