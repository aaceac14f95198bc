"""How the command line is called: languages, help, wrong use, one JSON object."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from khien.cli import COMMANDS, build_parser, command_of, main
from khien.cli.language import pick_language
from khien.cli.parser import translate
from khien.cli.progress import PlainProgress

COMMON = {"--help", "--json", "--lang", "--debug"}


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of all commands, those of `import cordis` and the like included."""
    places = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not places:
        yield parser
    for place in places:
        for below in place.choices.values():
            yield from leaves(below)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_command_has_the_common_options_and_help_with_an_example(lang: str) -> None:
    for parser in leaves(build_parser(lang)):
        options = {option for action in parser._actions for option in action.option_strings}
        assert options >= COMMON, parser.prog
        text = parser.format_help()
        assert {"vi": "ví dụ:", "en": "example:"}[lang] in text, parser.prog
        assert f"  {parser.prog}" in text.partition({"vi": "ví dụ:", "en": "example:"}[lang])[2], parser.prog
        assert all(action.help for action in parser._actions), parser.prog


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_a_command_says_of_itself_is_part_of_a_list(lang: str) -> None:
    for parser in leaves(build_parser(lang)):
        said = parser.description or ""
        assert said[0].islower(), parser.prog
        assert not said.endswith("."), parser.prog


def test_help_differs_between_the_languages_everywhere() -> None:
    for english, vietnamese in zip(leaves(build_parser("en")), leaves(build_parser("vi")), strict=True):
        for one, other in zip(english._actions, vietnamese._actions, strict=True):
            assert one.help != other.help, (english.prog, one.dest)


def test_examples_in_the_help_can_be_parsed() -> None:
    whole = build_parser("en")
    for parser in leaves(whole):
        for line in (parser.epilog or "").splitlines()[1:]:
            words = line.split()
            assert words[0] == "khien"
            args, unknown = whole.parse_known_args(words[1:])
            assert not unknown, line
            assert args.run is not None


HEAVY = [
    "altair",
    "fontTools",
    "khien.draw",
    "khien.plan",
    "khien.programme",
    "numba",
    "numpy",
    "polars",
    "pydantic",
    "rich",
    "scipy",
    "typst",
]
"""Modules that take long to import; each alone would be felt by whoever only wants to look something up."""


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["version"], ["plan"]])
def test_help_is_quick(words: list[str]) -> None:
    """Nothing heavy is imported for it. A clock would tell more of the machine's load than of Khiên."""
    code = (
        "import sys, khien.cli\n"
        "try: khien.cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print(*sorted(set({HEAVY}) & set(sys.modules)), sep=' ', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1].split() == []


def test_the_parser_of_one_command_is_that_of_the_whole_line() -> None:
    """Only the command that is named is made; nothing that it says may depend on the others."""
    whole = {parser.prog: parser.format_help() for parser in leaves(build_parser("vi"))}
    apart = [parser for name in COMMANDS for parser in leaves(build_parser("vi", name))]
    assert {parser.prog: parser.format_help() for parser in apart} == whole


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("check x --lang vi", "check"),
        ("--json --lang vi --debug import cordis", "import_"),
        ("--lang=en plan", "plan"),
        ("--help plan", None),
        ("--lang", None),
        ("dance check", None),
        ("import_", None),
        ("", None),
    ],
)
def test_the_command_stands_first_behind_the_common_options(line: str, module: str | None) -> None:
    assert command_of(line.split()) == module


def test_without_a_command_the_help_is_shown_as_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "khien check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["dance"], "dance"),
        (["check"], "PATH"),
        (["check", "x", "--colour"], "--colour"),
        (["plan", "x", "--time-limit", "soon"], "soon"),
        (["plan", "x", "--time-limit", "1", "--work", "2"], "--work"),
        (["plan", "x", "--from", "2030"], "--min-reliance"),
        (["plan", "x", "--previous", "y"], "--replan-from"),
        (["plan", "x", "--replan-from", "2028Q1"], "--previous"),
        (["plan", "x", "--pin"], "--pin"),
        (["plan", "x", "--lang", "fr"], "fr"),
        (["check", "no/such/place"], "no/such/place"),
        (["import"], "COMMAND"),
        (["plann"], "plan meant"),
        (["warn", "propos"], "propose meant"),
        (["plan", "x", "--tim-limit", "5"], "--time-limit meant"),
        (["feed", "check", "x", "--kind", "capp"], "cap meant"),
        (["--json"], "COMMAND"),
    ],
)
def test_wrong_use_is_2_with_one_clear_message(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--lang", "en"] if "--lang" not in words else words) == 2
    captured = capsys.readouterr()
    message = captured.out if "--json" in words else captured.err
    assert says in message
    assert "Traceback" not in message
    if "--json" not in words:
        assert captured.out == ""
        assert len(captured.err.strip().splitlines()) <= 2


def test_wrong_use_is_said_in_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--lang", "vi"]) == 2
    assert "thiếu đối số bắt buộc: PATH" in capsys.readouterr().err
    assert main(["plann", "--lang", "vi"]) == 2
    assert "không có lệnh plann; có phải plan?" in capsys.readouterr().err


def test_every_complaint_of_argparse_is_translated() -> None:
    complaints = [
        "the following arguments are required: PATH",
        "unrecognized arguments: --x",
        "one of the arguments --a --b is required",
        "argument --seed: invalid int value: 'x'",
        "argument --seed: expected one argument",
        "argument --work: not allowed with argument --time-limit",
    ]
    for complaint in complaints:
        said = translate(complaint, "vi")
        assert said != complaint
        assert translate(complaint, "en") == complaint


def test_errors_are_one_json_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "no/such/place", "--json"]) == 2
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["command"] == "check"
    assert answer["error"]["code"] == 2
    assert answer["error"]["kind"] == "wrong_use"
    assert captured.err == ""


