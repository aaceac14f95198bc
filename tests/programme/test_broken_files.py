"""One broken file per finding about files, settings and encodings."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from khien.programme import check
from khien.programme.codes import CODES, FAMILIES


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace the first occurrence of a text in a file."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def loosened(letter: str) -> str:
    """A letter with its tone split off."""
    marks = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones)) + tones


def recode(name: str, encoding: str) -> Callable[[Path], None]:
    """Save a file in another encoding; Windows-1258 writes tones as marks of their own."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        if encoding == "cp1258":
            text = "".join(loosened(letter) for letter in text)
        (folder / name).write_bytes(text.encode(encoding))

    return change


def spoil(name: str, data: bytes) -> Callable[[Path], None]:
    """Give a file other bytes."""
    return lambda folder: (folder / name).write_bytes(data) and None


def add(name: str, line: str) -> Callable[[Path], None]:
    """Add a line to a file."""
    return lambda folder: (folder / name).open("a", encoding="utf-8").write(line + "\n") and None


CASES: list[tuple[str, Callable[[Path], None], str | None, int | None, str | None]] = [
    ("path-missing", shutil.rmtree, None, None, "programme"),
    (
        "file-unreadable",
        lambda f: (f / "groups.csv").unlink() or (f / "groups.csv").symlink_to("groups.csv"),
        None,
        None,
        None,
    ),
    ("settings-missing", lambda f: (f / "programme.toml").unlink(), "settings", None, "programme.toml"),
    ("settings-unreadable", add("programme.toml", "[base_year"), "settings", None, "programme.toml"),
    ("encoding", recode("programme.toml", "utf-16"), "settings", None, "UTF-16"),
    ("number-ambiguous", spoil("money.csv", b"year,source,amount_mvnd\n2026,s,60.000\n"), "money", 2, "60.000"),
    (
        "unknown-table",
        lambda f: (f / "vehicles.csv").rename(f / "vehicle.csv") and None,
        None,
        None,
        "vehicle.csv",
    ),
    ("encoding", recode("capabilities.csv", "utf-16"), "capabilities", None, "UTF-16"),
    ("encoding", recode("capabilities.csv", "utf-16-le"), "capabilities", None, "UTF-16"),
    ("encoding", recode("capabilities.csv", "utf-32"), "capabilities", None, "UTF-32"),
    ("encoding", recode("capabilities.csv", "cp1258"), "capabilities", 2, "Windows-1258"),
    (
        "encoding",
        spoil("groups.csv", "id,name_vi,name_en\nx,caf\xe9,caf\xe9\n".encode("cp1252")),
        "groups",
        2,
        "Windows-1252",
    ),
    ("encoding", spoil("groups.csv", b"\x89PNG\r\n\x1a\n\0\0"), "groups", None, "binary"),
    ("empty-file", spoil("groups.csv", b"\xef\xbb\xbf \n"), "groups", None, "groups.csv"),
    (
        "delimiter",
        swap("vehicles.csv", "place,kind,count", "place\tkind\tcount"),
        "vehicles",
        1,
        "place\tkind\tcount",
    ),
    ("csv-broken", swap("groups.csv", "Tên fire", '"Tên fire'), "groups", None, None),
    ("duplicate-column", swap("vehicles.csv", "place,kind,count", "place,kind,kind"), "vehicles", 1, "kind"),
    ("missing-column", swap("vehicles.csv", "place,kind,count", "place,kind,"), "vehicles", 1, None),
    (
        "nameless-column",
        swap("vehicles.csv", "place,kind,count\n01,truck,7", "place,kind,count,\n01,truck,7,x"),
        "vehicles",
        2,
        "x",
    ),
    ("row-too-long", swap("vehicles.csv", "01,truck,7", "01,truck,7,8"), "vehicles", 2, "4"),
    (
        "duplicate-table",
        lambda f: shutil.copy(f / "groups.csv", f / "groups.CSV") and None,
        "groups",
        None,
        "groups.csv",
    ),
    (
        "setting-missing",
        swap("programme.toml", "[base_year]\nvalue = 2026\n", "[base_year]\n"),
        "settings",
        None,
        None,
    ),
    (
        "setting-missing",
        swap("programme.toml", '[title_vi]\nvalue = "Chương trình đủ bảng"\n', "[title_vi]\n"),
        "settings",
        None,
        None,
    ),
    (
        "unknown-setting",
        swap("programme.toml", "[discount_rate]", "[discont_rate]"),
        "settings",
        None,
        "discont_rate",
    ),
    ("unknown-setting", swap("programme.toml", "source", "sauce"), "settings", None, "sauce"),
    ("setting-invalid", swap("programme.toml", "value = 0.05", "value = 1.5"), "settings", None, "1.5"),
    ("setting-invalid", swap("programme.toml", "value = 0.05", 'value = "five"'), "settings", None, "five"),
    ("setting-invalid", swap("programme.toml", "value = 0.05", "value = nan"), "settings", None, "nan"),
    ("setting-invalid", swap("programme.toml", "value = 0.8", "value = 0.99"), "settings", None, "0.99"),
    ("setting-invalid", swap("programme.toml", "2026Q1", "2026-Q1"), "settings", None, "2026-Q1"),
    ("setting-invalid", swap("programme.toml", '"illustrative"', '"guessed"'), "settings", None, "guessed"),
    ("setting-invalid", swap("programme.toml", "value = 0.0263", "value = -1"), "settings", None, "-1.0"),
    ("horizon-backwards", swap("programme.toml", "2032Q4", "2025Q4"), "settings", None, "2025Q4"),
    ("horizon-too-long", swap("programme.toml", "2032Q4", "2199Q4"), "settings", None, "2199Q4"),
    (
        "setting-default",
        swap("programme.toml", "[cut_quarters]\nvalue = 4\n", "[cut_quarters]\n"),
        "settings",
        None,
        "4",
    ),
    ("setting-without-source", swap("programme.toml", 'source = "test"\n', ""), "settings", None, None),
]


