"""What the tests of the room share: random shocks, and draws handed over to the slow replay."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tests.stress.slow import Drawn

from khien.programme import TABLES, Programme
from khien.stress.build import Case, base_shocks
from khien.stress.core.model import no_twist
from khien.stress.core.replay import Draws, broken_for, draws_for, replay, work_for


def random_shocks(rng: np.random.Generator, programme: Programme, count: int = 6) -> pl.DataFrame:
    """Shocks of all kinds that hit something."""
    keys = {
        "partner": programme.organisations["id"].to_list(),
        "country": programme.countries["id"].to_list(),
        "site": programme.sites["id"].to_list(),
        "place": programme.places["id"].to_list(),
        "budget": [*programme.money["source"].to_list(), None],
        "skill": programme.skills["id"].to_list(),
    }
    kinds = [kind for kind, known in keys.items() if known]
    rows: list[dict[str, Any]] = []
    for i in range(count):
        kind = str(rng.choice(kinds))
        key = keys[kind][int(rng.integers(len(keys[kind])))]
        begin = int(rng.integers(0, programme.n_quarters))
        rows.append(
            {
                "id": f"shock-{i}",
                "name_vi": f"Cú sốc {i}",
                "name_en": f"Shock {i}",
                "kind": kind,
                "key": key,
                "from_quarter": programme.label(begin),
                "latest_quarter": programme.label(min(programme.n_quarters - 1, begin + int(rng.integers(0, 6)))),
                "duration_quarters": int(rng.integers(1, 9)),
                "chance_share": round(float(rng.random()), 2),
                "loss_share": None if rng.random() < 0.4 else round(float(rng.random()), 2),
                "correlated_with": f"shock-{int(rng.integers(0, i))}" if i and rng.random() < 0.3 else None,
                "together_share": round(float(rng.random()), 2) if rng.random() < 0.5 else None,
            }
        )
    return pl.DataFrame(rows, schema=TABLES["shocks"].schema)


def spread(rng: np.random.Generator, programme: Programme) -> Programme:
    """The programme with wider estimates of time and cost."""
    n = len(programme.options)
    more = {"duration_high_quarters": rng.integers(0, 5, n), "cost_high_mvnd": rng.integers(0, 60, n)}
    options = programme.options.with_columns(
        (pl.col(name) + pl.Series(values)).cast(pl.Int64) for name, values in more.items()
    )
    return Programme(programme.settings, {**programme.frames, "options": options})


def replayed(case: Case, count: int, *, seed: int = 0, repair: bool) -> Draws:
    """The first draws."""
    model = base_shocks(case.model, case.drawn)
    draws = draws_for(model, count)
    replay(model, no_twist(model), seed, 0, repair, work_for(model, count), draws, broken_for(model))
    return draws


def drawn(case: Case, draws: Draws, n: int) -> Drawn:
    """What was drawn, by id."""
    names = [row["project"] for row in case.rows]
    return Drawn(
        {name: bool(draws.ok[i, n]) for i, name in enumerate(names)},
        {name: int(draws.time[i, n]) for i, name in enumerate(names)},
        {name: int(draws.cost[i, n]) for i, name in enumerate(names)},
        {row["id"]: int(draws.begin[n, s]) for s, row in enumerate(case.shocks[: case.drawn]) if draws.on[n, s]},
    )
