"""What a pooled model sees of a series: levels, growth and turns of the place and of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from khien.watch.forecast.frames import Floats, Ints, Panel, moved

LEAST_PERIODS: Final = 16  # a shorter series is continued backwards at its first value
BACK: Final = 14  # periods that the highest and lowest recent level look back
MOST_OWN: Final = 5.0  # times the highest value of the place, or
MOST_ALL: Final = 2.0  # times the 95 % level of all places: no forecast says more
FLOOR_SHARE: Final = 0.005  # of the 95 % level: what is added before the logarithm is taken


@dataclass(frozen=True, slots=True)
class Scaled:
    """A panel on a scale on which places are alike: z = log(value / size + floor) / spread."""

    z: Floats  # [places, periods]
    size: Floats  # [places, 1]
    spread: Floats  # [places, 1]
    floor: float
    most: Floats  # [places, 1]: the highest rate that a forecast may reach

    def back(self, z: Floats) -> Floats:
        """Values of z [places, steps, levels], never negative."""
        rate = np.exp(np.minimum(z * self.spread[:, :, None], 60.0)) - self.floor
        return np.asarray(np.clip(rate, 0.0, self.most[:, :, None]) * self.size[:, :, None])


def filled(values: Floats) -> Floats:
    """Gaps joined by straight lines, ends continued, a place without any value 0, short series made longer."""
    out = np.zeros_like(values)
    every = np.arange(values.shape[1])
    for row, series in zip(out, values, strict=True):
        known = np.flatnonzero(np.isfinite(series))
        if len(known):
            row[:] = np.interp(every, known, np.maximum(series[known], 0.0))
    more = LEAST_PERIODS - values.shape[1]
    return np.concatenate([np.repeat(out[:, :1], more, axis=1), out], axis=1) if more > 0 else out


def scaled(panel: Panel) -> Scaled:
    """The panel's logarithms, each place divided by how far its own range reaches."""
    size = panel.size()[:, None]
    rate = filled(panel.values) / size
    high = float(np.quantile(rate, 0.95))
    floor = FLOOR_SHARE * high if high > 0 else 1.0
    z = np.log(rate + floor)
    spread = span(z)
    own = rate.max(1, keepdims=True)
    return Scaled(z / spread, size, spread, floor, np.maximum(MOST_OWN * own, MOST_ALL * high))


def span(z: Floats) -> Floats:
    """[places, 1]: distance from the 5 % to the 95 % level, never below a fifth of the typical one."""
    reach = np.quantile(z, 0.95, axis=1, keepdims=True) - np.quantile(z, 0.05, axis=1, keepdims=True)
    typical = float(np.median(reach))
    return np.maximum(reach, 0.2 * typical if typical > 0 else 1.0)


def lagged(z: Floats, by: int) -> Floats:
    """The series so many periods earlier; NaN before it begins."""
    if by == 0:
        return z
    return np.concatenate([np.full((z.shape[0], by), np.nan), z[:, :-by]], axis=1)


def slope(z: Floats, n: int) -> Floats:
    """Least-squares slope a period over the last n periods."""
    weight = np.arange(n) - (n - 1) / 2
    weight = weight / (weight @ weight)
    return np.asarray(sum(weight[i] * lagged(z, n - 1 - i) for i in range(n)))


def mean(z: Floats, n: int) -> Floats:
    """Mean over the last n periods."""
    return np.asarray(sum(lagged(z, i) for i in range(n)) / n)


