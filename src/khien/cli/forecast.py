"""``khien forecast``: what an indicator may do next, in every place, from what was known on a day."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from khien.cli.backtest import day, known_values
from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.cli.paths import writable
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

MOST_STEPS = 104
"""Two years of weeks: farther ahead no forecast says more than the season does."""

SHOWN = 40
"""Lines printed as text."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "forecast",
        run,
        lang,
        says=t("forecast_says", lang),
        example="khien forecast dengue --store observations --every month --steps 3 --out dengue.parquet",
    )
    parser.add_argument("indicator", metavar="INDICATOR", help=t("forecast_indicator_help", lang))
    parser.add_argument("--store", metavar="FOLDER", required=True, help=t("backtest_store_help", lang))
    parser.add_argument("--as-of", metavar="DATE", help=t("forecast_as_of_help", lang))
    parser.add_argument("--every", choices=("week", "month"), default="week", help=t("backtest_every_help", lang))
    parser.add_argument("--steps", type=int, default=4, metavar="N", help=t("forecast_steps_help", lang))
    parser.add_argument("--out", metavar="FILE", help=t("forecast_out_help", lang))
    parser.add_argument("--ledger", metavar="FOLDER", help=t("forecast_ledger_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print medians and intervals, and write all quantiles where asked."""
    import polars as pl

    import khien
    from khien.watch.forecast import ENSEMBLE, ModelsMissing, as_frame, forecast
    from khien.watch.forecast.hub import from_observations

    if not 1 <= args.steps <= MOST_STEPS:
        raise Stop(Exit.WRONG_USE, t("cli_range", args.lang, option="--steps", low=1, high=MOST_STEPS))
    out = None if args.out is None else Path(args.out)
    if out is not None:
        writable(out.parent)
    today = datetime.now(UTC).date() if args.as_of is None else day(args.as_of, args.lang)
    steps = tuple(range(1, args.steps + 1))
    rows = known_values(args)
    panel = from_observations(rows, args.indicator, today, today, args.every).expected(today)
    if panel is None:
        raise Stop(Exit.INPUT_ERRORS, t("forecast_unknown", args.lang, indicator=args.indicator, day=today))
    try:
        made = forecast(panel, steps)
    except ModelsMissing as gone:
        raise Stop(Exit.WRONG_USE, t("forecast_no_extra", args.lang)) from gone
    frames = [as_frame(v, panel, steps, args.indicator, today, name, 1) for name, v in made.values.items()]
    made_from = {"version": khien.__version__, "data_sha256": panel.hash(), "seed": 0}
    if out is not None:
        from khien.programme.writing import write_file

        made_of = {name: str(value) for name, value in made_from.items()}
        write_file(out, lambda place: pl.concat(frames).write_parquet(place, compression="zstd", metadata=made_of))
    entry = None
    if args.ledger is not None:
        from khien.cli.ledger import keep

        entry = keep(args, pl.concat(frames), panel.hash(), f"khien {khien.__version__}, seed 0").number
    ours = pl.concat(frames).filter(pl.col("model") == ENSEMBLE)
    payload = {
        "indicator": args.indicator,
        "as_of": today.isoformat(),
        "last": panel.last.isoformat(),
        "weights": made.weights,
        "made_from": made_from,
        "forecasts": ours.with_columns(pl.col("reference", "target").dt.to_string()).drop("model").to_dicts(),
        "ledger_entry": entry,
        "out": args.out,
    }
    answer(args, payload, _lines(ours, args, panel.last.isoformat()))
    return Exit.DONE


def _lines(ours: pl.DataFrame, args: argparse.Namespace, last: str) -> Iterator[str]:
    import polars as pl

    yield t("forecast_head", args.lang, indicator=args.indicator, last=last)
    wide = ours.filter(pl.col("quantile").is_in([0.025, 0.5, 0.975])).pivot(
        "quantile", index=["place", "target"], values="value"
    )
    for row in wide.head(SHOWN).iter_rows():
        place, target, low, median, high = row
        said = [number(v, args.lang, 1) for v in (median, low, high)]
        yield t("forecast_line", args.lang, place=place, target=target, median=said[0], low=said[1], high=said[2])
    if wide.height > SHOWN:
        yield t("forecast_more", args.lang, count=wide.height - SHOWN)
