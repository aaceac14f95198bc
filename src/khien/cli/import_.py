"""``khien import``: real portfolios as programmes."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command, add_group
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command and its sources to the parser."""
    sources = add_group(places, "import", lang, says=t("cli_import_says", lang))
    parser = add_command(
        sources,
        "cordis",
        run_cordis,
        lang,
        says=t("cli_import_cordis_says", lang),
        example="khien import cordis projects.csv participants.csv out/eu --set money_share=0.4",
    )
    parser.add_argument("projects", metavar="PROJECTS", help=t("cli_import_projects_help", lang))
    parser.add_argument("participants", metavar="PARTICIPANTS", help=t("cli_import_participants_help", lang))
    parser.add_argument("out", metavar="OUT", help=t("cli_import_out_help", lang))
    says = t("cli_import_set_help", lang)
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=says)


def run_cordis(args: argparse.Namespace) -> Exit:
    """Make a programme and say what was repaired or left out; an error writes nothing and gives 1."""
    from khien.cli.findings import finding_lines
    from khien.cli.paths import existing, free
    from khien.programme.imports import import_cordis

    changes = dict(_change(text, args.lang) for text in args.set)
    projects, participants = (existing(path, args.lang) for path in (args.projects, args.participants))
    made = import_cordis(projects, participants, free(args.out, args.lang), changes)
    lines = list(finding_lines(made.errors or made.findings, args.lang, limit=20))
    if made.programme is not None:
        counts = {name: number(made.summary[name], args.lang) for name in ("rows", "projects", "options")}
        lines.append(t("cli_import_written", args.lang, path=args.out, **counts))
    payload = {
        "path": None if made.programme is None else str(args.out),
        "summary": dict(made.summary),
        "findings": [finding.to_dict() for finding in made.findings],
    }
    answer(args, payload, lines)
    return Exit.INPUT_ERRORS if made.errors else Exit.DONE


def _change(text: str, lang: str) -> tuple[str, float | int | str]:
    """``money_share=0.4`` as a name and a value; whole numbers stay whole."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise Stop(Exit.WRONG_USE, t("cli_import_set_wrong", lang, text=text))
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
