"""The price of independence: the value that is left for every promise, with its bound."""

from __future__ import annotations

import json

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, data, finish, is_narrow
from khien.words import t


def frontier(frame: pl.DataFrame, lang: str, measure: str, width: int = theme.WIDE) -> Chart:
    """Draw value against promise: a point for every plan, and a bar up to what no plan can exceed.

    Parameters
    ----------
    frame
        Points of a frontier: promise, reached, value, bound, self_reliance (0-1), cost_mvnd, projects. Promises that
        no plan was found for are left out.
    measure
        ``reliance`` (promises are shares) or ``survival`` (promises are months).
    """
    narrow = is_narrow(width)
    rows = frame.filter("reached").with_columns(cost=pl.col("cost_mvnd") / 1000)
    share = measure == "reliance"
    title = t("draw_promise_reliance" if share else "draw_promise_survival", lang)
    form = ".1%" if share else ".0f"
    x = alt.X(
        "promise:Q",
        scale=alt.Scale(zero=False, nice=False, padding=24),
        axis=alt.Axis(title=title, format=".0%" if share else ".0f", grid=False, tickCount=5 if narrow else 10),
    )
    y_axis = alt.Axis(title=None, tickCount=5, format="~g")
    y = alt.Y("value:Q", scale=alt.Scale(zero=False, nice=True), axis=y_axis)
    kinds = [t("draw_frontier_plan", lang), t("draw_frontier_bound", lang)]
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[theme.BLUE, theme.VERMILION]))
    base = alt.Chart(data(rows)).encode(
        x=x,
        tooltip=[
            alt.Tooltip("promise:Q", title=title, format=form),
            alt.Tooltip("value:Q", title=t("draw_value", lang), format=",.4f"),
            alt.Tooltip("bound:Q", title=t("draw_bound", lang), format=",.4f"),
            alt.Tooltip("self_reliance:Q", title=t("draw_self_reliance", lang), format=".1%"),
            alt.Tooltip("cost:Q", title=f"{t('draw_cost', lang)} ({t('draw_unit_billion', lang)})", format=",.0f"),
            alt.Tooltip("projects:Q", title=t("draw_projects", lang)),
        ],
    )
    plan, bound = (base.transform_calculate(kind=json.dumps(name, ensure_ascii=False)) for name in kinds)
    layers = [
        bound.mark_rule(strokeWidth=2).encode(y=y, y2="bound:Q", color=colour),
        bound.mark_tick(orient="horizontal", size=16, thickness=2.5).encode(
            y=alt.Y("bound:Q", axis=y_axis), color=colour
        ),
        plan.mark_line(strokeWidth=1.5).encode(y=y, color=colour),
        plan.mark_circle(size=70, opacity=1).encode(y=y, color=colour),
    ]
    return finish(alt.layer(*layers).properties(width=width, height=240 if narrow else 300))
