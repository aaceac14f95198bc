"""``khien schema``: the JSON Schema of a programme."""

from __future__ import annotations

import argparse

from khien.cli.exits import Exit, Stop
from khien.cli.output import print_json
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "schema",
        run,
        lang,
        says=t("cli_schema_says", lang),
        example="khien schema\nkhien schema projects",
    )
    parser.add_argument("table", metavar="TABLE", nargs="?", help=t("cli_schema_table_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the schema; it is JSON with or without ``--json``."""
    from khien.cli.paths import unknown_id
    from khien.programme import TABLES, json_schema

    schema = json_schema()
    if args.table is not None:
        if args.table not in TABLES:
            raise Stop(Exit.WRONG_USE, unknown_id("TABLE", args.table, list(TABLES), args.lang))
        rows = schema["properties"]["tables"]["properties"][args.table]
        schema = {"$schema": schema["$schema"], "title": args.table, **rows, "$defs": schema["$defs"]}
    print_json(schema)
    return Exit.DONE
