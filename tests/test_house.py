"""The rules of the house that a machine can check: sizes, addresses, what does not belong in a product."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_FILE = 500
LONGEST_FUNCTION = 70
LARGEST_FILE_KB = 1024


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[Path, str]:
    """The tracked files that are text."""
    found = {}
    for path in tracked:
        raw = path.read_bytes()
        if b"\0" not in raw[:8000]:
            found[path] = raw.decode("utf-8", errors="replace")
    return found


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Name, line and length (without its docstring) of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                yield node.name, node.lineno, (body[-1].end_lineno or 0) - body[0].lineno + 1


def matches(texts: dict[Path, str], pattern: str, root: Path, but_not: tuple[str, ...] = ()) -> list[str]:
    """Lines in tracked files that match, as file:line: text."""
    expression = re.compile(pattern)
    lines = []
    for path, text in texts.items():
        name = path.relative_to(root).as_posix()
        if name.startswith(but_not) or not expression.search(text):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if expression.search(line):
                lines.append(f"{name}:{number}: {line.strip()[:120]}")
    return lines


def test_no_file_is_longer_than_a_reader_can_hold(root: Path) -> None:
    long = [
        f"{path.relative_to(root)}: {count} lines"
        for folder in ("src", "tests", "bench", "tools", "examples")
        for path in (root / folder).rglob("*.py")
        if (count := path.read_text(encoding="utf-8").count("\n")) > LONGEST_FILE
    ]
    assert not long


def test_no_function_is_longer_than_a_screen(root: Path) -> None:
    long = [
        f"{path.relative_to(root)}:{line} {name}: {length} lines"
        for folder in ("src", "bench", "tools", "examples")
        for path in (root / folder).rglob("*.py")
        for name, line, length in functions(ast.parse(path.read_text(encoding="utf-8")))
        if length > LONGEST_FUNCTION
    ]
    assert not long


def test_no_registry_address_is_tracked(texts: dict[Path, str], root: Path) -> None:
    """Every site installs from its own mirror; an address in a lock file would bypass it."""
    address = (
        r"https?://[^\s\"']+/simple\b|https?://[^\s\"']+/packages/[0-9a-f]{2}/|registry\.[a-z]+\.[a-z]+/"
    )
    assert not matches(texts, address, root, but_not=("tests/test_house.py",))
    in_requirements = {path: text for path, text in texts.items() if path.parent.name == "requirements"}
    assert in_requirements
    assert not matches(in_requirements, r"https?://|--(extra-)?index-url|--find-links", root)


def test_no_lock_file_with_addresses_is_tracked(tracked: list[Path]) -> None:
    assert not [path for path in tracked if path.name in {"uv.lock", "pylock.toml", "poetry.lock"}]


def test_every_requirement_carries_a_hash(root: Path) -> None:
    for path in (root / "requirements").glob("*.txt"):
        blocks = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())
        assert blocks
        assert not [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block], path.name


def test_no_path_of_one_machine_is_tracked(texts: dict[Path, str], root: Path) -> None:
    own = r"(?<![\w.])/(?:home|root|Users)/[\w.-]+|(?<![\w./])/(?:work|farm)/"
    assert not matches(texts, own, root, but_not=("tests/test_house.py", "requirements/"))


def test_no_unfinished_code_is_tracked(texts: dict[Path, str], root: Path) -> None:
    python = {path: text for path, text in texts.items() if path.suffix == ".py"}
    assert not matches(
        python, r"\b(TODO|FIXME|XXX)\b|NotImplementedError", root, but_not=("tests/test_house.py",)
    )


def test_tests_are_skipped_only_for_missing_data_or_browser(texts: dict[Path, str], root: Path) -> None:
    tests = {path: text for path, text in texts.items() if path.suffix == ".py" and "tests" in path.parts}
    found = matches(
        tests, r"pytest\.(mark\.)?(skip|xfail|importorskip)", root, but_not=("tests/test_house.py",)
    )
    unexplained = [line for line in found if not re.search(r"KHIEN_DATA|chromium|pdftotext|postgresql|/dev/full", line)]
    assert not unexplained


def test_no_tracked_file_is_large(tracked: list[Path], root: Path) -> None:
    large = [path.relative_to(root) for path in tracked if path.stat().st_size > 1024 * LARGEST_FILE_KB]
    assert not large


def test_the_rooms_print_nothing(texts: dict[Path, str], root: Path) -> None:
    """Only the command line prints; a room reports through its result and a callback."""
    for path, text in texts.items():
        name = path.relative_to(root).as_posix()
        quiet = name.startswith("src/khien/") and name.endswith(".py")
        if not quiet or name.startswith("src/khien/cli/") or name.endswith("/warm.py"):
            continue
        calls = [
            n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        assert not [call.lineno for call in calls if call.func.id == "print"], name  # type: ignore[attr-defined]