def features(z: Floats, whole: Floats, *, levels: bool = True) -> Floats:
    """[places, periods, features] of scaled logs z [places, periods]; `whole` [1, periods] is the nation or their mean.

    Level; last four changes; slopes over 3, 4 and 6 periods; distance from the mean of 3; change of slope; distance
    from the highest and lowest of the last 15 and periods since the highest; level, changes and slopes of the whole
    and of the mean place; the share of places that rise; how rough the place and all places are. Without `levels` the
    distance of the whole from its own recent mean stands for its level.
    """
    recent = np.stack([lagged(z, i) for i in range(BACK + 1)])
    change = z - lagged(z, 1)
    steep = slope(z, 3)
    parts = [z, change, *(lagged(change, i) for i in (1, 2, 3)), steep, slope(z, 4), slope(z, 6)]
    parts += [z - mean(z, 3), steep - lagged(steep, 3)]
    top = np.where(np.isfinite(recent), recent, -np.inf)
    parts += [z - top.max(0), z - np.where(np.isfinite(recent), recent, np.inf).min(0), top.argmax(0).astype(float)]
    for other in (whole, z.mean(0, keepdims=True)):
        step = other - lagged(other, 1)
        parts += [other if levels else other - mean(other, 8), step, lagged(step, 1), slope(other, 3), slope(other, 5)]
    bend = mean(np.abs(change - lagged(change, 1)), 6)
    parts += [(steep > 0).mean(0, keepdims=True), bend, bend.mean(0, keepdims=True)]
    return np.stack([np.broadcast_to(part, z.shape) for part in parts], axis=-1)


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows for learning: what was seen, what came, how many steps later, and where and when."""

    seen: Floats  # [rows, features]
    came: Floats  # [rows]: z at the target less z at the last period seen
    steps: Ints  # [rows]
    place: Ints  # [rows]
    period: Ints  # [rows]: of the last period seen


def cases(z: Floats, whole: Floats, steps: tuple[int, ...], extra: Floats | None = None) -> Cases:
    """Every place, period and step whose outcome stands in the series.

    `extra` [steps, places, periods, columns] stands to the right of the features.
    """
    seen = features(z, whole)
    rows: list[tuple[Floats, Floats, Ints, Ints, Ints]] = []
    for i, step in enumerate(steps):
        periods = np.arange(8, z.shape[1] - step)
        if not len(periods):
            continue
        x = seen[:, periods]
        if extra is not None:
            x = np.concatenate([x, extra[i][:, periods]], axis=-1)
        came = z[:, periods + step] - z[:, periods]
        flat = x.reshape(-1, x.shape[-1])
        place = np.repeat(np.arange(len(z)), len(periods))
        rows.append((flat, came.ravel(), np.full(len(flat), step), place, np.tile(periods, len(z))))
    if not rows:
        width = seen.shape[-1] + (0 if extra is None else extra.shape[-1])
        none = np.zeros(0, dtype=np.int64)
        return Cases(np.zeros((0, width)), np.zeros(0), none, none, none)
    seen_rows, came_rows, step_rows, place_rows, period_rows = (np.concatenate(c) for c in zip(*rows, strict=True))
    known = np.isfinite(seen_rows).all(1) & np.isfinite(came_rows)
    return Cases(seen_rows[known], came_rows[known], step_rows[known], place_rows[known], period_rows[known])


def newest(z: Floats, whole: Floats, steps: tuple[int, ...], extra: Floats | None = None) -> Floats:
    """[steps × places, features]: what is seen at the last period, step by step."""
    seen = features(z, whole)[:, -1]
    rows = [seen if extra is None else np.concatenate([seen, extra[i][:, -1]], axis=-1) for i in range(len(steps))]
    return np.asarray(np.nan_to_num(np.concatenate(rows), nan=0.0, posinf=0.0, neginf=0.0))


def whole_of(panel: Panel, z: Floats) -> Floats:
    """[1, periods]: the place that sums the others, else the mean place."""
    return z[panel.total : panel.total + 1] if panel.total is not None else z.mean(0, keepdims=True)


def weeks_from(day: date, holiday: tuple[int, int]) -> float:
    """Weeks from the nearest yearly day (month, day); negative before it."""
    near = min((date(day.year + y, *holiday) for y in (-1, 0, 1)), key=lambda d: abs((day - d).days))
    return float((day - near).days) / 7


def season_of(panel: Panel, steps: tuple[int, ...], periods: int) -> Floats:
    """[steps, places, periods, 5]: season of now and of the target (sine, cosine), and the change earlier years saw.

    The mean change of a place from this time of the year on uses only years whose outcome was known by then.
    """
    days = [moved(panel.last, i - periods + 1, panel.every) for i in range(periods)]
    turn = np.array([2 * np.pi * day.timetuple().tm_yday / 365.25 for day in days])
    z = scaled(panel).z
    out = np.zeros((len(steps), len(panel.places), periods, 5))
    for i, step in enumerate(steps):
        ahead = turn + 2 * np.pi * step / panel.a_year
        for j, column in enumerate((np.sin(turn), np.cos(turn), np.sin(ahead), np.cos(ahead))):
            out[i, :, :, j] = column
        out[i, :, :, 4] = _past_change(z, step, panel.a_year)
    return out


def _past_change(z: Floats, step: int, a_year: int) -> Floats:
    """[places, periods]: mean of z(t + step) - z(t) one, two, ... years earlier; 0 where none is known."""
    change = np.full_like(z, np.nan)
    change[:, : z.shape[1] - step] = z[:, step:] - z[:, : z.shape[1] - step]
    total = np.zeros_like(z)
    count = np.zeros_like(z)
    for back in range(a_year, z.shape[1], a_year):
        past = lagged(change, back)
        known = np.isfinite(past)
        total += np.where(known, past, 0.0)
        count += known
    return np.asarray(total / np.maximum(count, 1))


def from_last(space: Scaled, change: Floats, steps: tuple[int, ...]) -> Floats:
    """z [places, steps, levels] from changes [steps × places, levels] since the last period."""
    places, levels = len(space.z), change.shape[-1]
    by_place = change.reshape(len(steps), places, levels).transpose(1, 0, 2)
    return np.asarray(space.z[:, -1][:, None, None] + by_place)
