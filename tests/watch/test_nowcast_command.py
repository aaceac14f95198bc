"""`khien nowcast`: from a store's issues or a file of reports to quantiles, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from khien.watch.forecast.delay import fit, nowcast
from khien.watch.forecast.nowcasting import NowcastRefused, from_issues, usual_lag
from khien.watch.forecast.reports_in import read_reports
from khien.watch.forecast.triangle import Triangle, known_cells
from khien.watch.indicators import Indicators
from khien.watch.observe import BatchRefused, Store, WatchFindings

MONDAY = date(2024, 1, 1)
WEEKS, DELAYS = 30, 4
SHARES = (0.5, 0.3, 0.15, 0.05)
Khien = Callable[..., tuple[int, str, str]]


def drawn(seed: int = 0, level: float = 40.0) -> np.ndarray:
    """[weeks, delays]: cases by week of onset and of report, all of them."""
    draw = np.random.default_rng(seed)
    return np.array([draw.multinomial(draw.poisson(level), SHARES) for _ in range(WEEKS)], dtype=float)


def issues(counts: np.ndarray, place: str = "01", wait: int = 10, until: int = WEEKS) -> pl.DataFrame:
    """What was issued: every week, `wait` days after a week's Monday, all that was reported by then."""
    week = [MONDAY + timedelta(weeks=t) for t in range(until)]
    rows = [
        (place, week[t], week[t + d] + timedelta(days=wait), float(counts[t, : d + 1].sum()))
        for t in range(until) for d in range(DELAYS) if t + d < until
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["place", "valid", "issued", "value"], orient="row")


def staircase(counts: np.ndarray) -> Triangle:
    """The same as a triangle."""
    seen = np.where(known_cells(*counts.shape), counts, np.nan)
    return Triangle(seen, tuple(MONDAY + timedelta(weeks=t) for t in range(len(counts))))


def kept(tmp_path: Path, rows: pl.DataFrame) -> None:
    """A store with these issues of dengue."""
    store = Store(tmp_path / "s")
    row = {"id": "dengue", "name_vi": "sốt xuất huyết", "name_en": "dengue", "unit": "cases", "frequency": "week"}
    store.register(Indicators.from_rows([{**row, "owner": "x", "place_level": "province"}]))
    frame = rows.with_columns(indicator=pl.lit("dengue"), unit=pl.lit("cases"), source=pl.lit("test"))
    store.append(frame, now=datetime(2026, 11, 30, tzinfo=UTC))


def told(found: tuple[int, str, str]) -> dict[str, Any]:
    """The one object on standard output."""
    assert found[0] == 0, found[2]
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_issues_that_only_grow_give_what_their_triangle_gives() -> None:
    counts = drawn()
    now = MONDAY + timedelta(weeks=WEEKS - 1, days=10)
    found = from_issues(issues(counts), "dengue", now, longest=DELAYS - 1)
    assert (found.way, found.why, found.lag, found.findings) == ("delays", "grows", 10, ())
    made = nowcast(staircase(counts))
    assert np.array_equal(found.rows["value"].to_numpy().reshape(made.values.shape), made.values)
    assert found.known["reported"].to_list() == made.reported.tolist()
    assert found.rows["horizon"].unique().sort().to_list() == [-2, -1, 0]
    assert found.rows["target"].max() == MONDAY + timedelta(weeks=WEEKS - 1)


def test_what_is_issued_later_is_not_seen() -> None:
    counts = drawn()
    now = MONDAY + timedelta(weeks=24, days=10)
    asked = {"longest": DELAYS - 1, "lag": 10}
    later = issues(counts).with_columns(
        pl.when(pl.col("issued") > now).then(pl.col("value") * 100).otherwise("value").alias("value")
    )
    one, other = (from_issues(rows, "dengue", now, **asked) for rows in (issues(counts), later))
    assert one.rows.equals(other.rows)
    assert one.rows["target"].max() == MONDAY + timedelta(weeks=24)


