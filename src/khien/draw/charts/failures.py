"""What hurts most: failures as bars, from the least to the most that each may cost."""

from __future__ import annotations

import json
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
    letters = 95 if narrow else 76
    rows = frame.with_columns(
        label=pl.format("{}. {}", pl.int_range(1, pl.len() + 1), "name").map_elements(
            lambda text: shorten(text, letters), return_dtype=pl.String
        )
    )
    lines = max((len(_lines(label)) for label in rows["label"]), default=1) if narrow else 1
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
    for line in range(lines if narrow else 0):
        said = {label: ([""] * lines + _lines(label))[-lines:][line] for label in order}
        text = base.transform_calculate(line=f"({json.dumps(said, ensure_ascii=False)})[datum.label]")
        above = -8 - 14 * (lines - 1 - line)
        layers.append(text.mark_text(align="left", dy=above).encode(x=alt.value(0), text="line:N"))
    height = (24 + 14 * lines if narrow else 24) * len(order) + 50
    return finish(alt.layer(*layers).properties(width=width, height=height))


def _lines(label: str) -> list[str]:
    """Return what stands above a bar on a phone: each of two that fail at once has a line, so that both can be told."""
    first, plus, second = label.partition(" + ")
    return [shorten(part, 46) for part in ([f"{first} +", second] if plus else [first])]
