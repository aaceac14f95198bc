"""What a stress test found: fans by year, the distribution of the value, and what hurts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, data, finish, inline, is_narrow, year_axis
from khien.draw.numbers import number, percent
from khien.words import t

COLOURS = {"coverage": theme.BLUE, "self_reliance": theme.VERMILION}


def fan(frame: pl.DataFrame, lang: str, measure: str, width: int = theme.WIDE) -> Chart:
    """Draw quantiles of a measure by year as a fan, with the median and what was planned.

    Parameters
    ----------
    frame
        ``coverage`` of a stress test: year, measure, planned, q05, q25, q50, q75, q95 (0-1).
    measure
        ``coverage`` or ``self_reliance``.
    """
    narrow, colour = is_narrow(width), COLOURS[measure]
    rows = frame.filter(pl.col("measure") == measure).sort("year")
    names = [t(key, lang) for key in ("draw_fan_wide", "draw_fan_half", "draw_fan_median", "draw_fan_planned")]
    wide, half, median, planned = names
    x = alt.X("year:Q", axis=year_axis(narrow), scale=alt.Scale(nice=False, padding=14))
    scale = alt.Scale(domain=[0, 1])
    y_axis = alt.Axis(format=".0%", tickCount=5)
    tooltip = [alt.Tooltip("year:Q", title=t("draw_year", lang), format="d")] + [
        alt.Tooltip(f"{column}:Q", title=title, format=".1%")
        for column, title in (
            ("planned", planned),
            ("q95", t("draw_quantile", lang, share="95")),
            ("q75", t("draw_quantile", lang, share="75")),
            ("q50", median),
            ("q25", t("draw_quantile", lang, share="25")),
            ("q05", t("draw_quantile", lang, share="5")),
        )
    ]
    base = alt.Chart(data(rows)).encode(x=x, tooltip=tooltip)
    legend = alt.Legend(columns=2 if narrow else 4, symbolType="square", symbolOpacity=1)
    shade = alt.Color(
        "part:N", legend=legend,
        scale=alt.Scale(domain=names, range=[_pale(colour, 0.22), _pale(colour, 0.5), colour, theme.INK]),
    )  # fmt: skip
    layers: list[Any] = [
        base.transform_calculate(part=json.dumps(name, ensure_ascii=False)).mark_area(interpolate="monotone").encode(
            y=alt.Y(f"{low}:Q", scale=scale, axis=y_axis, title=None), y2=f"{high}:Q", color=shade
        )
        for name, low, high in ((wide, "q05", "q95"), (half, "q25", "q75"))
    ]  # fmt: skip
    for name, column, dash in ((median, "q50", [1, 0]), (planned, "planned", [6, 4])):
        line = base.transform_calculate(part=json.dumps(name, ensure_ascii=False)).encode(
            y=alt.Y(f"{column}:Q", scale=scale, axis=y_axis, title=None), color=shade
        )
        layers.append(line.mark_line(interpolate="monotone", strokeDash=dash))
    layers += _ends(rows, lang, x, scale)
    return finish(alt.layer(*layers).properties(width=width, height=230 if narrow else 280))


def _ends(rows: pl.DataFrame, lang: str, x: alt.X, scale: alt.Scale) -> list[alt.Chart]:
    """The last planned, median and low value as figures, kept apart when they lie close together."""
    last = rows.tail(1).to_dicts()
    if not last:
        return []
    marks, above = [], 2.0
    for column in ("planned", "q50", "q05"):
        value = last[0][column]
        above = min(above - 0.07, value)
        marks.append({"year": last[0]["year"], "value": above, "text": percent(value, lang)})
    base = alt.Chart(inline(marks)).encode(x=x, y=alt.Y("value:Q", scale=scale, title=None), text="text:N")
    return [base.mark_text(align="left", dx=6, fontWeight=600, fontSize=12, color=theme.INK)]


def _pale(colour: str, strength: float) -> str:
    """Return a colour mixed with white, so that overlapping bands stay what the legend shows."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02x}" for part in parts)


def tail(frame: pl.DataFrame, lang: str, figures: Mapping[str, float | None], width: int = theme.WIDE) -> Chart:
    """Draw the distribution of the final value: the worst twentieth dark, and lines at what was planned and reached.

    Parameters
    ----------
    frame
        from, to, draws, worst (draws of the bin that are among the worst 5 %).
    figures
        ``tail``, ``mean`` and ``planned`` value; those that are None get no line.
    """
    narrow = is_narrow(width)
    kinds = [t("draw_tail_worst", lang), t("draw_tail_other", lang)]
    worst, other = kinds
    rows = pl.concat(
        [
            frame.select("from", "to", low=pl.lit(0), high="worst", kind=pl.lit(worst)),
            frame.select("from", "to", low="worst", high="draws", kind=pl.lit(other)),
        ],
        how="vertical_relaxed",
    ).filter(pl.col("high") > pl.col("low"))
    x = alt.X(
        "from:Q", axis=alt.Axis(title=t("draw_value", lang), tickCount=5 if narrow else 9, grid=False, format="~g")
    )
    scaled = alt.Scale(zero=False, nice=False, domain=_span(frame, figures))
    top = 1.3 * max([1, *frame["draws"].to_list()])  # room above for the words at the lines
    axis = alt.Axis(title=None, tickCount=4, format=",.0f")
    bars = alt.Chart(data(rows)).mark_rect(stroke="#ffffff", strokeWidth=0.6).encode(
        x=x.scale(scaled), x2="to:Q",
        y=alt.Y("low:Q", axis=axis, scale=alt.Scale(domain=[0, top], nice=False)), y2="high:Q",
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[theme.VERMILION, theme.SKY])),
        tooltip=[
            alt.Tooltip("from:Q", title=t("draw_from", lang), format=",.3f"),
            alt.Tooltip("to:Q", title=t("draw_to", lang), format=",.3f"),
            alt.Tooltip("kind:N", title=t("draw_measure", lang)),
        ],
    )  # fmt: skip
    words = {"tail": "draw_tail_cvar", "mean": "draw_tail_mean", "planned": "draw_tail_planned"}
    marks = [
        {"at": value, "row": 8 + 16 * i, "text": t(key, lang, value=number(value, lang, 2))}
        for i, (name, key) in enumerate(words.items())
        if (value := figures.get(name)) is not None
    ]
    lines = alt.Chart(inline(marks)).encode(x=alt.X("at:Q", scale=scaled))
    middle = sum(_span(frame, figures)) / 2
    layers = [bars, lines.mark_rule(color=theme.INK, strokeDash=[4, 3], strokeWidth=1.5)]
    for side, align, dx in ((f"datum.at <= {middle}", "left", 5), (f"datum.at > {middle}", "right", -5)):
        text = lines.transform_filter(side).encode(y=alt.Y("row:Q", scale=None, axis=None), text="text:N")
        mark: dict[str, Any] = {"align": align, "dx": dx, "fontSize": 11 if narrow else 12}
        layers.append(text.mark_text(stroke="#ffffff", strokeWidth=4, **mark))
        layers.append(text.mark_text(color=theme.INK, **mark))
    chart = alt.layer(*layers).resolve_scale(y="independent").properties(width=width, height=230 if narrow else 270)
    return finish(chart)


def _span(frame: pl.DataFrame, figures: Mapping[str, float | None]) -> list[float]:
    """Return the least and the greatest value that is shown, with a little room."""
    known = [value for value in figures.values() if value is not None]
    low, high = min([*frame["from"].to_list(), *known]), max([*frame["to"].to_list(), *known])
    room = 0.02 * (high - low)
    return [low - room, high + room]
