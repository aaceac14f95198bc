"""``khien alternatives``: plans that are nearly as good and as different as can be found, side by side."""

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
    from khien.plan.ask.alternatives import Alternatives

SHOWN = 8
"""Projects named per plan as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "alternatives",
        run,
        lang,
        says=t("cli_alternatives_says", lang),
        example="khien alternatives out/vietnam examples/vietnam --count 3 --within 0.01 --out out/others",
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--count", type=int, default=3, metavar="N", help=t("cli_alternatives_count_help", lang))
    parser.add_argument("--within", type=float, default=0.01, metavar="X", help=t("cli_alternatives_within_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_alternatives_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the plans side by side, and what each does otherwise than the first."""
    if args.count < 1 or not 0.0 <= args.within < 1.0:
        raise Stop(Exit.WRONG_USE, t("cli_alternatives_wrong", args.lang, count=args.count, within=f"{args.within:g}"))

    import khien
    from khien.cli.paths import existing, writable
    from khien.cli.plan import compile_once
    from khien.plan.ask.alternatives import alternatives

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    out = None if args.out is None else writable(Path(args.out))

    def progress(done: int, of: int) -> None:
        print(t("cli_frontier_progress", args.lang, done=done, of=of), file=sys.stderr, flush=True)

    compile_once(args.lang)
    told = alternatives(programme, plan, args.count, args.within, progress=progress)
    lines = list(_lines(told, args.lang))
    payload: dict[str, Any] = {"plans": told.table.to_dicts(), "differences": told.differences.to_dicts()}
    payload["seconds"] = told.seconds
    if out is not None:
        files = [one.save(out / f"{k:02d}" / "plan.json") for k, one in enumerate(told.plans)]
        payload["files"] = [str(path) for path in files]
        lines.append(t("cli_frontier_written", args.lang, path=out))
    answer(args, payload, lines)
    return Exit.DONE


def _lines(told: Alternatives, lang: str) -> Iterator[str]:
    heads = (
        t("cli_alternatives_plan", lang), t("cli_frontier_value", lang), t("cli_alternatives_worse", lang),
        t("cli_alternatives_distance", lang), t("cli_alternatives_nearest", lang),
    )  # fmt: skip
    yield "".join(f"{head:>14}" for head in heads)
    for row in told.table.to_dicts():
        cells = (
            number(row["plan"], lang), number(row["value"], lang, 4), percent(row["worse"], lang, 2),
            percent(row["distance"], lang, 0), percent(row["nearest"], lang, 0),
        )  # fmt: skip
        yield "".join(f"{cell:>14}" for cell in cells)
        mine = [r for r in told.differences.to_dicts() if r["plan"] == row["plan"]]
        for change, sign in (("in", "+"), ("out", "-"), ("option", "~"), ("moved", "→")):
            names = [r["project"] for r in mine if r["change"] == change]
            if names:
                more = t("cli_more_rows", lang, count=number(len(names) - SHOWN, lang)) if len(names) > SHOWN else ""
                yield f"      {sign} {', '.join(names[:SHOWN])} {more}".rstrip()
    if len(told.plans) == 1:
        yield t("cli_alternatives_none", lang)
