"""What is asked of a plan: how quick, how near a fresh search, how sure.

    python -m bench.reasons WHAT PATH [--plan PLAN] [--seconds S] [--draws N] [--projects N] [--small]

WHAT is one of
    whatif    questions answered from the plan in 5 s, beside fresh searches of --seconds (60)
    reasons   every project explained: time, kinds, flips confirmed
    frontier  10 points of self-reliance within --seconds (540): bound and gap of each
    embargo   a plan that promises survival, struck by --draws embargoes that it was not made for
    prices    random programmes: predicted against re-solved gain, both orders against best plans (bench/price_order.py)

--projects keeps so many projects at most: whole products, with all that they need.
Without --plan one is searched for first.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

import khien
from bench.price_order import FORMS, priced
from khien.plan.ask.frontier import frontier
from khien.plan.ask.gains import WORK
from khien.plan.ask.reasons import reasons
from khien.plan.ask.whatif import asked, what_if
from khien.plan.clash import NoPlan
from khien.plan.core.warm import warm
from khien.plan.result import Plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.plan.standing import stand_under
from khien.programme import Programme
from khien.reliance import coverage_under_shock
from khien.reliance.cuts import Cut, country_cut
from khien.reliance.network import reached_inputs

MONTHS, LEVEL = 12.0, 0.2


def whole_products(programme: Programme, count: int | None) -> Programme:
    """The programme with about so many projects: products with all that they need, in the order of the table.

    What firm obligations ask for comes first; projects that are not candidates stay, and what any of them waits for.
    """
    if count is None or count >= programme.projects.height:
        return programme
    subject_of = dict(programme.projects.select("id", "subject").iter_rows())
    before: dict[str, set[str]] = {}
    for first, after in programme.precedences.select("before", "after").iter_rows():
        before.setdefault(after, set()).add(first)
    needs: dict[str, set[str]] = {}
    replaced = dict(programme.items.select("id", "replaced_by").iter_rows())
    for product, thing, _ in reached_inputs(programme):
        needs.setdefault(product, set()).add(replaced.get(thing) or thing)
    kept = set(programme.projects.filter(pl.col("status") != "candidate")["id"].to_list())
    firm = programme.obligations.filter("firm")["capability"].drop_nulls().to_list()
    promised = programme.yields.filter(pl.col("capability").is_in(firm))["product"].to_list()
    for product in dict.fromkeys([*promised, *programme.products["id"].to_list()]):
        subjects = {product} | needs.get(product, set())
        more = kept | {name for name, subject in subject_of.items() if subject in subjects}
        while waited := {name for after in more for name in before.get(after, ())} - more:
            more |= waited
        if len(more) > count:
            break
        kept = more
    frames = dict(programme.frames)
    frames["projects"] = programme.projects.filter(pl.col("id").is_in(list(kept)))
    frames["options"] = programme.options.filter(pl.col("project").is_in(list(kept)))
    frames["efforts"] = programme.efforts.filter(pl.col("option").is_in(frames["options"]["id"].to_list()))
    both = pl.col("before").is_in(list(kept)) & pl.col("after").is_in(list(kept))
    frames["precedences"] = programme.precedences.filter(both)
    frames["limits"] = programme.limits.filter(pl.col("kind") != "floor")  # floors ask for spend on what is gone
    return Programme(programme.settings, frames, ())


def whatif(programme: Programme, plan: Plan, seconds: float) -> Iterator[str]:
    """A line per question: value from the plan and afresh."""
    chosen = plan.choices.filter(~pl.col("fixed"))["project"].to_list()
    out = programme.projects.filter((pl.col("status") == "candidate") & ~pl.col("id").is_in(chosen))["id"].to_list()
    partners = programme.options["partner"].drop_nulls().value_counts(sort=True)["partner"].to_list()
    questions: dict[str, dict[str, object]] = {
        "budget -5 %": {"budget_factor": 0.95}, "budget +5 %": {"budget_factor": 1.05},
        "without a partner": {"without_partner": tuple(partners[:1])},
        "five projects out": {"forbids": tuple(chosen[:5])}, "one project in": {"pins": tuple(out[:1])},
    }  # fmt: skip
    for name, change in questions.items():
        try:
            told = what_if(programme, plan, asked(plan, time_limit=5.0, work=None, **change))
            fresh = plan_programme(programme, dataclasses.replace(told.after.settings, time_limit=seconds))
        except NoPlan:
            yield f"{name:20} no plan"
            continue
        less = 1.0 - told.after.value / fresh.value
        yield (
            f"{name:20} {told.seconds:5.1f} s  {told.after.value:10.4f}   afresh {fresh.value:10.4f} in "
            f"{fresh.seconds:5.1f} s   {100 * less:+.2f} % worse   {told.moves.height} projects moved"
        )


def explained(programme: Programme, plan: Plan) -> Iterator[str]:
    """Time and kinds of all reasons."""
    told = reasons(programme, plan)
    kinds = dict(sorted(told.projects["kind"].value_counts().iter_rows()))
    flips, sure = told.flips.height, int(told.flips["confirmed"].sum())
    yield f"{told.projects.height} projects in {told.seconds:.0f} s, {told.steps} steps a figure, kinds {kinds}"
    yield f"{flips} flips of {told.flips['project'].n_unique()} projects, {sure} confirmed"
    yield f"better plan met on the way: {told.better:+.4f}; bound {told.bound:.4f}, value {told.value:.4f}"


def points(programme: Programme, seconds: float) -> Iterator[str]:
    """A line per point."""
    told = frontier(programme, settings=PlanSettings(time_limit=seconds, gap_target=0.005))
    for row in told.points.filter("reached").to_dicts():
        yield (
            f"{row['promise']:.4f}  value {row['value']:.4f}  bound {row['bound']:.4f}  "
            f"below it {100 * row['relative_gap']:.2f} %  cost {row['cost_mvnd']:,}"
        )
    yield f"{told.points.height} points in {told.seconds:.0f} s"


def together(cuts: list[Cut]) -> Cut:
    """Several countries cut at once."""
    return Cut(
        " + ".join(c.name for c in cuts), frozenset().union(*(c.sites for c in cuts)),
        frozenset().union(*(c.organisations for c in cuts)),
        maybe_sites=frozenset().union(*(c.maybe_sites for c in cuts)),
        maybe_organisations=frozenset().union(*(c.maybe_organisations for c in cuts)),
    )  # fmt: skip


def embargo(programme: Programme, seconds: float, draws: int, seed: int = 0) -> Iterator[str]:
    """How often a promise is kept under embargoes of 1 to 3 countries, 3 to 24 months, any start; judged by the LP."""
    years = list(range(int(programme.settings.first_quarter[:4]), int(programme.settings.last_quarter[:4]) + 1))
    begins = years[len(years) // 2]
    settings = PlanSettings(
        time_limit=seconds, min_survival_months=MONTHS, survival_level=LEVEL, min_reliance_from=begins
    )
    plan = plan_programme(programme, settings)
    yield f"promise: {LEVEL:.0%} for {MONTHS:g} months from {begins} on; value {plan.value:.4f}, bound {plan.bound:.4f}"
    dice = np.random.default_rng(seed)
    abroad = [c for c in programme.countries["id"].to_list() if c != programme.settings.home_country]
    kept, surplus, began = 0, [], time.perf_counter()
    first = 4 * (begins - years[0])
    for _ in range(draws):
        countries = dice.choice(abroad, size=min(len(abroad), int(dice.integers(1, 4))), replace=False)
        start, months = int(dice.integers(first, programme.n_quarters - 1)), float(dice.integers(3, 25))
        months = min(months, 3.0 * (programme.n_quarters - start))
        cut = together([country_cut(programme, str(c)) for c in countries])
        table = coverage_under_shock(programme, stand_under(programme, plan, start), cut, first=start, months=months)
        inside = table.filter((pl.col("capability") == "all") & (pl.col("from_month") < MONTHS))
        least = float(inside["worst"].min())  # type: ignore[arg-type]
        kept += least >= LEVEL - 1e-9
        surplus.append(least - LEVEL)
    yield (
        f"{draws} embargoes in {time.perf_counter() - began:.0f} s: kept in {100 * kept / draws:.1f} %, surplus of "
        f"coverage: least {min(surplus):+.3f}, median {float(np.median(surplus)):+.3f}"
    )


def main(argv: list[str] | None = None) -> int:
    """Run one of the benches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("whatif", "reasons", "frontier", "embargo", "prices"))
    parser.add_argument("path", type=Path, nargs="?", default=Path("examples/island"))
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--projects", type=int)
    parser.add_argument("--work", type=int, default=WORK, help="steps each time prices are planned again")
    parser.add_argument("--first-seed", type=int, default=0, help="of the random programmes of prices")
    parser.add_argument("--small", action="store_true", help="a few seconds for everything")
    args = parser.parse_args(argv)
    warm()
    programme = whole_products(khien.read(args.path), args.projects)
    seconds = 2.0 if args.small else args.seconds or {"whatif": 60.0, "frontier": 540.0}.get(args.what, 60.0)
    draws = min(args.draws, 3) if args.small else args.draws
    if args.what in ("whatif", "reasons"):
        settings = PlanSettings(time_limit=min(seconds, 60.0))
        plan = khien.load_plan(args.plan) if args.plan else plan_programme(programme, settings)
        lines = whatif(programme, plan, seconds) if args.what == "whatif" else explained(programme, plan)
    elif args.what == "frontier":
        lines = points(programme, 6 * seconds if args.small else seconds)
    elif args.what == "prices":
        forms, work = (FORMS[:1], 1000) if args.small else (FORMS, args.work)
        lines = priced(draws, args.first_seed, forms, work=work)
    else:
        lines = embargo(programme, seconds, draws)
    for line in lines:
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
