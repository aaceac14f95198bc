"""Project-scheduling instances that others wrote, through our serial scheduler; every schedule is verified here.

    python -m bench.scheduling DIR_OR_FILE [--time-limit 30] [--sets j60 j120] [--sample N] [--json] [--small]
                               [--peer] [--peer-sample N]

DIR_OR_FILE holds .sm or .mm files or .tar.xz sets of them, with best_known_*.csv beside when known. Reported per
instance: makespan, own lower bound, best known, gap in %, verified, wall and processor seconds; per set: mean gap.
--peer runs PyJobShop (OR-Tools, its usual eight workers, same limit) beside when it can be imported; its schedules are
verified by the same rules. A sample is spread evenly over the set in order of names.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from bench.scheduling_read import Instance, best_known, parse, sets
from khien.plan.core.serial import build
from khien.plan.core.serial_solve import solve


def faults(inst: Instance, starts: list[int], modes: list[int]) -> list[str]:
    """What is wrong with a schedule, read straight from the rules; nothing here comes from the scheduler."""
    n = len(inst.modes)
    if len(starts) != n or len(modes) != n:
        return ["not every job has a start and a mode"]
    if any(m < 0 or m >= len(inst.modes[j]) for j, m in enumerate(modes)) or min(starts, default=0) < 0:
        return ["a mode that does not exist or a start below zero"]
    chosen = [inst.modes[j][m] for j, m in enumerate(modes)]
    out = [
        f"job {b + 1} starts before job {a + 1} ends"
        for a in range(n)
        for b in inst.after[a]
        if starts[b] < starts[a] + chosen[a][0]
    ]
    for k, limit in enumerate(inst.stock):
        if sum(uses[k] for _, _, uses in chosen) > limit:
            out.append(f"non-renewable {k + 1} is overdrawn")
    for r, limit in enumerate(inst.capacity):
        load: dict[int, int] = {}
        for j, (d, needs, _) in enumerate(chosen):
            for t in range(starts[j], starts[j] + d):
                load[t] = load.get(t, 0) + needs[r]
        out += [f"renewable {r + 1} is overdrawn at {t}" for t, v in load.items() if v > limit]
    return out


def run(inst: Instance, seconds: float, seed: int, known: int | None) -> dict[str, Any]:
    """One instance: what was found, how good it is, and whether it holds."""
    began, used = time.perf_counter(), time.process_time()
    found = solve(build(inst.modes, inst.after, inst.capacity, inst.stock), seconds, seed=seed)
    took, used = time.perf_counter() - began, time.process_time() - used
    wrong = faults(inst, found.starts, found.modes)
    span = max(
        (s + inst.modes[j][m][0] for j, (s, m) in enumerate(zip(found.starts, found.modes, strict=True))), default=0
    )
    if span != found.makespan:
        wrong.append(f"the makespan is {span}, not {found.makespan}")
    return {
        "instance": inst.name,
        "makespan": found.makespan if found.starts else None,
        "bound": found.bound,
        "best_known": known,
        "gap_pct": gap(found.makespan if found.starts else None, known),
        "verified": not wrong,
        "faults": wrong[:3],
        "proved": bool(found.starts) and found.makespan == found.bound,
        "seconds": round(took, 2),
        "cpu_s": round(used, 2),
        "children": found.children,
    }


def gap(value: int | None, known: int | None) -> float | None:
    """100 * (value / best known - 1); None when either is missing."""
    return None if value is None or not known else round(100.0 * (value / known - 1.0), 3)


def peer(inst: Instance, seconds: float, known: int | None) -> dict[str, Any]:
    """What PyJobShop finds for the same instance, verified by the same rules."""
    from pyjobshop import Model

    m = Model()
    stores: list[Any] = [m.add_renewable(c) for c in inst.capacity]
    stores += [m.add_consumable(c) for c in inst.stock]
    tasks = [m.add_task() for _ in inst.modes]
    owner: list[tuple[int, int]] = []
    for j, (task, modes) in enumerate(zip(tasks, inst.modes, strict=True)):
        for k, (d, needs, uses) in enumerate(modes):
            m.add_mode(task, stores, d, [*needs, *uses])
            owner.append((j, k))
    for a, row in enumerate(inst.after):
        for b in row:
            m.add_end_before_start(tasks[a], tasks[b])
    used = time.process_time()
    result = m.solve(solver="ortools", time_limit=seconds, display=False, num_workers=8)
    used = time.process_time() - used
    found = result.best.tasks
    wrong = not found or faults(inst, [t.start for t in found], [owner[t.mode][1] for t in found])
    span = int(result.objective) if found else None
    return {
        "peer": span,
        "peer_gap_pct": gap(span, known),
        "peer_verified": not wrong,
        "peer_proved": result.status.name == "OPTIMAL",
        "peer_seconds": round(result.runtime, 2),
        "peer_cpu_s": round(used, 2),
    }


def mean(values: list[float | None]) -> float | None:
    """Mean of what is there, three digits; None of nothing."""
    kept = [v for v in values if v is not None]
    return round(sum(kept) / len(kept), 3) if kept else None


def spread(texts: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """This many, evenly over the list: the middles of `count` equal parts; all for 0 or more than there are."""
    n = len(texts)
    return [texts[(2 * i + 1) * n // (2 * count)] for i in range(count)] if 0 < count < n else texts


def run_set(name: str, folder: Path, texts: list[tuple[str, str]], args: argparse.Namespace) -> dict[str, Any]:
    """A set: every instance (or an evenly spread sample) and the mean gaps."""
    table = best_known(name, folder)
    texts = spread(texts, args.sample)
    asked = {stem for stem, _ in spread(texts, args.peer_sample)} if args.peer else set()
    rows = []
    for stem, text in texts:
        inst = parse(stem, text)
        row = run(inst, args.time_limit, args.seed, table.get(stem))
        if stem in asked:
            row |= peer(inst, args.time_limit, table.get(stem))
        rows.append(row)
        if not args.json:
            print(
                f"{name:18} {stem:12} "
                + "  ".join(f"{k} {row[k]}" for k in row if k not in ("instance", "faults", "children")),
                flush=True,
            )
    out = {
        "set": name,
        "instances": rows,
        "mean_gap_pct": mean([r["gap_pct"] for r in rows]),
        "verified": sum(r["verified"] for r in rows),
        "n": len(rows),
    }
    if args.peer:
        both = [r for r in rows if "peer" in r]
        out |= {
            "peer_n": len(both),
            "peer_verified": sum(r["peer_verified"] for r in both),
            "peer_mean_gap_pct": mean([r["peer_gap_pct"] for r in both]),
            "beside_peer_mean_gap_pct": mean([r["gap_pct"] for r in both]),
        }
    if not args.json:
        shown = "  ".join(f"{k} {v}" for k, v in out.items() if k not in ("set", "instances"))
        print(f"{name:18} {'mean':12} {shown}", flush=True)
    return out


def main(argv: list[str] | None = None) -> int:
    """Command line; exit code 1 when a schedule does not hold or nothing was read."""
    parser = argparse.ArgumentParser(prog="python -m bench.scheduling", description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--time-limit", type=float, default=30.0, help="seconds per instance")
    parser.add_argument("--sample", type=int, default=0, help="this many of every set, evenly spread")
    parser.add_argument("--sets", nargs="+", default=[], help="only sets of these names")
    parser.add_argument("--small", action="store_true", help="three of every set, two seconds each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", action="store_true", help="PyJobShop beside, when installed")
    parser.add_argument("--peer-sample", type=int, default=0, help="PyJobShop on this many of the sample only")
    args = parser.parse_args(argv)
    if args.small:
        args.sample, args.time_limit = args.sample or 3, min(args.time_limit, 2.0)
    if args.peer:
        try:
            import pyjobshop  # noqa: F401
        except ImportError:
            parser.error("--peer needs pyjobshop (pip install pyjobshop)")
    solve(build([[(1, [1], [1])]], [[]], [1], [1]), children=1)  # compiles before any clock runs
    results = [run_set(*one, args) for one in sets(args.path) if not args.sets or one[0] in args.sets]
    if args.json:
        print(json.dumps({"time_limit_s": args.time_limit, "seed": args.seed, "sets": results}, indent=1))
    if not results:
        print(f"no .sm, .mm or .tar.xz instances under {args.path}")
    return 0 if results and all(r["verified"] == r["n"] for r in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
