"""``khien report``: what a plan says, for people: page, PDF, workbook and frames."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import LANGUAGES, t

if TYPE_CHECKING:
    from polars import DataFrame

    from khien.draw import Aside
    from khien.plan import Plan
    from khien.programme import Programme


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "report",
        run,
        lang,
        says=t("cli_report_says", lang),
        example=(
            "khien report out/vietnam/plan.json examples/vietnam --out out/vietnam\n"
            "khien report out/vietnam/plan.json examples/vietnam --stress out/vietnam --reasons out/vietnam\n"
            "khien report out/vietnam/plan.json examples/vietnam --frontier out/frontier"
        ),
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_report_out_help", lang))
    parser.add_argument("--in", dest="only", choices=LANGUAGES, help=t("cli_report_in_help", lang))

    parser.add_argument("--stress", metavar="DIR", help=t("cli_report_stress_help", lang))
    parser.add_argument("--frontier", metavar="DIR", help=t("cli_report_frontier_help", lang))
    parser.add_argument("--reasons", metavar="DIR", help=t("cli_report_reasons_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Write the report beside the plan (or into ``--out``), print the headline, say where it is."""
    import khien
    from khien.cli.headline import headline_lines, headline_record
    from khien.cli.paths import existing, writable
    from khien.draw import write_report

    programme = khien.read(existing(args.path, args.lang))
    plan_file = existing(args.plan, args.lang)
    plan = khien.load_plan(plan_file)
    out = writable(Path(args.out) if args.out else plan_file if plan_file.is_dir() else plan_file.parent)
    asides = saved_answers(args, programme, plan)
    with drawing_progress() as progress:
        reasons = None if args.reasons else _quick_reasons(programme, plan)
        written = write_report(programme, plan, out, args.only or "both", progress, reasons, asides)
    pages = [path for path in written if path.suffix == ".html"]
    others = ", ".join(path.name for path in written if path not in pages)
    lines = [
        *headline_lines(programme, plan, args.lang),
        "",
        *(t("cli_report_written", args.lang, path=path) for path in pages),
        t("cli_report_more", args.lang, names=others),
    ]
    answer(args, {"files": [str(path) for path in written], **headline_record(programme, plan)}, lines)
    return Exit.DONE


def saved_answers(args: argparse.Namespace, programme: Programme, plan: Plan) -> list[Aside]:
    """Read what other commands wrote about this plan, as far as it was asked for; all of it is refused early."""
    from khien.cli.paths import existing
    from khien.draw import read_frontier, read_reasons, read_stress

    readers = {"stress": read_stress, "frontier": read_frontier, "reasons": read_reasons}
    asked = {name: getattr(args, name) for name in readers if getattr(args, name) is not None}
    return [readers[name](existing(path, args.lang), programme, plan) for name, path in asked.items()]


def _quick_reasons(programme: Programme, plan: Plan) -> DataFrame:
    from khien.plan.explain import explain

    return explain(programme, plan, None)


@contextmanager
def drawing_progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on a terminal; nothing elsewhere, for drawing takes seconds only."""
    if not sys.stderr.isatty():
        yield lambda share, what: None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    from khien.cli.output import console

    columns = (BarColumn(bar_width=20), TextColumn("{task.description}"))
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, what: bar.update(task, completed=share, description=what)
