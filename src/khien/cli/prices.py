"""``khien prices``: what a little more money, people or room is worth, at prices and to the whole plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import Plan
    from khien.plan.ask.gains import WholeGains
    from khien.plan.ask.shadow import ShadowPrices
    from khien.programme import Programme

SHOWN = 30
"""Prices printed as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "prices",
        run,
        lang,
        says=t("cli_prices_says", lang),
        example=(
            "khien prices out/island examples/island\nkhien prices out/vietnam examples/vietnam --json\n"
            "khien prices out/island examples/island --confirm"
        ),
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--checked", type=int, default=10, metavar="N", help=t("cli_prices_checked_help", lang))
    parser.add_argument(
        "--confirm", type=int, nargs="?", const=0, default=None, metavar="N", help=t("cli_prices_confirm_help", lang)
    )
    parser.add_argument("--step", type=float, metavar="X", help=t("cli_prices_step_help", lang))
    parser.add_argument("--work", type=int, metavar="N", help=t("cli_prices_work_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the prices, the scarcest first; with --confirm what the whole plan wins, the most first."""
    if args.checked < 0:
        raise Stop(Exit.WRONG_USE, t("cli_prices_checked_wrong", args.lang, checked=args.checked))
    _check_confirm(args)

    import khien
    from khien.cli.paths import existing
    from khien.plan.ask.shadow import shadow_prices

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    told = shadow_prices(programme, plan, args.checked)
    payload: dict[str, Any] = {"plan": str(args.plan), "relaxation": told.value, "exact": told.exact}
    payload |= {"seconds": told.seconds, "prices": told.prices.to_dicts(), "by_year": told.by_year.to_dicts()}
    lines = list(_lines(told, args.lang))
    if args.confirm is None:
        answer(args, payload, lines)
        return Exit.DONE
    whole = _planned_again(args, programme, plan, told)
    figures = ("value", "bound", "better", "step", "work", "considered", "interrupted", "seconds")
    payload["whole"] = {name: getattr(whole, name) for name in figures} | {"gains": whole.gains.to_dicts()}
    answer(args, payload, [*lines, "", *_whole_lines(whole, args.lang)])
    return Exit.INTERRUPTED if whole.interrupted else Exit.DONE


def _check_confirm(args: argparse.Namespace) -> None:
    for option, value in (("--step", args.step), ("--work", args.work)):
        if value is not None and args.confirm is None:
            raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one=option, other="--confirm"))
    step, work = (1.0 if args.step is None else args.step), (1 if args.work is None else args.work)
    if (args.confirm or 0) < 0 or not 0.0 < step <= 10.0 or work < 1:
        fields = {"confirm": args.confirm, "step": args.step, "work": args.work}
        raise Stop(Exit.WRONG_USE, t("cli_prices_confirm_wrong", args.lang, **fields))


def _planned_again(args: argparse.Namespace, programme: Programme, plan: Plan, told: ShadowPrices) -> WholeGains:
    from khien.cli.plan import compile_once
    from khien.plan.ask.gains import COUNT, STEP, WORK, whole_gains

    def progress(stage: str, done: int, of: int) -> None:
        if stage == "plan":
            print(t("cli_prices_progress", args.lang, done=done, of=of), file=sys.stderr, flush=True)
        elif done % 10 == 0:
            print(t("cli_prices_looking", args.lang, done=done, of=of), file=sys.stderr, flush=True)

    compile_once(args.lang)
    return whole_gains(programme, plan, told, args.confirm or COUNT, args.step or STEP, args.work or WORK, progress)


def _whole_lines(whole: WholeGains, lang: str) -> Iterator[str]:
    """What more of each thing wins for the whole plan, in the order of what wins most."""
    fields = {
        "value": number(whole.value, lang, 4), "bound": number(whole.bound, lang, 4),
        "step": percent(whole.step, lang, 0), "count": number(whole.gains.height, lang),
        "of": number(whole.considered, lang),
    }  # fmt: skip
    yield t("cli_prices_whole", lang, **fields)
    if whole.better > 1e-9:
        yield t("cli_prices_whole_better", lang, better=number(whole.better, lang, 4))
    if whole.interrupted:
        yield t("cli_prices_whole_interrupted", lang)
    heads = (
        t("cli_prices_more", lang), t("cli_prices_wins", lang), t("cli_prices_least", lang),
        t("cli_prices_most", lang), t("cli_prices_proven", lang),
    )  # fmt: skip
    yield f"{t('cli_prices_thing', lang):<36}" + "".join(f"{head:>18}" for head in heads)
    yes, no = t("cli_prices_yes", lang), t("cli_prices_no", lang)
    for row in whole.gains.to_dicts():
        figures = (number(row[name], lang, 5) for name in ("gain", "least", "most"))
        more = f"+{number(row['more'], lang)} ({percent(row['step'], lang, 0)})"
        cells = (more, *figures, yes if row["proven"] else no)
        yield f"{_thing(row, lang):<36}" + "".join(f"{cell:>18}" for cell in cells)


def _lines(told: ShadowPrices, lang: str) -> Iterator[str]:
    head = "cli_prices_exact" if told.exact else "cli_prices_near"
    yield t(head, lang, value=number(told.value, lang, 4))
    if told.prices.is_empty():
        yield t("cli_prices_none", lang)
        return
    heads = (
        t("cli_prices_thing", lang), t("cli_prices_there", lang), t("cli_prices_percent", lang),
        t("cli_prices_up", lang), t("cli_prices_down", lang),
    )  # fmt: skip
    yield f"{heads[0]:<36}" + "".join(f"{head:>18}" for head in heads[1:])
    rows = told.prices.to_dicts()
    for row in rows[:SHOWN]:
        steps = [_step(row[name], lang) for name in ("step_up", "step_down")]
        cells = (number(row["available"], lang), number(row["worth"], lang, 5), *steps)
        yield f"{_thing(row, lang):<36}" + "".join(f"{cell:>18}" for cell in cells)
    if len(rows) > SHOWN:
        yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))


def _step(share: float | None, lang: str) -> str:
    """The longest step over which a price holds; a dash where none was tried."""
    if share == 0.0:
        return t("cli_prices_no_step", lang)
    return percent(share, lang, 0)


def _thing(row: Mapping[str, Any], lang: str) -> str:
    """What a row is about."""
    kinds = {
        "money": t("cli_prices_money", lang), "people": t("cli_prices_people", lang),
        "limit": t("cli_prices_limit", lang), "reliance": t("cli_prices_reliance", lang),
        "survival": t("cli_prices_survival", lang),
    }  # fmt: skip
    return f"{kinds[row['kind']]} {row['what']}"
