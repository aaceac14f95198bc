"""Laws for any programme: round trips, hashes, differences, and a checker that never raises."""

from __future__ import annotations

import datetime
import random
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from khien.programme import TABLES, Column, Fact, Programme, Settings, Table, check, diff, write
from khien.programme.findings import Findings
from khien.programme.hashing import content_hash
from khien.programme.sheet import Sheet
from khien.programme.typed import as_typed
from khien.programme.values import check_values

few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
some = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SETTINGS = Settings(title_vi="a", title_en="b", base_year=2026, first_quarter="2026Q1", last_quarter="2030Q4")


def good_cells(column: Column) -> st.SearchStrategy[Any]:
    """Values that a column allows, extreme ones among them."""
    if column.kind == "slug":
        return st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,12}\Z")
    if column.kind in ("text", "shares", "list"):
        text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
        return st.one_of(text, st.sampled_from(["=1+1", "_x0041_", "a\nb", '"x", y;', "ữ", "nan", "1,5", "TRUE"]))
    if column.kind == "quarter":
        return st.from_regex(r"\A20[0-9]{2}Q[1-4]\Z")
    if column.kind == "choice":
        return st.sampled_from(column.choices)
    if column.kind == "bool":
        return st.booleans()
    if column.kind == "date":
        return st.dates(datetime.date(1900, 3, 1), datetime.date(9999, 12, 31))
    low = column.ge if column.ge is not None else column.gt
    if column.kind == "int":
        return st.integers(
            -(2**53) + 1 if low is None else int(low), 2**53 - 1 if column.le is None else int(column.le)
        )
    return st.floats(low, column.le, allow_nan=False, allow_infinity=False, exclude_min=column.gt is not None)


def rows_of(table: Table) -> st.SearchStrategy[list[dict[str, Any]]]:
    cells = {
        c.name: good_cells(c) if c.required or c.default is not None else st.none() | good_cells(c)
        for c in table.columns.values()
    }
    return st.lists(st.fixed_dictionaries(cells), max_size=6, unique_by=lambda r: tuple(r[k] for k in table.key))


@st.composite
def unchecked(draw: st.DrawFn) -> Programme:
    """A programme whose cells are fine; what the tables mean together does not matter for these laws."""
    names = draw(st.lists(st.sampled_from(list(TABLES)), min_size=1, max_size=4, unique=True))
    frames = {}
    for name in names:
        frame = pl.DataFrame(draw(rows_of(TABLES[name])), schema=TABLES[name].schema)
        frames[name] = as_typed(TABLES[name], frame, Findings())
    return Programme(SETTINGS, frames)


def read_cells(path: Path) -> dict[str, pl.DataFrame]:
    """The frames of a file after the readers and the checks of cells, without the further rules."""
    from khien.programme.cells import typed_table
    from khien.programme.checking import _raw

    findings = Findings()
    raw = _raw(path, findings)
    assert raw is not None
    frames = {}
    for name, cells in raw.tables.items():
        typed = typed_table(TABLES[name], cells, findings)
        frames[name] = check_values(Sheet(TABLES[name], typed), lambda column: None, findings)
    assert [f.line("en") for f in findings if f.severity == "error"] == []
    return frames


@pytest.mark.slow
@few
@given(programme=unchecked(), form=st.sampled_from(["folder", "book.xlsx"]))
def test_writing_and_reading_gives_back_every_cell(programme: Programme, form: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        write(programme, Path(place, form))
        back = read_cells(Path(place, form))
    for name, frame in programme.frames.items():
        other = back.get(name, pl.DataFrame(schema=TABLES[name].schema))
        assert frame.to_dicts() == other.to_dicts(), name
    assert content_hash(SETTINGS, back) == programme.hash


@some
@given(programme=unchecked(), seed=st.integers(0, 2**16))
def test_the_hash_does_not_see_the_order_of_rows_and_columns(programme: Programme, seed: int) -> None:
    chance = random.Random(seed)
    mixed = {
        name: frame.select(chance.sample(frame.columns, frame.width))[chance.sample(range(frame.height), frame.height)]
        for name, frame in programme.frames.items()
    }
    assert content_hash(SETTINGS, mixed) == programme.hash
    assert diff(programme, Programme(SETTINGS, mixed)) == []


@pytest.mark.slow
@some
@given(a=unchecked(), b=unchecked())
def test_the_hash_differs_exactly_when_something_differs(a: Programme, b: Programme) -> None:
    assert (a.hash == b.hash) == (diff(a, b) == [])


@pytest.mark.slow
@some
@given(a=unchecked(), b=unchecked())
def test_differences_turn_round_and_add_up(a: Programme, b: Programme) -> None:
    assert diff(a, a) == []
    there, back = diff(a, b), diff(b, a)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(turned[c.kind], c.table, c.key, c.column, str(c.after), str(c.before)) for c in there} == {
        (c.kind, c.table, c.key, c.column, str(c.before), str(c.after)) for c in back
    }
    assert Programme(SETTINGS, applied(a, there)) == b