@pytest.mark.parametrize(
    ("code", "change", "table", "line", "value"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_one_thing_wrong_with_a_file_is_told(
    folder: Path,
    code: str,
    change: Callable[[Path], None],
    table: str | None,
    line: int | None,
    value: str | None,
) -> None:
    change(folder)
    checked = check(folder)
    found = [f for f in checked.findings if f.code == code]
    assert found, [f.line("en") for f in checked.findings]
    if value is not None:
        assert found[0].value == value
    if code not in ("file-unreadable", "csv-broken"):
        assert (found[0].table, found[0].row) == (table, line)
    assert (checked.programme is None) == (CODES[code] == "error")
    for finding in checked.findings:
        assert finding.message_vi
        assert finding.message_en
        assert finding.way_out_vi
        assert finding.way_out_en


def test_every_finding_about_files_and_settings_has_its_broken_input() -> None:
    in_workbooks = {
        "workbook-unreadable",
        "workbook-too-large",
        "too-many-rows",
        "merged-cells",
        "formula",
        "cell-error",
    }
    with_rows = {"table-missing", "unknown-column", "home-country"}
    assert {c[0] for c in CASES} >= {*FAMILIES["files"], *FAMILIES["settings"]} - in_workbooks - with_rows


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("_nháp.csv", True),
        ("readme.csv", True),
        ("Ghi chú.csv", True),
        ("notes 2026.csv", True),
        ("data.csv", False),
    ],
)
def test_files_for_people_are_left_alone(folder: Path, name: str, ignored: bool) -> None:
    (folder / name).write_text("anything\n")
    (folder / "generate.py").write_text("print()\n")
    assert (check(folder).programme is not None) is ignored


def test_a_table_that_cannot_be_read_is_not_called_missing(folder: Path) -> None:
    (folder / "skills.csv").write_bytes("id,name_vi,name_en".encode("utf-16"))
    assert {f.code for f in check(folder).errors} == {"encoding"}
