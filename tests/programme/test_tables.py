"""The tables as they are defined, and what is derived from them."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from khien.programme import TABLES, Programme, Settings, findings_page, json_schema, tables_page
from khien.programme.codes import CODES
from khien.programme.quarters import quarter_number, quarter_text


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_is_told_in_both_languages_and_points_to_tables(name: str) -> None:
    table = TABLES[name]
    assert table.title("vi") != table.title("en")
    assert table.about("vi") != table.about("en")
    assert set(table.key) <= set(table.columns)
    for column in table.columns.values():
        assert column.vi
        assert column.en
        assert set(column.to) <= set(TABLES)
        assert all("id" in TABLES[target].columns for target in column.to)
        assert bool(column.choices) == (column.kind == "choice")


@pytest.mark.parametrize("name", list(TABLES))
def test_names_end_in_their_unit(name: str) -> None:
    units = {
        "_mvnd": "million VND",
        "_quarters": "quarters",
        "_months": "months",
        "_share": "0-1",
        "_km2": "km²",
    }
    for column in TABLES[name].columns.values():
        for ending, unit in units.items():
            if column.name.endswith(ending):
                assert column.unit == unit
        assert (column.unit == "million VND") <= (column.kind == "int"), "money is whole"


def test_the_row_class_takes_every_row_of_the_complete_programme(complete: Programme) -> None:
    for name, frame in complete.frames.items():
        assert frame.height, name
        assert frame.schema == TABLES[name].schema
        for row in frame.iter_rows(named=True):
            TABLES[name].row(**row)


def test_frames_are_attributes_and_unknown_ones_are_told(complete: Programme) -> None:
    assert complete.projects is complete.frames["projects"]
    with pytest.raises(AttributeError, match="its tables are groups"):
        _ = complete.project


def test_a_programme_is_frozen(complete: Programme) -> None:
    with pytest.raises(AttributeError):
        complete.settings = complete.settings  # type: ignore[misc]
    with pytest.raises(TypeError):
        complete.frames["projects"] = pl.DataFrame()  # type: ignore[index]


def test_replace_makes_another_programme_and_checks_it(complete: Programme) -> None:
    from khien.programme import ProgrammeError

    other = complete.replace(settings=complete.settings.model_copy(update={"discount_rate": 0.1}))
    assert other != complete
    assert complete.settings.discount_rate == 0.05
    with pytest.raises(ProgrammeError, match="dangling-reference"):
        complete.replace(skills=complete.skills.head(1))
    with pytest.raises(TypeError, match="no such table"):
        complete.replace(project=complete.projects)


def test_settings_that_were_copied_are_checked_again(complete: Programme) -> None:
    from khien.programme import ProgrammeError

    for change, code in (
        ({"discount_rate": 2.0}, "setting-invalid"),
        ({"last_quarter": "2020Q1"}, "horizon-backwards"),
    ):
        with pytest.raises(ProgrammeError, match=code):
            complete.replace(settings=complete.settings.model_copy(update=change))


def test_a_programme_travels_between_processes(complete: Programme) -> None:
    assert pickle.loads(pickle.dumps(complete)) == complete
    assert copy.deepcopy(complete) == complete


def test_frames_of_other_types_are_brought_to_the_schema(complete: Programme) -> None:
    from khien.programme import ProgrammeError

    money = complete.money.with_columns(pl.col("year").cast(pl.Int32), pl.col("amount_mvnd").cast(pl.Float64))
    assert complete.replace(money=money) == complete
    assert complete.replace(money=money.select("amount_mvnd", "source", "year")[::-1]) == complete
    with pytest.raises(ProgrammeError, match="not-whole"):
        complete.replace(money=money.with_columns(amount_mvnd=pl.lit(0.5)))
    with pytest.raises(ProgrammeError, match="missing-column"):
        complete.replace(money=money.drop("source"))


def test_defaults_stand_for_empty_cells(complete: Programme) -> None:
    bare = complete.replace(precedences=complete.precedences.drop("lag_quarters").head(1))
    assert bare.precedences["lag_quarters"].to_list() == [0]


def test_quarters_are_counted_from_the_first(complete: Programme) -> None:
    assert complete.quarter("2026Q1") == 0
    assert complete.quarter("2025Q3") == -2
    assert complete.label(complete.n_quarters - 1) == "2032Q4"
    assert complete.years == list(range(2026, 2033))
    assert [complete.year(i) for i in (0, 3, 4)] == [2026, 2026, 2027]
    assert all(quarter_number(quarter_text(n)) == n for n in range(1900 * 4, 2199 * 4))
    with pytest.raises(ValueError, match="2026Q5"):
        quarter_number("2026Q5")


def test_the_json_schema_accepts_the_complete_programme_and_refuses_a_broken_one(complete: Programme) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    plain = json.loads(json.dumps(complete.to_dict()))
    jsonschema.validate(plain, schema)
    plain["tables"]["options"][0]["success_share"] = 1.3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, schema)


@pytest.mark.parametrize(("name", "page"), [("tables", tables_page), ("findings", findings_page)])
def test_the_reference_is_up_to_date(root: Path, name: str, page: Any) -> None:
    assert (root / f"docs/reference/{name}.md").read_text(encoding="utf-8") == page(), "run `make docs-write`"


def test_every_finding_has_its_section(root: Path) -> None:
    page = (root / "docs/reference/findings.md").read_text(encoding="utf-8")
    assert [line[4:] for line in page.splitlines() if line.startswith("### ")] == list(CODES)


def test_the_reference_names_every_table_column_and_setting(root: Path) -> None:
    page = (root / "docs/reference/tables.md").read_text(encoding="utf-8")
    for table in TABLES.values():
        section = page.split(f"## {table.name} · ")[1].split("\n## ")[0]
        assert all(f"| `{column}` |" in section for column in table.columns)
    assert all(f"`{name}`" in page for name in Settings.model_fields if name != "facts")


def test_importing_khien_is_quick() -> None:
    code = "import sys, khien; print([m for m in ('polars', 'pydantic', 'numpy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


@pytest.mark.slow
def test_the_benchmark_of_checking_runs(root: Path) -> None:
    command = [sys.executable, "-m", "bench.checking", "--small", "--json"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    forms = {result["form"]: result for result in json.loads(said)}
    assert forms["csv"]["rows"] == forms["xlsx"]["rows"] == forms["frames"]["rows"] > 500
    assert forms["csv"]["hash"] == forms["xlsx"]["hash"]
