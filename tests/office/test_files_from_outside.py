"""What people send: taken, or refused in words; never a traceback."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien import Programme
from khien.office import unpack as room
from khien.office.archive import pack
from khien.office.intake import take_in
from khien.office.unpack import UploadError, unpack


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_a_folder_zipped_as_people_do(tmp_path: Path) -> None:
    files = ("mine/projects.csv", "mine/programme.toml", "mine/notes.docx", "__MACOSX/mine/projects.csv")
    content = zipped(dict.fromkeys(files, b""))
    assert sorted(unpack(content, tmp_path)) == ["programme.toml", "projects.csv"]


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv"])
def test_names_are_never_paths(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    unpack(zipped({name: b"id\n"}), inner)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.csv")] == ["a/b/evil.csv"]


@pytest.mark.parametrize(
    "content, says",
    [(b"", "no .zip"), (b"PK\x03\x04 and nothing", "no .zip"),
     (zipped({}), "no CSV file"), (zipped({"a.txt": b""}), "no CSV file"),
     (zipped({"a/x.csv": b"", "b/y.csv": b""}), "several folders"), (zipped({"a/x.csv": b"", "b/x.csv": b""}), "twice"),
     (zipped({f"{n}.csv": b"" for n in range(201)}), "more than 200")],
    ids=["empty", "cut", "nothing in it", "no table", "two folders", "one name twice", "too many"],
)  # fmt: skip
def test_what_is_refused_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UploadError, match=says):
        unpack(content, tmp_path)


def test_a_bomb_is_measured_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST_FILE", 100_000)
    with pytest.raises(UploadError, match="too large"):
        unpack(zipped({"x.csv": b"0" * 1_000_000}), tmp_path)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 200_000


def test_findings_stand_beside_the_rows_as_they_were_sent(isle: Programme, island: Path) -> None:
    files = {p.name: p.read_bytes() for p in island.iterdir()}
    files["projects.csv"] = files["projects.csv"].replace(b"2026Q1", b"2026Q9", 1)
    taken = take_in("isle.zip", zipped(files))
    assert (taken.programme, taken.errors > 0) == (None, True)
    first = taken.findings[0]
    assert first.finding.table == "projects"
    assert "2026Q9" in first.row.values()
    sound = take_in("isle.zip", pack(isle))
    assert sound.programme is not None
    assert sound.programme.hash == isle.hash


@pytest.fixture(scope="module")
def packed(isle: Programme) -> bytes:
    return pack(isle)


@settings(max_examples=60)
@given(data=st.data())
def test_a_mutated_file_gives_findings_or_a_refusal(packed: bytes, data: st.DataObject) -> None:
    content = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    name = data.draw(st.sampled_from(["p.zip", "p.xlsx"]))
    cut = bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(UploadError):
        taken = take_in(name, cut)
        assert taken.programme is not None or taken.errors
