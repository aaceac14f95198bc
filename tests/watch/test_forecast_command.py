"""`khien forecast`: from a store to quantiles, and the same again from the same data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from khien.cli import main
from khien.watch.forecast import prior
from khien.watch.indicators import Indicators
from khien.watch.observe import Store

WEEKS = 70
FIRST = date(2023, 1, 7)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weekly cases of three places, each week issued four days after it ends."""
    monkeypatch.setattr(prior, "SEASONS", 8)
    prior.learnt.cache_clear()
    place = tmp_path / "store"
    row = {"id": "flu", "name_vi": "cúm", "name_en": "flu", "unit": "cases", "frequency": "week", "owner": "x"}
    kept = Store(place)
    kept.register(Indicators.from_rows([{**row, "place_level": "province"}]), ["01", "48", "79"])
    rng = np.random.default_rng(0)
    wave = 60 + 50 * np.cos(2 * np.pi * np.arange(WEEKS) / 52)
    days = [FIRST + timedelta(weeks=w) for w in range(WEEKS)]
    rows = [
        {"indicator": "flu", "place": p, "valid": d, "issued": d + timedelta(days=4), "value": float(rng.poisson(w))}
        for p in ("01", "48", "79") for d, w in zip(days, wave, strict=True)
    ]  # fmt: skip
    frame = pl.DataFrame(rows).with_columns(unit=pl.lit("cases"), source=pl.lit("test"))
    kept.append(frame, now=datetime(2026, 11, 30, tzinfo=UTC))
    return place


def test_it_says_intervals_and_writes_what_they_stand_on(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "f.parquet"
    asked = ["forecast", "flu", "--store", str(store), "--as-of", "2024-03-20", "--out", str(out)]
    assert main([*asked, "--json", "--ledger", str(tmp_path / "ledger")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ledger_entry"] == 1
    assert main(["ledger", "show", "--ledger", str(tmp_path / "ledger"), "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"][0]["data"] == told["made_from"]["data_sha256"]
    assert main([*asked, "--ledger", str(tmp_path / "ledger")]) == 1, "a promise is not made twice"
    capsys.readouterr()
    assert told["last"] == "2024-03-16"
    assert len(told["forecasts"]) == 3 * 4 * 23
    assert len(told["made_from"]["data_sha256"]) == 64
    again = tmp_path / "again.parquet"
    assert main([*asked[:-1], str(again), "--lang", "vi"]) == 0
    assert "trung vị" in capsys.readouterr().out
    assert pl.read_parquet(again).equals(pl.read_parquet(out))
    assert pl.read_parquet_metadata(out)["data_sha256"] == told["made_from"]["data_sha256"]


def test_it_says_what_it_cannot_do(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "flu", "--store", str(store), "--as-of", "1990-01-01", "--lang", "en"]) == 1
    assert "1990-01-01" in capsys.readouterr().err
    span = ["--from", "2024-03-09", "--to", "2024-03-02"]
    for words, says in (
        (["forecast", "measles"], "measles"),
        (["forecast", "fluu"], "was flu meant"),
        (["forecast", "flu", "--as-of", "soon"], "soon"),
        (["forecast", "flu", "--steps", "0"], "--steps"),
        (["forecast", "flu", "--steps", "100000"], "--steps"),
        (["backtest", "fluu", *span], "2024-03-09"),
        (["backtest", "fluu", "--from", "2024-03-02", "--to", "2024-03-09"], "was flu meant"),
    ):
        assert main([*words, "--store", str(store), "--lang", "en"]) == 2, words
        assert says in capsys.readouterr().err
    assert main(["backtest", "flu", "--store", str(store), "--from", "2024-03-02", "--to", "2024-03-09", "--json"]) == 0
    last = capsys.readouterr().out
    assert json.loads(last[last.index("{") :])["score"]["tasks"] > 0
