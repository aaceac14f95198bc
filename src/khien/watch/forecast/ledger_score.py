"""What promises were worth once the outcomes are known: WIS, coverage, Brier, log score, and whether 30 % meant 30 %.

Always shown apart: promises that were in the ledger by their target day, and those that came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from khien.watch.forecast.ledger_findings import LedgerError, LedgerFinding, named, refuse, typed
from khien.watch.forecast.promises import FORECAST, content_hash
from khien.watch.forecast.score import brier, covered, log_score, wis

if TYPE_CHECKING:
    from khien.watch.observe import Store

OUTCOMES: Final = pl.Schema(
    {"indicator": pl.String(), "place": pl.String(), "target": pl.Date(), "value": pl.Float64()}
)
"""What happened. A missing value is not known yet."""

BY: Final = ("model", "indicator", "horizon")
GROUPS: Final = ("model", "indicator", "place", "horizon", "threshold", "reference", "target")
"""Columns that scores may be told apart by."""
BINS: Final = tuple(n / 10 for n in range(11))
"""Edges of the bins of probabilities; the last holds 1 too."""
PAIRS: Final = {"cover50": (0.25, 0.75), "cover95": (0.025, 0.975)}


@dataclass(frozen=True)
class Record:
    """What promises were worth.

    Attributes:
        scored, waiting: forecasts with a known outcome, and those without one.
        quantiles: by group and `kept` ("before": in the ledger by the target day; "after"): `n`, `wis`, `relative` (to
            the baseline on the same tasks, missing without one), `mae` of the median, `cover50`, `cover95`.
        probabilities: by group and `kept`: `n`, `brier`, `skill` (1 − Brier / Brier of the share that happened), `log`,
            `expected` (mean probability), `happened` (share).
        calibration: by model, kept and bin of probabilities: `low`, `high`, `n`, `expected`, `happened`, and the 95 %
            interval `from`, `to` (Wilson) of the share.
        levels: by model, kept and quantile: `n`, `below` (share of outcomes not above it), `from`, `to`.
        outcomes: SHA-256 of the outcomes that were used.
    """

    scored: int
    waiting: int
    quantiles: pl.DataFrame
    probabilities: pl.DataFrame
    calibration: pl.DataFrame
    levels: pl.DataFrame
    outcomes: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        tables = {name: getattr(self, name) for name in ("quantiles", "probabilities", "calibration", "levels")}
        told = {"scored": self.scored, "waiting": self.waiting, "outcomes": self.outcomes}
        return told | {name: table.fill_nan(None).to_dicts() for name, table in tables.items()}


def outcomes_from(store: Store, promised: pl.DataFrame, as_of: date | datetime | str | None = None) -> pl.DataFrame:
    """Outcomes of promises from a store of observations, as they were known at a time (now if left out)."""
    parts = [pl.DataFrame(schema=OUTCOMES)]
    for indicator in promised["indicator"].unique().sort():
        wanted = promised.filter(pl.col("indicator") == indicator)
        places, first = wanted["place"].unique().to_list(), wanted["target"].min()
        assert isinstance(first, date)
        found = store.as_of(indicator, as_of, places=places, since=first).collect()
        parts.append(found.select("indicator", "place", target=pl.col("valid").dt.date(), value="value"))
    return pl.concat(parts)


def outcomes_of(frame: pl.DataFrame, table: str = "outcomes") -> pl.DataFrame:
    """A frame of outcomes as :data:`OUTCOMES`.

    Raises:
        LedgerError: a column is missing or of the wrong type, a value is not finite, an outcome stands there twice.
    """
    if missing := [name for name in OUTCOMES if name not in frame.columns]:
        raise LedgerError([LedgerFinding("column-missing", table, None, name) for name in missing])
    rows = frame.with_columns(row=pl.int_range(2, frame.height + 2))
    wrong: list[LedgerFinding] = []
    for name, dtype in OUTCOMES.items():
        rows, found = typed(rows, name, dtype, table)
        wrong += found
    if wrong:
        raise LedgerError(wrong)
    findings = named(rows, ~pl.col("value").is_finite(), "not-finite", table, "value")
    twice = pl.struct("indicator", "place", "target").is_duplicated()
    findings += named(rows, twice, "outcome-twice", table, "target")
    if findings:
        raise LedgerError(findings)
    return rows.select(OUTCOMES.names())


def score_promises(
    promised: pl.DataFrame, outcomes: pl.DataFrame, *, by: Sequence[str] = BY, baseline: str | None = None
) -> Record:
    """Score every promise whose outcome is known.

    Args:
        promised: as :meth:`khien.watch.forecast.ledger.Ledger.read` gives it, collected.
        outcomes: :data:`OUTCOMES`; see :func:`outcomes_of`.
        by: columns of :data:`GROUPS` that scores are told apart by.
        baseline: model that WIS is put in relation to, on the tasks that both answered.

    Raises:
        LedgerError: `by` names no column, no promise is of the baseline, or a promise that something happens has an
            outcome that is neither 0 nor 1.
    """
    if strange := [name for name in by if name not in GROUPS]:
        raise refuse("by-unknown", value=strange[0], known=", ".join(GROUPS))
    if baseline is not None and promised.filter(pl.col("model") == baseline).is_empty():
        raise refuse("baseline-unknown", value=baseline, known=", ".join(sorted(promised["model"].unique())))
    truth = outcomes.drop_nulls().rename({"value": "outcome"})
    rows = promised.join(truth, on=["indicator", "place", "target"], how="left")
    in_time = pl.col("added").dt.date() <= pl.col("target")
    rows = rows.with_columns(kept=pl.when(in_time).then(pl.lit("before")).otherwise(pl.lit("after")))
    all_ = rows.select(FORECAST).unique().height
    rows = rows.drop_nulls("outcome")
    _refuse_no_event(rows)
    sets, chances = _quantile_losses(rows), _probability_losses(rows)
    done = sets.height + chances.height
    used = truth.sort("indicator", "place", "target")
    return Record(
        done,
        all_ - done,
        _of_quantiles(sets, by, baseline),
        _of_probabilities(chances, by),
        _bins(chances),
        _levels(rows.drop_nulls("quantile")),
        content_hash(used),
    )


def _refuse_no_event(rows: pl.DataFrame) -> None:
    wrong = rows.filter(pl.col("kind") == "happens", ~pl.col("outcome").is_in([0.0, 1.0]))
    if wrong.height:
        one = wrong.row(0, named=True)
        told = {"indicator": one["indicator"], "place": one["place"], "target": one["target"], "count": wrong.height}
        raise refuse("no-event", "outcomes", one["outcome"], **told)


def _quantile_losses(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each set of quantiles: its WIS, the error of its median and whether its intervals held."""
    keys = [name for name in rows.columns if name not in ("quantile", "value", "level")]
    sets = rows.drop_nulls("quantile").sort("quantile").group_by(keys, maintain_order=True).agg("quantile", "value")
    parts = []
    for (levels,), part in sets.group_by("quantile", maintain_order=True):
        q, y = np.array(levels), part["outcome"].to_numpy()
        values = np.array(part["value"].to_list()).reshape(len(y), len(q))
        middle = np.flatnonzero(np.isclose(q, 0.5))
        told = {"wis": wis(y, values, q), "mae": np.abs(y - values[:, middle[0]]) if len(middle) else _none(y)}
        for name, pair in PAIRS.items():
            ends = [np.flatnonzero(np.isclose(q, level)) for level in pair]
            whole = all(len(end) for end in ends)
            told[name] = covered(y, values, (int(ends[0][0]), int(ends[1][0]))) if whole else _none(y)
        parts.append(part.drop("quantile", "value").with_columns(**{n: pl.Series(v) for n, v in told.items()}))
    floats = dict.fromkeys(("wis", "mae", *PAIRS), pl.Float64())
    empty = rows.clear().select(keys).with_columns(**{n: pl.lit(None, t) for n, t in floats.items()})
    return pl.concat([empty, *parts])


