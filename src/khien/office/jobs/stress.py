"""The run that replays a plan through many futures."""

from __future__ import annotations

from typing import Any

import polars as pl

from khien.office.jobs.kinds import Work
from khien.office.jobs.told import both, figure, table
from khien.plan import load_plan
from khien.stress import Progress, stress
from khien.words import LANGUAGES, t

MOST = 12


def do(work: Work) -> dict[str, Any]:
    """Replay, write the tables, return the distribution by year, what hurts most and what mends most."""
    plan = load_plan(work.inputs["plan.json"])

    def tell(state: Progress) -> None:
        work.tell(state.done / max(1, state.total), f"{state.stage} {state.done}/{state.total}")

    settings = dict(work.settings)
    shocks = settings.pop("shocks", None)
    chosen = None if shocks is None else work.programme.shocks.filter(pl.col("id").is_in(shocks))
    result = stress(work.programme, plan, chosen, progress=tell, seed=work.seed, **settings)
    result.write(work.folder)
    alone = result.ranking.filter(result.ranking["kind"] != "pair").head(MOST)
    pairs = result.ranking.filter(result.ranking["kind"] == "pair").head(MOST)
    broken = result.promises.filter(result.promises["broken_share"] > 0).sort("broken_share", descending=True)
    worth = result.worth.head(MOST).to_dicts()
    years = "year:text planned:share q95:share q50:share q05:share"
    loss = "name/what:text loss:number loss_error/error:number"
    by = {m: result.coverage.filter(result.coverage["measure"] == m).sort("year").to_dicts() for m in MEASURES}
    return {
        "figures": [
            figure("planned_value", result.planned_value, "number"),
            figure("mean_value", result.expected_value, "number"),
            figure("tail_value", result.tail_value, "number"),
            figure("draws", result.draws, "whole"),
        ],
        "tables": [
            *(table(f"{m}_years", years, _milestones(by[m])) for m in MEASURES),
            table("hurts", f"{loss} happened_share/often:share", _named(alone.to_dicts())),
            table("pairs", loss, _named(pairs.to_dicts())),
            table("mends", "name/project:text success_worth/worth:number delay_loss/delay:number", _named(worth)),
            table("broken", "what/promise:text broken_share/often:share", _promised(broken.head(MOST).to_dicts())),
        ],
    }


MEASURES = ("coverage", "self_reliance")


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"name": both(row)} for row in rows]


def _promised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each promise as kind, id and year; the kind in words."""
    told = []
    for row in rows:
        kind, rest = f"cli_stress_kind_{row['kind']}", [str(row[n]) for n in ("id", "year") if row[n] is not None]
        told.append(row | {"what": {lang: " ".join([t(kind, lang), *rest]) for lang in LANGUAGES}})
    return told


def _milestones(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first year, the last, and those between that end in 5 or 0."""
    shown = [row for n, row in enumerate(rows) if n in (0, len(rows) - 1) or row["year"] % 5 == 0]
    return [row | {"year": str(row["year"])} for row in shown]
