"""``khien report``: what a plan says, for people: page, PDF, workbook and frames."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from khien.cli.exits import Exit
from khien.cli.output import answer
from khien.cli.parser import Parser, add_command
from khien.words import LANGUAGES, t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "report",
        run,
        lang,
        says=t("cli_report_says", lang),
        example="khien report out/vietnam/plan.json examples/vietnam --out out/vietnam",
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_report_out_help", lang))
    parser.add_argument("--in", dest="only", choices=LANGUAGES, help=t("cli_report_in_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Write the report beside the plan (or into ``--out``), print the headline, say where it is."""
    import khien
    from khien.cli.headline import headline_lines, headline_record
    from khien.cli.paths import existing
    from khien.draw import write_report
    from khien.plan.explain import explain

    programme = khien.read(existing(args.path, args.lang))
    plan_file = existing(args.plan, args.lang)
    plan = khien.load_plan(plan_file)
    out = Path(args.out) if args.out else plan_file if plan_file.is_dir() else plan_file.parent
    with drawing_progress() as progress:
        reasons = explain(programme, plan, None)
        written = write_report(programme, plan, out, args.only or "both", progress, reasons)
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
