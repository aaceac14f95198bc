"""``khien explain``: why a project was chosen or refused, or why for all of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import LANGUAGES, t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "explain",
        run,
        lang,
        says=t("cli_explain_says", lang),
        example=(
            "khien explain out/island examples/island boat-make\nkhien explain out/island examples/island"
        ),
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("project", metavar="PROJECT", nargs="?", help=t("cli_explain_project_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the reason for one project, or one line for each."""
    import khien
    from khien.cli.paths import existing, unknown_id
    from khien.plan.explain import explain

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    known = programme.projects["id"].to_list()
    if args.project is not None and args.project not in known:
        raise Stop(Exit.WRONG_USE, unknown_id("PROJECT", args.project, known, args.lang))
    reasons = explain(programme, plan, args.project).to_dicts()
    lines = [line for row in reasons for line in _lines(row, args.lang)]
    answer(args, {"plan": str(args.plan), "project": args.project, "reasons": reasons}, lines)
    return Exit.DONE


def _lines(row: Mapping[str, Any], lang: str) -> Iterator[str]:
    """A reason as text: the id, then what is said in the chosen language, then the figures behind it."""
    other = tuple(f"_{one}" for one in LANGUAGES if one != lang)
    said = [str(value) for name, value in row.items() if name.endswith(f"_{lang}") and value]
    figures = [
        f"{name}: {number(value, lang, 4)}"
        for name, value in row.items()
        if isinstance(value, float) and not name.endswith(other)
    ]
    yield f"{row['project']}: " + " · ".join(said)
    if figures:
        yield "    " + " · ".join(figures)
