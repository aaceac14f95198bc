"""The structure of result pages: what helps readers who do not see them, as far as no browser is needed to check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.test import Client
from lxml import html
from tests.office.showing import brought
from tests.office.test_pages_results import PAGES, at

from khien import Programme
from khien.board.charts import shelf, sight
from khien.office.acts.record import Actor
from khien.office.models import Run
from khien.office.rights import Role

Page = html.HtmlElement


@pytest.fixture
def run(actor: Callable[..., Actor], isle: Programme, tmp_path: Path) -> Run:
    """A plan of the island."""
    shelf.forget()
    sight.forget()
    return brought(actor(Role.ANALYST), isle, tmp_path)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pages_keep_to_the_rules_of_structure(
    visit: Callable[..., Client], run: Run, isle: Programme, lang: str
) -> None:
    browser = visit(Role.ANALYST)
    browser.post("/language/", {"language": lang})
    wrong: list[str] = []
    for path in PAGES:
        page = html.fromstring(browser.get(at(path, run, isle), follow=True).content)
        wrong += [f"{path}: {fault}" for check in CHECKS for fault in check(page)]
    assert wrong == []


def _ids(page: Page) -> Iterator[str]:
    """Ids are there once."""
    found = page.xpath("//@id")
    yield from {f"id {name} twice" for name in found if found.count(name) > 1}
    for link in page.xpath("//a[starts-with(@href, '#')]/@href"):
        if link[1:] not in found:
            yield f"link to {link}, which is not there"


def _headings(page: Page) -> Iterator[str]:
    """One first heading; no level is skipped; none is empty."""
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4")]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"headings begin {levels[:3]}"
    yield from (f"h{a} then h{b}" for a, b in pairwise(levels) if b > a + 1)
    yield from (f"empty {node.tag}" for node in page.xpath("//h1|//h2|//h3") if not node.text_content().strip())


def _named(page: Page) -> Iterator[str]:
    """Whatever can be used or looked at has a name."""
    for image in page.xpath("//img"):
        if image.get("alt") is None or (not image.get("alt") and "shield" not in image.get("src")):
            yield f"picture {image.get('src')} without a text"
    for field in page.xpath("//input[not(@type='hidden')]|//select|//textarea"):
        if not field.xpath("ancestor::label[normalize-space()]") and not field.get("aria-label"):
            yield f"field {field.get('name')} without a label"
    for node in page.xpath("//a|//button|//summary"):
        if not node.text_content().strip() and not node.xpath(".//img[@alt!='']") and not node.get("aria-label"):
            yield f"empty {node.tag} {node.get('href')}"
    for node in page.xpath("//nav|//*[@role='group']|//*[@role='region']|//progress"):
        if not node.get("aria-label") and not node.xpath("ancestor::label"):
            yield f"{node.tag} without a name"
    navs = page.xpath("//nav/@aria-label")
    yield from (f"two navs are called {name}" for name in set(navs) if navs.count(name) > 1)


def _tables(page: Page) -> Iterator[str]:
    """Tables have heads with a scope and rows as long as the head; what scrolls can be reached by keyboard."""
    for table in page.xpath("//table"):
        heads = table.xpath("./thead/tr/th")
        if not heads or any(not head.get("scope") or not head.text_content().strip() for head in heads):
            yield f"table {table.get('id')} with a poor head"
        for row in table.xpath("./tbody/tr"):
            if len(row) != len(heads):
                yield f"row of {len(row)} cells under {len(heads)} heads: {row.text_content()[:40]}"
                break
    for box in page.xpath("//*[contains(concat(' ', @class, ' '), ' scroll ')]"):
        if box.get("tabindex") != "0":
            yield "a box scrolls that the keyboard cannot reach"


def _inside(page: Page) -> Iterator[str]:
    """Lists hold items, and nothing stands where HTML does not allow it."""
    yield from (f"{node.tag} in a list" for node in page.xpath("//ul/*[not(self::li)]|//ol/*[not(self::li)]"))
    yield from (f"form in {form.getparent().tag}" for form in page.xpath("//p//form|//form//form"))
    yield from (f"{node.tag} in dl" for node in page.xpath("//dl/*[not(self::dt or self::dd or self::div)]"))


CHECKS = (_ids, _headings, _named, _tables, _inside)
