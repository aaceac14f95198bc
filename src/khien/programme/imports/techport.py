"""How long a step of technology readiness takes, and how often it is reached, from real projects of NASA.

Formula, worked table and source: docs/methods/techport-calibration.md.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.special import betaincinv

from khien.programme.findings import Finding
from khien.programme.imports.findings import ImportFindings
from khien.programme.imports.records import Record, day, number, read_records
from khien.programme.writing import csv_text, write_text

STRENGTH: Final = 10.0
"""How many cases the pooled value counts for in every step."""
QUARTER_DAYS: Final = 365.25 / 4
TOP: Final = 9
NORMAL_90: Final = 1.2815515655446004
"""The 90 % point of the standard normal distribution."""
UNFINISHED: Final = ("active", "not started", "planned", "")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("projectid", "project_id", "id"),
    "start": ("startdate", "start_date"),
    "end": ("enddate", "end_date"),
    "status": ("status",),
    "begin_trl": ("trlbegin", "trl_begin"),
    "current_trl": ("trlcurrent", "trl_current"),
    "end_trl": ("trlend", "trl_end"),
}
SCHEMA: Final[dict[str, Any]] = {
    "from_trl": pl.Int64,
    "to_trl": pl.Int64,
    "cases": pl.Int64,
    "reached": pl.Int64,
    "success_raw": pl.Float64,
    "success_share": pl.Float64,
    "success_low": pl.Float64,
    "success_high": pl.Float64,
    "durations": pl.Int64,
    "duration_q10": pl.Float64,
    "duration_q50": pl.Float64,
    "duration_q90": pl.Float64,
    "duration_low_quarters": pl.Float64,
    "duration_mode_quarters": pl.Float64,
    "duration_high_quarters": pl.Float64,
    "pooled_share": pl.Float64,
}


@dataclass(frozen=True)
class Case:
    """One real project: where it began, what it aimed at, what it reached, in how many quarters."""

    begin: int
    aim: int | None
    reached: int
    quarters: float


@dataclass(frozen=True)
class Prior:
    """What to expect of a project from one level to another; `cases` is the fewest behind a step."""

    duration_low_quarters: int
    duration_mode_quarters: int
    duration_high_quarters: int
    success_share: float
    cases: int


@dataclass(frozen=True)
class Calibration:
    """The result of calibrating.

    Attributes:
        frame: one row per step of one level, 1 to 2 up to 8 to 9; columns in the method page. Raw values of
            steps without a case are missing; pooled ones (`success_share`, `duration_*_quarters`) never are.
            When the file holds no usable case at all, the frame is empty.
        findings: rows that were skipped or used in part, and errors.
        summary: counts, the pooled values and the strength of pooling.
    """

    frame: pl.DataFrame
    findings: list[Finding]
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        """The findings that kept the file from being used."""
        return [f for f in self.findings if f.severity == "error"]

    def prior(self, from_trl: int, to_trl: int) -> Prior:
        """Steps put one after another: most likely times add, spreads add as squares, chances multiply.

        Raises:
            ValueError: the levels do not run upwards within 1 to 9, or there is no calibration.
        """
        steps = self.frame.filter((pl.col("from_trl") >= from_trl) & (pl.col("to_trl") <= to_trl)).to_dicts()
        if not 1 <= from_trl < to_trl <= TOP or len(steps) != to_trl - from_trl:
            raise ValueError(f"no steps from level {from_trl} to level {to_trl}")
        mode = sum(s["duration_mode_quarters"] for s in steps)
        below = math.hypot(*(s["duration_mode_quarters"] - s["duration_low_quarters"] for s in steps))
        above = math.hypot(*(s["duration_high_quarters"] - s["duration_mode_quarters"] for s in steps))
        return Prior(
            max(1, math.floor(mode - below)),
            max(1, round(mode)),
            max(1, math.ceil(mode + above)),
            round(math.prod(s["success_share"] for s in steps), 4),
            min(s["cases"] for s in steps),
        )


def calibrate_techport(csv: str | Path, strength: float = STRENGTH) -> Calibration:
    """Durations and success shares per readiness step from a TechPort extract.

    Args:
        csv: file with trlBegin, trlCurrent, trlEnd, startDate, endDate, status.
        strength: how many cases the pooled value counts for in every step (above 0).

    Returns:
        Calibration: never raises for bad input; look at `errors`.
    """
    if not strength > 0:
        raise ValueError("strength must be above 0")
    findings = ImportFindings()
    path = Path(csv)
    needed = ("start", "end", "begin_trl", "current_trl")
    records = read_records(path, COLUMNS, needed, findings)
    cases = [] if records is None else [c for r in records if (c := _case(r, path.name, findings))]
    if records is not None and not cases:
        findings.note("import-nothing", path.name, value=len(records))
    summary: dict[str, Any] = {"source": path.name, "rows": len(records or ()), "projects": len(cases)}
    frame = pl.DataFrame(schema=SCHEMA)
    if cases:
        frame, pooled = _frame(cases, strength)
        summary |= pooled
    summary["findings"] = dict(sorted(Counter(f.code for f in findings).items()))
    return Calibration(frame, list(findings), summary)


def write_calibration(calibration: Calibration, path: str | Path) -> None:
    """Write the frame as .csv, or frame and summary as .json; whole or not at all.

    Raises:
        ValueError: another ending.
        OSError: the place may not be written or the disk is full.
    """
    path = Path(path).absolute()
    if path.suffix.lower() == ".csv":
        text = csv_text(calibration.frame)
    elif path.suffix.lower() == ".json":
        content = {"summary": calibration.summary, "steps": calibration.frame.to_dicts()}
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    else:
        raise ValueError(f"{path.name}: the name must end in .csv or .json")
    write_text(path, text)


def _case(record: Record, file: str, findings: ImportFindings) -> Case | None:
    """A finished project with its levels and dates, or None with a finding."""
    if record["status"].lower() in UNFINISHED and "status" in record.cells:
        findings.note("import-not-finished", file, record.row, "status", record["status"])
        return None
    levels = {name: _level(record, name, file, findings) for name in ("begin_trl", "current_trl", "end_trl")}
    begin, reached, aim = levels["begin_trl"], levels["current_trl"], levels["end_trl"]
    if missing := [name for name, level in levels.items() if level is None]:
        used = "reason.import-used-in-part" if begin and reached else "reason.import-not-used"
        findings.note("import-trl-missing", file, record.row, ", ".join(missing), reason=used)
    start, end = (day(record, name, file, findings) for name in ("start", "end"))
    if begin is None or reached is None:
        return None
    if start is None or end is None or end <= start:
        findings.note("import-skipped", file, record.row, "end", reason="reason.import-no-length")
        return None
    if aim is not None and aim <= begin:
        findings.note("import-trl-no-step", file, record.row, "end_trl", aim, begin=begin)
        aim = None
    return Case(begin, aim, max(begin, reached), (end - start).days / QUARTER_DAYS)


def _level(record: Record, column: str, file: str, findings: ImportFindings) -> int | None:
    value = number(record, column, file, findings)
    if value is None:
        return None
    if value != int(value) or not 1 <= value <= TOP:
        findings.note("import-trl-range", file, record.row, column, record[column])
        return None
    return int(value)


def _frame(cases: Sequence[Case], strength: float) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The calibration frame and what it was pooled towards."""
    tried: Counter[int] = Counter()
    made: Counter[int] = Counter()
    times: dict[int, list[float]] = defaultdict(list)
    for case in cases:
        for level in range(case.begin, case.reached):
            times[level].append(case.quarters / (case.reached - case.begin))
        if case.aim is not None:
            for level in range(case.begin, min(case.aim, case.reached + 1)):
                tried[level] += 1
                made[level] += level < case.reached
    share = made.total() / tried.total() if tried.total() else 0.5
    logs = np.log([t for level in sorted(times) for t in times[level]])
    centre, spread = _centre(logs)
    rows = [
        {
            "from_trl": level,
            "to_trl": level + 1,
            **_success(tried[level], made[level], share, strength),
            **_durations(times[level], centre, spread, strength),
            "pooled_share": round(strength / (tried[level] + strength), 4),
        }
        for level in range(1, TOP)
    ]
    pooled = {
        "strength": strength,
        "pooled_success_share": round(share, 6),
        "pooled_median_quarters": round(math.exp(centre), 6),
        "log_spread": round(spread, 6),
        "steps_tried": tried.total(),
        "steps_made": made.total(),
    }
    return pl.DataFrame(rows, schema=SCHEMA), pooled


