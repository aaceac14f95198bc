"""Workbooks: the same content as a folder, templates to fill in, and what is refused."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from khien.programme import TABLES, Programme, check, diff, read, template, workbook_out, workbook_xml, write


@pytest.fixture
def full_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbooks with as many rows ready for drop-downs as people get; other tests make do with fewer."""
    monkeypatch.setattr(workbook_out, "SPARE_ROWS", 1000)


@pytest.fixture(scope="module")
def original(complete: Programme, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "programme.xlsx"
    write(complete, path)
    return path


@pytest.fixture
def edited(original: Path, tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """The complete workbook after somebody has changed it in a spreadsheet program."""

    def edit(change: Callable[[Any], None]) -> Path:
        book = openpyxl.load_workbook(original)
        change(book)
        book.save(tmp_path / "edited.xlsx")
        return tmp_path / "edited.xlsx"

    return edit


@pytest.mark.usefixtures("full_length")
def test_a_workbook_gives_back_the_same_programme(complete: Programme, tmp_path: Path) -> None:
    write(complete, tmp_path / "book.xlsx")
    back = read(tmp_path / "book.xlsx")
    assert diff(complete, back) == []
    assert back == complete
    assert back.findings == ()


def test_equal_programmes_make_equal_files(complete: Programme, original: Path, tmp_path: Path) -> None:
    write(complete, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == original.read_bytes()


def test_saving_in_another_program_changes_nothing(
    complete: Programme, edited: Callable[[Callable[[Any], None]], Path]
) -> None:
    assert read(edited(lambda book: None)) == complete


@pytest.mark.slow
@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 1e-7, 123456789.12345679, 5e-324, 1.7976931348623157e308])
def test_numbers_keep_every_bit(complete: Programme, tmp_path: Path, value: float) -> None:
    changed = complete.replace(yields=complete.yields.with_columns(amount=pl.lit(value)))
    write(changed, tmp_path / "book.xlsx")
    assert read(tmp_path / "book.xlsx").yields["amount"].to_list() == [value, value]


FINDINGS = [
    ("merged-cells", lambda b: b["groups"].merge_cells("B2:C2"), "groups", 2, None, "B2:C2"),
    ("formula", lambda b: b["vehicles"].__setitem__("C2", "=3+4"), "vehicles", 2, "C", "=3+4"),
    ("formula", lambda b: b["settings"].__setitem__("B4", "=2000+26"), "settings", 4, "B", "=2000+26"),
    ("cell-error", lambda b: b["vehicles"].__setitem__("C2", "#N/A"), "vehicles", 2, "C", "#N/A"),
    ("unknown-table", lambda b: b.create_sheet("vehicle").__setitem__("A1", 1), None, None, None, "vehicle"),
    ("settings-missing", lambda b: b.remove(b["settings"]), "settings", None, None, "settings"),
    (
        "unknown-column",
        lambda b: b["vehicles"].__setitem__("C1", "counts"),
        "vehicles",
        1,
        "counts",
        "counts",
    ),
    ("not-whole", lambda b: b["vehicles"].__setitem__("C2", 7.5), "vehicles", 2, "count", "7.5"),
    ("not-a-number", lambda b: b["vehicles"].__setitem__("C2", True), "vehicles", 2, "count", "true"),
    ("dangling-reference", lambda b: b["vehicles"].__setitem__("A2", 1), "vehicles", 2, "place", "1"),
    ("empty-file", lambda b: b["cascades"].delete_rows(1, 9), "cascades", None, None, None),
    (
        "setting-invalid",
        lambda b: b["settings"].__setitem__("B4", "năm 2026"),
        "settings",
        None,
        "base_year",
        "năm 2026",
    ),
]


QUICK = 6
"""To edit a workbook as a spreadsheet program does takes long: the other findings are left to the whole suite."""


@pytest.mark.parametrize(
    ("code", "change", "table", "row", "column", "value"),
    [
        pytest.param(*case, id=f"{case[0]}-{i}", marks=() if i < QUICK else pytest.mark.slow)
        for i, case in enumerate(FINDINGS)
    ],
)
def test_what_is_wrong_in_a_sheet_is_told(
    edited: Callable[[Callable[[Any], None]], Path],
    code: str,
    change: Any,
    table: Any,
    row: Any,
    column: Any,
    value: Any,
) -> None:
    checked = check(edited(change))
    assert checked.programme is None
    (finding,) = [f for f in checked.findings if f.code == code]
    assert (finding.table, finding.row, finding.column, finding.value) == (table, row, column, value)


def test_sheets_for_people_are_left_alone(complete: Programme, edited: Callable[[Callable[[Any], None]], Path]) -> None:
    def change(book: Any) -> None:
        book.create_sheet("_tính nháp")["A1"] = "=1+1"
        book.create_sheet("Ghi chú")["B7"] = "hỏi lại"
        book.create_sheet("Sheet1")

    assert read(edited(change)) == complete


def test_numbers_that_are_text_and_dates_that_are_dates(
    edited: Callable[[Callable[[Any], None]], Path],
) -> None:
    def change(book: Any) -> None:
        book["vehicles"]["C2"] = "7"
        book["forces"]["D2"] = "2026-03-01"

    assert check(edited(change)).findings == []


def test_a_million_row_sheet_is_refused_at_once(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    rows = b"".join(b'<row r="%d"><c r="A%d"/></row>' % (i, i) for i in range(1, 1_048_577))
    replace_member(original, path, "xl/worksheets/sheet2.xml", sheet_xml(rows))
    begin = time.perf_counter()
    (finding,) = [f for f in check(path).findings if f.code == "too-many-rows"]
    assert time.perf_counter() - begin < 5
    assert finding.table == "groups"


def test_a_zip_bomb_is_refused_without_unpacking(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.xlsx"
    replace_member(original, path, "xl/worksheets/sheet2.xml", sheet_xml(b" " * (20 * 2**20)))
    monkeypatch.setattr(workbook_xml, "MAX_UNPACKED", 16 * 2**20)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *args: pytest.fail("unpacked"))
    assert [f.code for f in check(path).findings] == ["workbook-too-large"]


def test_wide_and_far_cells_do_not_blow_up(original: Path, tmp_path: Path) -> None:
    first = b'<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'
    far = first + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = tmp_path / "far.xlsx"
    replace_member(original, path, "xl/worksheets/sheet2.xml", sheet_xml(far))
    begin = time.perf_counter()
    assert "missing-column" in {f.code for f in check(path).findings}
    assert time.perf_counter() - begin < 8


@pytest.mark.parametrize(
    "data", [b"", b"not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old or locked", b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(data)
    assert [f.code for f in check(path).findings] == ["workbook-unreadable"]


def test_entities_are_refused(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "entities.xlsx"
    evil = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    replace_member(original, path, "xl/sharedStrings.xml", evil)
    assert [f.code for f in check(path).findings] == ["workbook-unreadable"]


def sheet_xml(rows: bytes) -> bytes:
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return b'<?xml version="1.0"?><worksheet ' + space + b"><sheetData>" + rows + b"</sheetData></worksheet>"


def replace_member(source: Path, target: Path, member: str, data: bytes) -> None:
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, data if info.filename == member else old.read(info))


@pytest.mark.usefixtures("full_length")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_template_has_every_table_with_drop_downs_and_comments(tmp_path: Path, lang: str) -> None:
    template(tmp_path / "template.xlsx", lang)
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    assert set(TABLES) | {"settings", "_help"} <= set(book.sheetnames)
    for name, table in TABLES.items():
        heads = {cell.value: cell for cell in book[name][1]}
        assert list(heads) == list(table.columns)
        for column in table.columns.values():
            assert column.meaning(lang) in heads[column.name].comment.text
    allowed = {str(v.sqref).split("2")[0]: v for v in book["projects"].data_validations.dataValidation}
    assert "candidate" in allowed["I"].formula1
    assert "stages!$A$2" in allowed["E"].formula1
    assert "_lists" in allowed["D"].formula1
    assert book["_lists"].max_row == 1001
    help_words = {cell.value for row in book["_help"].iter_rows() for cell in row}
    for column in TABLES["options"].columns.values():
        assert {column.vi, column.en} <= help_words


@pytest.mark.usefixtures("full_length")
def test_an_empty_template_lacks_only_settings_and_projects(tmp_path: Path) -> None:
    template(tmp_path / "template.xlsx", "vi")
    codes = {f.code for f in check(tmp_path / "template.xlsx").findings}
    assert codes == {"setting-missing", "setting-without-source", "nothing-to-plan"}
