"""A small plot over time as SVG: axes in the language of the page, bands, lines and marks told apart by form too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from itertools import pairwise

from khien.draw import theme
from khien.draw.numbers import number

WIDE, NARROW = 960, 360
MARKS = ("circle", "square", "triangle", "diamond", "cross")
"""Forms of points, so that series are told apart without colours."""
_LEAST = 1e-6
"""Share of the values below which a difference between them is not drawn."""
_ROOM = 16
"""Least distance in px between a line and the one above it for a name between them."""
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass
class Plot:
    """A plot of numbers over days or other numbers.

    Attributes:
        xs: least and greatest x; dates as ordinals.
        ys: least and greatest y, before they are widened to round numbers.
        unit: written above the vertical axis.
        traced: points of all lines, in px.
        named: lines across whose names have no place yet: y, name, colour, and whether it stands below.
    """

    lang: str
    narrow: bool
    xs: tuple[float, float]
    ys: tuple[float, float]
    unit: str
    caption: str
    tall: int = 340
    parts: list[str] = field(default_factory=list)
    traced: list[tuple[float, float]] = field(default_factory=list)
    named: list[tuple[float, str, str, bool]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        low, high = self.ys
        span = high - low
        self.step = _round_step(span if span > _LEAST * max(1.0, abs(high), abs(low)) else max(1.0, abs(high)))
        self.low, self.high = math.floor(low / self.step) * self.step, math.ceil(high / self.step) * self.step
        if self.high <= self.low:
            self.high = self.low + self.step
        if self.xs[1] <= self.xs[0]:
            self.xs = self.xs[0] - 1, self.xs[1] + 1
        digits = max(0, -math.floor(math.log10(self.step)))
        self.digits = digits
        longest = max(len(number(v, self.lang, digits)) for v in (self.low, self.high))
        self.left, self.right = 14 + 7 * longest, 16
        self.width = NARROW if self.narrow else WIDE

    def x(self, at: float | date) -> float:
        """Where an x stands, in px."""
        value = at.toordinal() if isinstance(at, date) else at
        share = (value - self.xs[0]) / (self.xs[1] - self.xs[0])
        return self.left + share * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Where a y stands, in px below the head; what lies outside stands at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.tall * (1 - share)

    def band(self, rows: Sequence[tuple[float | date, float, float]], colour: str, opacity: float) -> None:
        """An area between two lines."""
        if len(rows) == 1:  # one moment has no area; a narrow bar shows it
            at, low, high = rows[0]
            left = self.x(at) - 4
            self.parts.append(
                f'<rect x="{left:.1f}" y="{self.y(high):.1f}" width="8" '
                f'height="{max(1.0, self.y(low) - self.y(high)):.1f}" fill="{colour}" fill-opacity="{opacity}"/>'
            )
            return
        there = " ".join(f"{self.x(at):.1f},{self.y(high):.1f}" for at, _, high in rows)
        back = " ".join(f"{self.x(at):.1f},{self.y(low):.1f}" for at, low, _ in reversed(rows))
        self.parts.append(f'<polygon points="{there} {back}" fill="{colour}" fill-opacity="{opacity}"/>')

    def bar(self, at: float | date, low: float, high: float, wide: float, colour: str, opacity: float = 1.0) -> None:
        """An interval at one x."""
        self.parts.append(
            f'<rect x="{self.x(at) - wide / 2:.1f}" y="{self.y(high):.1f}" width="{wide:.1f}" '
            f'height="{max(1.0, self.y(low) - self.y(high)):.1f}" fill="{colour}" fill-opacity="{opacity}"/>'
        )

    def line(
        self, rows: Iterable[tuple[float | date, float]], colour: str, width: float = 2.0, dashes: str = ""
    ) -> None:
        """A line through points."""
        pixels = [(self.x(at), self.y(value)) for at, value in rows]
        self.traced += _dense(pixels)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" '
            f'stroke-linejoin="round"{dashed}/>'
        )

    def levels(self, rows: Iterable[tuple[str, float]], colour: str = theme.MUTED) -> None:
        """Lines across at values, each with its name; left out where the axis does not reach.

        A name stands above its line (where the next line is too near for that, below), where no other line runs
        through it, the farthest left; see `_label`.
        """
        shown = sorted(((value, name) for name, value in rows if self.low <= value <= self.high), reverse=True)
        above = -math.inf
        for value, label in shown:
            at = self.y(value)
            below = at - above < _ROOM
            above = at
            self.parts.append(
                f'<path d="M{self.left} {at:.1f}H{self.width - self.right}" stroke="{colour}" stroke-dasharray="2 3"/>'
            )
            self.named.append((at, label, colour, below))

    def _label(self, at: float, label: str, colour: str, below: bool) -> str:
        """The name of a line across, where the fewest points of other lines lie under its letters."""
        long, foot = 6.2 * len(label), at + 13 if below else at - 4
        last = max(self.left + 4, self.width - self.right - long)
        places = [self.left + 4 + step * (last - self.left - 4) / 12 for step in range(13)]

        def hidden(x: float) -> int:
            return sum(x - 5 <= px <= x + long + 5 and foot - 14 <= py <= foot + 6 for px, py in self.traced)

        best = min(places, key=hidden)
        return (
            f'<text x="{best:.1f}" y="{foot:.1f}" font-size="11" stroke="#ffffff" '
            f'stroke-width="3" paint-order="stroke" fill="{colour}">{escape(label)}</text>'
        )

    def mark(self, at: float | date, value: float, form: str, colour: str, *, hollow: bool = False) -> None:
        """A point of one of the forms."""
        self.parts.append(marked(self.x(at), self.y(value), form, colour, hollow))

    def key(self, sign: str, text: str) -> None:
        """A line of the legend: an SVG sign drawn in 26 x 14 px, and what it means."""
        self.keys.append((sign, text))

    def svg(self, ticks: Sequence[tuple[float, str]] | None = None, below: str = "") -> str:
        """The whole picture.

        Args:
            ticks: marks of the horizontal axis; left out, dates.
            below: name of the horizontal axis.
        """
        head, foot = self._head()
        labels = "".join(self._label(*one) for one in self.named)
        named = self._dates() if ticks is None else ticks
        height = foot + self.tall + 40 + (16 if below else 0) + 18
        rule = "".join(
            f'<path d="M{self.left} {self.y(v):.1f}H{self.width - self.right}" stroke="{theme.RULE}"/>'
            f'<text x="{self.left - 6}" y="{self.y(v) + 4:.1f}" font-size="12" text-anchor="end" '
            f'fill="{theme.MUTED}">{number(v, self.lang, self.digits)}</text>'
            for v in self._values()
        )
        rule += "".join(
            f'<path d="M{self.x(at):.1f} {self.tall}v5" stroke="{theme.GREY}"/><text '
            f'x="{self._inside(self.x(at), name):.1f}" y="{self.tall + 20}" font-size="12" text-anchor="middle" '
            f'fill="{theme.MUTED}">{escape(name)}</text>'
            for at, name in named
        )
        if below:
            middle = (self.left + self.width - self.right) / 2
            rule += (
                f'<text x="{middle:.0f}" y="{self.tall + 38}" font-size="12" text-anchor="middle" '
                f'fill="{theme.MUTED}">{escape(below)}</text>'
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height}" '
            f'viewBox="0 0 {self.width} {height}" font-family="{theme.FONT}"><rect width="{self.width}" '
            f'height="{height}" fill="#ffffff"/>{head}<g transform="translate(0 {foot})">{rule}{"".join(self.parts)}'
            f'{labels}</g><text x="6" y="{height - 7}" font-size="10" fill="{theme.MUTED}">'
            f"{escape(self.caption)}</text></svg>"
        )

    def _head(self) -> tuple[str, int]:
        """The legend in as many rows as it needs, the unit below it, and where the plot begins."""
        x, y, parts = 8.0, 16, []
        for sign, text in self.keys:
            long = 34 + 6.9 * len(text) + 14
            if x + long > self.width and x > 8:
                x, y = 8.0, y + 20
            parts.append(
                f'<g transform="translate({x:.0f} {y - 11})">{sign}</g><text x="{x + 31:.0f}" y="{y}" '
                f'font-size="12" fill="{theme.INK}">{escape(text)}</text>'
            )
            x += long
        y += 24
        parts.append(f'<text x="6" y="{y}" font-size="12" fill="{theme.MUTED}">{escape(self.unit)}</text>')
        return "".join(parts), y + 12

    def _inside(self, x: float, text: str) -> float:
        """Where a text has its middle so that all of it stands in the picture."""
        half = 3.6 * len(text)
        return min(max(x, half), self.width - half)

    def _values(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + i * self.step for i in range(count + 1)]

    def _dates(self) -> list[tuple[float, str]]:
        """Days, months or years, as many as have room."""
        first, last = date.fromordinal(math.ceil(self.xs[0])), date.fromordinal(math.floor(self.xs[1]))
        room = max(2, int((self.width - self.left - self.right) / 78))
        span = (last - first).days + 1
        if span <= 75:
            every = max(1, math.ceil(span / room))
            return [(n, self._day(date.fromordinal(n))) for n in range(first.toordinal(), last.toordinal() + 1, every)]
        months = (last.year - first.year) * 12 + last.month - first.month
        every = next((n for n in (1, 2, 3, 6, 12, 24, 60) if months / n <= room), 120)
        starts = []
        for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
            start = date(n // 12, n % 12 + 1, 1)
            if n % every == 0 and first <= start <= last:
                starts.append((float(start.toordinal()), self._month(start)))
        return starts

    def _day(self, day: date) -> str:
        return f"{day.day}/{day.month}" if self.lang == "vi" else f"{day.day} {MONTHS_EN[day.month - 1]}"

    def _month(self, day: date) -> str:
        return f"{day.month}/{day.year}" if self.lang == "vi" else f"{MONTHS_EN[day.month - 1]} {day.year}"


def _dense(pixels: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along a line, at most some 4 px apart across."""
    found = list(pixels[:1])
    for (x, y), (to_x, to_y) in pairwise(pixels):
        steps = max(1, math.ceil(max(abs(to_x - x), abs(to_y - y)) / 4))
        found += [(x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(1, steps + 1)]
    return found


def marked(x: float, y: float, form: str, colour: str, hollow: bool = False) -> str:
    """A point as SVG."""
    fill = f'fill="#ffffff" stroke="{colour}" stroke-width="1.8"' if hollow else f'fill="{colour}" stroke="#ffffff"'
    if form == "square":
        return f'<rect x="{x - 3.8:.1f}" y="{y - 3.8:.1f}" width="7.6" height="7.6" {fill}/>'
    shapes = {
        "triangle": ((0, -5.2), (4.9, 3.8), (-4.9, 3.8)),
        "diamond": ((0, -5.4), (5.4, 0), (0, 5.4), (-5.4, 0)),
        "cross": ((-4.5, -4.5), (0, -1.4), (4.5, -4.5), (1.4, 0), (4.5, 4.5), (0, 1.4), (-4.5, 4.5), (-1.4, 0)),
    }
    if form in shapes:
        points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[form])
        return f'<polygon points="{points}" {fill}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {fill}/>'


def stroke(colour: str, dashes: str = "", form: str = "") -> str:
    """A sign of the legend: a line, with a point on it where a form is given."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="M0 7H26" stroke="{colour}" stroke-width="2"{dashed}/>' + (
        marked(13, 7, form, colour) if form else ""
    )


def patch(colour: str, opacity: float) -> str:
    """A sign of the legend: an area."""
    return f'<rect width="26" height="14" fill="{colour}" fill-opacity="{opacity}"/>'


def _round_step(span: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives four to eight parts."""
    rough = span / 7
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
