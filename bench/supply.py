"""Supply networks: every single failure, every double failure, and the reference values in the files.

    python -m bench.supply DIR_OR_FILE [--pairs-up-to 700] [--json] [--small]

Any folder with networks in either form (docs/methods/survival.md) will do; archives (*.tar.xz) are read as folders.
A reference value counts as met within 1e-6 of it, and half of the last of the four decimals that the files give.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from khien.reliance.supply import double_failures, read_network, single_failures

RELATIVE = 1e-6
LAST_DECIMAL = 0.5e-4


def run(path: Path, pairs_up_to: int) -> dict[str, Any]:
    """Scan one network."""
    network = read_network(path)
    began, used = time.perf_counter(), time.process_time()
    singles = single_failures(network)
    row: dict[str, Any] = {
        "network": path.stem,
        "nodes": network.size,
        "arcs": len(network.supplier),
        "singles_seconds": round(time.perf_counter() - began, 3),
        "singles_cpu_seconds": round(time.process_time() - used, 3),
        "harmful": singles.filter(singles["loss"] > 0).height,
        "red": int(singles["red"].sum()),
        **references(path, {name: row for name, *row in singles.select("node", "loss", "survive").iter_rows()}),
    }
    if network.size <= pairs_up_to:
        began, used = time.perf_counter(), time.process_time()
        pairs = double_failures(network)
        row |= {
            "pairs": pairs.height,
            "pairs_seconds": round(time.perf_counter() - began, 2),
            "pairs_cpu_seconds": round(time.process_time() - used, 2),
            "hidden_pairs": int(pairs["hidden"].sum()),
        }
    row["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return row


def references(path: Path, found: dict[str, list[float]]) -> dict[str, Any]:
    """How many of the file's reference values there are, and which are not met."""
    known = json.loads(path.read_text(encoding="utf-8")).get("reference", [])
    missed = []
    for row in known:
        for column, value in zip(("ttr_loss", "tts_weeks"), found[str(row["node"])], strict=True):
            if abs(value - row[column]) > RELATIVE * abs(row[column]) + LAST_DECIMAL:
                missed.append([row["node"], column, row[column], value])
    return {"references": 2 * len(known), "missed": missed}


@contextmanager
def networks(path: Path) -> Iterator[list[Path]]:
    """Every network of a file or folder; archives are unpacked while they are needed."""
    if not path.is_dir():
        yield [path]
        return
    with tempfile.TemporaryDirectory() as folder:
        for archive in sorted(path.glob("*.tar.xz")):
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        files = {f.name: f for f in [*path.glob("*.json"), *Path(folder).rglob("*.json")]}
        yield [files[name] for name in sorted(files)]


def main(argv: list[str] | None = None) -> int:
    """Scan every network in turn; exit code 1 when a reference value is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--pairs-up-to", type=int, default=700, help="nodes up to which all pairs are judged")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="the smallest network alone")
    args = parser.parse_args(argv)
    rows = []
    with networks(args.path) as files:
        if not files:
            print(f"no networks (*.json, *.tar.xz) in {args.path}", file=sys.stderr)
            return 2
        for path in [min(files, key=lambda f: f.stat().st_size)] if args.small else files:
            row = run(path, args.pairs_up_to)
            rows.append(row)
            if not args.json:
                print(
                    f"{row['network']:12} {row['nodes']:5} nodes  singles {row['singles_seconds']:7.3f} s"
                    f"  pairs {row.get('pairs', 0):7,} in {row.get('pairs_seconds', 0):6.2f} s"
                    f"  references {row['references'] - len(row['missed'])}/{row['references']}  {row['peak_mb']} MB",
                    flush=True,
                )
    if args.json:
        print(json.dumps(rows, indent=1))
    return 1 if any(row["missed"] for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
