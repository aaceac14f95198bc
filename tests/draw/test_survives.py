"""The chapter on what can be done alone, and what is read beside a plan."""

from __future__ import annotations

import json
from collections.abc import Iterator

import altair as alt
import polars as pl
import pytest
from tests.draw.fake import fake_results

import khien
from khien.draw import charts
from khien.draw.blocks import Figure, Fold, Table, figures
from khien.draw.charts.flows import gathered
from khien.draw.content.survives import survives
from khien.draw.results import Results, collect
from khien.plan import PlanSettings, plan_programme
from khien.reliance import links


@pytest.fixture(scope="module")
def island() -> Results:
    programme = khien.read("examples/island")
    return collect(programme, plan_programme(programme, PlanSettings(work=200)))


def drawn(chart: charts.Chart) -> list[dict[str, object]]:
    """Every row that stands in a chart."""
    alt.Chart.from_dict(chart.to_dict(), validate=True)
    found: list[dict[str, object]] = []
    spec = chart.to_dict()
    for name in dict.fromkeys((layer.get("data") or spec["data"])["name"] for layer in spec["layer"]):
        values = spec["datasets"][name]
        found += json.loads(values) if isinstance(values, str) else values
    return found


def chapter_figures(results: Results, lang: str) -> dict[str, Figure]:
    chapter = survives(results, lang)
    assert chapter is not None
    return {figure.id: figure for figure in figures(chapter.blocks)}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [960, 340])
def test_every_figure_of_the_chapter_can_be_drawn(island: Results, lang: str, width: int) -> None:
    for results in (fake_results(40, groups=3), island):
        for figure in chapter_figures(results, lang).values():
            if figure.draw is not None:
                figure.draw(width).to_dict()


def test_the_shares_of_groups_count_what_is_not_known_as_not_mastered() -> None:
    results = fake_results(40, groups=3)
    mastery = results.frame("mastery")
    told = chapter_figures(results, "en")["mastery-groups"].data
    for group, stage, mastered, subjects in told.iter_rows():
        rows = mastery.filter(pl.col("group") == group, pl.col("stage") == stage)
        assert (rows["mastered"].sum(), len(rows)) == (mastered, subjects)


def test_rows_of_which_nothing_is_known_are_counted_and_not_drawn() -> None:
    figure = chapter_figures(fake_results(40, groups=3), "en")["mastery-technology"]
    unknown = figure.data.group_by("subject").agg(pl.col("level").is_null().all()).filter("level").height
    assert unknown >= 6
    assert f"{unknown} rows" in figure.note


def walks(rows: pl.DataFrame, at: str, share: float, seen: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Every way from a node along the links of a chain, with the product of its shares."""
    yield at, share
    for target, weight in rows.filter(pl.col("source") == at).select("target", "weight").iter_rows():
        if target not in seen:
            yield from walks(rows, target, share * weight, (*seen, target))


def test_flows_carry_what_the_best_of_all_ways_carries(island: Results) -> None:
    rows = links(island.programme)
    inside = rows.filter(pl.col("source_kind").is_in(["item", "technology", "product"]))
    inside = inside.filter(pl.col("target_kind") != "capability")
    products = set(island.programme.products["id"])
    served = rows.filter(pl.col("target_kind") == "capability").select("source", "target", "weight").rows()
    best: dict[tuple[str, str], float] = {}
    for item in inside.filter(pl.col("source_kind") == "item")["source"].unique():
        for product, share in walks(inside, item, 1.0, (item,)):
            if product in products:
                best[item, product] = max(share, best.get((item, product), 0.0))
    part = {(product, capability): weight for product, capability, weight in served}
    whole = island.frame("chain").group_by("item", "product", "capability").agg(pl.col("weight").sum())
    supplied = rows.filter(pl.col("source_kind") == "site").group_by("target").agg(pl.col("weight").sum())
    share_of = dict(supplied.iter_rows())
    assert len(whole)
    for item, product, capability, weight in whole.iter_rows():
        assert weight == pytest.approx(share_of[item] * best[item, product] * part[product, capability])


def test_small_nodes_are_summed_and_nothing_is_lost() -> None:
    frame = fake_results(40, groups=3).frame("chain").with_columns(origin=pl.lit("abroad"))
    told = gathered(frame, ("country", "item", "product", "capability"), 5)
    assert told["weight"].sum() == pytest.approx(frame["weight"].sum())
    for column in ("item", "product", "capability"):
        assert told[column].n_unique() == 6


def test_every_partner_who_takes_something_along_has_a_block(island: Results) -> None:
    for results in (fake_results(40, groups=3), island):
        lost = results.frame("dependence").filter(pl.col("by") == "partner", pl.col("lost_known") > 5e-4)
        chapter = survives(results, "en")
        assert chapter is not None
        folds = [b for b in chapter.blocks if isinstance(b, Fold) and b.id.startswith("leaving-")]
        assert [fold.id for fold in folds] == [f"leaving-{key}" for key in lost["key"]]
        for fold in folds:
            assert fold.blocks
            assert all(isinstance(block, Table) and block.rows for block in fold.blocks)


def test_failures_are_drawn_the_dearest_first(island: Results) -> None:
    figure = chapter_figures(island, "en")["survives-failures"]
    assert figure.draw is not None
    rows = [row for row in drawn(figure.draw(960)) if "worst" in row]
    assert rows
    assert all(row["best"] <= row["worst"] for row in rows)
    worst = [float(str(row["worst"])) for row in rows]
    assert worst == sorted(worst, reverse=True)
