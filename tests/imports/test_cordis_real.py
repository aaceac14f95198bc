"""The real EU civil-security portfolio as a programme."""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import khien
from khien.programme.imports import Imported, import_cordis

sys.path.insert(0, str(Path(__file__).parents[1]))
from data import data_path


@pytest.fixture(scope="module")
def files() -> tuple[Path, Path]:
    return (
        data_path("industry", "portfolio", "eu_security_projects.csv"),
        data_path("industry", "portfolio", "eu_security_participants.csv"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("eu") / "programme"


@pytest.fixture(scope="module")
def eu(files: tuple[Path, Path], folder: Path) -> Imported:
    return import_cordis(*files, folder)


@pytest.fixture(scope="module")
def source(files: tuple[Path, Path]) -> pl.DataFrame:
    return pl.read_csv(files[0], infer_schema_length=None)


def test_every_project_comes_in(eu: Imported) -> None:
    assert eu.errors == []
    assert eu.programme is not None
    assert len(eu.programme.projects) == 632
    assert eu.programme.projects["status"].value_counts(sort=True).rows() == [
        ("candidate", 629),
        ("stopped", 3),
    ]


def test_what_was_written_reads_back_without_findings(eu: Imported, folder: Path) -> None:
    checked = khien.check(folder)
    assert [f.line("en") for f in checked.findings] == []
    assert checked.programme == eu.programme


def test_the_known_traps_are_found(eu: Imported) -> None:
    found = Counter(f.code for f in eu.findings)
    assert found["import-contribution-mismatch"] == 12
    assert found["import-coordinators"] == 1
    assert found["import-stopped"] == 3
    assert found["import-status-stale"] > 300
    assert found["import-single-participant"] == 119
    assert not {"import-topic-unknown", "import-scheme-unknown", "import-country-unknown"} & set(found)


def test_costs_are_the_real_ones(eu: Imported, source: pl.DataFrame) -> None:
    assert eu.programme is not None
    joint = eu.programme.options.filter(pl.col("form") == "joint")
    real = dict(zip("p" + source["project_id"].cast(pl.String), source["total_cost_eur"], strict=True))
    for row in joint.to_dicts():
        assert row["cost_mode_mvnd"] == round(real[row["project"]] * 0.028)
        assert row["cost_low_mvnd"] <= row["cost_mode_mvnd"] <= row["cost_high_mvnd"]


def test_months_become_quarters(eu: Imported, source: pl.DataFrame) -> None:
    assert eu.programme is not None
    months = dict(zip("p" + source["project_id"].cast(pl.String), source["duration_months"], strict=True))
    for row in eu.programme.options.filter(pl.col("form") == "joint").to_dicts():
        assert abs(row["duration_mode_quarters"] * 3 - months[row["project"]]) <= 1.5


def test_money_is_the_stated_share_of_real_spending(eu: Imported, source: pl.DataFrame) -> None:
    assert eu.programme is not None
    money = eu.programme.money["amount_mvnd"].sum()
    assert money == pytest.approx(0.5 * 0.028 * source["total_cost_eur"].sum(), rel=1e-5)
    assert set(eu.programme.money["source"]) >= {"fp7-security", "h2020-secure-societies"}


def test_greece_and_the_united_kingdom_have_their_iso_codes(eu: Imported) -> None:
    assert eu.programme is not None
    codes = set(eu.programme.countries["id"])
    assert {"gr", "gb", "vn"} <= codes
    assert not {"el", "uk"} & codes


def test_a_second_phase_waits_for_its_first(eu: Imported) -> None:
    assert eu.programme is not None
    pairs = eu.programme.precedences
    assert len(pairs) == 8
    schemes = dict(zip(eu.programme.projects["id"], eu.programme.projects["note"], strict=True))
    assert all("SME-1" in schemes[r["before"]] and "SME-2" in schemes[r["after"]] for r in pairs.to_dicts())


def test_nobody_is_named(eu: Imported) -> None:
    """Partners stand for countries; no firm of the file is carried over."""
    assert eu.programme is not None
    assert all(i.startswith("partners-") for i in eu.programme.organisations["id"])


def test_money_and_needs_make_choosing_necessary(eu: Imported) -> None:
    assert eu.programme is not None
    p = eu.programme
    cheapest = p.options.group_by("project").agg(pl.col("cost_mode_mvnd").min())["cost_mode_mvnd"].sum()
    assert p.money["amount_mvnd"].sum() < 0.6 * cheapest
    reach = p.yields.group_by("capability").agg(pl.col("amount").sum())
    last = p.requirements.filter(pl.col("from_year") == pl.col("from_year").max().over("capability"))
    for row in last.join(reach, on="capability").to_dicts():
        assert math.isclose(row["level"], 0.65 * row["amount"], rel_tol=0.01)


def test_settings_change_the_problem(files: tuple[Path, Path]) -> None:
    half = import_cordis(*files, None, {"money_share": 0.25, "base_year": 2030})
    assert half.programme is not None
    assert half.programme.settings.first_quarter == "2030Q1"
    full = import_cordis(*files, None)
    assert full.programme is not None
    ratio = half.programme.money["amount_mvnd"].sum() / full.programme.money["amount_mvnd"].sum()
    assert ratio == pytest.approx(0.5, rel=1e-4)
