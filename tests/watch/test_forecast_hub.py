"""Backtests see only what was known on the day, score as the hubs do, and refuse folders they cannot read."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.data import data_path

from khien.cli import main
from khien.watch.forecast import LEVELS, score
from khien.watch.forecast import backtest as backtests
from khien.watch.forecast.backtest import Diary, NothingKnown, backtest, on_cluster
from khien.watch.forecast.hub import Hub, HubError, from_observations, read_hub
from khien.watch.forecast.models import CLIMATOLOGY, PERSISTENCE, POOLED, combine

FIRST = date(2023, 1, 7)
REFERENCES = [date(2024, 1, 6) + timedelta(weeks=w) for w in range(5)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that take no time: what is tried here is what they are shown, and how they are judged."""

    def make(moment: backtests.Moment) -> dict[str, np.ndarray]:
        middle = np.repeat(moment.panel.values[:, -1:], len(moment.steps), axis=1)[..., None]
        wide = middle * (1 + 0.3 * np.linspace(-1, 1, 23))
        return {POOLED: wide, PERSISTENCE: wide, CLIMATOLOGY: wide}

    monkeypatch.setattr(backtests, "_make", make)


def folder(place: Path, last: int = 62) -> Path:
    """A hub of three places, one the sum; every Wednesday a vintage up to the Saturday before."""
    rng = np.random.default_rng(0)
    days = [FIRST + timedelta(weeks=w) for w in range(last)]
    parts = rng.integers(20, 60, (2, last)).astype(float)
    series = {"US": parts.sum(0), "01": parts[0], "02": parts[1]}
    rows = []
    for as_of in (days[45 + v] + timedelta(days=4) for v in range(last - 45)):
        for code, values in series.items():
            rows += [("flu", code, d, as_of, v) for d, v in zip(days, values, strict=True) if d < as_of]
    place.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=["target", "location", "date", "as_of", "value"], orient="row").write_parquet(
        place / "x_truth_vintages.parquet"
    )
    said = [
        ("flu", "Some-baseline", r, h, c, q, 40 + 30 * q)
        for r in REFERENCES for h in range(4) for c in series for q in LEVELS
    ]  # fmt: skip
    columns = ["target", "model", "reference_date", "horizon", "location", "quantile", "value"]
    pl.DataFrame(said, schema=columns, orient="row").write_parquet(place / "x_published_forecasts.parquet")
    pl.DataFrame({"reference_date": REFERENCES, "target": ["flu"] * 5}).write_csv(place / "x_reference_dates.csv")
    people = {"location": ["US", "01", "02"], "population_2024": [3e6, 1e6, 2e6]}
    pl.DataFrame(people).write_csv(place / "us_locations.csv")
    return place


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return read_hub(folder(tmp_path / "hub"))[0]


def test_only_what_was_published_two_days_before_is_known(hub: Hub) -> None:
    moments = list(hub.moments())
    assert [m.reference for m in moments] == REFERENCES
    for m in moments:
        assert m.panel.last == m.reference - timedelta(weeks=1)
        assert m.steps == (1, 2, 3, 4)
        assert m.targets[0] == m.reference
        assert m.panel.total == m.panel.places.index("US")
        assert m.panel.population is not None


def test_a_future_value_has_no_effect(hub: Hub) -> None:
    """Later vintages are made absurd: not one forecast changes, nor any weight or width that was made by then."""
    calm = backtest(hub).forecasts
    wild = pl.when(pl.col("as_of") > REFERENCES[3]).then(pl.col("value") * 1000).otherwise(pl.col("value"))
    moved = Hub(hub.target, hub.truth.with_columns(wild), hub.references, hub.published, hub.population, hub.days)
    until = pl.col("reference") <= REFERENCES[3]
    assert backtest(moved).forecasts.filter(until).equals(calm.filter(until))


def test_an_outcome_counts_once_and_from_the_vintage_that_shows_it(hub: Hub) -> None:
    diary = Diary()
    first, second = list(hub.moments())[:2]
    made = combine(backtests._make(first))
    diary.note(first, made)
    seen = dict(hub.references.iter_rows())
    diary.learn(hub, seen[first.reference])
    assert not diary.record.came
    diary.learn(hub, seen[second.reference])
    diary.learn(hub, seen[second.reference])
    assert [int(np.isfinite(c).sum()) for c in diary.record.came] == [3]  # three places, horizon 0


def test_a_season_is_judged_by_its_last_vintage(hub: Hub) -> None:
    early = hub.truth["as_of"].max()
    late = hub.truth.filter(pl.col("as_of") == early).with_columns(
        (pl.col("as_of") + timedelta(weeks=30)), pl.col("value") * 2
    )
    both = Hub(hub.target, pl.concat([hub.truth, late]), hub.references, hub.published, hub.population, hub.days)
    assert both.scored_by(REFERENCES[0]) == early


