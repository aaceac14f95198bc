"""``khien stress``: replay a plan through thousands of futures and say what it is worth in them, and what hurts."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer, number, percent
from khien.cli.parser import add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.stress import Progress, StressResult

SHOWN = 8
"""Rows of each ranking printed as text; ``--json`` has them all."""

EVERY_SECONDS = 2.0


def add(places: argparse._SubParsersAction[Any], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "stress",
        run,
        lang,
        says=t("cli_stress_says", lang),
        example=(
            "khien stress examples/vietnam out/vietnam/plan.json\n"
            "khien stress examples/vietnam out/vietnam/plan.json --push --draws 1000000\n"
            "khien stress examples/vietnam out/vietnam/plan.json --ready embargo --ready budget-crisis\n"
            "khien stress examples/vietnam out/vietnam/plan.json --cluster tcp://10.0.0.5:8786"
        ),
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("--shocks", metavar="FILE", help=t("cli_stress_shocks_help", lang))
    names = "embargo, partner-leaves, disaster, budget-cut, budget-crisis, skill-drain"
    ready_help = t("cli_stress_ready_help", lang, names=names)
    parser.add_argument("--ready", metavar="NAME", action="append", default=[], help=ready_help)
    parser.add_argument("--draws", type=int, metavar="N", help=t("cli_stress_draws_help", lang))
    parser.add_argument("--seed", type=int, metavar="N", help=t("cli_stress_seed_help", lang))
    parser.add_argument("--push", action="store_true", help=t("cli_stress_push_help", lang))
    parser.add_argument("--vary", metavar="WHAT", help=t("cli_stress_vary_help", lang))
    parser.add_argument("--paired", type=int, metavar="N", help=t("cli_stress_paired_help", lang))
    parser.add_argument("--threads", type=int, metavar="N", help=t("cli_stress_threads_help", lang))
    parser.add_argument("--cluster", metavar="ADDRESS", help=t("cli_stress_cluster_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_stress_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Replay, print the headline, write the tables. An interrupt keeps the draws done so far: exit code 3."""
    import khien
    from khien.cli.paths import default_out, existing, existing_file, writable

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    shocks = None if args.shocks is None else existing_file(args.shocks, args.lang)
    out = writable(Path(args.out) if args.out else default_out(args.path))
    from khien.stress import stress

    _say_if_new(args.lang)
    result = stress(
        programme,
        plan,
        shocks,
        ready=args.ready,
        threads=args.threads,
        cluster=args.cluster,
        progress=_teller(args.lang),
        **_settings(args),
    )
    written = [str(path) for path in result.write(out)]
    lines = [*_lines(result, args.lang), t("cli_stress_written", args.lang, path=out)]
    answer(args, {"written": written, **result.to_dict()}, lines)
    return Exit.INTERRUPTED if result.why_stopped == "interrupt" else Exit.DONE


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    asked = {"draws": args.draws, "seed": args.seed, "paired": args.paired, "repair": not args.push}
    if args.vary is not None:
        asked["vary"] = tuple(part.strip() for part in args.vary.split(",") if part.strip())
    return {name: value for name, value in asked.items() if value is not None}


def _say_if_new(lang: str) -> None:
    """Say why nothing moves, if the replay was never compiled here."""
    from khien.stress import core

    if not any((Path(core.__file__).parent / "__pycache__").glob("*.nbc")):
        print(t("cli_stress_compiling", lang), file=sys.stderr, flush=True)


def _teller(lang: str) -> Callable[[Progress], None]:
    """Progress on standard error: a line that is drawn over on a terminal, a line now and then elsewhere."""
    last, live = [float("-inf")], sys.stderr.isatty()
    stages = {"draws": t("cli_stress_stage_draws", lang), "compare": t("cli_stress_stage_compare", lang)}

    def tell(state: Progress) -> None:
        now = time.monotonic()
        if now - last[0] < (0.2 if live else EVERY_SECONDS) and state.done < state.total:
            return
        last[0] = now
        fields = {"done": number(state.done, lang), "total": number(state.total, lang)}
        line = t(
            "cli_stress_progress", lang, stage=stages[state.stage], seconds=number(state.seconds, lang, 1), **fields
        )
        print(("\r\x1b[K" if live else "") + line, end="" if live else "\n", file=sys.stderr, flush=True)
        if live and state.done >= state.total:
            print(file=sys.stderr)

    return tell


