"""What pages of results are made of: the shelf, the network, the tables of shades, the letters of a picture."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from khien.board.charts import pictures, shelf
from khien.board.charts.memo import Memo
from khien.board.charts.network import Edge, Node, drawn, ordered
from khien.board.charts.skills import busiest
from khien.draw import theme


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    """A data folder of our own."""
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    shelf.forget()
    return tmp_path


def test_what_is_kept_is_made_once_even_if_many_ask_at_once(home: Path) -> None:
    made: list[int] = []
    begun = threading.Barrier(6)

    def make() -> bytes:
        made.append(1)
        return b"picture"

    def ask() -> None:
        begun.wait()
        assert shelf.kept("k", "a.svg", make) == b"picture"

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert shelf.there("k", "a.svg")
    shelf.forget()
    assert shelf.kept("k", "a.svg", lambda: pytest.fail("made again")) == b"picture"
    assert not list((home / shelf.FOLDER / "k").glob(".draft-*"))


@pytest.mark.parametrize("name", ["../secret.key", "a/b", ".hidden", "", "x" * 200, "a\0b"])
def test_no_name_leads_out_of_the_shelf(home: Path, name: str) -> None:
    for ask in (shelf.look, shelf.there):
        with pytest.raises(ValueError, match="no name"):
            ask("k", name)
    with pytest.raises(ValueError, match="no name"):
        shelf.look(name, "a.svg")


def test_the_shelf_keeps_what_was_looked_at_last(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "ON_DISK", 3)
    for n in range(6):
        shelf.kept(f"k{n}", "a", lambda: b"x")
    assert len(list((home / shelf.FOLDER).iterdir())) <= 4


def test_a_disk_that_takes_nothing_costs_only_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert shelf.kept("k", "a", lambda: b"x") == b"x"


def test_a_picture_that_cannot_be_drawn_is_tried_once_and_told(home: Path) -> None:
    tried: list[int] = []

    def fail() -> bytes:
        tried.append(1)
        raise ValueError("no such colour")

    assert pictures.draw_later("k", [("a.svg", fail), ("b.svg", lambda: b"<svg/>")]) == 2
    for _ in range(200):
        if pictures.is_broken("k", "a.svg") and shelf.there("k", "b.svg"):
            break
        time.sleep(0.02)
    assert pictures.draw_later("k", [("a.svg", fail), ("b.svg", fail)]) == 0
    assert tried == [1]


def test_a_memo_forgets_the_oldest() -> None:
    memo: Memo[int] = Memo(2)
    assert [memo.of(n, lambda n=n: n * n) for n in (1, 2, 3)] == [1, 4, 9]
    assert memo.of(3, lambda: -1) == 9
    assert memo.of(1, lambda: -1) == -1


SPOTS = st.lists(st.integers(1, 5), min_size=2, max_size=4)


@given(sizes=SPOTS, seed=st.integers(0, 10_000))
def test_ordering_a_network_loses_and_doubles_no_node(sizes: list[int], seed: int) -> None:
    nodes = {(str(c), str(i)): Node(f"n{i}", c, 1.0) for c, size in enumerate(sizes) for i in range(size)}
    edges = [
        Edge((str(c), str((seed + i) % sizes[c])), (str(c + 1), str(i)), 1.0 + i)
        for c in range(len(sizes) - 1)
        for i in range(sizes[c + 1])
    ]
    columns = ordered(nodes, edges)
    assert sorted(end for column in columns for end in column) == sorted(nodes)
    assert all(nodes[end].column == c for c, column in enumerate(columns) for end in column)


def test_links_that_crossed_are_uncrossed() -> None:
    nodes = {(c, i): Node(f"{c}{i}", "ab".index(c), 1.0) for c in "ab" for i in "12"}
    edges = [Edge(("a", "1"), ("b", "2"), 1.0), Edge(("a", "2"), ("b", "1"), 1.0)]
    left, right = ordered(nodes, edges)
    assert [right.index(("b", "2")), right.index(("b", "1"))] == [left.index(("a", "1")), left.index(("a", "2"))]


def test_a_network_says_by_dashes_what_it_says_by_colour_and_names_are_text() -> None:
    nodes = {("a", "1"): Node("<Nga & Đức>", 0, 2.0), ("b", "1"): Node("Chip", 1, 1.0)}
    svg = drawn(nodes, [Edge(("a", "1"), ("b", "1"), 2.0, "abroad")], ["x", "y"], {"abroad": "ngoài"}, False)
    assert 'stroke-dasharray="7 3"' in svg
    assert "&lt;Nga &amp; Đức&gt;" in svg
    assert f'width="{theme.WIDE}"' in svg
    assert drawn({}, [], ["x"], {}, True).endswith("</svg>")


def test_a_year_of_a_skill_is_its_busiest_quarter() -> None:
    frame = pl.DataFrame({
        "skill": ["a"] * 4 + ["b"] * 2,
        "quarter_label": ["2026Q1", "2026Q2", "2027Q1", "2027Q2", "2026Q1", "2026Q2"],
        "need": [5, 9, 4, 4, 3, 0], "supply": [10, 10, 5, 8, 0, 0],
    })  # fmt: skip
    assert busiest(frame).rows() == [
        ("a", 2026, 9, 10, 0.9), ("a", 2027, 4, 5, 0.8), ("b", 2026, 3, 0, None),
    ]  # fmt: skip


def test_a_picture_carries_exactly_the_letters_that_it_shows() -> None:
    svg = (
        '<svg xmlns="x" width="9" height="9"><text x="1"/><text font-weight="600">Độ phủ</text><text x="2"/>'
        "<text><tspan>&amp; tự</tspan><tspan> chủ</tspan></text></svg>"
    )
    lettered = pictures.lettered(svg)
    fonts = re.findall(r"base64,([^)]+)\)", lettered)
    assert len(fonts) == 2
    for font in fonts:
        held = TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap()
        assert set(map(chr, held)) == set("Độ phủ & tự chủ")
    assert lettered.index("<style>") < lettered.index("<text")
    assert len(re.findall("@font-face", pictures.lettered(svg.replace(' font-weight="600"', "")))) == 1
