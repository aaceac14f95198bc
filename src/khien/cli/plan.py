"""``khien plan``: choose and schedule projects until the time or work limit, and keep the best plan found."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "plan",
        run,
        lang,
        says=t("cli_plan_says", lang),
        example=(
            "khien plan examples/vietnam --time-limit 60\n"
            "khien plan examples/vietnam --budget-factor 1.1 --min-reliance 0.6 --from 2035\n"
            "khien plan examples/vietnam --without-country kr --out out/without-kr\n"
            "khien plan examples/vietnam --replan-from 2028Q1 --previous out/vietnam/plan.json"
        ),
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_plan_out_help", lang))
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--time-limit", type=float, metavar="S", help=t("cli_plan_time_help", lang))
    limit.add_argument("--work", type=int, metavar="N", help=t("cli_plan_work_help", lang))
    parser.add_argument("--seed", type=int, metavar="N", help=t("cli_plan_seed_help", lang))
    add_what_if(parser, lang)
    parser.add_argument("--scenarios", type=int, metavar="N", help=t("cli_plan_scenarios_help", lang))
    parser.add_argument("--tail-weight", type=float, metavar="W", help=t("cli_plan_tail_help", lang))
    parser.add_argument("--replan-from", metavar="QUARTER", help=t("cli_plan_replan_help", lang))
    parser.add_argument("--previous", metavar="PLAN", help=t("cli_plan_previous_help", lang))


def add_what_if(parser: Parser, lang: str) -> None:
    """Options that ask "what if" without touching the programme."""
    parser.add_argument("--budget-factor", type=float, metavar="F", help=t("cli_plan_budget_help", lang))
    parser.add_argument("--reliance-weight", type=float, metavar="W", help=t("cli_plan_weight_help", lang))
    parser.add_argument("--min-reliance", type=float, metavar="X", help=t("cli_plan_min_reliance_help", lang))
    parser.add_argument("--min-months", type=float, metavar="M", help=t("cli_plan_min_months_help", lang))
    parser.add_argument("--level", type=float, metavar="X", help=t("cli_plan_level_help", lang))
    parser.add_argument("--from", dest="from_year", type=int, metavar="YEAR", help=t("cli_plan_from_help", lang))
    for option, metavar, says in (
        ("--without-country", "XX", t("cli_plan_country_help", lang)),
        ("--without-partner", "ID", t("cli_plan_partner_help", lang)),
        ("--pin", "PROJECT", t("cli_plan_pin_help", lang)),
        ("--forbid", "PROJECT", t("cli_plan_forbid_help", lang)),
        ("--limit-change", "ID=N", t("cli_whatif_limit_help", lang)),
    ):
        parser.add_argument(option, metavar=metavar, action="append", default=[], help=says)


def run(args: argparse.Namespace) -> Exit:
    """Plan, save ``plan.json``, print the headline. An interrupt keeps the best plan: exit code 3."""
    from khien.cli.settings import check_use

    check_use(args)

    import khien
    from khien.cli.headline import headline_lines, headline_record
    from khien.cli.paths import default_out, existing, writable
    from khien.cli.progress import search_progress
    from khien.cli.settings import plan_settings

    settings = plan_settings(args)
    programme = khien.read(existing(args.path, args.lang))
    previous = None if args.previous is None else khien.load_plan(existing(args.previous, args.lang))
    out = writable(Path(args.out) if args.out else default_out(args.path))
    compile_once(args.lang)
    with search_progress(args.lang, None if args.work else settings.time_limit) as progress:
        if previous is None:
            plan = khien.plan_programme(programme, settings, progress=progress)
        else:
            from khien.plan.rolling import replan

            plan = replan(programme, previous, args.replan_from, settings, progress=progress)
    file = plan.save(out / "plan.json")
    lines = [*headline_lines(programme, plan, args.lang), t("cli_plan_written", args.lang, path=file)]
    answer(args, {"plan": str(file), **headline_record(programme, plan)}, lines)
    return Exit.INTERRUPTED if plan.why_stopped == "interrupt" else Exit.DONE


def compile_once(lang: str) -> None:
    """Compile the search before its clock starts, and say why nothing moves, if this was never done here."""
    from khien.plan import core

    folder = Path(core.__file__).parent
    if any((folder / "__pycache__").glob("*.nbc")) or not os.access(folder, os.W_OK):
        return
    from khien.plan.core.warm import warm

    print(t("cli_plan_compiling", lang), file=sys.stderr, flush=True)
    warm()