def _lines(result: StressResult, lang: str) -> Iterator[str]:
    settings = result.settings
    mode = t("cli_stress_mode_repair" if settings.repair else "cli_stress_mode_push", lang)
    if result.why_stopped == "interrupt":
        counts = {"draws": number(result.draws, lang), "asked": number(settings.draws, lang)}
        yield t("cli_stress_stopped", lang, **counts)
    head = {"draws": number(result.draws, lang), "seconds": number(result.seconds, lang, 1)}
    yield t("cli_stress_head", lang, seed=settings.seed, mode=mode, **head)
    values = {
        "planned": number(result.planned_value, lang, 4),
        "mean": number(result.expected_value, lang, 4),
        "error": number(result.expected_error, lang, 4),
        "tail": number(result.tail_value, lang, 4),
        "tail_error": number(result.tail_error, lang, 4),
    }
    yield t("cli_stress_value", lang, **values)
    if settings.repair:
        yield t("cli_stress_left_out", lang, share=percent(result.details["left_out_share"], lang))
    if names := result.details["shocks_without_chance"]:
        yield t("cli_stress_no_chance", lang, names=", ".join(names))
    yield ""
    yield from _years(result, lang)
    yield from _rankings(result, lang)


def _years(result: StressResult, lang: str) -> Iterator[str]:
    from khien.cli.headline import milestones

    rows = {(row["year"], row["measure"]): row for row in result.coverage.to_dicts()}
    years = sorted({year for year, _ in rows})
    if not years:
        return
    shown = milestones(years)
    words = {"coverage": t("cli_stress_coverage", lang), "self_reliance": t("cli_stress_reliance", lang)}
    columns = (
        ("planned", t("cli_stress_planned", lang)),
        ("q50", t("cli_stress_middle", lang)),
        ("q05", t("cli_stress_worst", lang)),
    )
    labels = {
        (measure, column): t("cli_stress_of", lang, measure=word, what=what)
        for measure, word in words.items()
        for column, what in columns
    }
    wide = max(len(label) for label in labels.values())
    yield f"{t('cli_stress_year', lang):<{wide}}" + "".join(f"{year:>9}" for year in shown)
    for (measure, column), label in labels.items():
        yield f"{label:<{wide}}" + "".join(
            f"{percent(rows[year, measure][column] if (year, measure) in rows else None, lang):>9}" for year in shown
        )


def _rankings(result: StressResult, lang: str) -> Iterator[str]:
    kinds = {
        "shock": t("cli_stress_kind_shock", lang),
        "partner": t("cli_stress_kind_partner", lang),
        "country": t("cli_stress_kind_country", lang),
        "project": t("cli_stress_kind_project", lang),
        "pair": t("cli_stress_kind_pair", lang),
    }
    name = f"name_{lang}"
    if len(result.ranking):
        yield ""
        yield t("cli_stress_hurts", lang)
    alone = result.ranking["kind"] != "pair"
    for row in [
        *result.ranking.filter(alone).head(SHOWN).to_dicts(),
        *result.ranking.filter(~alone).head(3).to_dicts(),
    ]:
        often = "" if row["happened_share"] is None else f"; {percent(row['happened_share'], lang)}"
        figures = f"{number(row['loss'], lang, 3)} ± {number(row['loss_error'], lang, 3)}{often}"
        yield f"  {kinds[row['kind']]}: {row[name]} ({figures})"
    if len(result.worth):
        yield ""
        yield t("cli_stress_worths", lang)
    for row in result.worth.head(SHOWN).to_dicts():
        late = number(row["delay_loss"], lang, 4)
        yield f"  {row[name]} ({number(row['success_worth'], lang, 3)}; {late})"
    yield from _promises(result, lang)


def _promises(result: StressResult, lang: str) -> Iterator[str]:
    kinds = {
        "reserve": t("cli_stress_kind_reserve", lang),
        "people": t("cli_stress_kind_people", lang),
        "limit": t("cli_stress_kind_limit", lang),
        "obligation": t("cli_stress_kind_obligation", lang),
        "pin": t("cli_stress_kind_pin", lang),
        "reliance_floor": t("cli_stress_kind_reliance_floor", lang),
    }
    broken = result.promises.filter(result.promises["broken_share"] > 0).sort("broken_share", descending=True)
    if not len(broken):
        return
    yield ""
    yield t("cli_stress_promises", lang)
    for row in broken.head(SHOWN).to_dicts():
        what = " ".join(str(part) for part in (row["id"], row["year"]) if part is not None)
        yield f"  {kinds[row['kind']]} {what}: {percent(row['broken_share'], lang)}"
