"""The numbers behind the pictures, not their pixels."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from tests.draw.fake import fake_results

from khien.draw import charts, stills, theme
from khien.draw.blocks import Figure, figures
from khien.draw.charts.common import heat_plot, shorten, squeeze, year_labels
from khien.draw.charts.partners import form_name, total_by
from khien.draw.charts.people import load_by_year
from khien.draw.charts.provinces import tile_values
from khien.draw.charts.roadmap import bars, running_by_year
from khien.draw.charts.tiles import TILES
from khien.draw.content import sections
from khien.draw.results import Results


def rows_of(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """All rows that a definition holds, in the order in which its layers use them."""
    names = re.findall(r'"name": "(data-\w+)"', json.dumps(spec))
    return [json.loads(spec["datasets"][name]) for name in dict.fromkeys(names)]


def all_figures(results: Results, lang: str) -> list[Figure]:
    return [figure for chapter in sections(results, lang) for figure in figures(chapter.blocks)]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_picture_is_valid_and_draws_at_every_width(results: Results, lang: str) -> None:
    drawn = [figure for figure in all_figures(results, lang) if figure.draw]
    assert len(drawn) > 14
    for figure in drawn:
        for width in (theme.WIDE, theme.NARROW):
            spec = figure.draw(width).to_dict()  # type: ignore[misc]  # checked against the schema
            assert rows_of(spec), figure.id
    assert len({figure.id for figure in drawn}) == len(drawn)


@pytest.mark.slow
def test_pictures_keep_to_the_width_they_are_asked_for(results: Results) -> None:
    for figure in all_figures(results, "vi"):
        if figure.draw and not figure.half and not figure.id.startswith("roadmap-"):
            for width in (theme.WIDE, theme.NARROW):
                real = stills.size(stills.svg(figure.draw(width), "vi"))[0]
                assert 0.75 * width < real < 1.12 * width, (figure.id, width, real)


def test_svg_has_nothing_that_a_strict_page_would_block(results: Results) -> None:
    for figure in all_figures(results, "vi")[:6]:
        if figure.draw:
            svg = stills.svg(figure.draw(theme.WIDE), "vi")
            assert not re.search(r'style="|<style|<script|<image| on\w+="|javascript:', svg)
            assert theme.FONT in svg
            assert "Ruler" not in svg


def test_ids_of_two_pictures_in_one_page_do_not_clash(results: Results) -> None:
    draw = next(f.draw for f in all_figures(results, "vi") if f.id == "heat-coverage")
    assert draw is not None
    svg = stills.svg(draw(theme.WIDE), "vi")
    first, second = stills.inline(svg, "a"), stills.inline(svg, "b")
    ids = [set(re.findall(r'id="([^"]+)"', text)) for text in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]+)\)", first)) <= ids[0]


def test_a_file_of_a_picture_says_what_it_stands_on(results: Results) -> None:
    draw = next(f.draw for f in all_figures(results, "vi") if f.id == "coverage")
    assert draw is not None
    svg = stills.svg(draw(theme.WIDE), "vi")
    told = stills.captioned(svg, "Chương trình <abc> & hạt giống 0")
    assert "Chương trình &lt;abc&gt; &amp; hạt giống 0" in told
    assert stills.size(told)[1] == stills.size(svg)[1] + 20
    assert told.count("</svg>") == 1


def test_bars_of_the_roadmap_say_form_partner_and_what_is_fixed() -> None:
    results = fake_results(30)
    frame = results.frame("roadmap")
    shown = bars(frame, "vi", results.parties("vi"), results.called("stages", "vi"))
    assert len(shown) == 30
    row = frame.sort("start", "end", "project").row(0, named=True)
    first = shown.row(0, named=True)
    assert first["project"] == row["project"]
    assert first["form_name"] == form_name(row["form"], "vi")
    assert first["finish"] - first["begin"] == pytest.approx((row["end"] - row["start"]) / 4)
    assert set(shown.filter("fixed")["project"]) == set(frame.filter("fixed")["project"])
    assert {form_name(f, lang)[-2] for f in theme.FORM_COLOURS for lang in ("vi",)} == set("TCGM")


def test_projects_running_in_a_year_are_those_whose_bar_touches_it() -> None:
    frame = pl.DataFrame(
        {
            "group": ["a", "a", "b"],
            "start_quarter": ["2026Q1", "2026Q4", "2027Q1"],
            "start": [0, 3, 4],
            "end": [4, 6, 8],
        }
    )
    count = {(g, y): n for g, y, n in running_by_year(frame, [2026, 2027, 2028]).iter_rows()}
    assert count == {
        ("a", 2026): 2, ("a", 2027): 1, ("a", 2028): 0,
        ("b", 2026): 0, ("b", 2027): 1, ("b", 2028): 0,
    }  # fmt: skip


def test_shares_by_partner_are_of_all_spend_and_concentration_of_what_partners_get() -> None:
    frame = pl.DataFrame(
        [
            ("form", "own", 2026, 60),
            ("form", "joint", 2026, 40),
            ("partner", "a", 2026, 30),
            ("partner", "b", 2027, 10),
        ],
        schema=["kind", "key", "year", "amount_mvnd"],
        orient="row",
    )
    assert total_by(frame, "partner").rows() == [("a", 30, 0.3), ("b", 10, 0.1)]
    assert charts.concentration(frame, "partner") == pytest.approx(0.75**2 + 0.25**2)
    assert charts.concentration(frame.head(0), "partner") is None


def test_load_is_that_of_the_busiest_quarter_and_no_supply_counts_as_full() -> None:
    frame = pl.DataFrame(
        {
            "skill": ["a"] * 4 + ["b"] * 2,
            "quarter": [0, 1, 2, 3, 0, 1],
            "quarter_label": ["2026Q1", "2026Q2", "2026Q3", "2027Q1", "2026Q1", "2026Q2"],
            "need": [5, 10, 0, 4, 0, 2],
            "supply": [10, 10, 10, 8, 0, 0],
        }
    )
    rows = {(r["skill"], r["year"]): r for r in load_by_year(frame).iter_rows(named=True)}
    assert rows["a", 2026]["load"] == 1.0
    assert rows["a", 2026]["tight_quarters"] == 1
    assert rows["a", 2027]["load"] == 0.5
    assert rows["a", 2027]["tight_quarters"] == 0
    assert rows["b", 2026]["load"] == 1.0
    assert rows["b", 2026]["tight_quarters"] == 1


def test_the_weakest_capability_comes_first_and_gaps_stay_gaps() -> None:
    frame = pl.DataFrame(
        [
            (2026, "strong", 0.9),
            (2027, "strong", 0.95),
            (2026, "late", None),
            (2027, "late", 0.1),
            (2027, "all", 0.5),
        ],
        schema={"year": pl.Int64, "capability": pl.String, "coverage": pl.Float64},
        orient="row",
    )
    assert charts.weakest_first(frame.filter(pl.col("capability") != "all"), "coverage") == ["late", "strong"]
    spec = charts.capability_heat(frame, "en", {"late": "Late one"}).to_dict()
    cells = {(r["capability"], r["year"]): r for r in rows_of(spec)[0]}
    assert set(cells) == {(c, y) for c in ("late", "strong") for y in (2026, 2027)}
    assert cells["late", 2026]["value"] is None
    assert cells["late", 2026]["text"] == "–"
    assert cells["late", 2027]["name"] == "Late one"
    assert cells["strong", 2027]["name"] == "strong"


def test_lines_of_the_programme_leave_out_years_without_a_requirement() -> None:
    frame = pl.DataFrame(
        [(2026, "all", None, None), (2027, "all", 0.4, 0.1)],
        schema={
            "year": pl.Int64,
            "capability": pl.String,
            "coverage": pl.Float64,
            "self_reliance": pl.Float64,
        },
        orient="row",
    )
    spec = charts.coverage_by_year(frame, "en").to_dict()
    band = rows_of(spec)[0]
    assert band == [{"year": 2027, "coverage": 0.4, "self_reliance": 0.1}]


def test_the_map_has_all_34_provinces_and_both_special_zones_each_on_its_own_tile(results: Results) -> None:
    provinces = [tile for tile in TILES if tile.parent is None]
    assert len(provinces) == 34
    assert len({(tile.column, tile.row) for tile in TILES}) == len(TILES) == 36
    zones = {tile.name: tile.parent for tile in TILES if tile.parent}
    assert zones == {"Hoàng Sa": "48", "Trường Sa": "56"}
    for row in {tile.row for tile in TILES}:
        columns = sorted(tile.column for tile in TILES if tile.row == row)
        assert all(b - a >= 1 for a, b in pairwise(columns)), row


def test_tiles_follow_the_official_list(vietnam: Any) -> None:
    import khien

    places = khien.read(vietnam).places.filter(pl.col("valid_to").is_null())
    official = dict(places.filter(pl.col("level") == "province").select("id", "name_vi").iter_rows())
    ours = {tile.code: tile.name for tile in TILES if tile.parent is None}
    assert set(ours) == set(official)
    assert {code for code in ours if ours[code].split()[-1] != official[code].split()[-1]} == set()
    assert {tile.code for tile in TILES if tile.parent} <= set(places["id"])


def test_a_special_zone_shows_its_province_unless_it_has_a_value_of_its_own() -> None:
    values = tile_values(pl.DataFrame({"place": ["48", "56", "22736", "01"], "value": [1.0, 2.0, 9.0, None]}))
    assert values == {"48": 1.0, "56": 2.0, "20333": 1.0, "22736": 9.0}


def test_years_are_labelled_as_far_as_there_is_room() -> None:
    years = list(range(2026, 2046))
    assert year_labels(years, 40) == years
    assert year_labels(years, 20) == [y for y in years if y % 2 == 0]
    assert year_labels(years, 9) == [2030, 2035, 2040, 2045]


def test_long_names_are_cut_at_a_word() -> None:
    assert shorten("Bảo đảm kỹ thuật", 40) == "Bảo đảm kỹ thuật"
    assert shorten("Bảo đảm kỹ thuật cho trạm radar", 18) == "Bảo đảm kỹ thuật…"
    assert heat_plot(960, ["x" * 40]) < heat_plot(960, ["x"])


def test_names_that_differ_at_their_end_are_cut_in_the_middle() -> None:
    assert squeeze("Nhà cung cấp Pháp", 17) == "Nhà cung cấp Pháp"
    assert squeeze("Nhà cung cấp trong nước 07", 17) == "Nhà cung…nước 07"
    assert squeeze("Nhà cung cấp Trung Quốc", 17) == "Nhà…Trung Quốc"
    assert squeeze("x" * 40, 17) == "x" * 16 + "…"


def test_letters_on_every_shade_have_the_contrast_of_aa() -> None:
    for shades, switch in ((theme.SHADES, theme.LIGHT_FROM), (theme.HEAT, theme.LIGHT_FROM_HEAT)):
        for step in range(201):
            share = step / 200
            at = share * (len(shades) - 1)
            low = min(int(at), len(shades) - 2)
            ends = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in shades[low : low + 2]]
            mixed = [a + (b - a) * (at - low) for a, b in zip(*ends, strict=True)]
            linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mixed]
            light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05
            assert (1.05 / light if share > switch else light / 0.05) >= 4.5, share


def test_ink_on_a_colour_is_readable() -> None:
    assert theme.ink_on(theme.BLUE) == "#ffffff"
    assert theme.ink_on(theme.ORANGE) == theme.INK


def test_a_png_can_be_made_of_any_picture(results: Results) -> None:
    chart = charts.history(results.frame("history").with_columns(bound=pl.lit(7.0)), "vi", 400)
    assert stills.png(chart, "vi", scale=1).startswith(b"\x89PNG")
