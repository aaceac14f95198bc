"""What a stress test gives back: distributions, what is worth what, what hurts, and what it stands on."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from khien.programme.writing import write_file, write_text
from khien.stress.core.model import Reals
from khien.stress.settings import StressSettings

FORMAT = "khien-stress-1"
FRAMES = ("coverage", "money", "finish", "worth", "ranking", "promises", "shocks")


@dataclass(frozen=True, kw_only=True, eq=False)
class StressResult:
    """A stress test, and everything needed to make it again.

    Parameters
    ----------
    settings : StressSettings
    draws : int
        Draws that were done; fewer than asked for where it was stopped.
    why_stopped : str
        "draws" (all were done) or "interrupt".
    seconds : float
        Wall clock.
    programme_hash, plan_hash, version : str
        Content hash of the programme, SHA-256 of the plan's choices and training, version of the program.
    planned_value : float
        Value of the plan if everything goes as planned.
    values : numpy.ndarray
        Value in every draw, in the order of the draws.
    coverage, money, finish, worth, ranking, promises, shocks : polars.DataFrame
        See the functions of `khien.stress.frames`; `shocks` are those that were drawn, with `happened_share`.
        `worth` and `ranking` are empty with `paired` 0, or where the test was stopped before.
    """

    settings: StressSettings
    draws: int
    why_stopped: str
    seconds: float
    programme_hash: str
    plan_hash: str
    version: str
    planned_value: float
    values: Reals = field(repr=False)
    coverage: pl.DataFrame = field(repr=False)
    money: pl.DataFrame = field(repr=False)
    finish: pl.DataFrame = field(repr=False)
    worth: pl.DataFrame = field(repr=False)
    ranking: pl.DataFrame = field(repr=False)
    promises: pl.DataFrame = field(repr=False)
    shocks: pl.DataFrame = field(repr=False)
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def expected_value(self) -> float:
        """Mean value."""
        return float(math.fsum(self.values) / len(self.values))

    @property
    def expected_error(self) -> float:
        """Standard error of the mean."""
        return _error(self.values, self.expected_value)

    @property
    def tail_value(self) -> float:
        """Mean of the worst twentieth (rounded up) of all values: CVaR at 5 %."""
        return float(math.fsum(self._worst()) / len(self._worst()))

    @property
    def tail_error(self) -> float:
        """Standard error of the tail: of max(0, threshold - value), divided by 5 %."""
        worst = self._worst()
        return _error(np.minimum(self.values, worst[-1]), None) * len(self.values) / len(worst)

    def _worst(self) -> Reals:
        count = -(-len(self.values) // 20)
        return np.sort(self.values)[:count]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: all but the values of single draws."""
        plain: dict[str, Any] = {"format": FORMAT}
        for name in ("draws", "why_stopped", "seconds", "programme_hash", "plan_hash", "version", "planned_value"):
            plain[name] = getattr(self, name)
        for name in ("expected_value", "expected_error", "tail_value", "tail_error"):
            plain[name] = _finite(getattr(self, name))
        plain["settings"] = self.settings.to_dict()
        plain["details"] = dict(self.details)
        for name in FRAMES:
            plain[name] = [{k: _finite(v) for k, v in row.items()} for row in getattr(self, name).to_dicts()]
        return plain

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write stress.json, stress.xlsx and one Parquet file a table into a folder; returns what was written."""
        where = Path(folder)
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)
        written = [where / "stress.json", where / "stress.xlsx"]
        write_text(written[0], text + "\n")
        write_file(written[1], self._write_workbook)
        for name in FRAMES:
            written.append(where / f"stress_{name}.parquet")
            write_file(written[-1], getattr(self, name).write_parquet)
        written.append(where / "stress_values.parquet")
        values = pl.DataFrame({"draw": np.arange(len(self.values)), "value": self.values})
        write_file(written[-1], values.write_parquet)
        return written

    def _write_workbook(self, path: Path) -> None:
        from xlsxwriter import Workbook

        plain = self.to_dict()
        head = {k: v for k, v in plain.items() if not isinstance(v, list | dict)} | self.settings.to_dict()
        with Workbook(str(path), {"nan_inf_to_errors": True}) as book:
            about = pl.DataFrame({"name": list(head), "value": [str(v) for v in head.values()]})
            about.write_excel(book, worksheet="about", autofit=True)
            for name in FRAMES:
                getattr(self, name).write_excel(book, worksheet=name, autofit=True)


def _error(values: Reals, mean: float | None) -> float:
    n = len(values)
    if n < 2:
        return math.nan
    centre = math.fsum(values) / n if mean is None else mean
    return math.sqrt(math.fsum((values - centre) ** 2) / (n - 1) / n)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
