"""``khien whatif``: change the question of a plan and get the new plan, what moved, and why."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.cli.plan import add_what_if
from khien.words import t

if TYPE_CHECKING:
    from khien.plan.ask.whatif import WhatIf

SHOWN = 40
"""Projects printed as text; ``--json`` has them all."""
SECONDS = 5.0


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "whatif",
        run,
        lang,
        says=t("cli_whatif_says", lang),
        example=(
            "khien whatif examples/vietnam out/vietnam --budget-factor 0.95\n"
            "khien whatif examples/vietnam out/vietnam --without-country kr --limit-change ceiling-jp=0.2"
        ),
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    add_what_if(parser, lang)
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--time-limit", type=float, metavar="S", help=t("cli_whatif_time_help", lang))
    limit.add_argument("--work", type=int, metavar="N", help=t("cli_plan_work_help", lang))
    parser.add_argument("--seed", type=int, metavar="N", help=t("cli_plan_seed_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_whatif_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Plan again from the plan, save the answer when asked to, print what moved. An interrupt keeps the best."""
    from khien.cli.settings import changes, check_floors

    check_floors(args)
    wishes = changes(args)

    import khien
    from khien.cli.headline import plan_record
    from khien.cli.paths import existing, writable
    from khien.cli.plan import compile_once
    from khien.cli.progress import search_progress
    from khien.plan.ask.whatif import asked, what_if

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    out = None if args.out is None else writable(Path(args.out))
    limit = {"work": args.work} if args.work else {"work": None, "time_limit": args.time_limit or SECONDS}
    settings = asked(plan, **{**wishes, **limit})
    compile_once(args.lang)
    with search_progress(args.lang, None if args.work else settings.time_limit) as progress:
        told = what_if(programme, plan, settings, progress)
    lines = list(_lines(told, args.lang))
    payload: dict[str, Any] = {"before": plan_record(told.before), "after": plan_record(told.after)}
    if out is not None:
        payload["plan"] = str(told.after.save(out / "plan.json"))
        lines.append(t("cli_plan_written", args.lang, path=payload["plan"]))
    payload |= {"moves": told.moves.to_dicts(), "freed": told.freed.to_dicts(), "seconds": told.seconds}
    answer(args, payload, lines)
    return Exit.INTERRUPTED if told.after.why_stopped == "interrupt" else Exit.DONE


def _lines(told: WhatIf, lang: str) -> Iterator[str]:
    a, b = told.before, told.after
    yield t(
        "cli_whatif_value", lang, before=number(a.value, lang, 4), after=number(b.value, lang, 4),
        bound=number(b.bound, lang, 4), gap=percent(b.gap, lang, 2), seconds=number(told.seconds, lang, 1),
    )  # fmt: skip
    if told.moves.is_empty():
        yield t("cli_whatif_same", lang)
    signs = {"in": "+", "out": "-"}
    order = {"in": 0, "out": 1, "option": 2, "moved": 3}
    rows = sorted(told.moves.to_dicts(), key=lambda row: (order[row["change"]], row["project"]))
    for row in rows[:SHOWN]:
        places = " → ".join(text for text in (row["before"], row["after"]) if text)
        yield f"  {signs.get(row['change'], '~')} {row['project']}: {places}"
        yield f"      {row[f'why_{lang}']}"
    if len(rows) > SHOWN:
        yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))
    freed = {kind: [r for r in told.freed.to_dicts() if r["kind"] == kind] for kind in ("money", "people")}
    if freed["money"]:
        yield t("cli_whatif_money", lang, years=_list(freed["money"], lang))
    if freed["people"]:
        yield t("cli_whatif_people", lang, skills=_list(freed["people"], lang))


def _list(rows: list[dict[str, Any]], lang: str) -> str:
    return ", ".join(f"{r['key']} {'+' if r['freed'] > 0 else ''}{number(r['freed'], lang)}" for r in rows)
