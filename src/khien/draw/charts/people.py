"""People by skill: what the plan needs, what there is, and where that binds."""

from __future__ import annotations

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import (
    Chart,
    Names,
    called,
    cell_width,
    data,
    finish,
    heat_plot,
    heat_years,
    is_narrow,
    lookup,
    shade_legend,
    shorten,
)
from khien.draw.numbers import year_of
from khien.words import t

BINDS_AT_SHARE = 0.98
"""A quarter is called tight when the plan uses at least this share of the people there are."""


def load_by_year(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the busiest quarter of each skill and year.

    Columns: skill, year, load (need / supply of the busiest quarter; null when nobody is needed,
    infinite need without supply counts as 1), tight_quarters, need, supply (people then).
    """
    rows = frame.with_columns(
        year=pl.col("quarter_label").str.slice(0, 4).cast(pl.Int32),
        load=pl.when(pl.col("need") == 0)
        .then(0.0)
        .when(pl.col("supply") <= 0)
        .then(1.0)
        .otherwise(pl.col("need") / pl.col("supply")),
    )
    return (
        rows.sort("load", "quarter")
        .group_by("skill", "year")
        .agg(
            pl.col("load").last(),
            tight_quarters=((pl.col("load") >= BINDS_AT_SHARE) & (pl.col("need") > 0)).sum(),
            need=pl.col("need").last(),
            supply=pl.col("supply").last(),
        )
        .sort("skill", "year")
    )


def people_load(frame: pl.DataFrame, lang: str, names: Names, width: int = theme.WIDE) -> Chart:
    """Draw how busy each skill is in each year: shade, share, and a frame where it binds.

    Parameters
    ----------
    frame
        ``people_by_quarter`` of a plan: skill, quarter, quarter_label, need, supply (people).
    """
    narrow = is_narrow(width)
    rows = load_by_year(frame)
    years = sorted(rows["year"].unique().to_list())
    order = (
        rows.group_by("skill")
        .agg(pl.col("tight_quarters").sum(), pl.col("load").mean())
        .sort("tight_quarters", "load", "skill", descending=[True, True, False])["skill"]
        .to_list()
    )
    label = {s: shorten(called(names, s), 24 if narrow else 40) for s in order}
    rows = rows.with_columns(name=pl.col("skill").replace_strict({s: called(names, s) for s in order}))
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "year:O",
            title=None,
            axis=heat_years(years, width),
            scale=alt.Scale(paddingInner=0.08),
        ),
        y=alt.Y(
            "skill:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelExpr=lookup(label), labelLimit=150 if narrow else 300, labelColor=theme.INK),
            scale=alt.Scale(paddingInner=0.14),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t("draw_skill", lang)),
            alt.Tooltip("year:O", title=t("draw_year", lang)),
            alt.Tooltip("load:Q", title=t("draw_load", lang), format=".0%"),
            alt.Tooltip("need:Q", title=t("draw_need", lang), format=",.0f"),
            alt.Tooltip("supply:Q", title=t("draw_supply", lang), format=",.0f"),
            alt.Tooltip("tight_quarters:Q", title=t("draw_tight_quarters", lang)),
        ],
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "load:Q",
            scale=alt.Scale(domain=[0, 1], range=theme.HEAT, interpolate="rgb", clamp=True),
            legend=shade_legend(narrow, format=".0%"),
        )
    )
    tight = base.transform_filter("datum.tight_quarters > 0").mark_rect(
        filled=False, stroke=theme.INK, strokeWidth=1.3 if narrow else 1.8
    )
    layers: list[alt.Chart] = [cells, tight]
    if cell_width(width, len(years)) >= 26:
        ink = alt.condition(f"datum.load > {theme.LIGHT_FROM_HEAT}", alt.value("#ffffff"), alt.value(theme.ON_SHADES))
        layers.append(
            base.transform_filter("datum.need > 0")
            .mark_text(fontSize=9)
            .encode(text=alt.Text("load:Q", format=".0%"), color=ink)
        )
    chart = alt.layer(*layers).properties(width=heat_plot(width, label.values()), height=26 * len(order))
    return finish(chart, fit=False)


def people(frame: pl.DataFrame, lang: str, names: Names, width: int = theme.WIDE) -> Chart:
    """Draw need (area) against supply (line) by quarter, one small picture per skill.

    Supply includes people trained by the plan. Quarters in which the skill binds are marked.
    """
    narrow = is_narrow(width)
    skills = _busiest_first(frame)
    rows = frame.with_columns(
        when=pl.col("quarter_label").map_elements(year_of, return_dtype=pl.Float64),
        name=pl.col("skill").replace_strict({s: shorten(called(names, s), 34) for s in skills}),
        tight=(pl.col("need") > 0) & (pl.col("need") >= BINDS_AT_SHARE * pl.col("supply")),
    )
    order = [shorten(called(names, s), 34) for s in skills]
    need, supply, tight = (t(k, lang) for k in ("draw_need", "draw_supply", "draw_tight"))
    colour = alt.Color(
        "what:N", scale=alt.Scale(domain=[need, supply, tight], range=[theme.SKY, theme.INK, theme.VERMILION])
    )
    years = alt.Axis(format="d", title=None, grid=False, tickCount=3)
    base = alt.Chart().encode(
        x=alt.X("when:Q", axis=years, scale=alt.Scale(nice=False, zero=False)),
        tooltip=[
            alt.Tooltip("name:N", title=t("draw_skill", lang)),
            alt.Tooltip("quarter_label:N", title=t("draw_quarter", lang)),
            alt.Tooltip("need:Q", title=need, format=",.0f"),
            alt.Tooltip("supply:Q", title=supply, format=",.0f"),
        ],
    )
    y_axis = alt.Axis(tickCount=3, format=",.0f", title=None)
    area = (
        _called(base, need)
        .mark_area(interpolate="step-after", opacity=0.75)
        .encode(y=alt.Y("need:Q", axis=y_axis), color=colour)
    )
    line = _called(base, supply).mark_line(interpolate="step-after", strokeWidth=1.6).encode(y="supply:Q", color=colour)
    dots = (
        _called(base, tight)
        .transform_filter("datum.tight")
        .mark_point(shape="triangle-down", filled=True, size=26, opacity=1, yOffset=-5)
        .encode(y="need:Q", color=colour)
    )
    columns = 1 if narrow else min(3, len(skills))
    inner = (width - columns * 54) // columns
    chart = (
        alt.layer(area, line, dots)
        .properties(width=inner, height=64 if narrow else 84)
        .facet(
            facet=alt.Facet("name:N", sort=order, title=None),
            columns=columns,
            data=data(rows),
            align="all",
            bounds="flush",
        )
        .resolve_scale(y="independent")
        .properties(spacing={"row": 46, "column": 52})
    )
    return finish(chart, fit=False)


def _busiest_first(frame: pl.DataFrame) -> list[str]:
    """Return skills, those that bind in most quarters first."""
    rows = load_by_year(frame).group_by("skill").agg(pl.col("tight_quarters").sum(), pl.col("load").mean())
    order: list[str] = rows.sort("tight_quarters", "load", "skill", descending=[True, True, False])["skill"].to_list()
    return order


def _called(chart: alt.Chart, what: str) -> alt.Chart:
    """Give all marks of a layer one name, which the legend shows."""
    return chart.transform_calculate(what=repr(what))
