"""The reference programme: made again byte for byte, without findings, with the facts as published."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import khien
from khien.programme import Programme

LARGEST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def programme(vietnam: Path) -> Programme:
    return khien.read(vietnam)


@pytest.mark.slow
def test_the_generator_makes_the_committed_files_again(vietnam: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(vietnam / "generate.py"), str(tmp_path)], check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {p.name: p.read_bytes() for p in vietnam.iterdir() if p.suffix == ".csv" or p.name == "programme.toml"}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []


def test_it_has_no_errors_and_no_warnings(vietnam: Path) -> None:
    assert [(f.code, f.table, f.row) for f in khien.check(vietnam).findings] == []


def test_it_is_small(vietnam: Path) -> None:
    assert sum(p.stat().st_size for p in vietnam.rglob("*") if p.is_file() and p.suffix != ".pyc") < LARGEST_BYTES


def test_it_is_as_large_as_promised(programme: Programme) -> None:
    assert len(programme.projects) == 300
    assert len(programme.technologies) == 120
    assert 60 <= len(programme.products) <= 75
    assert 40 <= len(programme.capabilities) <= 45
    assert len(programme.countries.filter(pl.col("id") != "vn")) == 40
    forms = Counter(programme.options["project"].to_list())
    assert set(forms.values()) <= {2, 3, 4}
    assert len(forms) == 300


def test_every_project_has_a_way_of_our_own(programme: Programme) -> None:
    own = programme.options.filter(pl.col("form") == "own")["project"]
    assert set(own) == set(programme.projects["id"])


def test_the_thirty_strategic_products_are_there(programme: Programme) -> None:
    strategic = programme.technologies.filter(pl.col("kind") == "strategic")
    assert strategic["id"].to_list() == [f"s{n:02d}" for n in range(1, 31)]


def test_the_provinces_are_the_official_ones(programme: Programme) -> None:
    provinces = programme.places.filter((pl.col("level") == "province") & pl.col("valid_to").is_null())
    assert len(provinces) == 34
    assert provinces["people"].sum() == 112_093_848
    assert provinces["area_km2"].sum() == pytest.approx(331_333.5, abs=0.1)
    communes = provinces["note"].str.extract(r"(\d+) đơn vị hành chính cấp xã").cast(pl.Int64)
    assert communes.sum() == 3321
    cities = provinces.filter(pl.col("note").str.contains("Thành phố trực thuộc trung ương"))
    assert cities["id"].to_list() == ["01", "31", "46", "48", "75", "79", "92"]


def test_hoang_sa_and_truong_sa_are_special_zones(programme: Programme) -> None:
    zones = {row["id"]: row for row in programme.places.filter(pl.col("level") == "commune").to_dicts()}
    assert zones["20333"]["name_vi"] == "Đặc khu Hoàng Sa"
    assert zones["20333"]["parent"] == "48"
    assert zones["22736"]["name_vi"] == "Đặc khu Trường Sa"
    assert zones["22736"]["parent"] == "56"


def test_the_crosswalk_leads_every_old_province_to_a_new_one(programme: Programme) -> None:
    changes = programme.place_changes
    assert len(changes) == 52
    assert changes["before"].n_unique() == 52
    assert changes["after"].n_unique() == 23
    assert changes["people_share"].unique().to_list() == [1.0]


def test_every_table_says_where_it_comes_from(programme: Programme) -> None:
    sources = programme.sources_of_facts
    tables = {name for name in khien.programme.TABLES if name != "sources_of_facts"}
    silent = [name for name in tables if len(getattr(programme, name)) and name not in set(sources["table"])]
    assert silent == []
    invented = sources.filter((pl.col("row") == "*") & (pl.col("column") == "*"))
    for table in ("money", "options", "projects", "yields", "stocks", "forces", "organisations"):
        assert invented.filter(pl.col("table") == table)["status"].to_list() == ["illustrative"]
    assert {fact.status for fact in programme.settings.facts.values()} <= {
        "illustrative",
        "claimed",
        "verified",
    }


def test_a_little_more_than_half_can_be_afforded(programme: Programme) -> None:
    candidates = programme.projects.filter(pl.col("status") == "candidate")["id"]
    cost = (
        programme.options.filter(pl.col("project").is_in(candidates.implode()))
        .group_by("project")
        .agg(pl.col("cost_mode_mvnd").mean())["cost_mode_mvnd"]
        .sum()
    )
    assert 0.5 < programme.money["amount_mvnd"].sum() / cost < 0.75


def test_names_are_complete_in_both_languages(vietnam: Path) -> None:
    for path in vietnam.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                for name in ("name_vi", "name_en"):
                    if name in row and path.stem != "options":
                        assert row[name].strip(), (path.name, row)
