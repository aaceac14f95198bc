from __future__ import annotations

import dataclasses

import polars as pl
from tests.draw.fake import fake_results

from khien.draw.content.provenance import (
    ASKED,
    command,
    date_of_data,
    fact_status,
    illustrative_share,
    settings,
    status_line,
)
from khien.plan.settings import PlanSettings
from khien.programme import TABLES, Programme, Settings


def programme(sources: list[tuple[str, str, str, str]]) -> Programme:
    """Three groups and two yields, with the given sources (table, row, column, status)."""
    groups = pl.DataFrame({"id": ["a", "b", "c"], "name_vi": ["A", "B", "C"], "name_en": ["A", "B", "C"]})
    yields = pl.DataFrame({"product": ["p", "q"], "capability": ["x", "x"], "amount": [1.0, 2.0]})
    facts = pl.DataFrame(
        [(*source, "book") for source in sources],
        schema=["table", "row", "column", "status", "source"],
        orient="row",
    )
    frames = {"groups": groups, "yields": yields, "sources_of_facts": facts}
    full = {
        name: pl.concat([pl.DataFrame(schema=TABLES[name].schema), frame], how="diagonal_relaxed")
        for name, frame in frames.items()
    }
    horizon = {"base_year": 2026, "first_quarter": "2026Q1", "last_quarter": "2027Q4"}
    return Programme(Settings(title_vi="Thử", title_en="Test", **horizon), full)  # type: ignore[arg-type]


def test_a_row_has_the_weakest_status_of_its_cells() -> None:
    made = programme(
        [
            ("groups", "a", "name_vi", "accepted"),
            ("groups", "a", "name_en", "illustrative"),
            ("groups", "b", "*", "verified"),
            ("yields", "p|x", "amount", "claimed"),
        ]
    )
    counted = {(t, s): n for t, s, n in fact_status(made).iter_rows()}
    assert counted == {
        ("groups", "illustrative"): 1,
        ("groups", "verified"): 1,
        ("groups", ""): 1,
        ("yields", "claimed"): 1,
        ("yields", ""): 1,
    }
    assert illustrative_share(made) == 1 / 5


def test_a_star_speaks_for_every_row_of_a_table() -> None:
    made = programme([("groups", "*", "*", "illustrative"), ("yields", "p|x", "*", "accepted")])
    assert illustrative_share(made) == 3 / 5


def test_a_programme_without_rows_has_no_illustrative_share() -> None:
    empty = dataclasses.replace(programme([]), frames={})
    assert illustrative_share(empty) == 0.0
    assert date_of_data(empty) is None


def test_every_figure_names_version_seed_and_status() -> None:
    results = fake_results(5)
    line = status_line(results, "en")
    assert results.programme.hash[:12] in line
    assert "seed 0" in line
    assert "illustrative" in line


def test_settings_that_nobody_verified_are_flagged() -> None:
    table = settings(fake_results(5), "en").blocks[0]
    rows = {row[-1]: row for row in table.rows}  # type: ignore[union-attr]
    assert rows["discount_rate"][2:4] == ["Illustrative", "Not verified"]
    assert rows["first_quarter"][2:4] == ["Accepted", ""]
    assert rows["reserve_mvnd"][1] == "500,000 million VND"
    assert "title_vi" not in rows


def test_the_commands_make_the_same_plan_again() -> None:
    results = fake_results(5)
    assert "khien plan PROGRAMME --time-limit 60 --seed 0" in command(results)
    asked = PlanSettings(work=500, seed=7, budget_factor=1.1, without_country=("kr",), pins=("a", "b"))
    again = command(dataclasses.replace(results, plan=dataclasses.replace(results.plan, settings=asked)))
    line = next(line for line in again.splitlines() if line.startswith("khien plan"))
    for part in (
        "--work 500",
        "--seed 7",
        "--budget-factor 1.1",
        "--without-country kr",
        "--pin a",
        "--pin b",
    ):
        assert part in line
    assert "--time-limit" not in line


def test_the_commands_are_ones_that_khien_understands() -> None:
    from khien.cli import build_parser

    asked = PlanSettings(
        work=5, min_reliance=0.5, min_reliance_from=2030, reliance_weight=0.4, scenarios=3,
        without_partner=("x",), forbids=("y",),
    )  # fmt: skip
    results = fake_results(5)
    text = command(dataclasses.replace(results, plan=dataclasses.replace(results.plan, settings=asked)))
    for line in text.splitlines():
        build_parser("en").parse_args(line.split()[1:])


def test_every_planning_setting_has_a_name_in_the_report() -> None:
    fields = {field.name for field in dataclasses.fields(PlanSettings)}
    assert fields - set(ASKED) == {"seed", "kept_projects", "kept_training"}
