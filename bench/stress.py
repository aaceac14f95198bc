"""How quick stress tests are: draws a second of a plan, pushed and repaired, on as many threads as there are cores.

    python -m bench.stress examples/vietnam out/vietnam/plan.json --draws 100000 [--times 10] [--way pushed]

`--times 10` lays ten copies of the programme side by side, with ten times its money and people.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import polars as pl

import khien
from khien.plan.result import Plan
from khien.programme import Programme
from khien.stress import stress
from khien.stress.result import FRAMES, StressResult


def copies(programme: Programme, plan: Plan, times: int) -> tuple[Programme, Plan]:
    """The programme and the plan several times over: ids get a number, money and people are multiplied."""
    own = ("technologies", "products", "projects", "options", "capabilities")
    ids = {name for table in own for name in programme.frames[table]["id"].to_list()}
    more = {"money": "amount_mvnd", "skill_supply": "people", "limits": "amount_mvnd"}
    many = (*own, "efforts", "precedences", "inputs", "yields", "maturity", "requirements")
    frames = dict(programme.frames)
    for table in many:
        frame = programme.frames[table]
        texts = [c for c, dtype in frame.schema.items() if dtype == pl.String and frame[c].is_in(list(ids)).any()]

        def numbered(n: int, frame: pl.DataFrame = frame, texts: list[str] = texts) -> pl.DataFrame:
            return frame.with_columns(
                pl.when(pl.col(c).is_in(list(ids))).then(pl.col(c) + f"-c{n}").otherwise(pl.col(c)).alias(c)
                for c in texts
            )

        frames[table] = pl.concat([numbered(n) for n in range(times)])
    for table, column in more.items():
        frames[table] = programme.frames[table].with_columns(pl.col(column) * times)
    items = pl.when(pl.col("replaced_by").is_not_null()).then(pl.col("replaced_by") + "-c0")
    frames["items"] = programme.items.with_columns(items.alias("replaced_by"))
    frames["obligations"] = programme.obligations.filter(pl.col("capability").is_null())
    frames["training"] = programme.training.with_columns(pl.col("max_cohorts_per_year") * times)
    made = Programme(programme.settings, frames)
    names = (pl.col("project"), pl.col("option"))
    choices = pl.concat([plan.choices.with_columns(*(name + f"-c{n}" for name in names)) for n in range(times)])
    training = plan.training.with_columns(pl.col("cohorts") * times)
    fields = {f: getattr(plan, f) for f in plan.__dataclass_fields__}
    return made, Plan(**(fields | {"choices": choices, "training": training, "programme_hash": made.hash}))


def timed(programme: Programme, plan: Plan, **asked: Any) -> tuple[StressResult, float, float]:
    """A stress test, the seconds it took, and those of all cores together."""
    began, cpu = time.monotonic(), time.process_time()
    result = stress(programme, plan, **asked)
    return result, time.monotonic() - began, time.process_time() - cpu


def main() -> None:
    """Measure and print a row for each way of replaying."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    parser.add_argument("plan")
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--way", choices=("pushed", "repaired"), help="only one of the two")
    parser.add_argument("--cluster", help="address of a Dask scheduler, compared with this machine bit for bit")
    args = parser.parse_args()
    programme, plan = khien.read(args.path), khien.load_plan(args.plan)
    if args.times > 1:
        programme, plan = copies(programme, plan, args.times)
    print(f"{len(programme.projects)} projects, {len(plan.choices)} chosen, {programme.n_quarters} quarters")
    for repair in (False, True) if args.way is None else (args.way == "repaired",):
        asked = {"repair": repair, "threads": args.threads, "paired": 0}
        stress(programme, plan, draws=1, **asked)  # compiled before the clock starts
        _, ready, ready_cpu = timed(programme, plan, draws=1, **asked)
        result, wall, used = timed(programme, plan, draws=args.draws, **asked)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        way, each = "repaired" if repair else "pushed", (used - ready_cpu) / args.draws
        print(
            f"{way:<9} {args.draws / wall:>9,.0f} draws/s, {args.draws / (wall - ready):,.0f} once the plan is read"
            f" ({ready:.2f} s); {each * 1e6:.2f} us of a core each; {used / wall:.1f} cores"
            f"\n          value {plan.value:.4f} -> {result.expected_value:.4f},"
            f" worst 5 % {result.tail_value:.4f}  {peak:.0f} MB"
        )
        if args.cluster:
            spread = stress(programme, plan, draws=args.draws, repair=repair, cluster=args.cluster, paired=0)
            same = (spread.values == result.values).all()
            same &= all(getattr(spread, name).equals(getattr(result, name)) for name in FRAMES)
            print(f"          on the cluster {spread.seconds:.1f} s, {'the same numbers' if same else 'OTHER NUMBERS'}")


if __name__ == "__main__":
    main()
