"""The promise ledger: nothing is changed, nothing promised twice, every promise scored as by hand."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import data_path

from khien.cli import main
from khien.watch.forecast.ledger import Ledger, LedgerError, data_hash
from khien.watch.forecast.ledger_score import outcomes_from, outcomes_of, score_promises
from khien.watch.forecast.promises import content_hash, promises
from khien.watch.observe import Guard, Store

DATA = "ab" * 32
NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)
DAY = date(2026, 11, 30)
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def sets(
    model: str = "ours", place: str = "48", values: tuple[float, ...] = (2, 6, 10, 14, 22), h: int = 1
) -> pl.DataFrame:
    """One forecast of five quantiles."""
    target = DAY + timedelta(7 * h)
    names = {"indicator": "dengue", "place": place, "reference": DAY, "horizon": h, "target": target, "model": model}
    return pl.DataFrame([{**names, "quantile": q, "value": v} for q, v in zip(LEVELS, values, strict=True)])


def chances(given_: list[float], model: str = "ours", threshold: float | None = 100.0) -> pl.DataFrame:
    """Probabilities for as many places."""
    rows = [
        {"indicator": "dengue", "place": f"{n:02}", "reference": DAY, "horizon": 1, "target": DAY + timedelta(7),
         "model": model, "probability": p, "threshold": threshold}
        for n, p in enumerate(given_, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"threshold": pl.Float64})


def came(values: dict[str, float], h: int = 1) -> pl.DataFrame:
    """Outcomes by place."""
    target = DAY + timedelta(7 * h)
    rows = [{"indicator": "dengue", "place": p, "target": target, "value": v} for p, v in values.items()]
    return outcomes_of(pl.DataFrame(rows))


def codes(error: pytest.ExceptionInfo[LedgerError]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def test_the_table_of_quantiles_worked_by_hand(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add(sets(), issued=NOW, data=DATA, now=NOW)
    ledger.add(sets("persistence", values=(10,) * 5), issued=NOW, data=DATA, now=NOW)
    record = score_promises(ledger.read().collect(), came({"48": 16}), baseline="persistence")
    ours, base = record.quantiles.sort("model").to_dicts()
    # 2·(0.025·14 + 0.25·10 + 0.5·6 + 0.75·2 + 0.025·6) / 5
    assert ours["wis"] == pytest.approx(2 * (0.35 + 2.5 + 3 + 1.5 + 0.15) / 5) == 3.0
    assert base["wis"] == pytest.approx(6.0)
    assert (ours["relative"], ours["mae"], ours["cover50"], ours["cover95"]) == (0.5, 6.0, 0.0, 1.0)
    assert (record.scored, record.waiting, ours["kept"]) == (2, 0, "before")


def test_the_table_of_probabilities_worked_by_hand(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add(chances([0.9, 0.7, 0.7, 0.2, 0.1]), issued=NOW, data=DATA, now=NOW)
    outcomes = came({"01": 150, "02": 101, "03": 100, "04": 30, "05": 20})
    record = score_promises(ledger.read().collect(), outcomes)
    row = record.probabilities.row(0, named=True)
    assert row["brier"] == pytest.approx((0.01 + 0.09 + 0.49 + 0.04 + 0.01) / 5) == pytest.approx(0.128)
    assert row["log"] == pytest.approx(-np.log([0.9, 0.7, 0.3, 0.8, 0.9]).mean())
    assert row["skill"] == pytest.approx(1 - 0.128 / 0.24)
    assert (row["expected"], row["happened"]) == (pytest.approx(0.52), pytest.approx(0.4))
    bins = record.calibration.select("low", "n", "expected", "happened").rows()
    assert bins == [
        (0.1, 1, 0.1, 0.0), (0.2, 1, 0.2, 0.0), (0.7, 2, pytest.approx(0.7), 0.5), (0.9, 1, 0.9, 1.0)
    ]  # fmt: skip
    middle = record.calibration.row(2, named=True)
    # Wilson, 1 of 2: (1 + 1.92) / (2 + 3.84) ± 1.96·sqrt(0.5 + 0.96) / 5.84
    assert (middle["from"], middle["to"]) == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4))


def test_a_promise_can_be_made_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    first = ledger.add(sets(), issued=NOW, data=DATA, now=NOW)
    with pytest.raises(LedgerError) as same:
        ledger.add(sets().reverse(), issued=NOW, data=DATA, now=NOW)
    assert codes(same) == ["added-already"]
    with pytest.raises(LedgerError) as other:
        ledger.add(pl.concat([sets(values=(1, 2, 3, 4, 5)), sets(h=2)]), issued=NOW, data=DATA, now=NOW)
    assert codes(other) == ["promised-already"]
    assert "dengue" in other.value.findings[0].message("vi")
    assert ledger.entries() == [first]
    ledger.add(chances([0.1] * 3), issued=NOW, data=DATA, now=NOW)
    ledger.add(chances([0.1] * 3, threshold=200), issued=NOW, data=DATA, now=NOW)
    ledger.add(chances([0.1] * 3, threshold=None), issued=NOW, data=DATA, now=NOW)
    with pytest.raises(LedgerError):
        ledger.add(chances([0.3] * 4, threshold=None), issued=NOW, data=DATA, now=NOW)
    assert ledger.read().collect()["kind"].unique().sort().to_list() == ["exceeds", "happens", "quantiles"]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    nan = float("nan")
    bad = sets().with_columns(value=pl.Series([2.0, nan, 10, 14, 22]), place=pl.Series(["48", "48", "", "48", "48"]))
    bad = bad.with_columns(quantile=pl.Series([0.0, 0.25, 0.5, 0.75, 0.975]))
    ledger = Ledger(tmp_path / "l")
    with pytest.raises(LedgerError) as error:
        ledger.add(bad, issued=NOW + timedelta(days=1), data="no", now=NOW, table="f.csv")
    assert codes(error) == ["data-hash", "issued-future", "required", "not-finite", "quantile-outside"]
    assert [f.row for f in error.value.findings] == [None, None, 4, 3, 2]
    texts = sets().with_columns(value=pl.Series(["2", "6", "ten", "14", "22"]))
    with pytest.raises(LedgerError) as error:
        ledger.add(texts, issued=NOW, data=DATA, now=NOW, table="f.csv")
    assert [(f.code, f.row, f.value) for f in error.value.findings] == [("column-type", 4, "ten")]
    assert not (tmp_path / "l").exists()
    for frame, code in (
        (sets().drop("target"), "column-missing"),
        (sets().with_columns(target=pl.lit("soon")), "column-type"),
        (sets().clear(), "nothing"),
        (sets(values=(2, 6, 5, 14, 22)), "crossing"),
        (pl.concat([sets(), sets(values=(3, 6, 10, 14, 22))]), "twice"),
        (chances([0.5, 1.2]), "probability-outside"),
    ):
        with pytest.raises(LedgerError) as error:
            ledger.add(frame, issued=NOW, data=DATA, now=NOW)
        assert set(codes(error)) == {code}
        for finding in error.value.findings:
            assert finding.message("vi")
            assert finding.way_out("en")


def test_a_changed_ledger_is_seen(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    for n in range(3):
        ledger.add(sets(f"m{n}"), issued=NOW, data=DATA, now=NOW)
    assert ledger.check() == []
    entry = ledger.entries()[1]
    file = tmp_path / "l" / entry.file
    pl.read_parquet(file).with_columns(pl.col("value") + 1).write_parquet(file)
    assert [(f.code, f.value) for f in ledger.check()] == [("file-changed", "2")]
    log = tmp_path / "l" / "log"
    first, second, third = sorted(log.iterdir())
    text = second.read_text()
    for change in (lambda: second.write_text(text.replace("m1", "mX")), second.unlink, lambda: first.write_text(text)):
        change()
        with pytest.raises(LedgerError) as error:
            Ledger(tmp_path / "l").entries()
        assert codes(error) == ["ledger-broken"]
        second.write_text(text)
    assert third.exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    with pytest.raises(LedgerError) as error:
        Ledger(tmp_path / "other")
    assert codes(error) == ["ledger-other"]


def test_the_same_on_another_file_system(tmp_path: Path) -> None:
    ledger = Ledger(f"memory://{tmp_path.name}/ledger")
    ledger.add(sets(), issued=NOW, data=DATA, now=NOW)
    ledger.add(sets("other"), issued=NOW, data=DATA, now=NOW)
    again = Ledger(f"memory://{tmp_path.name}/ledger")
    assert again.check() == []
    assert again.read().collect().height == 10
    with pytest.raises(LedgerError) as error:
        again.add(sets(values=(1, 2, 3, 4, 5)), issued=NOW, data=DATA, now=NOW)
    assert codes(error) == ["promised-already"]


WRITER = """
import sys
from tests.watch.test_ledger import DATA, NOW, Ledger, sets
print("ready", flush=True)
for n in range(int(sys.argv[3])):
    Ledger(sys.argv[1]).add(sets(f"{sys.argv[2]}{n}"), issued=NOW, data=DATA, now=NOW)
