"""The glossary and the product say the same thing by the same word, in Vietnamese as in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from khien.words import catalogue

RETIRED = ("bao phủ", "khoảng hở", "kỹ năng", "lớp đào tạo", "ứng viên", "khởi động", "đề xuất", "trưởng thành")
"""Words that once named, in one room, what another room calls by its name in the glossary."""


@pytest.fixture(scope="module")
def terms(root: Path) -> list[tuple[str, str]]:
    """English and Vietnamese words of every line of the glossary."""
    page = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    pairs = [(row[0], row[1]) for row in rows if len(row) == 3 and row[0] not in ("English", "---")]
    return [(en, vi) for ens, vis in pairs for en, vi in zip(ens.split(", "), vis.split(", "), strict=True)]


@pytest.fixture(scope="module")
def said(root: Path) -> str:
    """All Vietnamese words of the product: messages, and what tables and settings say of themselves."""
    own = "\n".join(p.read_text(encoding="utf-8") for p in sorted((root / "src/khien/programme").rglob("*.py")))
    return ("\n".join(texts["vi"] for texts in catalogue().values()) + own).lower()


def test_the_words_of_the_glossary_are_those_of_the_product(terms: list[tuple[str, str]], said: str) -> None:
    assert len(terms) > 30
    assert [f"{en}: {vi}" for en, vi in terms if vi.lower() not in said] == []


def test_no_room_goes_back_to_a_word_of_its_own(said: str) -> None:
    assert [word for word in RETIRED if re.search(rf"\b{word}\b", said)] == []


def test_the_glossary_is_in_order(root: Path) -> None:
    page = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([a-z][^|]*?) \|", page, flags=re.MULTILINE)
    assert words == sorted(words)
