"""What all pictures share: inline data, sizes, and the last touches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme

Chart = alt.TopLevelMixin
"""Any Altair chart."""

Names = Mapping[str, str]
"""What an id is called, in the language of the picture."""


def data(frame: pl.DataFrame) -> alt.InlineData:
    """Return the rows of a frame as inline data of a chart."""
    return inline(frame.to_dicts())


def inline(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Return rows as inline data, written as one text.

    Altair copies all it holds at every step of building a chart; a text is not copied.
    """
    text = json.dumps(rows, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return alt.InlineData(values=text, format=alt.JsonDataFormat(type="json"))


def is_narrow(width: int) -> bool:
    """Return whether a picture of this width in px is for a phone."""
    return width < 560


def finish(chart: Any, fit: bool = True) -> Chart:
    """Add the shared configuration; ``fit`` makes a single view exactly as wide as asked."""
    chart = chart.configure(**theme.config())
    if fit:
        chart = chart.properties(autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    return chart  # type: ignore[no-any-return]


def called(names: Names, key: str | None, empty: str = "–") -> str:
    """Return the name of an id, the id itself when it has none."""
    if key is None:
        return empty
    return names.get(key) or key


def year_axis(narrow: bool, **more: Any) -> alt.Axis:
    """Return an axis of whole years with labels that do not collide."""
    return alt.Axis(format="d", title=None, grid=False, tickCount=5 if narrow else 10, **more)


def amount_axis(title: str, ticks: int = 5) -> alt.Axis:
    """Return the axis of an amount, with its title lying above it."""
    return alt.Axis(
        format=",.0f", tickCount=ticks, title=title, titleAngle=0, titleAlign="left", titleAnchor="end",
        titleY=-12, titleX=-48,
    )  # fmt: skip


def heat_years(years: list[int], width: int) -> alt.Axis:
    """Return the axis of years above a heat map of this total width."""
    room = cell_width(width, len(years))
    return alt.Axis(labelAngle=0, orient="top", values=year_labels(years, room), labelPadding=4, labelFontSize=11)


def bar_years(years: list[int], width: int) -> alt.Axis:
    """Return the axis of years below bars of this total width."""
    return alt.Axis(labelAngle=0, values=year_labels(years, (width - 70) / max(1, len(years))))


def shade_legend(narrow: bool, **more: Any) -> alt.Legend:
    """Return the legend of a shaded measure, below the picture and short enough for a phone."""
    return alt.Legend(gradientLength=110 if narrow else 180, gradientThickness=10, orient="bottom", **more)


def heat_plot(width: int, labels: Iterable[str]) -> int:
    """Return how wide the cells of a heat map may be together, so that labels and cells fill ``width``.

    Working it out here spares a second layout of every text, which fitting would need.
    """
    longest = max((len(label) for label in labels), default=0)
    return round(width - 6.1 * longest - 26)


def cell_width(width: int, years: int) -> float:
    """Return about how many px one year has in a heat map with names on its left."""
    return (width - (160 if is_narrow(width) else 300)) / max(1, years)


def every_year(found: pl.Series, years: tuple[int, int] | None) -> list[int]:
    """Return all years of the horizon, or else those between the first and the last that is found."""
    first, last = years or (found.min(), found.max())
    return list(range(int(first), int(last) + 1))  # type: ignore[arg-type]


def year_labels(years: list[int], room: float) -> list[int]:
    """Return the years that get a label when each has ``room`` px."""
    step = next((n for n in (1, 2, 5, 10) if n * room >= 36), 20)
    return [y for y in years if y % step == 0]


def shorten(text: str, letters: int) -> str:
    """Cut a text at a word and mark the cut."""
    if len(text) <= letters:
        return text
    cut = text[: letters - 1].rsplit(" ", 1)[0].rstrip(" ,;–-")
    return (cut if len(cut) > letters // 2 else text[: letters - 1]) + "…"


def squeeze(text: str, letters: int) -> str:
    """Cut a text in its middle where its last words fit: names of one kind, numbered, differ only at their end."""
    if len(text) <= letters:
        return text
    tail = (" " + text)[-(2 * letters // 3) - 1 :].partition(" ")[2]
    head, space, _ = text[: letters - len(tail)].rpartition(" ")
    return f"{head.rstrip(' ,;–-')}…{tail}" if tail and space else shorten(text, letters)


def lookup(labels: Names) -> str:
    """Return a Vega expression that shows the name of an id on an axis."""
    return f"({json.dumps(dict(labels), ensure_ascii=False)})[datum.value] || datum.value"
