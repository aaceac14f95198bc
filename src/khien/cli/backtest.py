"""``khien backtest``: how good forecasts would have been, each made from what was known on its day."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.cli.paths import existing, writable
from khien.words import t

if TYPE_CHECKING:
    import polars as pl

    from khien.watch.forecast.backtest import Backtest, Told
    from khien.watch.forecast.hub import Hub

EVERY_SECONDS = 5.0
NAMED = 3
"""Best and worst places printed as text; ``--json`` has them all."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "backtest",
        run,
        lang,
        says=t("backtest_says", lang),
        example=(
            "khien backtest --hub flusight --out forecasts.parquet\n"
            "khien backtest --hub season-2025 --history flusight --out forecasts.parquet --json\n"
            "khien backtest dengue --store observations --from 2014-01-01 --to 2015-12-01 --every month"
        ),
    )
    parser.add_argument("indicator", nargs="?", metavar="INDICATOR", help=t("backtest_indicator_help", lang))
    parser.add_argument("--hub", metavar="FOLDER", help=t("backtest_hub_help", lang))
    parser.add_argument("--history", metavar="FOLDER", help=t("backtest_history_help", lang))
    parser.add_argument("--target", metavar="NAME", help=t("backtest_target_help", lang))
    parser.add_argument("--store", metavar="FOLDER", help=t("backtest_store_help", lang))
    parser.add_argument("--from", dest="since", metavar="DATE", help=t("backtest_from_help", lang))
    parser.add_argument("--to", dest="until", metavar="DATE", help=t("backtest_to_help", lang))
    parser.add_argument("--every", choices=("week", "month"), default="week", help=t("backtest_every_help", lang))
    parser.add_argument("--out", metavar="FILE", help=t("backtest_out_help", lang))
    parser.add_argument("--cluster", metavar="ADDRESS", help=t("backtest_cluster_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Forecast every reference date from what was known then, and say how good that was."""
    lacks = args.indicator is not None and not (args.store and args.since and args.until)
    if (args.hub is None) == (args.indicator is None) or lacks:
        raise Stop(Exit.WRONG_USE, t("backtest_what", args.lang))
    from khien.watch.forecast.backtest import NothingKnown, backtest, on_cluster, one_by_one
    from khien.watch.forecast.forest import ModelsMissing
    from khien.watch.forecast.hub import HubError

    out = None if args.out is None else Path(args.out)
    if out is not None:
        writable(out.parent)
    since, until = (None if text is None else day(text, args.lang) for text in (args.since, args.until))
    if since is not None and until is not None and since > until:
        raise Stop(Exit.WRONG_USE, t("backtest_backwards", args.lang, since=since, until=until))
    try:
        hub, history = _asked(args, since, until)
        many = one_by_one if args.cluster is None else on_cluster(args.cluster)
        found = backtest(hub, history, told=telling(args.lang), many=many, since=since, until=until)
    except HubError as wrong:
        raise Stop(Exit.INPUT_ERRORS, t("backtest_bad_hub", args.lang, trouble=wrong)) from wrong
    except NothingKnown as nothing:
        raise Stop(Exit.INPUT_ERRORS, t("backtest_nothing", args.lang)) from nothing
    except ModelsMissing as gone:
        raise Stop(Exit.WRONG_USE, t("forecast_no_extra", args.lang)) from gone
    if out is not None:
        from khien.programme.writing import write_file

        rows = published_form(found, hub) if args.hub else found.forecasts
        write_file(out, lambda place: rows.write_parquet(place, compression="zstd"))
    answer(args, payload(found, args.out), _lines(found, args))
    return Exit.DONE


def known_values(args: argparse.Namespace) -> pl.DataFrame:
    """Every value of an indicator that a store holds; the store and the indicator must be there."""
    from khien.cli.observe import known_indicator, reading_store

    with reading_store(args.store, args.lang) as store:
        known_indicator(store, args.indicator, args.lang)
        return store.observations(args.indicator).collect()


def day(text: str, lang: str) -> date:
    """A date from the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise Stop(Exit.WRONG_USE, t("backtest_bad_date", lang, text=text)) from wrong


def _asked(args: argparse.Namespace, since: date | None, until: date | None) -> tuple[Hub, Hub | None]:
    """What is to be forecast, and the seasons before it."""
    from khien.watch.forecast.hub import from_observations, read_hub

    if args.hub is None:
        assert since is not None
        assert until is not None
        return from_observations(known_values(args), args.indicator, since, until, args.every), None
    hubs = read_hub(existing(args.hub, args.lang), args.target)
    compared = [h for h in hubs if h.published.height]
    hub = compared[0] if compared else hubs[0]
    if args.history is None:
        return hub, None
    earlier = [h for h in read_hub(existing(args.history, args.lang)) if h.target == hub.target]
    return hub, earlier[0] if earlier else None


def published_form(found: Backtest, hub: Hub) -> Any:
    """The ensemble's rows as hubs publish them: target, model, reference date, horizon, location, quantile, value."""
    import polars as pl

    from khien.watch.forecast.models import ENSEMBLE

    rows = found.forecasts.filter(pl.col("model") == ENSEMBLE)
    return rows.select(
        pl.col("indicator").alias("target"),
        "model",
        pl.col("reference").alias("reference_date"),
        pl.col("horizon").cast(pl.Int8),
        pl.col("place").alias("location"),
        pl.col("target").alias("target_end_date"),
        "quantile",
        "value",
    )


def payload(found: Backtest, out: str | None) -> dict[str, Any]:
    """Everything for ``--json``; what is not known is null."""
    from khien.watch.forecast.models import ENSEMBLE

    ours = found.scores[ENSEMBLE]
    return {
        "target": found.target,
        "relative_wis": _known(ours.relative),
        "score": _plain(ours),
        "seasons": {name: _plain(score) for name, score in found.seasons.items()},
        "horizons": {str(name): _plain(score) for name, score in found.horizons.items()},
        "models": {name: _plain(score) for name, score in found.scores.items()},
        "places": [{k: _known(v) for k, v in row.items()} for row in found.places.iter_rows(named=True)],
        "surge_coverage_95": _known(found.surge95),
        "seconds": round(found.seconds, 1),
        "out": out,
    }


def _plain(score: Any) -> dict[str, Any]:
    return {name: _known(value) for name, value in asdict(score).items()}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(found: Backtest, args: argparse.Namespace) -> Iterator[str]:
    from khien.watch.forecast.models import ENSEMBLE

    lang = args.lang
    ours = found.scores[ENSEMBLE]
    yield t("backtest_head", lang, target=found.target, wis=number(ours.wis, lang, 2), **_said(ours, lang),
            cover50=percent(ours.cover50, lang))  # fmt: skip
    if len(found.seasons) > 1:
        for season, score in found.seasons.items():
            yield t("backtest_season", lang, season=season, **_said(score, lang))
    for horizon, score in found.horizons.items():
        yield t("backtest_horizon", lang, horizon=horizon, relative=number(score.relative, lang, 3))
    if math.isfinite(found.surge95):
        yield t("backtest_surge", lang, cover95=percent(found.surge95, lang))
    yield t("backtest_models", lang)
    for model, score in sorted(found.scores.items(), key=lambda item: (item[1].relative, item[0])):
        if score.tasks:
            yield t("backtest_model", lang, model=model, **_said(score, lang))
    names = found.places["place"].to_list()
    if len(names) >= 2 * NAMED:
        yield t("backtest_places", lang, best=", ".join(names[:NAMED]), worst=", ".join(names[-NAMED:]))
    if args.out:
        yield t("backtest_written", lang, path=args.out)


def _said(score: Any, lang: str) -> dict[str, str]:
    return {
        "tasks": number(score.tasks, lang),
        "relative": number(score.relative, lang, 3),
        "cover95": percent(score.cover95, lang),
    }


def telling(lang: str, key: str = "backtest_progress") -> Told:
    """Progress on standard error: a line every few seconds, by the text of a key."""
    last = [float("-inf")]

    def told(done: int, total: int, seconds: float) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY_SECONDS or done == total:
            last[0] = now
            line = t(key, lang, done=done, total=total, seconds=number(seconds, lang))
            print(line, file=sys.stderr, flush=True)

    return told