def applied(programme: Programme, changes: list[Any]) -> dict[str, pl.DataFrame]:
    """The programme with the changes made, row by row."""
    from khien.programme.compare import row_key

    rows = {n: {row_key(TABLES[n], r): dict(r) for r in f.to_dicts()} for n, f in programme.frames.items()}
    for change in changes:
        if change.kind == "removed" and change.column is None:
            del rows[change.table][change.key]
        elif change.kind == "added" and change.column is None:
            rows[change.table][change.key] = change.after
        else:
            rows[change.table][change.key][change.column] = change.after
    return {n: pl.DataFrame(list(r.values()), schema=TABLES[n].schema) for n, r in rows.items()}


wild = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(
        [
            "NaN",
            "-1",
            "1e999",
            "0,5",
            "1.234",
            "2026Q5",
            "vn",
            "TRUE",
            "=1",
            "\0",
            '"',
            ";;",
            "9" * 30,
            "−5",
            " ",
            "p1",
        ]
    ),
)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_the_checker_never_raises_and_says_something_for_every_finding(
    data: st.DataObject, complete: Programme
) -> None:
    names = data.draw(
        st.lists(st.sampled_from([n for n, f in complete.frames.items() if f.height]), min_size=1, max_size=4)
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "p")
        write(complete, folder)
        for name in names:
            lines = (folder / f"{name}.csv").read_text(encoding="utf-8").split("\n")
            cells = lines[1].split(",")
            cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(wild) or ""
            lines[1] = ",".join(cells)
            (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8", newline="")
        checked = check(folder)
    for finding in checked.findings:
        assert finding.line("vi")
        assert finding.line("en")


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400), name=st.sampled_from(["projects.csv", "programme.toml", "book.xlsx"]))
def test_no_bytes_make_the_checker_raise(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place, name).write_bytes(data)
        path = Path(place, name) if name.endswith("xlsx") else Path(place)
        assert check(path).programme is None


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TABLES))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_fast_checks_agree_with_the_row_class(name: str, data: st.DataObject) -> None:
    """The row class is the definition; the vectorised checks must accept and refuse the same rows."""
    table = TABLES[name]
    odd = {
        "int": st.integers(-(2**53), 2**53),
        "number": st.floats(allow_nan=True, allow_infinity=True),
        "bool": st.booleans(),
        "date": st.dates(),
    }
    row = {}
    for column in table.columns.values():
        text = st.sampled_from(["A b", "x" * 5000, "ok", "2026Q1", "2026Q9", "candidate", "vn"])
        value = good_cells(column) | odd.get(column.kind, text) | st.none()
        row[column.name] = data.draw(value)
    frame = as_typed(table, pl.DataFrame([row], schema=table.schema), Findings())
    findings = Findings()
    check_values(Sheet(table, frame), lambda column: None, findings)
    given_cells = {k: v for k, v in frame.row(0, named=True).items() if v is not None}
    try:
        table.row(**given_cells)
        refused = set()
    except ValidationError as errors:
        refused = {str(error["loc"][0]) for error in errors.errors()}
    hidden = {f.column for f in findings if f.code == "control-character"}
    assert {f.column for f in findings} - hidden == refused - hidden


TITLE = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@pytest.mark.slow
@few
@given(
    title=st.text(TITLE, min_size=1).filter(str.strip),
    rate=st.floats(0, 1),
    reserve=st.integers(0, 2**53 - 1),
    usd=st.floats(1e-9, 1e9),
    carry=st.booleans(),
)
def test_settings_come_back_as_they_were(
    complete: Programme, title: str, rate: float, reserve: int, usd: float, carry: bool
) -> None:
    facts = {name: Fact(source=title, status="claimed") for name in ("title_vi", "rates.usd")}
    values = {n: v for n, v in complete.settings.values().items() if "." not in n}
    values |= {"title_vi": title, "discount_rate": rate, "reserve_mvnd": reserve, "carry_over": carry}
    programme = Programme(Settings(**values, rates={"usd": usd}, facts=facts), {})
    with tempfile.TemporaryDirectory() as place:
        for form in ("a", "a.xlsx"):
            write(programme, Path(place, form))
            checked = check(Path(place, form))
            assert checked.errors == []
            assert checked.programme == programme
