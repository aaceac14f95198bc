"""Project-scheduling instances that others wrote: .sm and .mm files (PSPLIB, MMLIB), alone or in .tar.xz sets."""

from __future__ import annotations

import csv
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".sm", ".mm")


@dataclass
class Instance:
    """Jobs in file order; a mode is (duration, renewable needs, non-renewable uses)."""

    name: str
    modes: list[list[tuple[int, list[int], list[int]]]]
    after: list[list[int]]  # successors, from 0
    capacity: list[int]
    stock: list[int]


def parse(name: str, text: str) -> Instance:
    """One file's text. Raises ValueError when it is not of this form or holds doubly constrained resources."""
    renewable, stocks, doubly = (
        _number(text, rf"-\s*{w}\s*:\s*(\d+)") for w in ("renewable", "nonrenewable", "doubly constrained")
    )
    jobs = _number(text, r"jobs[^:\n]*:\s*(\d+)")
    if doubly:
        raise ValueError(f"{name}: doubly constrained resources are not read")
    after: list[list[int]] = []
    for row in _rows(text, "PRECEDENCE RELATIONS"):
        if row[0] != len(after) + 1 or len(row) != 3 + row[2]:
            raise ValueError(f"{name}: bad precedence row {row}")
        after.append([j - 1 for j in row[3:]])
    width = renewable + stocks
    modes: list[list[tuple[int, list[int], list[int]]]] = []
    for row in _rows(text, "REQUESTS/DURATIONS"):
        if len(row) == width + 3:
            modes.append([])
        elif len(row) != width + 2 or not modes:
            raise ValueError(f"{name}: bad request row {row}")
        needs = row[-width:] if width else []
        modes[-1].append((row[-width - 1], needs[:renewable], needs[renewable:]))
    limits = next(iter(_rows(text, r"RESOURCE\s*AVAILABILITIES")), [])
    if len(after) != jobs or len(modes) != jobs or len(limits) != width:
        raise ValueError(f"{name}: {jobs} jobs announced, {len(after)} and {len(modes)} read")
    return Instance(name, modes, after, limits[:renewable], limits[renewable:])


def _number(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"no line matches {pattern}")
    return int(found.group(1))


def _rows(text: str, title: str) -> Iterator[list[int]]:
    """The lines of whole numbers under a title, up to the next line of stars."""
    parts = re.split(title + r"[^\n]*\n", text, maxsplit=1)
    if len(parts) < 2:
        raise ValueError(f"no part {title}")
    for line in re.split(r"^\*{4,}", parts[1], maxsplit=1, flags=re.M)[0].splitlines():
        words = line.split()
        if words and all(w.isdigit() for w in words):
            yield [int(w) for w in words]


def sets(path: Path) -> Iterator[tuple[str, Path, list[tuple[str, str]]]]:
    """Sets under a path: (name, folder of its best-known table, [(instance name, text)]).

    A folder gives one set per archive in it; its loose files form a set of their own name only when there is no
    archive beside them (they are copies of members otherwise).
    """
    if path.is_file():
        if path.name.endswith(".tar.xz"):
            yield path.name.removesuffix(".tar.xz"), path.parent, _members(path)
        else:
            yield path.parent.name, path.parent, [(path.stem, path.read_text(encoding="utf-8", errors="replace"))]
        return
    archives = sorted(path.rglob("*.tar.xz"))
    for archive in archives:
        inside = _members(archive)
        if inside:
            yield archive.name.removesuffix(".tar.xz"), archive.parent, inside
    taken = {a.parent for a in archives}
    folders = sorted({f.parent for f in path.rglob("*") if f.suffix in SUFFIXES} - taken)
    for folder in folders:
        files = sorted(f for f in folder.iterdir() if f.suffix in SUFFIXES)
        yield folder.name, folder, [(f.stem, f.read_text(encoding="utf-8", errors="replace")) for f in files]


def _members(archive: Path) -> list[tuple[str, str]]:
    out = []
    with tarfile.open(archive, "r:xz") as tar:
        for member in tar:
            handle = tar.extractfile(member) if member.isfile() and member.name.endswith(SUFFIXES) else None
            if handle is not None:
                out.append((Path(member.name).stem, handle.read().decode("utf-8", errors="replace")))
    return sorted(out)


def best_known(name: str, folder: Path) -> dict[str, int]:
    """Upper bounds by instance from best_known_NAME.csv, else from every such table in or above the folder."""
    exact = folder / f"best_known_{name}.csv"
    tables = (
        [exact] if exact.exists() else sorted(t for f in (folder, folder.parent) for t in f.glob("best_known_*.csv"))
    )
    found: dict[str, int] = {}
    for table in tables:
        with table.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                value = row.get("upper_bound") or ""
                if value.strip().isdigit():
                    found.setdefault(row["instance"], int(value))
    return found
