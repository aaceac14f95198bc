"""What warnings and promises were worth: hits, misses and false alarms; probabilities promised against what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from khien.board.charts.memo import Memo
from khien.board.charts.watch_now import Known
from khien.board.charts.watch_plot import Plot, marked, patch, stroke
from khien.board.charts.watch_skill import ranked
from khien.draw import theme
from khien.office.watching import Watch
from khien.watch.forecast.ledger_score import Record, outcomes_from, score_promises
from khien.watch.warn.statistics import Tally
from khien.words import t

CHANCES: Final = "chances"
QUANTILES: Final = "quantiles"
PICTURES: Final[Mapping[str, tuple[str, str, str]]] = {
    CHANCES: ("calibration", "expected", "happened"), QUANTILES: ("levels", "quantile", "below"),
}  # fmt: skip
"""Of every picture the table of the record, what was promised and what came."""
BEFORE: Final = "before"
"""Promises that were in the ledger by their target day: those that nobody can have made afterwards."""
TABLES: Final = ("quantiles", "probabilities", "calibration", "levels")


@dataclass(frozen=True)
class Promised:
    """The ledger, scored as of a moment.

    Attributes:
        record: scores of the promises of one indicator, or of all.
        indicators: those of which there are promises.
        entries: how many batches the ledger held.
    """

    record: Record
    indicators: tuple[str, ...]
    entries: int

    @property
    def models(self) -> list[str]:
        """Models with a known outcome: others first, the baseline last."""
        return ranked({model for name, _, _ in PICTURES.values() for model in getattr(self.record, name)["model"]})

    def rows(self, picture: str, model: str) -> pl.DataFrame:
        """The numbers behind a picture."""
        found: pl.DataFrame = getattr(self.record, PICTURES[picture][0])
        return found.filter(pl.col("model") == model)


_records: Memo[Promised] = Memo(8)


def promised(watch: Watch, known: Known, indicator: str = "") -> Promised | None:
    """What promises were worth; None while the ledger holds none.

    Only what had come into the ledger by then counts, and outcomes are those known then.

    Raises:
        LedgerError: the ledger was changed, or a promise does not fit what came.
    """
    ledger, store = watch.ledger, watch.store
    entries = [entry for entry in ledger.entries() if entry.added <= known.at]
    if not entries:
        return None
    there = tuple(sorted({name for entry in entries for name in entry.indicators}))
    one = indicator if indicator in there else ""
    seen = [] if not store.exists else [f.path for name in there for f in store.state.of("observations", name)]
    key = (str(watch.folder), entries[-1].hash, len(entries), tuple(seen), one, known.day, known.here)

    def make() -> Promised:
        rows = ledger.read(entries).collect()
        rows = rows if not one else rows.filter(pl.col("indicator") == one)
        outcomes = outcomes_from(store, rows if store.exists else rows.clear(), None if known.day is None else known.at)
        outcomes = outcomes.unique(["indicator", "place", "target"], keep="last", maintain_order=True)
        return Promised(score_promises(rows, outcomes), there, len(entries))

    return _records.of(key, make)


def reliability(lang: str, picture: str, rows: pl.DataFrame, caption: str) -> str:
    """What was promised (across) against what came (up), in percent; on the slanted line both are the same.

    Bars are 95 % intervals of the share. Promises that were kept only after their target day are squares, hollow.
    """
    _, promise, came = PICTURES[picture]
    plot = Plot(lang, True, (0, 100), (0, 100), t(f"lookout_up_{picture}", lang), caption, tall=300)
    plot.line([(0, 0), (100, 100)], theme.GREY, 1.4, "5 4")
    plot.key(stroke(theme.GREY, "5 4"), t("lookout_as_promised", lang))
    plot.key(patch(theme.BLUE, 0.3), t("lookout_interval", lang, share=95))
    for kept, form, hollow in ((True, "circle", False), (False, "square", True)):
        those = rows.filter((pl.col("kept") == BEFORE) == kept)
        for row in those.iter_rows(named=True):
            at = 100 * row[promise]
            if kept:
                plot.bar(at, 100 * row["from"], 100 * row["to"], 7, theme.BLUE, 0.3)
            plot.mark(at, 100 * row[came], form, theme.BLUE, hollow=hollow)
        if those.height:
            sign = marked(13, 7, form, theme.BLUE, hollow)
            plot.key(sign, t(f"lookout_kept_{'before' if kept else 'after'}", lang))
    return plot.svg([(n, str(n)) for n in range(0, 101, 20)], t(f"lookout_across_{picture}", lang))


def tallies(found: Sequence[Tally]) -> pl.DataFrame:
    """Hits, misses and false alarms by hazard as a table; lead times in hours."""
    rows: list[dict[str, Any]] = []
    for one in found:
        told = one.table.to_dict()
        for name in ("pod_95", "far_95"):
            told[f"{name[:3]}_from"], told[f"{name[:3]}_to"] = told.pop(name) or (None, None)
        lead = one.median_lead
        more = {"late": one.late, "waiting": one.waiting}
        hours = None if lead is None else lead.total_seconds() / 3600
        rows.append({"hazard": one.hazard, **told, **more, "median_lead_hours": hours})
    return pl.DataFrame(rows, infer_schema_length=None)