def test_the_first_issue_of_a_long_past_teaches_no_delays() -> None:
    """A store that begins with one issue of all earlier weeks: those were not reported late, they were fetched late."""
    counts = drawn()
    begins = MONDAY + timedelta(weeks=10, days=10)
    rows = issues(counts).filter(pl.col("issued") > begins)
    before = pl.DataFrame(
        [("01", MONDAY + timedelta(weeks=t), begins, float(counts[t, : 11 - t].sum())) for t in range(11)],
        schema=rows.schema, orient="row",
    )  # fmt: skip
    now = MONDAY + timedelta(weeks=WEEKS - 1, days=10)
    found = from_issues(pl.concat([before, rows]), "dengue", now, longest=DELAYS - 1)
    seen = np.where(known_cells(WEEKS - 10, DELAYS), counts[10:], np.nan)
    later = Triangle(seen, tuple(MONDAY + timedelta(weeks=t) for t in range(10, WEEKS)))
    made = nowcast(later, fit(later))
    assert found.why == "grows"
    assert np.array_equal(found.rows["value"].to_numpy().reshape(made.values.shape), made.values)


def test_values_that_fall_or_are_missing_are_left_to_the_model_of_revisions() -> None:
    now = MONDAY + timedelta(weeks=WEEKS - 1, days=10)
    rows = pl.concat([issues(drawn(seed), place) for seed, place in enumerate(("01", "48", "79"))])
    lowered = rows.with_columns(
        pl.when((pl.col("place") == "48") & (pl.col("issued") - pl.col("valid") > timedelta(days=20)))
        .then(pl.col("value") - 5).otherwise("value").alias("value")
    )  # fmt: skip
    found = from_issues(lowered, "dengue", now, longest=DELAYS - 1)
    assert (found.way, found.why) == ("revisions", "lowered")
    assert found.known.group_by("place").len().sort("place").rows() == [("01", 3), ("48", 3), ("79", 3)]
    values = found.rows["value"].to_numpy().reshape(-1, 23)
    assert (np.diff(values) >= 0).all()
    assert (values >= 0).all()
    silent = rows.filter(pl.col("issued") < now)
    found = from_issues(silent, "dengue", now, longest=DELAYS - 1)
    assert (found.way, found.why) == ("revisions", "missing")
    assert from_issues(silent, "dengue", now, longest=DELAYS - 1, way="delays").why == "asked"


def test_a_place_with_too_few_issues_is_told_and_the_others_are_nowcast() -> None:
    now = MONDAY + timedelta(weeks=WEEKS - 1, days=10)
    few = issues(drawn(1), "48").filter(pl.col("valid") >= MONDAY + timedelta(weeks=WEEKS - 8))
    found = from_issues(pl.concat([issues(drawn()), few]), "dengue", now, longest=DELAYS - 1)
    assert found.known["place"].unique().to_list() == ["01"]
    assert [(f.code, f.value, f.fields["complete"], f.fields["needed"], f.fields["most"]) for f in found.findings] == [
        ("nowcast-few", "48", 5, 8, 2)
    ]
    with pytest.raises(NowcastRefused) as refused:
        from_issues(few, "dengue", now, longest=DELAYS - 1)
    assert [f.code for f in refused.value.findings] == ["nowcast-few"]
    assert from_issues(few, "dengue", now, longest=2).known.height == 2, "the way out that it names does"
    with pytest.raises(NowcastRefused) as refused:
        from_issues(few, "dengue", now, longest=DELAYS - 1, way="revisions")
    assert refused.value.findings[0].code == "nowcast-pairs"


def test_what_can_be_below_nought_is_no_count() -> None:
    now = MONDAY + timedelta(weeks=WEEKS - 1, days=10)
    cold = issues(drawn(), "48").with_columns(value=pl.col("value") - 100.0)
    with pytest.raises(NowcastRefused) as refused:
        from_issues(cold, "temperature", now, longest=DELAYS - 1)
    assert [f.code for f in refused.value.findings] == ["nowcast-count"]
    found = from_issues(pl.concat([issues(drawn()), cold]), "dengue", now, longest=DELAYS - 1)
    assert found.known["place"].unique().to_list() == ["01"]
    assert [f.code for f in found.findings] == ["nowcast-count"]


