"""From a forecast to a decision: exceedance, cost-loss, impact, cascade; tables worked by hand and laws."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from khien.watch.levels.epidemic import baseline, judge
from khien.watch.warn.cascade import Link, may_bring, of_programme, table
from khien.watch.warn.costloss import act, choose, value
from khien.watch.warn.exceed import exceed_probability, exceedance
from khien.watch.warn.findings import WarnError
from khien.watch.warn.impact import illustrative_shares, impact
from khien.watch.warn.legal_lines import epidemic_lines, first_count

Q23 = [0.01, 0.025, *np.arange(0.05, 0.951, 0.05).round(2), 0.975, 0.99]


def codes(error: pytest.ExceptionInfo[WarnError]) -> list[str]:
    found = error.value.findings
    assert all(f.message("vi") != f.message("en") and f.way_out("vi") for f in found)
    return [finding.code for finding in found]


def test_the_table_worked_by_hand() -> None:
    """docs/methods/warnings.md: quantiles 0.1, 0.5, 0.9 at 10, 20, 40."""
    q, v = [0.1, 0.5, 0.9], [10, 20, 40]
    at = [10, 15, 20, 30, 40, 50, 5]
    #                    0.9  0.7  0.5  0.3  0.1  0.1*e^(-10 ln5/20)     1 - 0.1*e^(-5 ln5/10)
    expected = [0.9, 0.7, 0.5, 0.3, 0.1, 0.1 * 5**-0.5, 1 - 0.1 * 5**-0.5]
    assert exceed_probability(q, v, at) == pytest.approx(expected)
    assert exceed_probability(q, v, [-1, 0, 1], floor=0)[0] == 1.0


@pytest.mark.parametrize("family", [stats.norm(50, 10), stats.gamma(3, scale=20), stats.lognorm(0.8, scale=100)])
def test_it_is_near_the_truth_where_the_truth_is_known(family: Any) -> None:
    v = family.ppf(Q23)
    at = family.ppf(np.linspace(0.012, 0.988, 60))
    assert np.abs(exceed_probability(Q23, v, at) - family.sf(at)).max() < 0.008
    far = family.ppf([0.995, 0.998])
    assert np.abs(exceed_probability(Q23, v, far) - family.sf(far)).max() < 0.005


def test_an_exponential_tail_is_exact() -> None:
    family = stats.expon(scale=7)
    far = np.array([40.0, 60.0, 90.0])
    assert exceed_probability(Q23, family.ppf(Q23), far) == pytest.approx(family.sf(far))


values_strategy = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=8)


@given(values=values_strategy, at=st.lists(st.floats(-2e6, 2e6), min_size=2, max_size=20), reach=st.booleans())
def test_a_probability_never_rises_with_the_threshold(values: list[float], at: list[float], reach: bool) -> None:
    q = np.linspace(0.05, 0.95, len(values))
    found = exceed_probability(q, values, sorted(at), reach=reach)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) <= 1e-12).all()
    assert (exceed_probability(q, values, at, reach=True) >= exceed_probability(q, values, at) - 1e-12).all()


@given(values=st.lists(st.integers(-1000, 1000), min_size=3, max_size=9, unique=True).map(sorted))
def test_at_a_quantile_it_is_what_the_quantile_says(values: list[int]) -> None:
    q = np.linspace(0.05, 0.95, len(values))
    assert exceed_probability(q, values, values) == pytest.approx(1 - q)


def test_a_jump_counts_for_reaching_and_not_for_exceeding() -> None:
    q, v = [0.2, 0.4, 0.6, 0.8], [0, 0, 0, 10]
    assert exceed_probability(q, v, 0, floor=0) == pytest.approx(0.4)
    assert exceed_probability(q, v, 0, floor=0, reach=True) == 1.0
    assert exceed_probability(q, v, 0, reach=True) == pytest.approx(0.8)
    assert exceed_probability([0.5, 0.9], [3, 3], [3, 3.1, 2.9]).tolist() == pytest.approx([0.1, 0, 1])


@pytest.mark.parametrize(
    "q, v, at",
    [([0.5], [1], 1), ([0.5, 0.4], [1, 2], 1), ([0.5, 1.0], [1, 2], 1), ([0.1, 0.9], [1, np.nan], 1),
     ([0.1, 0.9], [1, 2], np.nan), ([0.1, 0.9], [1, 2, 3], 1)],
)  # fmt: skip
def test_what_is_no_distribution_is_refused(q: list[float], v: list[float], at: float) -> None:
    with pytest.raises(ValueError, match=r"quantiles|threshold"):
        exceed_probability(q, v, at)


def forecasts(**changes: Any) -> pl.DataFrame:
    rows = [
        {"indicator": "dengue-cases", "place": place, "reference": date(2026, 9, 1), "horizon": h, "model": "m",
         "target": date(2026, 9 + h, 1), "quantile": q, "value": v * h}
        for place in ("48", "79") for h in (1, 2) for q, v in ((0.1, 10.0), (0.5, 20.0), (0.9, 40.0))
    ]  # fmt: skip
    return pl.DataFrame(rows).with_columns(**changes)


def test_levels_of_a_frame_by_lead_time() -> None:
    thresholds = pl.DataFrame({"level": [1, 2], "threshold": [20.0, 40.0], "indicator": "dengue-cases"})
    found = exceedance(forecasts(), thresholds)
    assert found.height == 8
    one = found.filter(place="48").select("horizon", "level", "lead_days", "probability").rows()
    assert one == [(1, 1, 30, 0.5), (1, 2, 30, pytest.approx(0.1)), (2, 1, 61, 0.9), (2, 2, 61, 0.5)]


def test_thresholds_may_depend_on_place_and_month() -> None:
    thresholds = pl.DataFrame({"level": [1], "threshold": [20.0], "place": ["79"], "target": [date(2026, 10, 1)]})
    found = exceedance(forecasts(), thresholds)
    assert found.select("place", "horizon", "probability").rows() == [("79", 1, 0.5)]


def test_everything_wrong_with_a_frame_is_said_at_once() -> None:
    good = pl.DataFrame({"level": [1], "threshold": [20.0]})
    with pytest.raises(WarnError) as error:
        exceedance(forecasts().drop("model", "value"), good)
    assert codes(error) == ["column-missing", "column-missing"]
    bad = forecasts(quantile=pl.lit(1.5), value=pl.lit(None, pl.Float64))
    with pytest.raises(WarnError) as error:
        exceedance(bad, good.with_columns(threshold=pl.lit(float("nan"))))
    assert codes(error) == ["not-finite", "quantile-outside", "quantile-twice", "not-finite"]
    with pytest.raises(WarnError) as error:
        exceedance(forecasts().filter(pl.col("quantile") == 0.5), good)
    assert codes(error) == ["quantiles-too-few"]


def test_the_cost_loss_rule() -> None:
    assert act(0.31, 3, 10)
    assert not act(0.3, 3, 10)
    assert not act(1.0, 10, 10)
    assert act(0.01, 0, 10)
    for cost, loss in ((-1, 10), (1, 0), (float("nan"), 1)):
        with pytest.raises(ValueError, match="cost"):
            act(0.5, cost, loss)


RECORD = ([0.9, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1, 0.05, 0.05], [1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
"""Ten occasions, three events; with C / L = 0.25 five are acted on: 3 hits, 2 false alarms, 0 misses."""


def test_the_value_worked_by_hand() -> None:
    """E_clim = min(0.25, 0.3) = 0.25; E_perfect = 0.3 * 0.25 = 0.075; E_forecast = 0.5 * 0.25 + 0 = 0.125."""
    p, y = RECORD
    assert value(p, y, 0.25) == pytest.approx((0.25 - 0.125) / (0.25 - 0.075))
    found = choose(p, y, 1, 4)
    assert (found.hits, found.false_alarms, found.misses, found.quiet) == (3, 2, 0, 5)
    assert (found.threshold, found.limited, found.false_alarm_rate) == (0.25, False, pytest.approx(2 / 7))
    assert value(p, [0] * 10, 0.25) is None


def test_a_budget_of_false_alarms_raises_the_threshold() -> None:
    p, y = RECORD
    found = choose(p, y, 1, 4, budget=0.15)
    assert (found.threshold, found.limited) == (0.3, True)
    assert (found.hits, found.false_alarms) == (3, 1)
    none = choose(p, y, 1, 4, budget=0.0)
    assert (none.threshold, none.false_alarms, none.hits) == (0.6, 0, 2)


record_strategy = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(record=record_strategy, ratio=st.floats(0.01, 0.99), budget=st.floats(0, 1))
def test_laws_of_value_and_budget(record: list[tuple[float, bool]], ratio: float, budget: float) -> None:
    p, y = [a for a, _ in record], [b for _, b in record]
    perfect = value([float(b) for b in y], y, ratio)
    assert perfect is None or perfect == pytest.approx(1.0)
    ours = value(p, y, ratio)
    assert ours is None or ours <= 1.0 + 1e-9
    found = choose(p, y, ratio, 1.0, budget=budget)
    assert found.threshold >= ratio - 1e-12
    assert found.false_alarm_rate is None or found.false_alarm_rate <= budget + 1e-12
    assert found.hits + found.false_alarms + found.misses + found.quiet == len(record)


def test_a_record_that_is_none_is_refused() -> None:
    for p, y in (([], []), ([0.5], [1, 0]), ([1.5], [1])):
        with pytest.raises(ValueError, match=r"probabilities|must"):
            choose(p, y, 1, 2)
    with pytest.raises(ValueError, match="budget"):
        choose([0.5], [1], 1, 2, budget=2)


PLACES = pl.DataFrame(
    {"id": ["48", "79", "96"], "people": [3_000_000, 14_000_000, None], "vulnerability": [0.8, 0.5, 0.5]}
)


def probabilities(rows: list[tuple[str, int, float]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["place", "level", "probability"], orient="row")


def test_the_impact_worked_by_hand() -> None:
    """One level, certain: 3,000,000 * (0.1 + 0.2 + 0.3) / 3 * 0.8 = 480,000 without spread."""
    sure = probabilities([("48", level, 1.0) for level in (1, 2, 3)])
    found = impact(sure, PLACES, shares=dict.fromkeys(range(1, 6), (0.1, 0.2, 0.3)), spread=0.0)
    row = found.frame.row(0, named=True)
    assert row["mean"] == pytest.approx(480_000)
    assert row["none"] == 0.0
    triangle = stats.triang(0.5, 0.1, 0.2)
    assert row["q05"] == pytest.approx(3_000_000 * 0.8 * triangle.ppf(0.05), rel=0.02)
    assert row["q95"] == pytest.approx(3_000_000 * 0.8 * triangle.ppf(0.95), rel=0.02)
    assert not found.illustrative


def test_the_drawn_mean_agrees_with_the_exact_one() -> None:
    rows = [(p, n, x) for p in ("48", "79") for n, x in ((1, 0.7), (2, 0.5), (3, 0.4), (4, 0.2), (5, 0.05))]
    found = impact(probabilities(rows), PLACES, draws=200_000, seed=3)
    assert found.illustrative
    exactly = [0.2, 0.1, 0.2, 0.15, 0.05]
    mean = sum(p * sum(illustrative_shares()[n]) / 3 for n, p in zip(range(1, 6), exactly, strict=True))
    for row in found.frame.to_dicts():
        fragile = 0.8 if row["place"] == "48" else 0.5
        assert row["mean"] == pytest.approx(row["people"] * mean * fragile)
        assert row["none"] == pytest.approx(0.3, abs=0.005)
    assert found.total["mean"] == pytest.approx(found.frame["mean"].sum())
    drawn = impact(probabilities(rows), PLACES, draws=200_000, seed=4)
    gap = abs(drawn.frame["q50"][0] - found.frame["q50"][0]) / found.frame["q50"][0]
    assert gap < 0.02


def test_the_same_seed_gives_the_same_interval_and_unknown_places_are_named() -> None:
    rows = probabilities([("48", 3, 0.4), ("96", 3, 0.4), ("01", 3, 0.4)])
    one, other = impact(rows, PLACES, seed=1), impact(rows, PLACES, seed=1)
    assert one.frame.equals(other.frame)
    assert one.unknown == ("01", "96")
    assert not one.frame.equals(impact(rows, PLACES, seed=2).frame)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5).map(lambda p: sorted(p, reverse=True)))
def test_more_probable_levels_never_hurt_fewer_people(chances: list[float]) -> None:
    rows = [("48", n, p) for n, p in zip(range(1, 6), chances, strict=True)]
    lower = [("48", n, p / 2) for n, p in zip(range(1, 6), chances, strict=True)]
    high, low = (impact(probabilities(r), PLACES, draws=50).frame["mean"][0] for r in (rows, lower))
    assert high >= low


def test_probabilities_that_cannot_be_are_refused() -> None:
    for rows, expected in (
        ([("48", 1, 1.2)], ["not-a-probability"]),
        ([("48", 6, 0.2)], ["not-a-level"]),
        ([("48", 1, 0.2), ("48", 1, 0.3)], ["level-twice"]),
        ([("48", 1, 0.2), ("48", 2, 0.3)], ["rises-with-level"]),
    ):
        with pytest.raises(WarnError) as error:
            impact(probabilities(rows), PLACES)
        assert codes(error) == expected
    with pytest.raises(WarnError):
        impact(pl.DataFrame({"place": ["48"]}), PLACES)


LINKS = (
    Link("flood", "water", 12, 100, "illustrative"),
    Link("water", "disease", 70, 500, "text"),
    Link("disease", "supply", 100, 1000, "text"),
    Link("flood", "disease", 96, 600, "text"),
    Link("disease", "flood", 1, 2, "text"),
)


def test_a_flood_brings_water_then_disease_then_supply() -> None:
    found = {e.effect: e for e in may_bring("flood", LINKS)}
    assert list(found) == ["water", "disease", "supply"]
    assert found["disease"].path == ("flood", "water", "disease")
    assert (found["disease"].low_hours, found["disease"].high_hours) == (82, 600)
    assert found["disease"].status == "illustrative"
    assert found["supply"].low_hours == 182
    assert "supply" not in {e.effect for e in may_bring("flood", LINKS, depth=1)}
    assert may_bring("nothing", LINKS) == []


def test_the_links_that_come_with_it_are_marked_as_made_up() -> None:
    assert {link.status for link in table()} == {"illustrative"}
    assert all(link.note_vi and link.note_en for link in table())
    assert all((link.low_hours or 0) <= (link.high_hours or 0) for link in table())
    chain = [effect.effect for effect in may_bring("flood")]
    assert next(e for e in chain if e in ("water-crisis", "epidemic", "food-crisis")) == "water-crisis"


def test_a_programmes_own_cascades_take_times_where_they_are_known(vietnam: Any) -> None:
    links = of_programme([("flood", "water-crisis"), ("a", "b")])
    assert links[0].low_hours == 12
    assert (links[1].low_hours, links[1].status) == (None, "programme")
    assert may_bring("a", links)[0].low_hours is None


def test_a_forecast_against_the_legal_lines_of_epidemics() -> None:
    """8, 8, 10, 12, 12 in earlier Octobers: a warning from 12, an epidemic above 14."""
    counts = {("48", "10"): dict(zip(range(2021, 2026), (8, 8, 10, 12, 12), strict=True)), ("48", "11"): {2025: 3}}
    steps = epidemic_lines(counts, forecasts())
    # Twelve cases are a warning, fifteen an epidemic; half a case below them nothing is rounded up.
    assert steps.select("place", "level", "threshold", "line").rows() == [("48", 1, 11.5, 12.0), ("48", 2, 14.5, 14.0)]
    found = exceedance(forecasts(), steps)
    # Quantiles 0.1 and 0.5 at 10 and 20: P(X > 11.5) = 0.9 - 0.06, P(X > 14.5) = 0.9 - 0.18.
    assert found["probability"].to_list() == pytest.approx([0.84, 0.72])
    everywhere = epidemic_lines({("", "10"): counts["48", "10"]}, forecasts())
    assert everywhere["place"].to_list() == ["48", "48", "79", "79"]
    with pytest.raises(WarnError) as error:
        epidemic_lines(counts, forecasts(), epidemic_years=[2024])
    assert codes(error) == ["no-lines"]


def test_columns_of_the_wrong_kind_are_named() -> None:
    good = pl.DataFrame({"level": [1], "threshold": [20.0]})
    texts = forecasts(target=pl.lit("October"), value=pl.lit("many"))
    with pytest.raises(WarnError) as error:
        exceedance(texts, good.with_columns(threshold=pl.lit("x")))
    assert codes(error) == ["wrong-kind", "wrong-kind", "wrong-kind"]


@given(st.lists(st.integers(0, 2000), min_size=5, max_size=5))
def test_the_first_count_over_a_line_is_the_least_that_the_rule_itself_calls_so(counts: list[int]) -> None:
    against = baseline(dict(zip(range(2021, 2026), counts, strict=True)), 2026)
    assert against is not None
    warning, epidemic = first_count(against, 1), first_count(against, 2)
    assert judge(warning, against, monthly=True) in ("warning", "epidemic")
    assert judge(epidemic, against, monthly=True) == "epidemic"
    assert warning == 0 or judge(warning - 1, against, monthly=True) == "none"
    assert judge(max(epidemic - 1, 0), against, monthly=True) != "epidemic"
