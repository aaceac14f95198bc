"""Writing is whole or not at all, and what is not ours stays."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter.exceptions import FileCreateError

from khien.cli.failure import describe
from khien.programme import Programme, new, read, template, write
from khien.programme.skeleton import skeleton
from khien.programme.writing import write_file, write_text


def test_a_folder_gives_back_the_same_programme(complete: Programme, tmp_path: Path) -> None:
    write(complete, tmp_path / "a")
    write(read(tmp_path / "a"), tmp_path / "b")
    assert read(tmp_path / "b") == complete
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "b").iterdir())
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in names)


def test_a_folder_is_replaced_as_a_whole(complete: Programme, tmp_path: Path) -> None:
    write(complete, tmp_path / "a")
    (tmp_path / "a" / "generate.py").write_text("print()")
    (tmp_path / "a" / "sources").mkdir()
    (tmp_path / "a" / "sources" / "law.txt").write_text("luật")
    write(skeleton(), tmp_path / "a")
    assert read(tmp_path / "a") == skeleton()
    assert not (tmp_path / "a" / "vehicles.csv").exists()
    assert (tmp_path / "a" / "generate.py").read_text() == "print()"
    assert (tmp_path / "a" / "sources" / "law.txt").read_text() == "luật"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_with_something_else_is_not_touched(complete: Programme, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"programme\.toml"):
        write(complete, tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize("name", ["a", "a.xlsx"])
@pytest.mark.parametrize("fails", ["os.fsync", "os.replace", "os.rename"])
def test_a_full_disk_leaves_the_old_state(
    complete: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fails: str
) -> None:
    write(complete, tmp_path / name)

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if (name == "a") != (fails == "os.replace"):
        monkeypatch.setattr(fails, full)
        if fails != "os.rename" or name == "a":
            with pytest.raises(OSError, match="No space"):
                write(skeleton(), tmp_path / name)
        monkeypatch.undo()
    assert read(tmp_path / name) == complete
    assert os.listdir(tmp_path) == [name]


def test_a_disk_that_fills_in_the_middle_of_a_file(
    complete: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(complete, tmp_path / "a")
    whole = Path.write_text
    count = 0

    def half(self: Path, text: str, *args: Any, **kwargs: Any) -> int:
        nonlocal count
        count += 1
        if count == 4:
            whole(self, text[: len(text) // 2], *args, **kwargs)
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, text, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space"):
        write(skeleton(), tmp_path / "a")
    monkeypatch.undo()
    assert read(tmp_path / "a") == complete
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_disk_says_it_is_full_while_a_workbook_is_closed(complete: Programme) -> None:
    from khien.programme.workbook_out import write_workbook

    with pytest.raises(OSError, match="No space"):
        write_workbook(complete, Path("/dev/full"))


def test_the_second_rename_failing_puts_the_old_folder_back(
    complete: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(complete, tmp_path / "a")
    rename, calls = os.rename, []

    def second_fails(a: Any, b: Any) -> None:
        calls.append(a)
        if len(calls) == 2:
            raise OSError(errno.EIO, "I/O error")
        rename(a, b)

    monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(OSError, match="I/O"):
        write(skeleton(), tmp_path / "a")
    monkeypatch.undo()
    assert read(tmp_path / "a") == complete
    assert os.listdir(tmp_path) == ["a"]


def test_new_makes_a_valid_programme_and_never_overwrites(tmp_path: Path) -> None:
    programme = new(tmp_path / "fresh")
    assert read(tmp_path / "fresh") == programme
    assert programme.findings == ()
    assert programme.projects.height == programme.options.height == 1
    with pytest.raises(FileExistsError):
        new(tmp_path / "fresh")
    assert new(tmp_path / "fresh.xlsx") == programme


def test_templates_are_written_whole(tmp_path: Path) -> None:
    template(tmp_path / "t.xlsx")
    assert os.listdir(tmp_path) == ["t.xlsx"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_full_disk_names_the_file_that_was_wanted(tmp_path: Path, wrapped: bool) -> None:
    def fill(place: Path) -> None:
        trouble = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise FileCreateError(trouble) if wrapped else trouble

    with pytest.raises((OSError, FileCreateError)) as told:
        write_file(tmp_path / "out.xlsx", fill)
    code, message, _ = describe(told.value, "en")
    assert code == 2
    assert str(tmp_path / "out.xlsx") in message
    assert not list(tmp_path.iterdir())


def test_a_pipe_gets_the_bytes_and_keeps_its_place(tmp_path: Path) -> None:
    """`--out /dev/stdout`, and never a file in the place of a device."""
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_text(tmp_path / "pipe", "tàu")
    reader.join(10)
    assert got == ["tàu".encode()]
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", ["a", "a.xlsx"])
def test_a_place_that_takes_nothing_is_named_as_it_was_asked_for(complete: Programme, name: str) -> None:
    with pytest.raises(OSError) as caught:
        write(complete, Path("/proc") / name)
    assert caught.value.filename == f"/proc/{name}"


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "there" / "real.csv")
    for text in ("one", "two"):
        write_text(tmp_path / "link.csv", text)
        assert (tmp_path / "there" / "real.csv").read_text() == text
    assert (tmp_path / "link.csv").is_symlink()


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        write_text(tmp_path, "x")
    assert caught.value.filename == str(tmp_path)
    assert os.listdir(tmp_path) == []
