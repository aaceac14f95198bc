"""Provinces by date: names, the change of 2025, and what becomes of counts and rates."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import data_path

from khien.watch.observe import WatchFindings
from khien.watch.places import MERGED, candidates, find, known_places, plain, provinces, to_34


def frame(*cells: tuple[str, date, float | None]) -> pl.DataFrame:
    """Values of places as a store gives them."""
    made = pl.DataFrame(list(cells), schema={"place": pl.String, "valid": pl.Date, "value": pl.Float64}, orient="row")
    valid = pl.col("valid").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    issued = pl.lit(datetime(2026, 1, 1, tzinfo=UTC))
    return made.with_columns(valid=valid, indicator=pl.lit("dengue"), issued=issued, unit=pl.lit("cases"))


def test_there_are_34_now_63_before_and_all_land_is_in_one() -> None:
    now = [p for p in provinces().values() if p.held(date(2026, 1, 1))]
    then = [p for p in provinces().values() if p.held(date(2025, 6, 30)) and not p.id.startswith("was-")]
    assert (len(now), len(then)) == (34, 63)
    for group in (now, then):
        leaves = [leaf for p in group for leaf in p.parts]
        assert len(leaves) == len(set(leaves)) == 64
        assert sum(p.people[1] for p in group if p.people) == 96_208_891


@pytest.mark.parametrize(
    ("text", "on", "id"),
    [
        ("Hà Nội", None, "01"),
        ("ha noi", None, "01"),
        ("TP. Hồ Chí Minh", date(2020, 1, 1), "old-79"),
        ("Thành phố Hồ Chí Minh", date(2026, 1, 1), "79"),
        ("Ho Chi Minh City", date(2026, 1, 1), "79"),
        ("Thua Thien - Hue", None, "46"),
        ("Huế", date(2026, 1, 1), "46"),
        ("Dack Lak", date(1999, 1, 1), "was-dak-lak"),
        ("Đắk Lắk", date(2010, 1, 1), "old-66"),
        ("ĐẮK LẮK", date(2026, 1, 1), "66"),
        ("Bà Rịa – Vũng Tàu", None, "old-77"),
        ("Hòa Bình", None, "old-17"),
        ("Hoà Bình", None, "old-17"),
        ("08", date(2020, 1, 1), "old-08"),
        ("8", date(2026, 1, 1), "08"),
        ("old-08", None, "old-08"),
        ("Hậu Giang", date(1985, 1, 1), "was-hau-giang"),
        ("Hau Giang", date(2010, 1, 1), "old-93"),
        ("Ha Tay", date(2008, 1, 1), "was-ha-tay"),
        ("Lai Chau", date(1990, 5, 1), "was-lai-chau"),
        ("Lai Chau", date(2012, 5, 1), "12"),
        ("Nghia Binh", date(1990, 1, 1), "was-nghia-binh"),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, on: date | None, id: str) -> None:
    findings = WatchFindings()
    assert find(text, findings, on=on) == id
    assert not findings


def test_every_official_name_is_found_with_and_without_diacritics() -> None:
    for province in provinces().values():
        day = province.until or province.since or date(2026, 1, 1)
        for text in (province.name, plain(province.name), province.name.upper(), f"Tỉnh {province.name}"):
            assert find(text, WatchFindings(), on=day) == province.id, text


@pytest.mark.parametrize(
    ("text", "on", "code"),
    [
        ("Tuyên Quang", None, "place-ambiguous"),
        ("08", None, "place-ambiguous"),
        ("Hà Giang", date(2026, 1, 1), "place-gone"),
        ("Atlantis", date(2026, 1, 1), "place-unknown"),
        ("", None, "place-unknown"),
        ("99", None, "place-unknown"),
    ],
)
def test_what_is_not_clear_is_a_finding(text: str, on: date | None, code: str) -> None:
    findings = WatchFindings()
    assert find(text, findings, on=on, table="x.csv", row=7) is None
    assert [(f.code, f.row) for f in findings] == [(code, 7)]
    assert findings[0].message("vi")
    assert findings[0].way_out("en")


def test_the_list_that_a_text_follows_decides_whatever_the_day() -> None:
    assert find("Tuyên Quang", WatchFindings(), scheme="34") == "08"
    assert find("Tuyên Quang", WatchFindings(), scheme="63") == "old-08"
    assert find("Hà Giang", WatchFindings(), on=date(2026, 5, 1), scheme="63") == "old-02"
    assert candidates("Hà Giang", scheme="34") == []


def test_a_mistyped_name_gets_a_guess() -> None:
    findings = WatchFindings()
    find("Quang Nghai", findings)
    assert "Quảng Ngãi" in findings[0].way_out("en")


def test_counts_add_up_over_the_change() -> None:
    before, after = date(2025, 6, 1), date(2025, 7, 1)
    found = to_34(
        frame(("old-02", before, 5.0), ("old-08", before, 7.0), ("08", after, 20.0), ("01", before, 3.0)),
        "count",
        findings := WatchFindings(),
    )
    assert not findings
    assert found.select("place", pl.col("valid").dt.date(), "value").rows() == [
        ("01", before, 3.0),
        ("08", before, 12.0),
        ("08", after, 20.0),
    ]


def test_rates_are_weighted_with_the_people_of_the_day() -> None:
    """Hà Giang 854,679 and Tuyên Quang 784,811 people at the census of 2019."""
    day = date(2019, 4, 1)
    found = to_34(frame(("old-02", day, 10.0), ("old-08", day, 20.0)), "rate", WatchFindings())
    assert found["value"].to_list() == [pytest.approx((854_679 * 10 + 784_811 * 20) / (854_679 + 784_811))]


def test_a_missing_part_is_no_zero() -> None:
    day = date(2020, 1, 1)
    findings = WatchFindings()
    found = to_34(frame(("old-02", day, 5.0), ("old-10", day, None), ("old-15", day, 1.0)), "count", findings)
    assert found["value"].to_list() == [None, None]
    assert [(f.code, f.value) for f in findings] == [("place-part-missing", "08")]


def test_units_that_overlap_or_are_torn_are_told() -> None:
    day = date(2025, 7, 1)
    findings = WatchFindings()
    cells = [("old-02", day, 5.0), ("08", day, 9.0), ("was-ha-son-binh", date(1985, 1, 1), 1.0)]
    found = to_34(frame(*cells), "count", findings)
    assert {f.code for f in findings} == {"place-twice", "place-torn"}
    assert found["value"].to_list() == [None]
    assert all(f.message("vi") and f.way_out("vi") for f in findings)


def test_places_of_other_countries_stay() -> None:
    found = to_34(frame(("US", date(2020, 1, 1), 5.0)), "count", WatchFindings())
    assert found["place"].to_list() == ["US"]


DAYS = st.dates(date(2009, 1, 1), date(2025, 6, 30))


@given(values=st.lists(st.integers(0, 10**6), min_size=63, max_size=63), day=DAYS)
def test_no_case_is_lost_and_a_flat_rate_stays_flat(values: list[int], day: date) -> None:
    units = [p.id for p in provinces().values() if p.held(day) and not p.id.startswith("was-")]
    counted = to_34(frame(*[(u, day, float(v)) for u, v in zip(units, values, strict=True)]), "count", WatchFindings())
    assert counted.height == 34
    assert counted["value"].sum() == sum(values)
    rated = to_34(frame(*[(u, day, float(values[0])) for u in units]), "rate", WatchFindings())
    assert rated["value"].to_list() == [pytest.approx(values[0])] * 34


def test_the_crosswalk_is_that_of_the_public_lists() -> None:
    with data_path("watch", "vietnam", "vn_provinces_34.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parts = {p.split(".")[0] for p in provinces()[row["code"]].parts}
            assert parts == set(row["merged_from_63"].split(";"))
            assert provinces()[row["code"]].people_on(date(2024, 1, 1)) == int(row["pop_census_2019"])
    with data_path("watch", "epi", "vn_province_name_codes.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found = find(row["name_ascii"], WatchFindings(), on=date(2015, 1, 1))
            assert found in (row["code63"], f"old-{row['code63']}")
            assert row["code63"] in {p.split(".")[0] for p in provinces()[row["code34"]].parts}


def test_every_place_of_the_example_programme_is_known() -> None:
    import khien

    programme = khien.read("examples/vietnam")
    ids = programme.places.filter(pl.col("level") == "province")["id"].to_list()
    assert set(ids) <= known_places()
    assert date(2025, 7, 1) == MERGED
