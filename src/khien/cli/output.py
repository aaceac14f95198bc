"""How a command prints: plain text for people, one JSON object for programs, colour only on a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def print_json(payload: Mapping[str, Any]) -> None:
    """One JSON object on standard output: sorted by nobody, readable, Vietnamese letters as they are."""
    json.dump(payload, sys.stdout, ensure_ascii=False, indent=2, default=_plain, allow_nan=False)
    sys.stdout.write("\n")


def answer(args: argparse.Namespace, payload: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print the payload when ``--json`` was given, the lines otherwise."""
    if args.json:
        print_json({"command": args.command, **payload})
        return
    for line in lines:
        print(line)


def console(stream: TextIO | None = None) -> Console:
    """A rich console that neither wraps nor colours what goes into a file or a pipe."""
    from rich.console import Console

    stream = sys.stdout if stream is None else stream
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty())


def print_table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """A small table on standard output. Columns are (heading, "left" or "right"); nothing is cut off in a pipe."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading, side in columns:
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_escape(cell) for cell in row))
    out = console()
    if not sys.stdout.isatty():
        out.width = max(100, out.measure(table).maximum)
    out.print(table)


def records(frame: Any) -> list[dict[str, Any]]:
    """A polars frame as JSON records; unknown values are null."""
    return [dict(row) for row in frame.to_dicts()]


def _plain(value: Any) -> Any:
    """JSON for what the standard library does not know: paths, NumPy scalars, sets, dates, models."""
    for name in ("model_dump", "to_dicts", "tolist", "isoformat"):
        if hasattr(value, name):
            return getattr(value, name)()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _escape(text: str) -> str:
    """Square brackets in a name are not rich markup."""
    return text.replace("[", "\\[")
