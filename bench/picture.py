"""Draws value and bound against time out of what bench.programme wrote.

    python -m bench.programme DIR_OR_FILE --time-limit 300 --json > run.json
    python -m bench.picture run.json docs/pictures/planning.svg

Values are given in millions. The first seconds, in which the bound falls from far above, are left out: the drawing
begins where the gap is below a quarter.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl

from khien.draw import stills
from khien.draw.charts.history import history

BEGIN = 0.25
MILLION = 1e6


def rows(run: dict[str, object]) -> pl.DataFrame:
    """Seconds, value and bound of a run, from where its gap is below a quarter."""
    frame = pl.DataFrame(run["history"], schema=["seconds", "value", "bound"], orient="row")
    gap = (pl.col("bound") - pl.col("value")) / (pl.col("bound") - pl.lit(run["nothing"]))
    return frame.filter(gap < BEGIN).with_columns(pl.col("value", "bound") / MILLION)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    run = json.loads(args.run.read_text(encoding="utf-8"))[0]
    text = stills.svg(history(rows(run), "en"), "en")
    missing = f"{run['gap']:.1%}".replace("%", " %")
    caption = f"{run['instance']}, {run['seconds']:.0f} s: value and bound in millions; gap in the end {missing}"
    args.out.write_text(stills.captioned(text, caption), encoding="utf-8")


if __name__ == "__main__":
    main()
