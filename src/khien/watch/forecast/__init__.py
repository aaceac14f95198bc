"""Forecasts: what an indicator may do next, in 23 quantiles a place, with baselines and a record beside it."""

from khien.watch.forecast.baseline import climatology, persistence
from khien.watch.forecast.ensemble import averaged, pool, stretch, stretched, weights_by_record
from khien.watch.forecast.forest import ModelsMissing
from khien.watch.forecast.frames import FORECASTS, LEVELS, QUANTILES, Panel, as_frame
from khien.watch.forecast.models import ENSEMBLE, Record, forecast
from khien.watch.forecast.score import Score, brier, covered, crps, log_score, score, wis

__all__ = [
    "ENSEMBLE", "FORECASTS", "LEVELS", "QUANTILES", "ModelsMissing", "Panel", "Record", "Score",
    "as_frame", "averaged", "brier", "climatology", "covered", "crps", "forecast", "log_score", "persistence", "pool",
    "score", "stretch", "stretched", "weights_by_record", "wis",
]  # fmt: skip