def test_common_options_may_stand_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--lang", "vi", "version"]) == 0
    assert json.loads(capsys.readouterr().out)["command"] == "version"


def test_the_language_is_the_option_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_language(["plan", "x"]) == "en"
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert pick_language(["plan", "x"]) == "vi"
    monkeypatch.setenv("KHIEN_LANG", "en")
    assert pick_language(["plan", "x"]) == "en"
    assert pick_language(["plan", "x", "--lang", "vi"]) == "vi"
    assert pick_language(["plan", "x", "--lang=vi"]) == "vi"
    assert pick_language(["plan", "--", "--lang", "vi"]) == "en"


def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = f"{sys.executable} -m khien check --help | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", command], capture_output=True).returncode in (0, 141)


def test_ctrl_c_while_it_is_loaded_is_no_traceback(tmp_path: Path) -> None:
    """The interrupt comes when khien.cli is imported, before any command is there to take it."""
    code = (
        "import builtins, sys\n"
        "real = builtins.__import__\n"
        "def late(name, *rest, **more):\n"
        "    if name == 'khien.cli': raise KeyboardInterrupt\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = late\n"
        "from khien.__main__ import run\n"
        "sys.exit(run())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf8"])
def test_a_terminal_without_vietnamese_letters_is_no_fault(encoding: str) -> None:
    for words in (["check", "không/có"], ["check", "không/có", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "khien", *words, "--lang", "vi"],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
        )
        assert done.returncode == 2
        if "--json" in words:
            assert json.loads(done.stdout)["error"]["message"] == "không/có: không có tệp hay thư mục này"
        elif encoding != "latin-1":
            assert "không có tệp" in done.stderr.decode()


def test_a_full_disk_behind_the_output_is_said_once() -> None:
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "khien", "version"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_refused_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    """The search would take a minute; the answer comes at once."""
    (tmp_path / "file").write_text("")
    where = tmp_path / "file" / "out"
    assert main(["plan", str(root / "examples/island"), "--out", str(where), "--work", "1000000000"]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_progress_speaks_the_language_and_shows_no_bound_below_nothing() -> None:
    said = io.StringIO()
    show = PlainProgress("vi", said)
    show(SimpleNamespace(stage="search", seconds=1.0, value=None, bound=-40.0, gap=None))
    assert said.getvalue().strip() == "1,0 s  tìm kiếm  tốt nhất – · cận trên – · khoảng cách –"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["network", "{folder}"], "this is a folder"),
        (["industry", "{folder}", "--home", "X"], "this is a folder"),
        (["feed", "check", "{folder}", "--kind", "cap"], "this is a folder"),
        (["network", "{unicode}"], "line 1, column 1"),
        (["network", "{list}"], "missing or wrong: list"),
        (["industry", "{unicode}", "--home", "X"], "UTF-16"),
        (["industry", "{list}", "--home", "X"], "“country” is missing"),
        (["hash", "{list}"], "list.csv cannot be used yet"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_it_is(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "unicode.csv").write_bytes("country,industry\n".encode("utf-16"))
    (tmp_path / "list.csv").write_text("[1]", encoding="utf-8")
    places = {"folder": tmp_path, "unicode": tmp_path / "unicode.csv", "list": tmp_path / "list.csv"}
    assert main([*(word.format(**places) for word in words), "--lang", "en"]) in (1, 2)
    told = capsys.readouterr()
    assert (told.out, says in told.err.splitlines()[0]) == ("", True), told.err
