"""Reading the hand-written content and writing the tables."""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
Row = dict[str, object]
Tables = dict[str, list[Row]]


@cache
def content(name: str) -> list[dict[str, str]]:
    """The rows of one hand-written list; cells are split by `|`."""
    with (CONTENT / f"{name}.txt").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="|", quoting=csv.QUOTE_NONE))


def pairs(text: str) -> list[tuple[str, str]]:
    """`a x;b y` as [(a, x), (b, y)]."""
    return [tuple(part.split(" ", 1)) for part in text.split(";")] if text else []  # type: ignore[misc]


def cell(value: object) -> str:
    """How a value is written: empty for unknown, no needless decimals."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def write(folder: Path, tables: Mapping[str, Iterable[Row]]) -> None:
    """One CSV per table; columns in the order in which they first appear, always-empty ones left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        rows = list(rows)
        columns = [
            c
            for c in dict.fromkeys(c for row in rows for c in row)
            if any(r.get(c) is not None for r in rows)
        ]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            out = csv.writer(handle, lineterminator="\n")
            out.writerow(columns)
            out.writerows([cell(row.get(c)) for c in columns] for row in rows)
