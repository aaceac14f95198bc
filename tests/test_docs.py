"""The docs cannot fall behind: generated pages are fresh, all that a user meets is there, links work."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from tools import generate_docs, tutorial

from khien.cli import build_parser


@pytest.fixture(scope="module")
def docs(root: Path) -> dict[str, str]:
    """Every Markdown page: the docs, and those at the top of the repository."""
    pages = [*(root / "docs").rglob("*.md"), *root.glob("*.md"), *(root / "examples").rglob("*.md")]
    return {page.relative_to(root).as_posix(): page.read_text(encoding="utf-8") for page in pages}


def test_generated_pages_are_fresh(docs: dict[str, str]) -> None:
    stale = [name for name, text in generate_docs.pages().items() if docs.get(f"docs/{name}") != text]
    assert not stale, "run `make docs-write`"


@pytest.mark.slow
def test_the_first_tutorial_prints_what_it_shows() -> None:
    page = tutorial.PAGE.read_text(encoding="utf-8")
    assert tutorial.masked(tutorial.walk(page)) == tutorial.masked(page), "run `make docs-write`"


def test_every_finding_code_has_a_section(docs: dict[str, str]) -> None:
    from khien.programme.codes import CODES

    page = docs["docs/reference/findings.md"]
    assert not [code for code in CODES if code not in page]


def test_every_table_column_and_setting_is_explained(docs: dict[str, str]) -> None:
    from khien.programme import TABLES
    from khien.programme.settings import SETTING_NAMES

    page = docs["docs/reference/tables.md"]
    assert not [name for name in TABLES if name not in page]
    assert not [
        f"{name}.{column}" for name, table in TABLES.items() for column in table.schema if column not in page
    ]
    assert not [name for name in SETTING_NAMES if name not in page]


def test_every_rule_that_the_verifier_checks_is_explained(docs: dict[str, str]) -> None:
    from khien.plan.verify import RULES

    page = docs["docs/methods/verifier.md"]
    assert not [rule for rule in RULES if rule not in page]


def test_every_link_leads_somewhere(docs: dict[str, str], root: Path) -> None:
    broken = []
    for name, text in docs.items():
        for target in re.findall(
            r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        ):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            place = (root / name).parent / path if path else root / name
            if not place.exists() or (anchor and anchor not in anchors(place.read_text(encoding="utf-8"))):
                broken.append(f"{name}: {target}")
    assert not broken


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as common Markdown renderers make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_index(docs: dict[str, str]) -> None:
    reached, waiting = set(), ["docs/index.md"]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in docs:
            continue
        reached.add(name)
        for target in re.findall(r"\]\(([^)\s#]+\.md)", docs[name]):
            place = Path(name).parent
            for part in target.split("/"):
                place = place.parent if part == ".." else place / part
            waiting.append(place.as_posix())
    assert not sorted(name for name in docs if name.startswith("docs/") and name not in reached)


def test_every_command_shown_in_the_docs_can_be_parsed(docs: dict[str, str]) -> None:
    """Options that were renamed or dropped must not live on in a page."""
    wrong = []
    for name, text in docs.items():
        for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.match(r"(?:\.venv/bin/)?khien (.*)", line)
                if not found or not parses(shlex.split(found[1], comments=True)):
                    wrong += [f"{name}: {line}"] if found else []
    assert not wrong


line_of = cache(build_parser)
"""One parser for all lines: to make it takes longer than to read a line."""


def parses(words: list[str]) -> bool:
    """Whether the command line takes these words (up to a pipe or redirection)."""
    for mark in ("|", ">", "&&", ";", "2>"):
        if mark in words:
            words = words[: words.index(mark)]
    if "--help" in words:
        words.remove("--help")
        return bool(words)
    try:
        args, unknown = line_of("en").parse_known_args(words)
    except Exception:
        return False
    return args.run is not None and not unknown
