"""``khien prices``: what a little more money, people or room is worth, and over which step that holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan.ask.shadow import ShadowPrices

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
        example="khien prices out/island examples/island\nkhien prices out/vietnam examples/vietnam --json",
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--checked", type=int, default=10, metavar="N", help=t("cli_prices_checked_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the prices, the scarcest first."""
    if args.checked < 0:
        raise Stop(Exit.WRONG_USE, t("cli_prices_checked_wrong", args.lang, checked=args.checked))

    import khien
    from khien.cli.paths import existing
    from khien.plan.ask.shadow import shadow_prices

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    told = shadow_prices(programme, plan, args.checked)
    payload: dict[str, Any] = {"plan": str(args.plan), "relaxation": told.value, "exact": told.exact}
    payload |= {"seconds": told.seconds, "prices": told.prices.to_dicts(), "by_year": told.by_year.to_dicts()}
    answer(args, payload, list(_lines(told, args.lang)))
    return Exit.DONE


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
    kinds = {
        "money": t("cli_prices_money", lang), "people": t("cli_prices_people", lang),
        "limit": t("cli_prices_limit", lang), "reliance": t("cli_prices_reliance", lang),
        "survival": t("cli_prices_survival", lang),
    }  # fmt: skip
    rows = told.prices.to_dicts()
    for row in rows[:SHOWN]:
        steps = [_step(row[name], lang) for name in ("step_up", "step_down")]
        cells = (number(row["available"], lang), number(row["worth"], lang, 5), *steps)
        yield f"{kinds[row['kind']] + ' ' + row['what']:<36}" + "".join(f"{cell:>18}" for cell in cells)
    if len(rows) > SHOWN:
        yield t("cli_more_rows", lang, count=number(len(rows) - SHOWN, lang))


def _step(share: float | None, lang: str) -> str:
    """The longest step over which a price holds; a dash where none was tried."""
    if share == 0.0:
        return t("cli_prices_no_step", lang)
    return percent(share, lang, 0)
