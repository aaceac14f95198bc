"""Legal levels: every band and edge of every table against a second writing of it, and every doubt of the text."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.watch.levels_oracle import GRIDS, flood, rain, salinity

from khien.watch.levels import HAZARDS, LevelError, compound, evaluate, hazard, highest
from khien.watch.levels.interval import Interval
from khien.watch.levels.tables import Band


def codes(error: pytest.ExceptionInfo[LevelError]) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.column) for finding in error.value.findings]


@pytest.mark.parametrize("name", HAZARDS)
def test_every_cell_and_every_edge_of_the_table(name: str) -> None:
    oracle, grid = GRIDS[name]
    wrong, hit = [], set()
    for values in product(*grid.values()):
        case = dict(zip(grid, values, strict=True))
        if name == "salinity" and case["km_4permille"] > case["km_1permille"]:
            continue
        answer = evaluate(name, case)
        hit |= set(answer.bands)
        if answer.level != oracle(**case):
            wrong.append((case, answer.level, oracle(**case)))
    assert wrong == []
    other = {"rain_12h_mm", "milder_days"} | ({"intensity"} if name == "tsunami" else set())
    shadowed = name == "flood"  # rows for several basins that repeat the level of a single one
    unseen = [b for b in hazard(name).bands if b not in hit and not other & set(b.when) and not shadowed]
    assert [b.when for b in unseen if not overridden(name, b)] == []


def overridden(name: str, band: Band) -> bool:
    """Rows that the text has and that a higher row always beats."""
    return name == "earthquake" and band.level < 3


def test_the_grids_hold_every_bound_of_the_data() -> None:
    """A bound that a table gains must be added to the second writing too."""
    for name in HAZARDS:
        _, grid = GRIDS[name]
        for band in hazard(name).bands:
            for column, wanted in band.when.items():
                if column in grid and isinstance(wanted, Interval):
                    assert set(wanted.edges) <= set(grid[column]), (name, column)


@pytest.mark.parametrize(
    "name, given, level, word",
    [
        ("storm", {"beaufort": 6, "area": "south"}, 3, "tropical depression"),
        ("storm", {"beaufort": 7}, 3, "tropical depression"),
        ("wildfire", {"zone": "2", "hot_days": 16}, 3, "alike at levels 2 and 3"),
        ("wildfire", {"zone": "2", "hot_days": 36}, 3, "beyond 35"),
        ("wildfire", {"zone": "2", "milder_days": 26}, 1, "beyond 25"),
        ("wildfire", {"zone": "3", "hot_days": 26}, 4, "between 25 and 35"),
        ("wildfire", {"zone": "3", "hot_days": 35}, 4, "between 25 and 35"),
        ("earthquake", {"intensity": "VI", "setting": "rural"}, 2, "share intensity 6"),
        ("earthquake", {"intensity": "VI", "setting": "reservoir"}, 3, "levels 1, 3"),
        ("earthquake", {"intensity": "VII", "setting": "urban"}, 4, "levels 2, 4"),
        ("earthquake", {"intensity": "VII", "setting": "rural"}, 3, "levels 2, 3"),
        ("earthquake", {"intensity": "VIII", "setting": "urban"}, 4, "above VIII"),
        ("tsunami", {"wave_m": 16}, 5, "exactly 16"),
        ("surge", {"total_m": "5.5", "coast": "nghe-an-ha-tinh"}, 4, "overlap"),
        ("surge", {"total_m": "4.5", "coast": "quang-binh-hue"}, 4, "overlap"),
        ("heat", {"tmax_c": 35, "days": 3, "region": "north"}, 1, "35–37"),
        ("cold", {"tavg_c": 13, "days": 11, "region": "plains"}, 2, "8–13"),
        ("rain", {"rain_24h_mm": 500, "days": 1, "terrain": "plain", "extent": "part"}, 3, "several provinces"),
        ("flash-flood", {"rain_24h_mm": 300, "zone": "1", "susceptibility": "high", "earlier_days": 1}, 3, ">2 d"),
    ],
)
def test_where_the_text_is_ambiguous_the_higher_level_comes_with_a_note(
    name: str, given: dict[str, Any], level: int, word: str
) -> None:
    answer = evaluate(name, given)
    assert answer.level == level
    assert any(word in note.en for note in answer.notes), [note.en for note in answer.notes]
    assert all(note.vi and note.vi != note.en for note in answer.notes)


@pytest.mark.parametrize(
    "name, given",
    [
        ("storm", {"beaufort": 8, "area": "south"}),
        ("storm", {"beaufort": 5}),
        ("surge", {"total_m": 4, "coast": "quang-binh-hue"}),
        ("wildfire", {"zone": "2", "hot_days": 15}),
        ("wildfire", {"zone": "3", "hot_days": 36}),
        ("earthquake", {"intensity": 5, "setting": "urban"}),
        ("earthquake", {"intensity": 9, "setting": "rural"}),
        ("tsunami", {"wave_m": "16.01"}),
        ("rain", {"rain_24h_mm": 150, "days": 1, "terrain": "plain", "extent": "part"}),
        ("flash-flood", {"rain_24h_mm": 300, "zone": "1", "susceptibility": "high", "earlier_days": 3}),
    ],
)
def test_where_the_text_is_clear_there_is_no_note(name: str, given: dict[str, Any]) -> None:
    assert evaluate(name, given).notes == ()


def test_the_twelve_hour_band_of_rain() -> None:
    for amount, level in [("49.9", 0), ("50", 1), ("100", 1)]:
        case = {"rain_12h_mm": amount, "rain_24h_mm": 100 if amount == "100" else "99", "days": 1, "terrain": "plain"}
        assert evaluate("rain", case).level == level
    case = {"rain_12h_mm": 60, "rain_24h_mm": 80, "terrain": "mountain"}
    assert [evaluate("rain", {**case, "days": d}).level for d in (2, 3, 5)] == [1, 2, 3]
    assert [evaluate("rain", {**case, "terrain": "plain", "days": d}).level for d in (2, 3, 5)] == [1, 2, 2]


@pytest.mark.parametrize("intensity, level", [(5, 0), (6, 1), (7, 2), (8, 2), (9, 3), (10, 3), (11, 4), (12, 5)])
def test_a_tsunami_by_its_intensity(intensity: int, level: int) -> None:
    assert evaluate("tsunami", {"intensity": intensity}).level == level
    assert evaluate("tsunami", {"intensity": intensity, "wave_m": "8"}).level == max(level, 4)


@pytest.mark.parametrize(
    "speed, force", [("10.7", 5), ("10.8", 6), ("17.2", 8), ("32.6", 11), ("32.7", 12), ("51", 16)]
)
def test_a_speed_is_turned_into_a_force(speed: str, force: int) -> None:
    assert evaluate("storm", {"wind_ms": speed}).inputs["beaufort"] == force


@pytest.mark.parametrize(
    "name, given, low, high, unknown",
    [
        ("storm", {"beaufort": 12}, 3, 5, {"area"}),
        ("storm", {"beaufort": 8}, 3, 3, set()),
        ("heat", {"tmax_c": 42, "region": "south"}, 0, 4, {"days"}),
        ("salinity", {"km_1permille": 60, "region": "south"}, 2, 3, {"km_4permille"}),
        ("salinity", {"km_4permille": 60, "region": "south"}, 3, 3, set()),
        ("rain", {"rain_24h_mm": 500, "days": 3}, 3, 4, {"terrain"}),
        ("rain", {"rain_12h_mm": 450, "days": 5}, 4, 4, set()),
        ("flood", {"stage_m": 14, "alarm3_m": "11.5", "zone": "4"}, 4, 5, {"historic_m"}),
        ("flood", {"stage_m": 11, "alarm2_m": 11, "zone": "3", "basins": "one"}, 2, 3, {"alarm3_m"}),
        ("earthquake", {"intensity": "VIII"}, 3, 4, {"setting"}),
        ("wildfire", {"hot_days": 40, "zone": "1"}, 0, 2, {"dried_out"}),
        ("fog", {"visibility_m": 20}, 1, 2, {"where"}),
    ],
)
def test_what_is_not_known_gives_a_range_and_names_what_would_decide(
    name: str, given: dict[str, Any], low: int, high: int, unknown: set[str]
) -> None:
    answer = evaluate(name, given)
    assert (answer.low, answer.high, set(answer.unknown)) == (low, high, unknown)
    assert answer.level == (low if low == high else None)
    if unknown:
        assert str(high) in answer.reason("vi")


def test_unknown_may_be_said_in_words() -> None:
    assert evaluate("storm", {"beaufort": 12, "area": "unknown"}) == evaluate("storm", {"beaufort": 12, "area": None})


metres = st.decimals(min_value=0, max_value=20, places=2)


@given(
    stage=metres,
    alarms=st.lists(metres, min_size=4, max_size=4).map(sorted),
    zone=st.sampled_from(["1", "2", "3", "4"]),
    basins=st.sampled_from(["one", "several"]),
    hidden=st.sets(st.sampled_from(["alarm1_m", "alarm2_m", "alarm3_m", "historic_m", "zone", "basins"]), max_size=3),
)
def test_no_value_of_what_is_unknown_leaves_the_range(
    stage: Decimal, alarms: list[Decimal], zone: str, basins: str, hidden: set[str]
) -> None:
    names = ("alarm1_m", "alarm2_m", "alarm3_m", "historic_m")
    full: dict[str, Any] = {"stage_m": stage, **dict(zip(names, alarms, strict=True)), "zone": zone, "basins": basins}
    told = {key: value for key, value in full.items() if key not in hidden}
    answer = evaluate("flood", told)
    whole = evaluate("flood", full)
    if alarms[3] >= alarms[2] + Decimal("0.3"):
        assert whole.level == flood(**full)
    assert whole.level is not None
    assert answer.low <= whole.level <= answer.high


@given(
    one=st.decimals(min_value=0, max_value=150, places=1),
    four=st.decimals(min_value=0, max_value=150, places=1),
    region=st.sampled_from(["north", "central", "south"]),
)
def test_the_boundary_that_was_not_measured_stays_in_the_range(one: Decimal, four: Decimal, region: str) -> None:
    one, four = max(one, four), min(one, four)
    level = salinity(one, four, region)
    for told in ({"km_1permille": one}, {"km_4permille": four}):
        answer = evaluate("salinity", {**told, "region": region})
        assert answer.low <= level <= answer.high


@given(
    amount=st.decimals(min_value=0, max_value=800, places=1),
    days=st.decimals(min_value=1, max_value=9, places=1),
    terrain=st.sampled_from(["mountain", "plain"]),
)
def test_more_rain_or_longer_rain_is_never_a_lower_level(amount: Decimal, days: Decimal, terrain: str) -> None:
    level = evaluate("rain", {"rain_24h_mm": amount, "days": days, "terrain": terrain}).level
    assert level == rain(amount, days, terrain)
    more = evaluate("rain", {"rain_24h_mm": amount + 50, "days": days + 1, "terrain": terrain}).level
    assert level is not None
    assert more is not None
    assert more >= level


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {"beaufort": "strong", "aera": 3, "area": "coats"}
    with pytest.raises(LevelError) as error:
        evaluate("storm", wrong)
    assert codes(error) == [("not-a-number", "beaufort"), ("unknown-input", "aera"), ("not-a-choice", "area")]
    assert "Did you mean “area”?" in error.value.findings[1].way_out("en")
    assert "Did you mean “coastal”?" in error.value.findings[2].way_out("en")


@pytest.mark.parametrize(
    "name, given, expected",
    [
        ("storm", {}, [("missing", "beaufort")]),
        ("tsunami", {}, [("missing", "wave_m")]),
        ("salinity", {"region": "south"}, [("missing", "km_1permille")]),
        ("storm", {"beaufort": 21}, [("outside", "beaufort")]),
        ("storm", {"beaufort": "8.5"}, [("not-whole", "beaufort")]),
        ("storm", {"beaufort": True}, [("not-a-number", "beaufort")]),
        ("heat", {"tmax_c": float("nan")}, [("not-a-number", "tmax_c")]),
        ("heat", {"tmax_c": "inf"}, [("not-a-number", "tmax_c")]),
        ("heat", {"tmax_c": "1e400"}, [("outside", "tmax_c")]),
        ("storm", {"beaufort": 9, "wind_ms": 20}, [("both-given", "wind_ms")]),
        ("rain", {"rain_24h_mm": 60, "rain_12h_mm": 70}, [("greater-than", "rain_12h_mm")]),
        ("flood", {"stage_m": 3, "alarm1_m": 2, "alarm2_m": 1}, [("greater-than", "alarm1_m")]),
    ],
)
def test_each_wrong_or_missing_input_has_its_finding(
    name: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    with pytest.raises(LevelError) as error:
        evaluate(name, given)
    assert codes(error) == expected
    for finding in error.value.findings:
        assert finding.message("vi") != finding.message("en")
        assert finding.way_out("vi") != finding.way_out("en")


def test_several_levels_in_one_area_are_the_highest() -> None:
    assert highest([1, 4, 2]) == 4
    for wrong in ([], [6], [-1], [True]):
        with pytest.raises(LevelError):
            highest(wrong)


@pytest.mark.parametrize(
    "levels, serious, level",
    [
        ((1, 1), False, 2),
        ((3, 2), False, 4),
        ((3, 2), True, 5),
        ((4, 4), True, 5),
        ((5, 1), False, 5),
        ((3, 0), True, 3),
        ((0, 0), True, 0),
    ],
)
def test_a_compound_rises_by_one_or_two_and_never_above_five(
    levels: tuple[int, ...], serious: bool, level: int
) -> None:
    assert compound(levels, serious=serious).level == level


def test_one_hazard_is_no_compound() -> None:
    with pytest.raises(LevelError, match="only one hazard"):
        compound([3])