"""


@pytest.mark.slow
def test_two_writers_and_one_that_is_killed_leave_a_sound_ledger(tmp_path: Path) -> None:
    words = [[sys.executable, "-c", WRITER, str(tmp_path / "l"), *more] for more in (("a", "6"), ("b", "5000"))]
    first, second = [subprocess.Popen(one, stdout=subprocess.PIPE, text=True) for one in words]
    assert first.wait(120) == 0
    assert second.stdout is not None
    second.stdout.readline()
    time.sleep(0.5)
    second.kill()
    second.wait(60)
    ledger = Ledger(tmp_path / "l")
    entries = ledger.entries()
    assert sum(entry.models[0].startswith("a") for entry in entries) == 6
    assert ledger.check() == []
    ledger.add(sets("after"), issued=NOW, data=DATA, now=NOW)
    assert ledger.read().collect().height == 5 * (len(entries) + 1)


def test_what_came_later_is_told_apart_and_what_is_open_waits(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add(sets(), issued=NOW, data=DATA, now=NOW)
    ledger.add(sets("late"), issued=NOW, data=DATA, now=NOW + timedelta(30))
    ledger.add(sets("open", h=9), issued=NOW, data=DATA, now=NOW)
    record = score_promises(ledger.read().collect(), came({"48": 10}), by=("model",))
    assert (record.scored, record.waiting) == (2, 1)
    assert dict(record.quantiles.select("model", "kept").iter_rows()) == {"ours": "before", "late": "after"}


def test_events_need_an_outcome_of_yes_or_no(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add(chances([0.2, 0.9], threshold=None), issued=NOW, data=DATA, now=NOW)
    promised = ledger.read().collect()
    assert score_promises(promised, came({"01": 0, "02": 1})).probabilities["brier"][0] == pytest.approx(0.025)
    with pytest.raises(LedgerError) as error:
        score_promises(promised, came({"01": 0, "02": 17}))
    assert codes(error) == ["no-event"]
    for more, code in (({"by": ("colour",)}, "by-unknown"), ({"baseline": "x"}, "baseline-unknown")):
        with pytest.raises(LedgerError) as error:
            score_promises(promised, came({"01": 0}), **more)
        assert codes(error) == [code]
    with pytest.raises(LedgerError) as error:
        outcomes_of(pl.concat([came({"01": 0}), came({"01": 1})]))
    assert codes(error) == ["outcome-twice", "outcome-twice"]


def test_outcomes_come_from_a_store_as_of_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    rows = [("48", "2026-12-07", "2026-12-10", 9.0), ("48", "2026-12-07", "2026-12-20", 16.0)]
    frame = pl.DataFrame(rows, schema=["place", "valid", "issued", "value"], orient="row")
    dates, more = pl.col("valid", "issued").str.to_date(), {"indicator": pl.lit("dengue"), "unit": pl.lit("cases")}
    frame = frame.with_columns(dates, **more)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    Store(tmp_path / "s", Guard({"dengue": "cases"})).append(frame, source="made", now=later)
    ledger = Ledger(tmp_path / "l")
    ledger.add(sets(), issued=NOW, data=DATA, now=NOW)
    promised = ledger.read().collect()
    for day, wis in (("2026-12-15", 1.2), ("2026-12-31", 3.0)):
        found = score_promises(promised, outcomes_from(store, promised, day))
        assert found.quantiles["wis"][0] == pytest.approx(wis)
    assert score_promises(promised, outcomes_from(store, promised, "2026-12-01")).waiting == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_laws_of_scores(pairs: list[tuple[float, bool]]) -> None:
    frame = chances([p for p, _ in pairs]).with_columns(place=pl.Series([str(n) for n in range(len(pairs))]))
    stamps = {"entry": pl.lit(1), "issued": pl.lit(NOW), "added": pl.lit(NOW), "kind": pl.lit("exceeds")}
    outcomes = came({str(n): 200.0 if y else 3.0 for n, (_, y) in enumerate(pairs)})
    record = score_promises(promises(frame).with_columns(**stamps), outcomes)
    row = record.probabilities.row(0, named=True)
    assert 0 <= row["brier"] <= 1
    assert row["log"] >= 0
    assert record.calibration["n"].sum() == len(pairs)
    table = record.calibration
    assert (table["from"] <= table["happened"] + 1e-9).all()
    assert (table["to"] >= table["happened"] - 1e-9).all()
    assert (table["expected"] >= table["low"] - 1e-6).all()
    assert (table["expected"] <= table["high"] + 1e-6).all()


def test_the_hash_is_of_the_values_alone(tmp_path: Path) -> None:
    rows = promises(sets())
    rows.write_parquet(tmp_path / "a.parquet", compression="lz4")
    assert content_hash(pl.read_parquet(tmp_path / "a.parquet")) == content_hash(rows)
    # Fixed for ever: another number here would say that old ledgers cannot be checked any more.
    assert content_hash(rows)[:16] == "083a0f925ebfd352"
    seen = {content_hash(rows), content_hash(rows.with_columns(pl.col("value") + 1e-9)), content_hash(rows[1:])}
    seen |= {content_hash(rows.with_columns(level=pl.lit(0, pl.Int32))), data_hash(rows), data_hash(rows, rows)}
    assert len(seen) == 6


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pl.concat([sets(), sets("persistence", values=(10,) * 5)]).write_csv("f.csv")
    chances([0.9, 0.1]).write_parquet("p.parquet")
    outcomes = pl.concat([came({"48": 16}), came({"01": 150, "02": 3})])
    outcomes.write_csv("o.csv")
    base = ["ledger", "add", "--ledger", "l", "--issued", "2026-11-30T06:00+07:00"]
    monkeypatch.setattr("khien.watch.forecast.ledger.AHEAD", timedelta(days=36500))
    assert main([*base, "f.csv"]) == 2
    assert main([*base, "f.csv", "--data", "f.csv"]) == 0
    assert main([*base, "p.parquet", "--data-hash", DATA, "--lang", "vi"]) == 0
    assert main([*base, "p.parquet", "--data-hash", DATA]) == 1
    assert main([*base, "missing.csv", "--data-hash", DATA]) == 2
    assert main(["ledger", "show", "--ledger", "l", "--check"]) == 0
    assert main(["ledger", "show", "--ledger", "l", "--entry", "7"]) == 2
    assert main(["ledger", "show", "--ledger", "none"]) == 2
    capsys.readouterr()
    assert main(["ledger", "score", "--ledger", "l", "--outcomes", "o.csv", "--baseline", "persistence", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["scored"], told["waiting"]) == (4, 0)
    assert [row["relative"] for row in told["quantiles"]] == [0.5, 1.0]
    assert told["probabilities"][0]["brier"] == pytest.approx(0.01)
    score = ["ledger", "score", "--ledger", "l", "--outcomes", "o.csv"]
    assert main([*score, "--by", "model", "--out", "t", "--lang", "vi"]) == 0
    assert "Hiệu chuẩn" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "t").iterdir())[0] == "calibration.csv"
    assert main([*score, "--by", "colour"]) == 2
    assert main([*score, "--as-of", "2026-12-01"]) == 2
    assert main([*base, "f.csv", "--data-hash", "12"]) == 2


@pytest.mark.slow
def test_published_forecasts_score_as_their_leaderboard_says(tmp_path: Path) -> None:
    """An outside answer: season 2023/24 of the FluSight hub, both models kept and scored here."""
    folder = data_path("watch", "flusight", "flu_hosp_leaderboard.csv").parent
    board = pl.read_csv(folder / "flu_hosp_leaderboard.csv").filter(pl.col("model") == "FluSight-ensemble")
    frame = pl.scan_parquet(folder / "flu_published_forecasts.parquet")
    texts = [pl.col(name).cast(pl.String) for name in ("target", "location", "model")]
    frame = frame.with_columns(texts).filter(
        pl.col("target") == "wk inc flu hosp",
        pl.col("model").is_in(["FluSight-ensemble", "FluSight-baseline"]),
        pl.col("reference_date") < date(2024, 7, 1),
    )
    day = pl.col("reference_date")
    made = frame.select(
        indicator=pl.lit("flu"), place="location", reference=day, horizon="horizon",
        target=day + pl.duration(weeks=pl.col("horizon")), model="model", quantile="quantile", value="value",
    ).collect()  # fmt: skip
    truth = pl.scan_parquet(folder / "flu_truth_vintages.parquet").filter(
        pl.col("target").cast(pl.String) == "wk inc flu hosp",
        pl.col("as_of").cast(pl.Date) == date(2024, 5, 6),
        pl.col("date") <= date(2024, 4, 27),
    )
    place = pl.col("location").cast(pl.String)
    outcomes = truth.select(indicator=pl.lit("flu"), place=place, target="date", value="value").collect()
    ledger = Ledger(tmp_path / "l")
    for name, part in made.group_by("model"):
        ledger.add(part, issued=NOW, data=DATA, now=NOW, note=str(name[0]))
    record = score_promises(ledger.read().collect(), outcomes_of(outcomes), by=("model",), baseline="FluSight-baseline")
    ours = record.quantiles.filter(pl.col("model") == "FluSight-ensemble").row(0, named=True)
    told = board.filter(pl.col("season").cast(pl.String).str.contains("23")).row(0, named=True)
    assert ours["n"] == told["n"]
    assert ours["relative"] == pytest.approx(told["wis_ratio"], abs=2e-3)
    assert ours["wis"] == pytest.approx(told["mean_wis"], rel=1e-3)
    assert ours["cover95"] == pytest.approx(told["cov95"], abs=2e-3)
