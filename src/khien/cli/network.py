"""``khien network``: every single and double failure of a supply network."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.cli.reliance import aligned, judging
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "network",
        run,
        lang,
        says=t("network_says", lang),
        example="khien network stress_06.json\nkhien network willems_26.json --top 20 --json",
    )
    parser.add_argument("file", metavar="FILE", help=t("network_file_help", lang))
    parser.add_argument("--top", type=int, default=10, metavar="N", help=t("network_top_help", lang))
    parser.add_argument("--no-pairs", action="store_true", help=t("network_no_pairs_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the worst nodes and the worst pairs."""
    if args.top < 1:
        raise Stop(Exit.WRONG_USE, t("network_top_outside", args.lang, top=args.top))

    from khien.cli.paths import existing_file
    from khien.reliance.supply import double_failures, read_network, single_failures

    file = existing_file(args.file, args.lang)
    began = time.perf_counter()
    network = read_network(file)
    singles = single_failures(network)
    pairs = None if args.no_pairs else double_failures(network, progress=partial(judging(args.lang), "pairs"))
    seconds = time.perf_counter() - began
    counts = {
        "nodes": network.size,
        "arcs": len(network.supplier),
        "harmful": int((singles["loss"] > 0).sum()),
        "red": int(singles["red"].sum()),
        "unknown": singles["recover"].null_count(),
    }
    shown = {name: number(count, args.lang) for name, count in counts.items()}
    head = t("network_head", args.lang, name=file.name, seconds=number(seconds, args.lang, 1), **shown)
    lines = [head, "", *_nodes(singles.head(args.top).to_dicts(), args.lang)]
    payload: dict[str, Any] = {"file": str(file), **counts, "period": network.period, "seconds": seconds}
    payload["singles"] = singles.to_dicts()
    if pairs is not None:
        hidden = int(pairs["hidden"].sum())
        worst = pairs.head(args.top).to_dicts()
        payload |= {"pair_count": pairs.height, "hidden_pairs": hidden, "pairs": worst}
        lines += ["", *_pairs(worst, args.lang)]
        lines.append(t("network_hidden", args.lang, count=number(hidden, args.lang)))
    answer(args, payload, lines)
    return Exit.DONE


def _nodes(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    heads = [t(f"network_{head}", lang) for head in ("node", "loss", "survive", "recover")]
    body = [[row["node"], *(number(row[name], lang, 2) for name in ("loss", "survive", "recover"))] for row in rows]
    yield from aligned(heads, body)


def _pairs(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    heads = [t(f"network_{head}", lang) for head in ("pair", "loss", "more")]
    body = [[f"{row['a']} + {row['b']}", *(number(row[name], lang, 2) for name in ("loss", "more"))] for row in rows]
    yield from aligned(heads, body)