def _none(like: Any) -> Any:
    return np.full(len(like), np.nan)


def _probability_losses(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each probability: what happened, Brier and log score."""
    chances = rows.filter(pl.col("quantile").is_null())
    above = (pl.col("outcome") > pl.col("threshold")).cast(pl.Float64)
    happened = pl.when(pl.col("threshold").is_null()).then(pl.col("outcome")).otherwise(above)
    chances = chances.with_columns(happened=happened)
    y, p = chances["happened"].to_numpy(), chances["value"].to_numpy()
    return chances.with_columns(brier=pl.Series(brier(y, p)), log=pl.Series(log_score(y, p)))


def _of_quantiles(sets: pl.DataFrame, by: Sequence[str], baseline: str | None) -> pl.DataFrame:
    task = ["indicator", "place", "reference", "target"]
    other = sets.filter(pl.col("model") == (baseline or "")).select(*task, base="wis").unique(task)
    both = sets.join(other, on=task, how="left")
    shared = pl.col("base").is_not_null()
    ratio = pl.col("wis").filter(shared).sum() / pl.col("base").sum()
    means = [pl.col(name).fill_nan(None).mean() for name in ("wis", "mae", *PAIRS)]
    kept = [*by, "kept"]
    relative = pl.when((pl.col("base").sum() > 0) & shared.any()).then(ratio).otherwise(None).alias("relative")
    found = both.group_by(kept).agg(pl.len().alias("n"), means[0], relative, *means[1:])
    return found.sort(kept, nulls_last=True)


def _of_probabilities(chances: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    share = pl.col("happened").mean()
    plain = share * (1 - share)
    skill = pl.when(plain > 0).then(1 - pl.col("brier").mean() / plain).otherwise(None).alias("skill")
    means = [pl.col("brier").mean(), skill, pl.col("log").mean(), pl.col("value").mean().alias("expected"), share]
    kept = [*by, "kept"]
    return chances.group_by(kept).agg(pl.len().alias("n"), *means).sort(kept, nulls_last=True)


def _bins(chances: pl.DataFrame) -> pl.DataFrame:
    bin_ = (pl.col("value") * (len(BINS) - 1) + 1e-9).floor().clip(0, len(BINS) - 2).cast(pl.Int32).alias("bin")
    keys = ["model", "kept", "bin"]
    found = chances.group_by("model", "kept", bin_).agg(
        n=pl.len(), expected=pl.col("value").mean(), hits=pl.col("happened").sum(), happened=pl.col("happened").mean()
    )
    named_edges = dict(enumerate(BINS))
    edges = [(pl.col("bin") + n).replace_strict(named_edges).alias(name) for n, name in ((0, "low"), (1, "high"))]
    found = found.sort(keys).with_columns(*edges, *_wilson("hits"))
    return found.select("model", "kept", "low", "high", "n", "expected", "happened", "from", "to")


def _levels(rows: pl.DataFrame) -> pl.DataFrame:
    keys = ["model", "kept", "quantile"]
    under = pl.col("outcome") <= pl.col("value")
    found = rows.group_by(keys).agg(n=pl.len(), below=under.mean(), hits=under.sum()).sort(keys)
    return found.with_columns(*_wilson("hits")).drop("hits")


def _wilson(hits: str) -> list[pl.Expr]:
    """The 95 % interval of a share, from how often and of how many (`n`)."""
    z2, n, k = 1.959964**2, pl.col("n"), pl.col(hits)
    middle, half = (k + z2 / 2) / (n + z2), (z2 * (k * (n - k) / n + z2 / 4)).sqrt() / (n + z2)
    return [(middle - half).clip(0, 1).alias("from"), (middle + half).clip(0, 1).alias("to")]