def test_vintages_of_a_store_show_what_had_been_issued() -> None:
    rows = pl.DataFrame(
        {
            "place": ["a"] * 4,
            "valid": [date(2024, 1, 15), date(2024, 2, 1), date(2024, 2, 1), date(2024, 3, 1)],
            "issued": [date(2024, 2, 3), date(2024, 3, 3), date(2024, 4, 3), date(2024, 4, 3)],
            "value": [1.0, 2.0, 5.0, 3.0],
        }
    ).with_columns(pl.col("valid", "issued").cast(pl.Datetime("us", "UTC")))
    hub = from_observations(rows, "dengue", date(2024, 2, 1), date(2024, 5, 1), "month", ahead=2)
    moments = list(hub.moments())
    assert [m.reference for m in moments] == [date(2024, m, 1) for m in (3, 4, 5)]
    assert [m.panel.values.tolist() for m in moments] == [[[1]], [[1, 2]], [[1, 5, 3]]]
    assert moments[1].targets == (date(2024, 3, 1), date(2024, 4, 1))
    assert hub.outcomes(moments[1]).tolist()[0][0] == 3
    with pytest.raises(NothingKnown):
        backtest(from_observations(rows.clear(), "dengue", date(2024, 2, 1), date(2024, 5, 1), "month"))


def test_what_is_wrong_with_a_folder_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"no \*truth_vintages.parquet.*no \*published_forecasts.parquet"):
        read_hub(tmp_path)
    place = folder(tmp_path / "hub")
    given = place / "x_reference_dates.csv"
    pl.read_csv(given).drop("target").write_csv(given)
    assert len(list(read_hub(place)[0].moments())) == 5, "a list that names no target holds for all"
    with pytest.raises(HubError, match="no target named 'covid'"):
        read_hub(place, "covid")
    given.write_text("day\n2024-01-06\n", encoding="utf-8")
    with pytest.raises(HubError, match=r"x_reference_dates\.csv: no column reference_date"):
        read_hub(place)
    pl.DataFrame({"target": ["flu"]}).write_parquet(place / "x_truth_vintages.parquet")
    with pytest.raises(HubError, match="no column location, date, as_of, value"):
        read_hub(place)
    (place / "x_truth_vintages.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(HubError, match=r"x_truth_vintages.parquet"):
        read_hub(place)


def test_the_command_writes_the_published_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, out = folder(tmp_path / "hub"), tmp_path / "f.parquet"
    assert main(["backtest", "--hub", str(place), "--history", str(place), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["relative_wis"] == pytest.approx(told["models"]["khien-ensemble"]["relative"])
    assert told["models"]["Some-baseline"]["relative"] == 1
    assert {p["place"] for p in told["places"]} == {"US", "01", "02"}
    rows = pl.read_parquet(out)
    assert rows.height == 5 * 4 * 3 * 23
    assert set(rows.columns) >= {"target", "model", "reference_date", "horizon", "location", "quantile", "value"}
    assert main(["backtest", "--hub", str(place), "--lang", "vi"]) == 0
    assert "phủ 95 %" in capsys.readouterr().out
    days = sorted(set(rows["reference_date"].to_list()))
    span = ["--from", str(days[1]), "--to", str(days[2])]
    assert main(["backtest", "--hub", str(place), "--out", str(out), *span]) == 0
    assert set(pl.read_parquet(out)["reference_date"].to_list()) == {days[1], days[2]}


@pytest.mark.parametrize(
    "asked, says",
    [
        ([], "--hub"),
        (["dengue"], "--store"),
        (["--hub", "nowhere"], "nowhere"),
        (["dengue", "--store", ".", "--from", "yesterday", "--to", "2024-01-01"], "yesterday"),
    ],
)
def test_wrong_use_is_said(asked: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", *asked, "--lang", "en"]) == 2
    assert says in capsys.readouterr().err


def test_our_scores_are_those_of_the_published_leaderboard() -> None:
    place = data_path("watch", "flusight")
    hub = read_hub(place)[0]
    moments = [m for m in hub.moments() if date(2024, 11, 1) < m.reference]
    with (place / "flu_hosp_leaderboard.csv").open(encoding="utf-8") as file:
        board = {(r["season"], r["model"]): r for r in csv.DictReader(file)}
    came = np.concatenate([hub.outcomes(m) for m in moments])
    base = np.concatenate([hub.of_model("FluSight-baseline", m) for m in moments])
    for model in ("FluSight-ensemble", "PSI-PROF", "UMass-flusion"):
        found = score(came, np.concatenate([hub.of_model(model, m) for m in moments]), base)
        row = board["2024/25", model]
        assert found.tasks == int(row["n"])
        assert found.relative == pytest.approx(float(row["wis_ratio"]), abs=2e-4)
        assert found.log_relative == pytest.approx(float(row["log_wis_ratio"]), abs=2e-4)
        assert found.cover95 == pytest.approx(float(row["cov95"]), abs=2e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_workers_of_a_cluster_give_the_same_forecasts(hub: Hub) -> None:
    import distributed
    alone = backtest(hub).forecasts
    with distributed.LocalCluster(n_workers=1, dashboard_address=None, processes=False) as cluster:
        shared = backtest(hub, many=on_cluster(cluster.scheduler_address)).forecasts
    assert shared.equals(alone)