def test_the_usual_wait_is_that_of_nine_in_ten_periods() -> None:
    rows = issues(drawn())
    now = MONDAY + timedelta(weeks=40)
    assert usual_lag(rows, 7, now) == 10
    late = pl.when(pl.col("valid") == MONDAY + timedelta(weeks=9)).then(pl.col("issued") + timedelta(days=5))
    assert usual_lag(rows.with_columns(late.otherwise("issued").alias("issued")), 7, now) == 10
    newest = pl.col("valid") == MONDAY + timedelta(weeks=WEEKS - 1)
    day_later = pl.col("issued") + pl.duration(days=(pl.col("valid").dt.week() % 3 == 0).cast(pl.Int64))
    jitter = rows.with_columns(pl.when(newest).then("issued").otherwise(day_later).alias("issued"))
    assert usual_lag(jitter, 7, now) == 11
    assert usual_lag(jitter, 7, MONDAY + timedelta(weeks=WEEKS - 1, days=10)) == 10, "the newest is there already"


def test_the_command_reads_a_store_and_writes_what_it_says(khien: Khien, tmp_path: Path) -> None:
    kept(tmp_path, issues(drawn()))
    asked = ("nowcast", "dengue", "--store", "s", "--as-of", "2024-08-01", "--longest", "3")
    found = told(khien(*asked, "--out", "n.parquet", "--ledger", "promises", "--json"))
    assert (found["way"], found["why"], found["lag"], found["as_of"]) == ("delays", "grows", 10, "2024-08-01")
    assert len(found["nowcasts"]) == 3 * 23
    assert found["reported"][-1] == {"place": "01", "target": "2024-07-22", "delay": 0, "reported": drawn()[-1, 0]}
    assert found["ledger_entry"] == 1
    rows = pl.read_parquet(tmp_path / "n.parquet")
    assert rows["value"].to_list() == [row["value"] for row in found["nowcasts"]]
    code, out, _ = khien(*asked, "--lang", "vi", "--out", "n.csv")
    assert (code, "đã báo cáo" in out, "đã ghi 69 dòng" in out) == (0, True, True)


def test_three_forms_of_a_file_say_the_same(khien: Khien, tmp_path: Path) -> None:
    counts = drawn()
    now = MONDAY + timedelta(weeks=WEEKS, days=-1)
    week = [MONDAY + timedelta(weeks=t) for t in range(WEEKS)]
    rows = [(week[t], week[t] + timedelta(weeks=d), counts[t, d]) for t in range(WEEKS) for d in range(DELAYS)]
    long = pl.DataFrame(rows, schema=["onset", "reported", "cases"], orient="row").filter(pl.col("reported") <= now)
    long.write_csv(tmp_path / "cases.csv")
    seen = np.where(known_cells(*counts.shape), counts, np.nan)
    wide = pl.DataFrame({"start": week, **{str(d): seen[:, d] for d in range(DELAYS)}}).fill_nan(None)
    wide.write_csv(tmp_path / "wide.csv")
    issues(counts, wait=6).write_parquet(tmp_path / "issues.parquet")
    three = ("--longest", "3")
    asked = [("cases.csv", "--as-of", now.isoformat(), *three), ("wide.csv",), ("issues.parquet", *three)]
    found = [told(khien("nowcast", "dengue", "--reports", *words, "--json")) for words in asked]
    assert len({one["as_of"] for one in found}) == 1
    values = [[(row["target"], row["value"]) for row in one["nowcasts"]] for one in found]
    assert values[0] == values[1] == values[2]
    earlier = told(khien("nowcast", "dengue", "--reports", "wide.csv", "--as-of", "2024-06-20", "--json"))
    assert earlier["reported"][-1]["target"] == "2024-06-10"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a,b\n1,2\n", {"nowcast-columns"}),
        ("start,0\n2024-01-01,2\n", {"nowcast-columns"}),
        ("onset,reported,cases\n2024-01-01,soon,1\n2024-01-01,2024-01-02,-3\n2024-01-01,2024-01-02,x\n",
         {"time", "nowcast-count", "number"}),
        ("onset,reported,cases\n2024-01-01,2024-01-03,\n", {"required"}),
        ("valid,issued,value\n2024-01-01,2024-01-09,inf\n,2024-01-09,2\n", {"nowcast-count", "required"}),
        ("onset,reported,cases\n", {"nothing"}),
        ("onset,reported,cases\n,2024-01-09,1\n2024-01-01,,2\n", {"skipped", "nothing"}),
        ("\xff", {"nowcast-columns"}),
    ],
)  # fmt: skip
def test_a_file_that_will_not_do_is_told_whole(text: str, codes: set[str], khien: Khien, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BatchRefused) as refused:
        read_reports(tmp_path / "x.csv")
    assert {f.code for f in refused.value.findings} == codes
    for lang in ("vi", "en"):
        code, out, err = khien("nowcast", "dengue", "--reports", "x.csv", "--lang", lang, "--out", "n.csv")
        assert (code, out) == (1, "")
        assert all(part in err for part in codes)
    assert not (tmp_path / "n.csv").exists()


