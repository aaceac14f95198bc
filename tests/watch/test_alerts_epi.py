"""The measurement of epidemic alerts: it is the product's rule that is asked, and nothing of the future is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.watch_alerts import (
    AHEAD,
    FIRST,
    Lines,
    Series,
    compare,
    false_alarms,
    features,
    leads,
    lines,
    load,
    onsets,
    probabilities,
    threshold,
)
from tests.data import data_path

from khien.watch.levels.epidemic_file import OWN, alerts, read_counts


def made(provinces: int = 6, years: int = 19, seed: int = 0) -> Series:
    """Seasonal counts with outbreaks that last some months."""
    rng = np.random.default_rng(seed)
    months = np.arange(years * 12)
    season = 40 + 20 * np.sin(2 * np.pi * months / 12)
    level = np.exp(np.cumsum(rng.normal(0, 0.15, (provinces, months.size)), axis=1) * 0.5)
    cases = rng.poisson(season * np.clip(level, 0.3, 4)).astype(float)
    return Series("made", tuple(f"p{i}" for i in range(provinces)), np.array(["a", "b"] * (provinces // 2)), cases)


def states(rule: Lines) -> list[list[str]]:
    words = np.where(rule.epidemic, "epidemic", np.where(rule.warning, "warning", "none"))
    return np.where(rule.known, words, "unknown").tolist()


def test_the_rule_is_that_of_the_command_line(tmp_path: Path) -> None:
    series = made(2)
    path = tmp_path / "cases.csv"
    months = [f"{FIRST + t // 12}-{t % 12 + 1:02}" for t in range(series.months)]
    rows = [
        f"p{p},{month},{int(n)}" for p, row in enumerate(series.cases) for month, n in zip(months, row, strict=True)
    ]
    path.write_text("place,period,cases\n" + "\n".join(rows), encoding="utf-8")
    for leave_out, years in ((True, OWN), (False, [])):
        judged = alerts(read_counts(path), years)
        found = [[j.state for j in judged if j.place == f"p{p}"] for p in range(2)]
        assert found == states(lines(series.cases, leave_out=leave_out))


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_what_comes_later_changes_nothing_that_is_known_now(ahead: int) -> None:
    series, now = made(), 150
    future = series.cases.copy()
    future[:, now + 1 :] = 9999.0
    later = Series("made", series.names, series.regions, future)
    one = features(series, lines(series.cases), ahead)[:, : now + 1]
    other = features(later, lines(future), ahead)[:, : now + 1]
    np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_planted_future_does_not_move_a_probability() -> None:
    series, now = made(8), (2013 - FIRST) * 12 + 6
    future = series.cases.copy()
    future[:, now + 1 :] = 9999.0
    later = Series("made", series.names, series.regions, future)
    one, other = (probabilities(s, lines(s.cases), first=2013)[:, :, : now + 1] for s in (series, later))
    np.testing.assert_array_equal(one, other)
    assert not np.isnan(one[:, :, now]).all()
    assert np.isnan(one[:, :, : (2013 - FIRST) * 12]).all()


def by_hand() -> Lines:
    """One province, 14 months; above the line in months 5, 6 and 12."""
    epidemic = np.zeros((1, 14), dtype=bool)
    epidemic[0, [5, 6, 12]] = True
    warning = epidemic.copy()
    warning[0, [1, 4, 9]] = True
    known = np.ones((1, 14), dtype=bool)
    return Lines(np.zeros((1, 14)), np.zeros((1, 14)), known, epidemic, warning)


def test_leads_and_false_alarms_by_hand() -> None:
    rule = by_hand()
    begun = onsets(rule, 0, 14)
    assert begun == [(0, 5), (0, 12)]
    # Month 4 is one before 5; month 9 is three before 12.
    assert leads(rule.warning, begun).tolist() == [1, 3]
    # Quiet for three more months: 0, 1, 7 and 8 (2 to 6 and 9 to 12 have one within three); month 1 is a false alarm.
    assert false_alarms(rule.warning, rule, 0, 14) == (1, 4)
    assert leads(np.zeros((1, 14), dtype=bool), begun).tolist() == [0, 0]
    assert onsets(rule, 6, 14) == [(0, 12)]
    unknown = Lines(rule.mean, rule.sd, np.arange(14)[None, :] != 11, rule.epidemic, rule.warning)
    assert onsets(unknown, 0, 14) == [(0, 5)]


def test_the_threshold_keeps_the_rate_of_false_alarms() -> None:
    rule = by_hand()
    chance = np.linspace(0.9, 0.1, 14)[None, :]
    for rate, most in ((0.0, 0), (0.25, 1), (0.5, 2), (1.0, 4)):
        step = threshold(chance, rule, 0, 14, rate)
        assert false_alarms(chance > step, rule, 0, 14)[0] <= most
    # 0, 1, 7, 8 are quiet; only above the first of them is nothing false.
    assert threshold(chance, rule, 0, 14, 0.0) == pytest.approx(0.9, abs=1e-3)


def test_provinces_that_were_split_are_taken_together_and_a_missing_part_is_not_zero() -> None:
    series = load(data_path("watch", "epi", "vn_gdpm_monthly_province.parquet"), "dengue")
    assert "Hau Giang" not in series.names
    assert "Ha Tay" not in series.names
    assert series.cases.shape == (len(series.names), 228)
    assert set(series.regions) <= {
        "highlands", "mid-central", "north-central", "northeast", "northwest", "red-river-delta", "south",
        "south-central", "viet-bac",
    }  # fmt: skip


def test_a_disease_with_too_few_years_is_not_judged() -> None:
    series = load(data_path("watch", "epi", "vn_gdpm_monthly_province.parquet"), "hfmd")
    assert compare(series) == {"disease": "hfmd", "judged": False}


@pytest.mark.slow
def test_the_figures_of_the_page_are_those_of_the_data(root: Path) -> None:
    """Influenza: what docs/methods/epidemic-alerts.md says about counts and medians."""
    found = compare(load(data_path("watch", "epi", "vn_gdpm_monthly_province.parquet"), "ili"))
    page = (root / "docs" / "methods" / "epidemic-alerts.md").read_text(encoding="utf-8")
    early, same, late = found["equal"]["earlier_same_later"]
    assert f"| influenza | {found['epidemics']} | " in page
    assert f"{early} / {same} / {late}" in page
    assert found["equal"]["false_alarm_rate"] <= found["legal"]["false_alarm_rate"]
    assert AHEAD == 3
