"""Epidemic rules of Circular 15/2026 and reporting clocks: every edge, worked by hand."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khien.watch.levels import LevelError, clocks
from khien.watch.levels.clocks import VIET_NAM
from khien.watch.levels.epidemic import baseline, civil_defence, group, group_choices, judge, outbreak
from khien.watch.levels.epidemic_file import OWN, alerts, read_counts

FIVE = {2019: 8, 2020: 12, 2021: 10, 2022: 6, 2023: 14}
"""Mean 10, sample variance (4 + 4 + 0 + 16 + 16) / 4 = 10, SD 3.162: warning from 13.162, epidemic above 16.325."""

EVEN = {2019: 8, 2020: 8, 2021: 10, 2022: 12, 2023: 12}
"""Mean 10, sample variance 16 / 4 = 4, SD 2: the lines are whole numbers, 12 and 14."""


def test_the_table_worked_by_hand() -> None:
    against = baseline(FIVE, 2024)
    assert against is not None
    assert (against.mean, against.variance) == (10, 10)
    assert against.line(1) == pytest.approx(13.1623, abs=1e-4)
    assert against.line(2) == pytest.approx(16.3246, abs=1e-4)
    assert [judge(n, against, monthly=True) for n in (13, 14, 16, 17)] == ["none", "warning", "warning", "epidemic"]


@pytest.mark.parametrize("count, month, week", [
    (11, "none", "none"), (12, "warning", "warning"), (14, "warning", "warning"), (15, "epidemic", "warning"),
])  # fmt: skip
def test_a_count_on_the_line_itself(count: int, month: str, week: str) -> None:
    """Exactly mean + 1 SD begins the warning, exactly mean + 2 SD is still one; a week is never an epidemic."""
    against = baseline(EVEN, 2024)
    assert (judge(count, against, monthly=True), judge(count, against, monthly=False)) == (month, week)


def test_years_that_do_not_differ_and_zero_cases() -> None:
    none = baseline(dict.fromkeys(range(2019, 2024), 0), 2024)
    assert judge(0, none, monthly=True) == "none"
    assert judge(1, none, monthly=True) == "epidemic"
    same = baseline(dict.fromkeys(range(2019, 2024), 7), 2024)
    assert [judge(n, same, monthly=True) for n in (6, 7, 8)] == ["none", "none", "epidemic"]


def test_epidemic_years_and_years_without_a_report_are_passed_over() -> None:
    past = {2015: 1, 2016: 2, 2017: 3, 2018: None, 2019: 4, 2020: 900, 2021: 5}
    against = baseline(past, 2022, epidemic_years=[2020])
    assert against is not None
    assert against.years == (2021, 2019, 2017, 2016, 2015)
    assert against.mean == 3
    assert baseline(past, 2021, epidemic_years=[2020]) is None
    assert judge(5, None, monthly=True) == "unknown"
    assert judge(None, against, monthly=True) == "unknown"


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5), st.integers(0, 10**6))
def test_the_rule_agrees_with_the_statistics_of_the_standard_library(counts: list[int], count: int) -> None:
    against = baseline(dict(zip(range(2019, 2024), counts, strict=True)), 2024)
    assert against is not None
    mean, sd = statistics.fmean(counts), statistics.stdev(counts)
    assert float(against.mean) == pytest.approx(mean)
    assert against.sd == pytest.approx(sd)
    state = judge(count, against, monthly=True)
    if abs(count - mean - sd) > 1e-6 and abs(count - mean - 2 * sd) > 1e-6:
        assert state == ("epidemic" if count > mean + 2 * sd else "warning" if count > mean + sd else "none")


def test_every_group_score() -> None:
    for choices in product(*(group_choices(name) for name in ("fatality", "route", "means", "spread"))):
        found = group(*choices)
        score = sum(
            group_choices(name).index(choice) + 1
            for name, choice in zip(("fatality", "route", "means", "spread"), choices, strict=True)
        )
        assert found.score == score
        assert found.group == ("A" if score >= 10 else "B" if score >= 7 else "C")
    assert group("below-1", "enteric", "both", "stable", new_and_dangerous=True).group == "A"
    with pytest.raises(LevelError) as error:
        group("high", "air", "both", "stable")
    assert [f.column for f in error.value.findings] == ["fatality", "route"]


@pytest.mark.parametrize(
    "letter, confirmed, linked, abroad, state",
    [
        ("A", 0, 9, None, "none"),
        ("A", 1, 0, None, "warning"),
        ("B", 9, 2, None, "none"),
        ("B", 0, 3, None, "warning"),
        ("C", 0, 4, None, "warning"),
        ("C", 0, 5, None, "epidemic"),
        ("B", 0, 0, "low", "none"),
        ("B", 0, 0, "medium", "warning"),
        ("A", 0, 0, "very-high", "warning"),
    ],
)
def test_a_disease_that_is_not_endemic(
    letter: str, confirmed: int, linked: int, abroad: str | None, state: str
) -> None:
    assert outbreak(letter, confirmed=confirmed, linked=linked, abroad_risk=abroad).state == state


def test_wrong_words_about_an_outbreak() -> None:
    for wrong in ({"group": "D"}, {"group": "A", "linked": -1}, {"group": "A", "abroad_risk": "huge"}):
        with pytest.raises(LevelError):
            outbreak(**wrong)  # type: ignore[arg-type]


def test_civil_defence_levels() -> None:
    scopes = ("commune", "beyond-commune", "beyond-province")
    assert [civil_defence(s)["level"] for s in scopes] == [1, 2, 3]
    assert [civil_defence(s)["article"] for s in scopes] == ["17", "18", "19"]
    with pytest.raises(LevelError):
        civil_defence("village")


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "cases.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_file_of_months_and_weeks_of_two_places(tmp_path: Path) -> None:
    rows = [f"{place},{year}-05,{n}" for place in ("48", "79") for year, n in EVEN.items()]
    rows += ["48,2024-05,15", "79,2024-05,12", "48,2024-W20,3"]
    judged = alerts(read_counts(write(tmp_path, "place,period,cases\n" + "\n".join(rows))))
    last = {(j.place, j.period): j.state for j in judged if j.period.startswith("2024")}
    assert last == {("48", "2024-05"): "epidemic", ("79", "2024-05"): "warning", ("48", "2024-W20"): "unknown"}
    assert [j.state for j in judged if j.period == "2023-05"] == ["unknown", "unknown"]


def test_own_epidemic_years_are_left_out_month_by_month(tmp_path: Path) -> None:
    rows = [f"{year}-05,{n}" for year, n in {**EVEN, 2024: 100, 2025: 15}.items()]
    counts = read_counts(write(tmp_path, "period,cases\n" + "\n".join(rows)))
    assert [j.state for j in alerts(counts)][-1] == "none"  # 2024 drives the line up
    assert [j.state for j in alerts(counts, OWN)][-1] == "epidemic"
    assert [j.state for j in alerts(counts, [2024])][-1] == "epidemic"


def test_everything_that_is_wrong_with_a_file_is_said_at_once(tmp_path: Path) -> None:
    text = "period,cases\n2024-13,5\n2024-01,-3\n2024-02,4\n2024-02,5\n,\n2024-W54,1\n"
    with pytest.raises(LevelError) as error:
        read_counts(write(tmp_path, text))
    assert [(f.code, f.row) for f in error.value.findings] == [
        ("not-a-period", 2), ("not-a-count", 3), ("period-twice", 5), ("not-a-period", 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, encoding, code",
    [
        ("", "utf-8", "column-missing"),
        ("period;cases\n2024-01;3", "utf-8", "column-missing"),
        ("period,cases\n", "utf-8", "file-empty"),
        ("period,cases\n2024-01,3\nTháng,4", "utf-16", "not-utf-8"),
        ('period,cases\n2024-01,"3', "utf-8", "not-csv"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, encoding: str, code: str) -> None:
    with pytest.raises(LevelError) as error:
        read_counts(write(tmp_path, text, encoding))
    assert error.value.findings[0].code == code


AT = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
"""01:30 on 1 December in Viet Nam."""


def test_cyber_clocks_are_said_in_the_time_of_viet_nam() -> None:
    due = {d.id: d for d in clocks("cyber", AT)}
    assert {key: d.due.isoformat() for key, d in due.items()} == {
        "cyber-first": "2026-12-02T01:30:00+07:00",
        "cyber-full": "2026-12-04T01:30:00+07:00",
    }
    serious = clocks("cyber", AT, marks=["serious"])
    assert [d.id for d in serious] == ["cyber-at-once", "cyber-first", "cyber-full"]
    assert (serious[0].at_once, serious[0].due) == (True, AT)
    assert serious[0].to_dict()["due_utc"] == "2026-11-30T18:30:00Z"
    assert not serious[0].to_dict()["verified"]
    assert clocks("personal-data", AT)[0].due - AT == timedelta(hours=72)


def test_yearly_reports_fall_due_on_the_next_such_day_in_viet_nam() -> None:
    assert [d.due.date().isoformat() for d in clocks("cyber-yearly", AT)] == ["2026-12-20", "2026-12-25", "2027-10-01"]
    on_the_day = datetime(2026, 12, 20, 10, tzinfo=VIET_NAM)
    assert next(d for d in clocks("cyber-yearly", on_the_day) if d.id == "owner-report").due.year == 2026
    # 17:00 UTC on 20 December is already 21 December in Viet Nam.
    after = datetime(2026, 12, 20, 17, tzinfo=UTC)
    assert next(d for d in clocks("cyber-yearly", after) if d.id == "owner-report").due.year == 2027


def test_epidemic_reports() -> None:
    due = {d.id: d.due for d in clocks("epidemic", AT)}
    assert due["suspected"] == due["death"] == due["outbreak"] == AT + timedelta(hours=24)
    assert due["while-open"] == datetime(2026, 12, 1, 23, 59, 59, tzinfo=VIET_NAM)


def test_a_clock_needs_a_zone_and_a_known_group() -> None:
    with pytest.raises(LevelError, match="no time zone"):
        clocks("cyber", datetime(2026, 11, 30, 12))  # noqa: DTZ001
    for wrong in (lambda: clocks("fire", AT), lambda: clocks("cyber", AT, marks=["sad"])):
        with pytest.raises(LevelError):
            wrong()
