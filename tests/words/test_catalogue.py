"""Every word a user sees is there in both languages, used, and asks for the same fields."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from khien.programme.codes import CODES, FAMILIES
from khien.programme.imports.findings import IMPORT_CODES
from khien.words import LANGUAGES, MissingWord, catalogue, default_language, t

# Keys that the code puts together; each pattern is written once in the source as an f-string.
BUILT = {f"finding.{code}" for code in CODES} | {f"way.{code}" for code in CODES} | {f"family.{f}" for f in FAMILIES}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def sources(root: Path) -> str:
    """All code and all templates."""
    files = [p for p in sorted((root / "src").rglob("*")) if p.suffix in (".py", ".html")]
    return "\n".join(p.read_text(encoding="utf-8") for p in files)


def test_both_languages_ask_for_the_same_fields() -> None:
    wrong = {key for key, texts in catalogue().items() if fields(texts["vi"]) != fields(texts["en"])}
    # A form of address or a plural may need a field in one language only; then it is told here.
    assert wrong - {"finding.control-share-unknown"} == set()


def test_no_text_is_empty_and_vietnamese_has_its_marks() -> None:
    assert all(text.strip() for texts in catalogue().values() for text in texts.values())
    plain = {k for k, v in catalogue().items() if v["vi"].isascii() and len(v["vi"].split()) > 4}
    assert plain == set()


def test_every_finding_has_a_message_and_a_way_out() -> None:
    assert set(catalogue()) >= BUILT
    told = {k for k in catalogue() if k.startswith(("finding.", "family."))}
    assert told - BUILT == {f"finding.{code}" for code in IMPORT_CODES}


def test_every_key_is_used_and_every_key_that_is_used_is_there(root: Path) -> None:
    text = sources(root)
    literal = set(re.findall(r"""["']([a-z][\w.\-]*)["']""", text))
    prefixes = tuple(re.findall(r"""\bf["']([a-z][\w.\-]*[._\-])\{""", text))
    prefixes += tuple(re.findall(r"""\{% name ["']([\w.\-]+[._])["']""", text))
    suffixes = tuple(s for s in re.findall(r"""\bf["']\{[^}]*\}([._\-][\w.\-]+)["']""", text))
    unused = {
        key
        for key in catalogue()
        if key not in literal
        and not (prefixes and key.startswith(prefixes))
        and not (suffixes and key.endswith(suffixes))
    }
    assert unused == set()
    asked = set(re.findall(r"""(?:\bt\(\s*|\{% t )["']([\w.\-]+)["']""", text))
    assert asked - set(catalogue()) == set()


def test_the_language_follows_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert default_language() == "vi"
    monkeypatch.setenv("KHIEN_LANG", "en")
    assert default_language() == "en"
    monkeypatch.setenv("KHIEN_LANG", "fr")
    assert default_language() == "vi"
    monkeypatch.delenv("LANG")
    assert default_language() == "en"
    assert LANGUAGES == ("vi", "en")


def test_a_missing_key_or_field_is_our_fault() -> None:
    with pytest.raises(MissingWord):
        t("no.such.key", "en")
    with pytest.raises(MissingWord, match="guess"):
        t("way.did-you-mean", "vi")
    assert t("way.did-you-mean", "vi", guess="a") == "Có phải là “a”?"
    assert t("way.setting-without-source", "en").startswith("Write {value")
