"""The forms of CSV that spreadsheets write in Vietnamese and in English all give the same programme."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from khien.programme import Programme, check
from khien.programme.tables import TABLES


def rewrite(folder: Path, delimiter: str, decimal: str, *, bom: bool = False, end: str = "\n") -> None:
    """Every CSV file of a folder as another spreadsheet would write it."""
    for path in folder.glob("*.csv"):
        numbers = {c.name for c in TABLES[path.stem].columns.values() if c.kind == "number"}
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        for row in rows:
            writer.writerow({k: v.replace(".", decimal) if k in numbers else v for k, v in row.items()})
        path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode())


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("bom", [False, True])
def test_delimiters_decimal_marks_and_byte_order_marks(
    folder: Path, complete: Programme, delimiter: str, decimal: str, bom: bool
) -> None:
    rewrite(folder, delimiter, decimal, bom=bom, end="\r\n")
    checked = check(folder)
    assert checked.findings == []
    assert checked.programme == complete


def groups(folder: Path, text: str) -> None:
    (folder / "groups.csv").write_text(text, encoding="utf-8", newline="")


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nid;name_vi;name_en\nfire;Tên fire;Name fire\ncyber;Tên cyber;Name cyber\n",
        "id,name_vi,name_en\n\nfire,Tên fire,Name fire\n,,\ncyber,Tên cyber,Name cyber\n,,\n\n",
        "\n\nid,name_vi,name_en\nfire,Tên fire,Name fire\ncyber,Tên cyber,Name cyber",
        "name_en,id,name_vi\nName fire,fire,Tên fire\nName cyber,cyber,Tên cyber\n",
        'id,name_vi,name_en\n"fire"," Tên fire ","Name fire"\ncyber,Te\u0302n cyber,\u00a0Name cyber\n',
        "id,name_vi,name_en,\nfire,Tên fire,Name fire,\ncyber,Tên cyber,Name cyber\n",
    ],
    ids=["sep-line", "blank-lines", "blank-before", "other-order", "blanks-and-decomposed", "empty-column"],
)
def test_harmless_differences_do_not_change_the_content(folder: Path, complete: Programme, text: str) -> None:
    groups(folder, text)
    assert check(folder).programme == complete


def test_the_line_of_a_finding_is_that_of_a_spreadsheet(folder: Path) -> None:
    groups(folder, 'id,name_vi,name_en\n\nfire,"Tên\nfire",Name fire\ncyber,Tên cyber,Name cyber\nX,x,x\n')
    (finding,) = check(folder).errors
    assert (finding.code, finding.row) == ("not-a-slug", 5)


def amounts(folder: Path, a: str, b: str, delimiter: str = ";") -> list[tuple[str, str | None]]:
    text = f"product;capability;amount\nboat;rescue;{a}\nsensor;watch;{b}\n"
    (folder / "yields.csv").write_text(text.replace(";", delimiter))
    return [(f.code, f.value) for f in check(folder).errors]


def read_amounts(folder: Path, a: str, b: str, delimiter: str = ";") -> list[float]:
    assert amounts(folder, a, b, delimiter) == []
    programme = check(folder).programme
    assert programme is not None
    return programme.yields["amount"].to_list()


@pytest.mark.parametrize(
    ("a", "b", "values"),
    [
        ("1,5", "2", [1.5, 2.0]),
        ("1.5", "2", [1.5, 2.0]),
        ("1.234.567", "0,25", [1234567.0, 0.25]),
        ("1,234,567", "0.25", [1234567.0, 0.25]),
        ("1.234,5", "1.234", [1234.5, 1234.0]),
        ("1,234.5", "1,234", [1234.5, 1234.0]),
        ("1 234", "1\u00a0234,5", [1234.0, 1234.5]),
        ("0,125", "12,345", [0.125, 12.345]),
        ("1e3", "2.5E-1", [1000.0, 0.25]),
        ("+7", "07", [7.0, 7.0]),
    ],
)
def test_numbers_that_can_be_told_are_read(folder: Path, a: str, b: str, values: list[float]) -> None:
    assert read_amounts(folder, a, b) == values


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("1.234", "2", [("number-ambiguous", "1.234")]),
        ("1,234", "5,678", [("number-ambiguous", "1,234"), ("number-ambiguous", "5,678")]),
        ("1,5", "2.5", [("mixed-decimal-marks", "1,5")]),
        ("1.234.567", "0.25", [("mixed-decimal-marks", "1.234.567")]),
        ("12.34,5", "1", [("not-a-number", "12.34,5")]),
        ("1.2.3", "1", [("not-a-number", "1.2.3")]),
        ("1,2,3", "1", [("not-a-number", "1,2,3")]),
        ("--1", "1", [("not-a-number", "--1")]),
        ("٣", "1", [("not-a-number", "٣")]),
        ("1_000", "1", [("not-a-number", "1_000")]),
    ],
)
def test_numbers_that_cannot_be_told_are_findings(
    folder: Path, a: str, b: str, found: list[tuple[str, str]]
) -> None:
    assert amounts(folder, a, b) == found


def test_a_point_in_a_comma_file_is_a_decimal_point(folder: Path) -> None:
    assert read_amounts(folder, "21.028", "1.5", ",") == [21.028, 1.5]


@pytest.mark.parametrize("word", ["true", "TRUE", "1", "có", "Yes", "x"])
def test_yes_is_read_in_both_languages(folder: Path, word: str) -> None:
    path = folder / "obligations.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",true", f",{word}"), encoding="utf-8")
    programme = check(folder).programme
    assert programme is not None
    assert programme.obligations["firm"].to_list() == [True]


def test_whole_numbers_may_carry_a_zero_fraction(folder: Path) -> None:
    path = folder / "vehicles.csv"
    path.write_text(re.sub(r",7\n", ",7.0\n", path.read_text()))
    programme = check(folder).programme
    assert programme is not None
    assert programme.vehicles["count"].to_list() == [7]
