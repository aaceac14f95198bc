"""How a command prints: plain text for people, one JSON object for programs, colour only on a terminal."""

from __future__ import annotations

import argparse
import codecs
import json
import math
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def print_json(payload: Mapping[str, Any]) -> None:
    """One JSON object on standard output: sorted by nobody, readable, Vietnamese letters as they are."""
    plain = encoding_of(sys.stdout) != "utf-8"
    json.dump(payload, sys.stdout, ensure_ascii=plain, indent=2, default=_plain, allow_nan=False)
    sys.stdout.write("\n")


def encoding_of(stream: TextIO) -> str:
    """How a stream writes letters, by Python's own name for it; what has no encoding takes them as they are."""
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name


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


def number(value: float | None, lang: str, digits: int = 0) -> str:
    """A number as readers of the language write it; one that is unknown or without limit is a dash.

    The charts have the same in ``khien.draw.numbers``, behind an import that takes a second.
    """
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if lang == "vi" else text


def percent(share: float | None, lang: str, digits: int = 1) -> str:
    """A share (0-1) in percent."""
    shown = number(None if share is None else 100 * share, lang, digits)
    return shown if shown == "–" else shown + " %"


def _plain(value: Any) -> Any:
    """JSON for what the standard library does not know: paths, NumPy scalars, sets, dates, models."""
    for name in ("model_dump", "to_dicts", "tolist", "isoformat"):
        if hasattr(value, name):
            return getattr(value, name)()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