def _centre(logs: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Mean and standard deviation of log durations; a year with no spread when nobody reached anything."""
    if not len(logs):
        return math.log(4.0), 0.0
    return float(np.mean(logs)), float(np.std(logs, ddof=1)) if len(logs) > 1 else 0.0


def _success(tried: int, made: int, share: float, strength: float) -> dict[str, Any]:
    """Beta prior around the pooled share, worth `strength` cases; mean and 80 % interval afterwards."""
    a, b = made + strength * share, tried - made + strength * (1 - share)
    low, high = (float(betaincinv(a, b, q)) if a > 0 and b > 0 else a / (a + b) for q in (0.1, 0.9))
    return {
        "cases": tried,
        "reached": made,
        "success_raw": round(made / tried, 4) if tried else None,
        "success_share": round(a / (a + b), 4),
        "success_low": round(low, 4),
        "success_high": round(high, 4),
    }


def _durations(times: Sequence[float], centre: float, spread: float, strength: float) -> dict[str, Any]:
    """Raw quantiles, and the median pulled towards the pooled one on the log scale."""
    pulled = (sum(math.log(t) for t in times) + strength * centre) / (len(times) + strength)
    raw = [round(float(q), 3) for q in np.quantile(times, (0.1, 0.5, 0.9))] if times else [None] * 3
    return {
        "durations": len(times),
        **dict(zip(("duration_q10", "duration_q50", "duration_q90"), raw, strict=True)),
        "duration_low_quarters": round(math.exp(pulled - NORMAL_90 * spread), 3),
        "duration_mode_quarters": round(math.exp(pulled), 3),
        "duration_high_quarters": round(math.exp(pulled + NORMAL_90 * spread), 3),
    }
