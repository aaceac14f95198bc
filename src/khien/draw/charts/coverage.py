"""Coverage and self-reliance: the two lines, and every capability in every year."""

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
    year_axis,
)
from khien.words import t


def coverage_by_year(frame: pl.DataFrame, lang: str, width: int = theme.WIDE) -> Chart:
    """Draw programme coverage and self-reliance by year.

    Parameters
    ----------
    frame
        ``coverage_by_year`` of a plan: year, capability ("all" is the whole programme),
        coverage and self_reliance (0-1; null in years without a requirement, drawn as a gap).
    lang
        ``vi`` or ``en``.
    width
        Total width in px; below 560 the picture is laid out for a phone.
    """
    narrow = is_narrow(width)
    rows = frame.filter(pl.col("capability") == "all").sort("year")
    coverage, reliance = t("draw_coverage", lang), t("draw_self_reliance", lang)
    long = pl.concat(
        [
            rows.select("year", value="coverage", measure=pl.lit(coverage)),
            rows.select("year", value="self_reliance", measure=pl.lit(reliance)),
        ]
    )
    colour = alt.Color(
        "measure:N",
        scale=alt.Scale(domain=[coverage, reliance], range=[theme.BLUE, theme.VERMILION]),
        legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=3, symbolSize=260),
    )
    dash = alt.StrokeDash("measure:N", scale=alt.Scale(domain=[coverage, reliance], range=[[1, 0], [6, 4]]))
    x = alt.X("year:Q", axis=year_axis(narrow), scale=alt.Scale(nice=False, padding=14))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    tooltip = [
        alt.Tooltip("year:Q", title=t("draw_year", lang), format="d"),
        alt.Tooltip("measure:N", title=t("draw_measure", lang)),
        alt.Tooltip("value:Q", title=t("draw_share", lang), format=".1%"),
    ]
    base = alt.Chart(data(long)).encode(x=x, y=y, color=colour, tooltip=tooltip)
    lines = base.mark_line(interpolate="monotone").encode(strokeDash=dash)
    points = base.mark_circle(size=34, opacity=1)
    last = long.drop_nulls("value").group_by("measure", maintain_order=True).last()
    ends = [
        alt.Chart(data(last.filter(pl.col("measure") == name)))
        .mark_text(align="left", dx=8, dy=dy, fontWeight=600, fontSize=13)
        .encode(x=x, y=y, text=alt.Text("value:Q", format=".0%"), color=colour)
        for name, dy in ((coverage, -4), (reliance, 4))
    ]
    band = (
        alt.Chart(data(rows.select("year", "coverage", "self_reliance").drop_nulls()))
        .mark_area(color=theme.VERMILION, opacity=0.07, interpolate="monotone")
        .encode(x=x, y=alt.Y("self_reliance:Q"), y2="coverage:Q")
    )
    chart = alt.layer(band, lines, points, *ends).properties(width=width, height=230 if narrow else 300)
    return finish(chart)


def weakest_first(rows: pl.DataFrame, measure: str) -> list[str]:
    """Return capabilities by their last known value, then by their mean; those never required last."""
    value = pl.col(measure).drop_nulls()
    known = rows.sort("year").group_by("capability").agg(last=value.last(), mean=value.mean())
    order: list[str] = known.sort("last", "mean", "capability", nulls_last=True)["capability"].to_list()
    return order


def _every_cell(frame: pl.DataFrame, years: list[int], names: Names, measure: str) -> pl.DataFrame:
    """Return a row for every capability and year, null where nothing is required."""
    rows = frame.filter(pl.col("capability") != "all").rename({measure: "value"})
    every = pl.DataFrame({"year": years}, schema={"year": frame.schema["year"]}).join(
        rows.select(pl.col("capability").unique(maintain_order=True)), how="cross"
    )
    return every.join(rows, on=["year", "capability"], how="left").select(
        "year",
        "value",
        "capability",
        name=pl.col("capability").map_elements(lambda c: called(names, c), return_dtype=pl.String),
        text=pl.when(pl.col("value").is_null()).then(pl.lit("–")).otherwise(pl.lit("")),
    )


def capability_heat(
    frame: pl.DataFrame, lang: str, names: Names, measure: str = "coverage", width: int = theme.WIDE
) -> Chart:
    """Draw one measure of every capability in every year as a heat map, weakest first.

    Parameters
    ----------
    frame
        ``coverage_by_year`` of a plan; the row "all" is left out. A year without a row or value (nothing
        required) is a pale cell with a dash.
    names
        Name of each capability.
    measure
        ``coverage`` or ``self_reliance``.
    """
    narrow = is_narrow(width)
    years = sorted(frame["year"].unique().to_list())
    rows = _every_cell(frame, years, names, measure)
    order = weakest_first(rows, "value")
    label = {c: shorten(called(names, c), 29 if narrow else 46) for c in order}
    x = alt.X(
        "year:O",
        title=None,
        axis=heat_years(years, width),
        scale=alt.Scale(paddingInner=0.04),
    )
    y = alt.Y(
        "capability:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelExpr=lookup(label), labelLimit=200 if narrow else 320, labelColor=theme.INK),
        scale=alt.Scale(paddingInner=0.08),
    )
    shade = alt.Color(
        "value:Q",
        scale=alt.Scale(domain=[0, 1], range=theme.SHADES, interpolate="rgb"),
        legend=shade_legend(narrow, format=".0%"),
    )
    base = alt.Chart(data(rows)).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("name:N", title=t("draw_capability", lang)),
            alt.Tooltip("year:O", title=t("draw_year", lang)),
            alt.Tooltip("value:Q", title=t(_MEASURE[measure], lang), format=".1%"),
        ],
    )
    cells = base.mark_rect(invalid=None).encode(
        color=alt.condition("datum.value === null", alt.value(theme.EMPTY), shade)
    )
    layers = [cells]
    if cell_width(width, len(years)) >= 26:
        ink = alt.condition(f"datum.value > {theme.LIGHT_FROM}", alt.value("#ffffff"), alt.value(theme.ON_SHADES))
        figure = alt.Text("value:Q", format=".0%")
        layers.append(
            base.transform_filter("datum.value !== null").mark_text(fontSize=8.5).encode(text=figure, color=ink)
        )
    layers.append(
        base.transform_filter("datum.value === null").mark_text(fontSize=10, color=theme.MUTED).encode(text="text:N")
    )
    chart = alt.layer(*layers).properties(
        width=heat_plot(width, label.values()), height=(17 if narrow else 20) * len(order)
    )
    return finish(chart, fit=False)


_MEASURE = {"coverage": "draw_coverage", "self_reliance": "draw_self_reliance"}
