"""Planning instances: value, own bound, gap and verification per instance.

    python -m bench.programme DIR_OR_FILE [--time-limit 60] [--seed 0] [--json] [--small]

Any folder of instances in the same form will do. The gap is (U - value) / (U - E), with E the worth of doing
nothing and U our own bound on the quarter grid; the plain relative gap stands beside it. Values and rules are
recomputed from the file by code that the engine does not share (bench/instances.py).
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.instances import load, to_problem, value_of, violations
from khien.plan.core.solve import solve
from khien.plan.core.warm import warm


def run(path: Path, time_limit: float, seed: int, known: dict[str, str]) -> dict[str, Any]:
    """Solve one instance within the limit (reading and writing down included) and judge the answer."""
    began = time.perf_counter()
    d = load(path)
    p = to_problem(d)
    out = solve(p, time_limit=max(0.5, time_limit - (time.perf_counter() - began)), seed=seed)
    seconds = time.perf_counter() - began
    chosen = {i: (int(o - p.opt_ptr[i]), int(out.s[i])) for i, o in enumerate(out.x) if o >= 0}
    broken = violations(d, chosen)
    value, nothing = value_of(d, chosen), value_of(d, {})
    name = path.name.split(".")[0]
    best = known.get(name, "")
    return {
        "instance": name, "projects": len(d["projects"]), "seconds": round(seconds, 1), "value": value,
        "bound": out.bound, "nothing": nothing, "gap": (out.bound - value) / max(1e-9, out.bound - nothing),
        "relative_gap": (out.bound - value) / max(1.0, abs(out.bound)), "best_known": int(best) if best else None,
        "verified": not broken, "broken": broken[:3], "steps": out.steps,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "history": [[round(t, 2), v, b] for t, v, b in out.history[:: max(1, len(out.history) // 60)]],
    }  # fmt: skip


def best_known(folder: Path) -> dict[str, str]:
    """Best values that others stated for instances of this folder, if the table is there."""
    out: dict[str, str] = {}
    for table in folder.glob("best_known_*.csv"):
        with table.open(newline="", encoding="utf-8") as f:
            for row in csv.DictReader(f):
                out[row["instance"]] = row.get("best_objective_found", "")
    return out


def main(argv: list[str] | None = None) -> int:
    """Run every instance of the folder in turn; exit code 1 when a plan breaks a rule."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="the smallest instance alone, two seconds")
    args = parser.parse_args(argv)
    folder = args.path if args.path.is_dir() else args.path.parent
    files = sorted([*args.path.glob("*.json.xz"), *args.path.glob("*.json")]) if args.path.is_dir() else [args.path]
    if not files:
        print(f"no instances (*.json.xz) in {args.path}", file=sys.stderr)
        return 2
    if args.small:
        files = [min(files, key=lambda f: f.stat().st_size)]
        args.time_limit = min(args.time_limit, 2.0)
    warm()
    known = best_known(folder)
    rows = []
    for f in files:
        row = run(f, args.time_limit, args.seed, known)
        rows.append(row)
        if not args.json:
            print(
                f"{row['instance']:22} {row['seconds']:7.1f} s  value {row['value']:>12,}  bound {row['bound']:>14,.0f}"
                f"  gap {100 * row['gap']:6.2f} %  plain {100 * row['relative_gap']:6.2f} %"
                f"  best known {row['best_known'] or '-':>12}  {'verified' if row['verified'] else 'BROKEN'}"
                f"  {row['peak_mb']} MB",
                flush=True,
            )
    if args.json:
        print(json.dumps(rows, indent=1))
    return 0 if all(r["verified"] for r in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
