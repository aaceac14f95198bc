"""What is mastered at which stage: a heat map of technologies, products or groups by stage."""

from __future__ import annotations

import json
import textwrap

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import (
    Chart,
    Names,
    called,
    data,
    finish,
    heat_plot,
    is_narrow,
    lookup,
    shade_legend,
    shorten,
)
from khien.words import t


def stage_heat(
    frame: pl.DataFrame, lang: str, names: Names, stages: Names, title: str, width: int = theme.WIDE
) -> Chart:
    """Draw a share (0-1) for every row and stage as a heat map, rows in the order of the frame.

    Parameters
    ----------
    frame
        key, stage, value (null: not known, drawn as a pale cell with a dash), text (stands in the cell).
    names, stages
        Name of each key; name of each stage, in order.
    title
        What the share is.
    """
    narrow = is_narrow(width)
    order = frame["key"].unique(maintain_order=True).to_list()
    labels = {key: shorten(called(names, key), 24 if narrow else 46) for key in order}
    rows = frame.with_columns(
        name=pl.col("key").replace_strict({key: called(names, key) for key in order}, return_dtype=pl.String),
        stage_name=pl.col("stage").replace_strict(dict(stages), default=pl.col("stage"), return_dtype=pl.String),
    )
    base = alt.Chart(data(rows)).encode(
        x=alt.X("stage:N", sort=list(stages), title=None, axis=_stage_axis(stages, narrow)),
        y=alt.Y(
            "key:N", sort=order, title=None, scale=alt.Scale(paddingInner=0.08),
            axis=alt.Axis(labelExpr=lookup(labels), labelLimit=200 if narrow else 320, labelColor=theme.INK),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t("draw_name", lang)),
            alt.Tooltip("stage_name:N", title=t("draw_stage", lang)),
            alt.Tooltip("value:Q", title=title, format=".0%"),
            alt.Tooltip("text:N", title=t("draw_in_cell", lang)),
        ],
    )  # fmt: skip
    shade = alt.Color(
        "value:Q",
        scale=alt.Scale(domain=[0, 1], range=theme.SHADES, interpolate="rgb"),
        legend=shade_legend(narrow, format=".0%", title=title, titleLimit=300),
    )
    cells = base.mark_rect(invalid=None).encode(
        color=alt.condition("datum.value === null", alt.value(theme.EMPTY), shade)
    )
    ink = alt.condition(f"datum.value > {theme.LIGHT_FROM}", alt.value("#ffffff"), alt.value(theme.ON_SHADES))
    text = base.mark_text(fontSize=8 if narrow else 10).encode(text="text:N", color=ink)
    chart = alt.layer(cells, text).properties(
        width=heat_plot(width, labels.values()), height=(18 if narrow else 20) * len(order)
    )
    return finish(chart, fit=False)


def _stage_axis(stages: Names, narrow: bool) -> alt.Axis:
    """Names of stages above the cells: in lines where there is room, upright on a phone."""
    if narrow:
        short = {key: shorten(name, 22) for key, name in stages.items()}
        return alt.Axis(orient="top", labelAngle=-90, labelExpr=lookup(short), labelLimit=200, labelFontSize=11)
    lines = {key: textwrap.wrap(name, 14) for key, name in stages.items()}
    # Lines of a label grow downwards from where a single one stands, into the cells.
    padding = 4 + 14 * (max((len(parts) for parts in lines.values()), default=1) - 1)
    expression = f"({json.dumps(lines, ensure_ascii=False)})[datum.value] || datum.value"
    return alt.Axis(
        orient="top", labelAngle=0, labelExpr=expression, labelLimit=0, labelFontSize=11, labelPadding=padding
    )
