"""How the search went: value found and bound proven, against time."""

from __future__ import annotations

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, data, finish, is_narrow
from khien.words import t


def history(frame: pl.DataFrame, lang: str, width: int = theme.WIDE) -> Chart:
    """Draw the best value and the bound against seconds, as steps.

    Parameters
    ----------
    frame
        ``history`` of a plan: seconds, value, bound (null where not known yet).
    """
    narrow = is_narrow(width)
    value, bound = t("draw_value", lang), t("draw_bound", lang)
    rows = frame.sort("seconds").with_columns(pl.col("value").forward_fill(), pl.col("bound").forward_fill())
    long = pl.concat(
        [
            rows.select("seconds", amount=field, measure=pl.lit(name))
            for field, name in (("value", value), ("bound", bound))
        ]
    ).drop_nulls("amount")
    domain = [bound, value]
    chart = (
        alt.Chart(data(long))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("seconds:Q", axis=alt.Axis(title=t("draw_seconds", lang), grid=False, tickCount=6)),
            y=alt.Y(
                "amount:Q",
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(title=None, format=".3~f", tickCount=5),
            ),
            color=alt.Color(
                "measure:N",
                scale=alt.Scale(domain=domain, range=[theme.VERMILION, theme.BLUE]),
                legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=3, symbolSize=260),
            ),
            strokeDash=alt.StrokeDash("measure:N", scale=alt.Scale(domain=domain, range=[[6, 4], [1, 0]])),
            tooltip=[
                alt.Tooltip("seconds:Q", title=t("draw_seconds", lang), format=",.1f"),
                alt.Tooltip("measure:N", title=t("draw_measure", lang)),
                alt.Tooltip("amount:Q", title=t("draw_value", lang), format=",.4f"),
            ],
        )
        .properties(width=width, height=220 if narrow else 250)
    )
    return finish(chart)