@pytest.mark.parametrize(
    "odd", [{"onset": [time(1)]}, {"onset": [timedelta(1)]}, {"reported": [[1]]}, {"cases": [[2.0]]}]
)
def test_columns_of_parquet_that_hold_no_days_or_numbers_are_told(odd: dict[str, list[object]], tmp_path: Path) -> None:
    row = {"onset": [MONDAY], "reported": [MONDAY], "cases": [1.0], "place": [["a"]]}
    pl.DataFrame(row | odd).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(BatchRefused) as refused:
        read_reports(tmp_path / "x.parquet")
    assert [(f.code, f.column) for f in refused.value.findings if f.code in ("time", "number")] == [
        ("number" if "cases" in odd else "time", next(iter(odd)))
    ]


def test_a_triangle_with_a_hole_or_a_gap_names_the_cell(tmp_path: Path) -> None:
    lines = ["start,0,1,2", *(f"{MONDAY + timedelta(weeks=t)},5,3,1" for t in range(12))]
    empty, odd = ("2024-01-15,5,,1", "nowcast-empty", "4"), ("2024-01-16,5,3,1", "nowcast-step", "2024-01-16")
    for line, code, said in (empty, odd):
        (tmp_path / "x.csv").write_text("\n".join([*lines[:3], line, *lines[4:]]), encoding="utf-8")
        findings = WatchFindings()
        reports = read_reports(tmp_path / "x.csv")
        assert reports.triangles(date(2024, 12, 1), "week", None, "dengue", findings) == {}
        assert [f.code for f in findings] == [code]
        assert said in findings[0].message("en")


def test_rows_without_a_day_are_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("onset,reported,cases\n,2024-01-09,1\n2024-01-01,2024-01-09,2\n", encoding="utf-8")
    reports = read_reports(tmp_path / "x.csv")
    assert reports.frame.height == 1
    assert [(f.code, f.row, f.column) for f in reports.findings] == [("skipped", 2, "onset")]


def test_wrong_use_is_told(khien: Khien, tmp_path: Path) -> None:
    kept(tmp_path, issues(drawn()))
    (tmp_path / "x.csv").write_text("onset,reported,cases\n2024-01-01,2024-01-09,2\n", encoding="utf-8")
    for words in (
        ("--store", "none"),
        ("--store", "s", "--as-of", "soon"),
        ("--store", "s", "--longest", "0"),
        ("--store", "s", "--out", "x.doc"),
        ("--store", "s", "--reports", "x.csv"),
        ("--reports", "none.csv"),
        ("--reports", "x.csv", "--lag", "3"),
        (),
    ):
        assert khien("nowcast", "dengue", *words)[0] == 2, words
    assert khien("nowcast", "dengues", "--store", "s")[0] == 2
    assert khien("nowcast", "dengue", "--store", "s", "--place", "99")[0] == 1
    assert khien("nowcast", "dengue", "--store", "s", "--as-of", "2020-01-01")[0] == 1
