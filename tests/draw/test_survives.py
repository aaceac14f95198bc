"""The chapter on what can be done alone, and what is read beside a plan."""

from __future__ import annotations

import json

import altair as alt
import polars as pl
import pytest
from tests.draw.fake import fake_results

import khien
from khien.draw import charts
from khien.draw.blocks import Figure, figures
from khien.draw.content.survives import survives
from khien.draw.results import Results, collect
from khien.plan import PlanSettings, plan_programme


@pytest.fixture(scope="module")
def island() -> Results:
    programme = khien.read("examples/island")
    return collect(programme, plan_programme(programme, PlanSettings(work=200)))


def drawn(chart: charts.Chart) -> list[dict[str, object]]:
    """Every row that stands in a chart."""
    alt.Chart.from_dict(chart.to_dict(), validate=True)
    found: list[dict[str, object]] = []
    for layer in chart.to_dict()["layer"]:
        values = layer.get("data", {}).get("values", "[]")
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
