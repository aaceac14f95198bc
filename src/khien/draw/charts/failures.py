"""What hurts most: failures as bars, from the least to the most that each may cost."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, data, finish, is_narrow, shorten
from khien.words import t


def failures(
    frame: pl.DataFrame, lang: str, title: str, width: int = theme.WIDE, labels: tuple[str, str] | None = None
) -> Chart:
    """Draw failures as bars, in the order of the frame: certain loss dark, what may be lost besides it pale.

    Parameters
    ----------
    frame
        name, best and worst (loss in the best and in the worst case of what is not known), detail.
    title
        What a loss is counted in.
    labels
        What best and worst are called; "least loss" and "greatest loss" if left out.
    """
    narrow = is_narrow(width)
    least, most = labels or (t("draw_loss_best", lang), t("draw_loss_worst", lang))
    letters = 44 if narrow else 76
    rows = frame.with_columns(
        label=pl.format("{}. {}", pl.int_range(1, pl.len() + 1), "name").map_elements(
            lambda text: shorten(text, letters), return_dtype=pl.String
        )
    )
    order = rows["label"].to_list()
    tooltip = [
        alt.Tooltip("name:N", title=t("draw_failing", lang)),
        alt.Tooltip("best:Q", title=least, format=",.3f"),
        alt.Tooltip("worst:Q", title=most, format=",.3f"),
        alt.Tooltip("detail:N", title=t("draw_detail", lang)),
    ]
    base = alt.Chart(data(rows)).encode(
        y=alt.Y(
            "label:N", sort=order, title=None,
            axis=None if narrow else alt.Axis(labelLimit=460, labelColor=theme.INK),
        ),
        tooltip=tooltip,
    )  # fmt: skip
    thick: dict[str, Any] = {"size": 11, "yOffset": 8} if narrow else {"size": 14}
    axis = alt.Axis(tickCount=4, title=title, format="~g")
    certain = base.mark_bar(color=theme.VERMILION, **thick).encode(x=alt.X("best:Q", axis=axis))
    maybe = base.mark_bar(color=theme.ORANGE, opacity=0.45, stroke=theme.VERMILION, strokeDash=[3, 2], **thick)
    layers = [maybe.encode(x=alt.X("best:Q", axis=axis), x2="worst:Q"), certain]
    if narrow:
        layers.append(base.mark_text(align="left", dy=-8).encode(x=alt.value(0), text="label:N"))
    height = (38 if narrow else 24) * len(order) + 50
    return finish(alt.layer(*layers).properties(width=width, height=height))
