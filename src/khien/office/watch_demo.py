"""The watch of a demo office: made-up rain and dengue in 34 provinces, forecasts of them, warnings in every state.

Everything comes from one seed and the day on which the demo is begun, and is marked as illustrative: by a file in the
folder, by the source of every value, and by the texts of the warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.office import watch_demo_past, watch_demo_weeks, watching
from khien.office.acts import warnings as acts
from khien.office.acts.record import Actor
from khien.watch.indicators import Indicators
from khien.watch.places import known_places, seats
from khien.watch.warn import Content
from khien.words import t

SEED: Final = 20261130
SOURCE: Final = "minh họa / illustrative"
LEVELS: Final = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
MODELS: Final = ("demo-ensemble", "demo-climatology", "demo-persistence")
RAIN_DAYS: Final = 800
DENGUE_MONTHS: Final = 84
Array = NDArray[np.float64]

INDICATORS: Final[Sequence[dict[str, str]]] = (
    {
        "id": "rain-24h", "name_vi": "Lượng mưa 24 giờ (minh họa)", "name_en": "Rain in 24 hours (illustrative)",
        "unit": "mm", "frequency": "day", "place_level": "province", "feed": "demo", "threat": "flood",
        "level_rule": "Quyết định 18/2021/QĐ-TTg, Điều 44", "owner": "Trực ban phòng chống thiên tai",
    },
    {
        "id": "dengue-cases", "name_vi": "Ca sốt xuất huyết (minh họa)", "name_en": "Dengue cases (illustrative)",
        "unit": "ca", "frequency": "month", "place_level": "province", "feed": "demo", "threat": "epidemic",
        "level_rule": "Thông tư 15/2026/TT-BYT, Điều 16", "owner": "Trực ban phòng bệnh",
    },
    {
        "id": "salinity-4permille", "name_vi": "Ranh mặn 4‰ vào sâu (minh họa)",
        "name_en": "Reach of 4‰ salt water inland (illustrative)", "unit": "km", "frequency": "day",
        "place_level": "province", "feed": "demo", "threat": "salinity", "owner": "Trực ban phòng chống thiên tai",
    },
    {
        "id": watch_demo_weeks.ID, "name_vi": "Ca tay chân miệng theo tuần (minh họa)",
        "name_en": "Hand, foot and mouth cases by week (illustrative)", "unit": "ca", "frequency": "week",
        "place_level": "province", "feed": "demo", "threat": "epidemic", "owner": "Trực ban phòng bệnh",
    },
)  # fmt: skip


def fill(duty: Actor, approver: Actor, now: datetime | None = None) -> bool:
    """Fill the folder of an office that has none yet; say whether anything was done.

    An office without a data folder is left alone.
    """
    watch = watching.watch()
    if watch.folder.exists() or not watch.folder.parent.is_dir():
        return False
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    bring(watch, now)
    watch_demo_past.bring(watch, now)
    warnings(duty, approver, now)
    return True


def bring(watch: watching.Watch, now: datetime) -> None:
    """Make the folder, with observations and forecasts."""
    watch.folder.mkdir(parents=True, mode=0o700)
    says = "".join(t("lookout_demo_mark", lang) + "\n" for lang in ("vi", "en"))
    (watch.folder / watching.ILLUSTRATIVE).write_text(says, encoding="utf-8")
    draw = np.random.default_rng(SEED)
    today = now.astimezone(UTC).date()
    rain, cases = _rain(draw, today), _cases(draw, today)
    watch.store.register(Indicators.from_rows(INDICATORS), known_places())
    weeks = watch_demo_weeks.rows(_places(), SOURCE, now)
    frames = [_rain_rows(rain, today, now), _case_rows(draw, cases, today, now), _salt_rows(draw, today), weeks]
    watch.store.append(pl.concat(frames), source=SOURCE, now=now)
    (watch.folder / watching.FORECASTS).mkdir()
    made = pl.concat([*_rain_forecasts(draw, rain, today), *_case_forecasts(draw, cases, today)])
    made.write_parquet(watch.folder / watching.FORECASTS / "demo.parquet")
    watch_demo_weeks.nowcasts(weeks, today).write_parquet(watch.folder / watching.FORECASTS / "demo-nowcast.parquet")


def _places() -> list[str]:
    return sorted(seats())


def _rain(draw: np.random.Generator, today: date) -> Array:
    """Rain by place and day up to five days ahead: wet and dry spells, a season that moves south with autumn."""
    places = _places()
    days = np.arange(-RAIN_DAYS, 6)
    year = np.array([(today + timedelta(days=int(d))).timetuple().tm_yday for d in days])
    wet = np.empty((len(places), len(days)))
    for row, place in enumerate(places):
        lat = seats()[place][0]
        peak = 215 if lat > 19.5 else 300 if lat > 12.5 else 250
        wet[row] = 0.25 + 0.75 * np.exp(-(((year - peak + 182) % 365 - 182) ** 2) / (2 * 45**2))
    spell = _smooth(draw, wet.shape, 0.72)
    rain = np.maximum(0, spell + 1.1 * wet - 0.75) ** 1.8 * 26 * (0.4 + wet)
    # A storm that comes ashore in the middle of the country now, and one of six weeks ago further north.
    for at, lat, size in ((0, 18.0, 330.0), (-42, 20.6, 240.0)):
        for row, place in enumerate(places):
            near = np.exp(-(((seats()[place][0] - lat) / 1.1) ** 2))
            for off, part in ((-1, 0.35), (0, 1.0), (1, 0.8), (2, 0.3)):
                rain[row, RAIN_DAYS + at + off] += size * near * part * draw.uniform(0.7, 1.2)
    return np.asarray(np.round(rain, 1))


def _cases(draw: np.random.Generator, today: date) -> Array:
    """Cases by place and month up to three months ahead."""
    places = _places()
    first = today.year * 12 + today.month - 1 - DENGUE_MONTHS
    month = (first + np.arange(DENGUE_MONTHS + 4)) % 12
    south = np.array([max(0.1, (22.5 - seats()[place][0]) / 10) for place in places])[:, None]
    season = 1 + 0.75 * np.cos((month - 8.5) / 12 * 2 * np.pi)[None, :]
    waves = np.exp(0.55 * _smooth(draw, (len(places), DENGUE_MONTHS + 4), 0.8))
    mean: Array = 160 * south * season * waves
    for row, place in enumerate(places):
        if place in ("79", "80", "75", "56"):
            mean[row, DENGUE_MONTHS - 3 :] *= np.array([1.5, 2.2, 2.9, 3.1, 3.0, 2.4, 1.8])
    return np.asarray(draw.poisson(mean), dtype=float)


def _smooth(draw: np.random.Generator, shape: tuple[int, int], memory: float) -> Array:
    """Noise that remembers the step before, of variance 1."""
    steps = draw.standard_normal(shape) * np.sqrt(1 - memory**2)
    for i in range(1, shape[1]):
        steps[:, i] += memory * steps[:, i - 1]
    return np.asarray(steps)


def _rows(indicator: str, unit: str, places: Any, valid: Any, issued: Any, value: Any) -> pl.DataFrame:
    return pl.DataFrame({
        "indicator": [indicator] * len(value), "place": places, "valid": valid, "issued": issued, "received": issued,
        "value": value, "unit": [unit] * len(value), "source": [SOURCE] * len(value),
    }).with_columns(pl.col("valid", "issued", "received").cast(pl.Datetime("us", "UTC")))  # fmt: skip


def _rain_rows(rain: Array, today: date, now: datetime) -> pl.DataFrame:
    """Rain of each day, issued in the next night; what would come later is left out."""
    places, found = _places(), []
    for column in range(RAIN_DAYS + 1):
        day = datetime.combine(today + timedelta(days=column - RAIN_DAYS), time(), UTC)
        issued = min(day + timedelta(hours=25), now)
        found += [(place, day, issued, float(rain[row, column])) for row, place in enumerate(places)]
    return _rows("rain-24h", "mm", *map(list, zip(*found, strict=True)))


def _case_rows(draw: np.random.Generator, cases: Array, today: date, now: datetime) -> pl.DataFrame:
    """Cases of each month: a first count on the 8th of the next month, and two later ones that find more."""
    places, found = _places(), []
    for column in range(DENGUE_MONTHS):
        first = _month(today, column - DENGUE_MONTHS)
        after = _month(today, column - DENGUE_MONTHS + 1)
        shares = np.cumsum(draw.dirichlet((16, 3, 1), len(places)), axis=1)
        for step, delay in enumerate((7, 37, 67)):
            issued = datetime.combine(after + timedelta(days=delay), time(2), UTC)
            if issued > now:
                continue
            valid = datetime.combine(first, time(), UTC)
            counts = np.round(cases[:, column] * shares[:, step])
            found += [(place, valid, issued, float(counts[row])) for row, place in enumerate(places)]
    return _rows("dengue-cases", "ca", *map(list, zip(*found, strict=True)))


def _salt_rows(draw: np.random.Generator, today: date) -> pl.DataFrame:
    """A feed of the delta that fell silent twelve days ago."""
    found = []
    for back in range(200, 11, -1):
        day = datetime.combine(today - timedelta(days=back), time(), UTC)
        for place in ("82", "86", "91", "92", "96"):
            value = 28 + 14 * np.cos(day.timetuple().tm_yday / 58) + draw.normal(0, 2)
            found.append((place, day, day + timedelta(hours=6), round(float(max(value, 0)), 1)))
    return _rows("salinity-4permille", "km", *map(list, zip(*found, strict=True)))


def _month(day: date, steps: int) -> date:
    number = day.year * 12 + day.month - 1 + steps
    return date(number // 12, number % 12 + 1, 1)


def _rain_forecasts(draw: np.random.Generator, rain: Array, today: date) -> list[pl.DataFrame]:
    """Forecasts of the last four weeks, three days ahead."""
    parts = []
    for back in range(28, -1, -1):
        column, reference = RAIN_DAYS - back, today - timedelta(days=back)
        past = rain[:, column - 400 : column + 1]
        for ahead in (1, 2, 3):
            target = reference + timedelta(days=ahead)
            true = rain[:, column + ahead]
            guess = np.exp(np.log1p(true) + draw.normal(0, 0.28 + 0.14 * ahead, len(true))) - 1
            curves = {
                MODELS[0]: _around(guess, 0.34 + 0.16 * ahead),
                MODELS[1]: np.quantile(past, LEVELS, axis=1).T,
                MODELS[2]: _around(rain[:, column], 0.8 + 0.2 * ahead),
            }
            parts += [_frame("rain-24h", reference, ahead, target, model, c) for model, c in curves.items()]
    return parts


def _case_forecasts(draw: np.random.Generator, cases: Array, today: date) -> list[pl.DataFrame]:
    """Forecasts of the last two years, three months ahead; the month of the reference is the last one counted."""
    parts = []
    for back in range(24, 0, -1):
        column, reference = DENGUE_MONTHS - back, _month(today, -back)
        for ahead in (1, 2, 3):
            target, true = _month(today, ahead - back), cases[:, column + ahead]
            guess = np.exp(np.log1p(true) + draw.normal(0, 0.10 + 0.06 * ahead, len(true))) - 1
            same = cases[:, column + ahead - 12 :: -12][:, :5]
            curves = {
                MODELS[0]: _around(guess, 0.12 + 0.07 * ahead),
                MODELS[1]: _around(np.median(same, axis=1), 0.55),
                MODELS[2]: _around(0.8 * cases[:, column], 0.25 + 0.14 * ahead),  # a first count, as it is known then
            }
            parts += [_frame("dengue-cases", reference, ahead, target, model, c) for model, c in curves.items()]
    return parts


_NORMAL: Final = (
    -2.326, -1.960, -1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126, 0.0, 0.126, 0.253, 0.385,
    0.524, 0.674, 0.842, 1.036, 1.282, 1.645, 1.960, 2.326,
)  # fmt: skip
"""The normal distribution at `LEVELS`."""


def _around(middle: Array, spread: float) -> Array:
    """Quantiles by place around a middle, even on the scale of the logarithm."""
    return np.maximum(0, np.expm1(np.log1p(middle)[:, None] + spread * np.array(_NORMAL)[None, :]))


def _frame(indicator: str, reference: date, ahead: int, target: date, model: str, curves: Array) -> pl.DataFrame:
    places = _places()
    return pl.DataFrame({
        "place": np.repeat(places, len(LEVELS)), "quantile": np.tile(LEVELS, len(places)),
        "value": np.round(curves, 2).ravel(),
    }).select(
        pl.lit(indicator).alias("indicator"), "place", pl.lit(reference).alias("reference"),
        pl.lit(ahead, pl.Int32).alias("horizon"), pl.lit(target).alias("target"), "quantile", "value",
        pl.lit(model).alias("model"),
    )  # fmt: skip


def _content(
    now: datetime, hazard: str, level: int, areas: Sequence[str], hours: tuple[int, int], **more: Any
) -> Content:
    """A warning from the texts of its hazard in the catalogue, which say that it is illustrative."""
    key = more.pop("text", hazard)
    texts: dict[str, Any] = {
        f"{what}_{lang}": t(f"lookout_demo_{key}_{what}", lang)
        for what in ("headline", "description", "instruction")
        for lang in ("vi", "en")
    }
    onset, expires = (now.replace(minute=0, second=0) + timedelta(hours=h) for h in hours)
    return Content(hazard, level, tuple(areas), onset, expires, **texts, **more)


def warnings(duty: Actor, approver: Actor, now: datetime) -> None:
    """Through the acts of today, a warning in every state."""
    why = t("lookout_demo_reason", "vi")

    def officially(content: Content) -> str:
        proposed = acts.propose(duty, content, why)
        acts.review(approver, proposed, why)
        acts.approve(approver, proposed, why)
        return proposed

    heavy = officially(_content(now, "rain", 3, ("42", "44", "46"), (6, 48), probability=0.82))
    rising = _content(now, "rain", 4, ("40", "42", "44", "46"), (6, 60), probability=0.61, text="rain4")
    acts.update(duty, heavy, rising, why)
    officially(_content(now, "flood", 3, ("82", "86", "91", "92"), (2, 30), exercise=True))
    dengue = acts.propose(duty, _content(now, "epidemic", 3, ("79", "80", "75"), (0, 24 * 30)), why)
    acts.review(approver, dengue, why)
    acts.propose(duty, _content(now, "salinity", 2, ("86", "96"), (72, 24 * 14), probability=0.45), why)
