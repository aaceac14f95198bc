"""``khien frontier``: the price of independence, as plans for rising promises."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import PlanSettings
    from khien.plan.ask.frontier import Frontier
    from khien.plan.ask.kept import Kept
    from khien.programme import Programme

SECONDS = 120.0
SHOWN = 6
"""Projects named per step as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "frontier",
        run,
        lang,
        says=t("cli_frontier_says", lang),
        example=(
            "khien frontier examples/vietnam --time-limit 300 --from 2035 --out out/frontier\n"
            "khien frontier examples/island --measure survival --min-months 24 --level 0.4"
        ),
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument(
        "--measure", choices=("reliance", "survival"), default="reliance", help=t("cli_frontier_measure_help", lang)
    )
    parser.add_argument("--points", type=int, default=10, metavar="N", help=t("cli_frontier_points_help", lang))
    parser.add_argument("--from", dest="from_year", type=int, metavar="YEAR", help=t("cli_frontier_from_help", lang))
    parser.add_argument("--min-months", type=float, metavar="M", help=t("cli_frontier_months_help", lang))
    parser.add_argument("--level", type=float, metavar="X", help=t("cli_frontier_level_help", lang))
    parser.add_argument("--budget-factor", type=float, metavar="F", help=t("cli_plan_budget_help", lang))
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--time-limit", type=float, metavar="S", help=t("cli_frontier_time_help", lang))
    limit.add_argument("--work", type=int, metavar="N", help=t("cli_plan_work_help", lang))
    parser.add_argument("--seed", type=int, metavar="N", help=t("cli_plan_seed_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_frontier_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Work the frontier out, print a line for every promise and what is bought for it. An interrupt keeps these."""
    if args.points < 2:
        raise Stop(Exit.WRONG_USE, t("cli_frontier_points_wrong", args.lang, points=args.points))
    for option, value in (("--min-months", args.min_months), ("--level", args.level)):
        if args.measure == "reliance" and value is not None:
            raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one=option, other="--measure survival"))
    if args.level is not None and args.min_months is None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--level", other="--min-months"))

    import khien
    from khien.cli.paths import existing, writable
    from khien.plan import PlanSettings

    wishes = {
        "work": args.work, "time_limit": args.time_limit or SECONDS, "seed": args.seed,
        "min_reliance_from": args.from_year, "budget_factor": args.budget_factor,
        "min_survival_months": args.min_months, "survival_level": args.level,
    }  # fmt: skip
    settings = PlanSettings(**{name: value for name, value in wishes.items() if value is not None})
    programme = khien.read(existing(args.path, args.lang))
    out = None if args.out is None else writable(Path(args.out))

    told = _searched(args, programme, settings, out)
    lines = list(_lines(told, args.lang))
    payload: dict[str, Any] = {"measure": told.measure, "from_year": told.from_year, "level": told.level}
    payload |= {"points": told.points.to_dicts(), "bought": told.bought.to_dicts(), "seconds": told.seconds}
    payload |= {"interrupted": told.interrupted}
    if out is not None:
        payload["files"] = [str(path) for path in _saved(told, out)]
        lines.append(t("cli_frontier_written", args.lang, path=out))
    if told.interrupted:
        lines.append(t("cli_frontier_interrupted" if out is None else "cli_frontier_goes_on", args.lang))
    answer(args, payload, lines)
    return Exit.INTERRUPTED if told.interrupted else Exit.DONE


def _searched(args: argparse.Namespace, programme: Programme, settings: PlanSettings, out: Path | None) -> Frontier:
    """All searches; with a folder each is kept as it ends, and those of a run that was stopped are not repeated."""
    from khien.cli.plan import compile_once
    from khien.plan.ask.frontier import frontier
    from khien.plan.ask.kept import FILE, asked_of, load_kept

    kept, file = None, None if out is None else out / FILE
    if file is not None and file.exists():
        kept = load_kept(file, asked_of(programme, args.measure, args.points, settings))
        print(t("cli_frontier_resumed", args.lang, done=kept.count), file=sys.stderr, flush=True)

    def progress(done: int, of: int) -> None:
        print(t("cli_frontier_progress", args.lang, done=done, of=of), file=sys.stderr, flush=True)

    def keep(now: Kept) -> None:
        if file is not None:
            now.save(file)

    compile_once(args.lang)
    return frontier(programme, args.measure, args.points, settings, progress, kept, keep)


def _saved(told: Frontier, out: Path) -> Iterator[Path]:
    """The two tables, and every plan in a folder of its own; searches are kept only of what is not finished."""
    from khien.plan.ask.kept import FILE
    from khien.programme.writing import write_file

    for name, frame in (("points", told.points), ("bought", told.bought)):
        path = out / f"{name}.csv"
        write_file(path, frame.write_csv)
        yield path
    for k, plan in enumerate(told.plans, 1):
        yield plan.save(out / f"{k:02d}" / "plan.json")
    if not told.interrupted:
        (out / FILE).unlink(missing_ok=True)


def _lines(told: Frontier, lang: str) -> Iterator[str]:
    if told.measure == "reliance":
        yield t("cli_frontier_reliance", lang, year=told.from_year)
    else:
        yield t("cli_frontier_survival", lang, year=told.from_year, level=percent(told.level, lang, 0))
    heads = (
        t("cli_frontier_promise", lang), t("cli_frontier_value", lang), t("cli_frontier_bound", lang),
        t("cli_frontier_gap", lang), t("cli_headline_reliance", lang), t("cli_frontier_cost", lang),
        t("cli_frontier_projects", lang),
    )  # fmt: skip
    yield "".join(f"{head:>14}" for head in heads)
    for row in told.points.to_dicts():
        yield _row(told, row, lang)
        bought = [r for r in told.bought.to_dicts() if r["promise"] == row["promise"]]
        for change, sign in (("in", "+"), ("out", "-"), ("option", "~")):
            names = [r["project"] for r in bought if r["change"] == change]
            if names:
                more = t("cli_more_rows", lang, count=number(len(names) - SHOWN, lang)) if len(names) > SHOWN else ""
                yield f"      {sign} {', '.join(names[:SHOWN])} {more}".rstrip()


def _row(told: Frontier, row: dict[str, Any], lang: str) -> str:
    promise = percent(row["promise"], lang) if told.measure == "reliance" else number(row["promise"], lang, 1)
    if not row["reached"]:
        return f"{promise:>14}  {t('cli_frontier_unreached', lang)}"
    cells = (
        promise, number(row["value"], lang, 4), number(row["bound"], lang, 4), percent(row["relative_gap"], lang, 2),
        percent(row["self_reliance"], lang), number(row["cost_mvnd"] / 1000, lang), number(row["projects"], lang),
    )  # fmt: skip
    return "".join(f"{cell:>14}" for cell in cells)
