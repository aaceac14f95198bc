"""Pictures of one indicator: the newest forecast as a fan, past forecasts against what came, skill, vintages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from khien.board.charts.watch_plot import MARKS, Plot, marked, patch, stroke
from khien.board.charts.watch_skill import Skill, ends_of
from khien.draw import theme
from khien.words import t

Points = Sequence[tuple[date, float]]
Curves = Mapping[date, tuple[Sequence[float], Sequence[float]]]
"""Target to quantiles and their values."""
WIDTHS: Final = ((0.95, 0.22), (0.5, 0.45))
"""Central intervals, and how dense each is drawn; the wider below."""


def fan(
    lang: str, narrow: bool, unit: str, caption: str, *, seen: Points, curves: Curves, other: Points = (),
    edges: Sequence[tuple[str, float]] = (), names: tuple[str, str] = ("", ""),
    coming: Sequence[tuple[date, float, float, float]] = (),
) -> str:  # fmt: skip
    """The newest forecast: what was seen before it, median, 50 % and 95 % intervals, the baseline's median.

    Args:
        other: median of the baseline.
        edges: where levels begin, with what each is called.
        names: of the model and of the baseline.
        coming: of the newest counts, what they will come to once all reports are in: median and ends.
    """
    targets = sorted(curves)
    seen = seen[-max(12, len(seen) // 2) :] if narrow else seen
    # The fan opens at the last value seen before it.
    start = [(day, value) for day, value in seen[-1:] if targets and day < targets[0]]
    bands = {width: _band(curves, width, start) for width, _ in WIDTHS}
    middle = [*start, *((target, middle_of(*curves[target])) for target in targets)]
    ends = [end for rows in bands.values() for _, low, high in rows for end in (low, high)]
    points = [value for _, value in (*seen, *middle)] + ends + [value for _, *three in coming for value in three]
    days = [day for day, _ in seen] + targets + [day for day, *_ in coming]
    plot = Plot(lang, narrow, _span(days), (min([0.0, *points]), _top(points, edges)), unit, caption)
    for width, opacity in WIDTHS:
        if bands[width]:
            plot.band(bands[width], theme.BLUE, opacity)
            plot.key(patch(theme.BLUE, opacity), t("lookout_interval", lang, share=round(100 * width)))
    plot.levels(edges)
    if coming:
        for day, middle_, low, high in coming:
            plot.bar(day, low, high, 7, theme.GREEN, 0.35)
            plot.mark(day, middle_, "square", theme.GREEN, hollow=True)
        plot.key(patch(theme.GREEN, 0.35), t("lookout_coming_key", lang))
    if seen:
        plot.line(seen, theme.INK, 1.8)
        for day, value in seen if len(seen) <= 60 else seen[-1:]:
            plot.mark(day, value, "circle", theme.INK)
        plot.key(stroke(theme.INK, form="circle"), t("lookout_observed", lang))
    if middle:
        plot.line(middle, theme.BLUE, 2.4)
        for day, value in middle[len(start) :]:
            plot.mark(day, value, "diamond", theme.BLUE)
        plot.key(stroke(theme.BLUE, form="diamond"), t("lookout_median_of", lang, model=names[0]))
    if other:
        plot.line(other, theme.VERMILION, 2.0, "6 4")
        plot.key(stroke(theme.VERMILION, "6 4"), t("lookout_median_of", lang, model=names[1]))
    return plot.svg()


def _band(
    curves: Curves, width: float, start: Sequence[tuple[date, float]]
) -> list[tuple[float | date, float, float]]:
    """A central interval by target, with the point where the fan opens; empty where it was not forecast."""
    rows: list[tuple[float | date, float, float]] = []
    for target in sorted(curves):
        levels, values = curves[target]
        pair = ends_of(levels, width)
        if pair is not None:
            rows.append((target, values[pair[0]], values[pair[1]]))
    return [*((day, value, value) for day, value in start), *rows] if rows else []


def against(
    lang: str, narrow: bool, unit: str, caption: str,
    rows: Sequence[tuple[date, float, NDArray[np.float64]]], levels: Sequence[float],
) -> str:  # fmt: skip
    """Past forecasts of one horizon against what came: bars of 95 % and 50 %, the median as a tick, the outcome as a
    point: a circle inside the 95 % interval, a triangle outside it.

    Args:
        rows: target, outcome, and values of the quantiles.
    """
    outer, inner = ends_of(levels, 0.95), ends_of(levels, 0.5)
    top = -1 if outer is None else outer[1]
    highest = [float(values[top]) for _, _, values in rows] + [outcome for _, outcome, _ in rows]
    low = min([0.0, *(min(float(values.min()), outcome) for _, outcome, values in rows)])
    plot = Plot(lang, narrow, _span([day for day, _, _ in rows], 1), (low, _top(highest, ())), unit, caption)
    wide = max(2.0, min(16.0, 0.6 * (plot.width - plot.left) / max(1, len(rows))))
    for pair, (_, opacity), share in ((outer, WIDTHS[0], 95), (inner, WIDTHS[1], 50)):
        if pair is not None:
            for day, _, values in rows:
                plot.bar(day, values[pair[0]], values[pair[1]], wide, theme.BLUE, opacity)
            plot.key(patch(theme.BLUE, opacity), t("lookout_interval", lang, share=share))
    for day, outcome, values in rows:
        middle = middle_of(levels, values)
        plot.bar(day, middle, middle, wide, theme.BLUE)
        missed = outer is not None and not values[outer[0]] <= outcome <= values[outer[1]]
        plot.mark(day, outcome, "triangle" if missed else "circle", theme.VERMILION if missed else theme.INK)
    plot.key(stroke(theme.BLUE), t("lookout_median", lang))
    plot.key(marked(13, 7, "circle", theme.INK), t("lookout_came_inside", lang))
    plot.key(marked(13, 7, "triangle", theme.VERMILION), t("lookout_came_outside", lang))
    return plot.svg()


def skill_lines(lang: str, narrow: bool, caption: str, found: Mapping[int, Sequence[Skill]], base: str) -> str:
    """Relative score of every model by horizon; the line at 1 is the baseline, below it is better."""
    models = sorted({s.model for skills in found.values() for s in skills if s.model != base})
    values = [s.relative for skills in found.values() for s in skills if s.relative is not None]
    horizons = sorted(found)
    span = (min(horizons) - 0.3, max(horizons) + 0.3) if horizons else (0.0, 1.0)
    plot = Plot(lang, narrow, span, (0.0, max([*values, 1.0]) * 1.08), t("lookout_relative", lang), caption, tall=260)
    plot.levels([(t("lookout_baseline_is", lang, model=base), 1.0)], theme.INK)
    for number, model in enumerate(models):
        colour, form = theme.SERIES[number % len(theme.SERIES)], MARKS[number % len(MARKS)]
        rows = [(h, s.relative) for h in horizons for s in found[h] if s.model == model and s.relative is not None]
        plot.line(rows, colour, 1.8)
        for at, value in rows:
            plot.mark(at, value, form, colour)
        plot.key(stroke(colour, form=form), model)
    return plot.svg([(h, str(h)) for h in horizons], t("lookout_horizon", lang))


def vintages(lang: str, narrow: bool, unit: str, caption: str, rows: Points) -> str:
    """How the value of one time changed with every issue, as steps."""
    values = [value for _, value in rows]
    span = (max(values) - min(values)) or abs(max(values)) * 0.1 or 1.0
    low = min(values) - 0.15 * span
    plot = Plot(
        lang, narrow, _span([d for d, _ in rows], 1), (max(0.0, low) if min(values) >= 0 else low, max(values)),
        unit, caption, tall=220,
    )  # fmt: skip
    steps: list[tuple[date, float]] = []
    for day, value in rows:
        if steps:
            steps.append((day, steps[-1][1]))
        steps.append((day, value))
    plot.line(steps, theme.BLUE)
    for day, value in rows:
        plot.mark(day, value, "square", theme.BLUE)
    plot.key(stroke(theme.BLUE, form="square"), t("lookout_value_as_issued", lang))
    return plot.svg()


def middle_of(levels: Sequence[float], values: Sequence[float] | NDArray[np.float64]) -> float:
    """The median, between two quantiles where it is not one of them."""
    return float(np.interp(0.5, levels, values))


def _span(days: Sequence[date], around: int = 0) -> tuple[float, float]:
    if not days:
        return 0.0, 1.0
    return min(days).toordinal() - around, max(days).toordinal() + around


def _top(values: Sequence[float], edges: Sequence[tuple[str, float]]) -> float:
    """High enough for all values, and for the first level above them where it is near."""
    top = max(values, default=1.0) or 1.0
    near = [value for _, value in edges if top < value <= 1.3 * top]
    return max([top, *near[:1]]) * 1.03
