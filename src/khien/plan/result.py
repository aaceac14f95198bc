"""What planning gives back: a plan that says what it chose, how good it is, and what it stands on."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from khien.plan.packed import pack, unpack
from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.programme.planned import planning_values
from khien.programme.quarters import quarter_number, quarter_text
from khien.programme.writing import write_text
from khien.words import t

FORMAT = "khien-plan-1"
FILE_NAME = "plan.json"
ROUNDING = 3e-9
"""Share of a value that bounds may lie above it by rounding alone: no gap, and a plan that is called optimal."""

Schema = dict[str, type[pl.DataType]]
CHOICES: Schema = {
    "project": pl.String,
    "option": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "start_quarter": pl.String,
    "end_quarter": pl.String,
    "fixed": pl.Boolean,
}
TRAINING: Schema = {"skill": pl.String, "start": pl.Int64, "start_quarter": pl.String, "cohorts": pl.Int64}
HISTORY: Schema = {"seconds": pl.Float64, "value": pl.Float64, "bound": pl.Float64}
FRAMES = {"choices": CHOICES, "training": TRAINING, "history": HISTORY}

WHY_STOPPED = ("optimal", "gap", "time", "work", "interrupt")
STATUSES = ("optimal", "feasible")


class PlanFileError(ValueError):
    """A file that is no plan of ours; says which file and what is wrong with it."""

    def __init__(self, key: str, *, error: BaseException | None = None, **fields: object) -> None:
        said = {lang: fields | ({} if error is None else {"error": _reason(error, lang)}) for lang in ("vi", "en")}
        self.message_vi, self.message_en = t(key, "vi", **said["vi"]), t(key, "en", **said["en"])
        super().__init__(self.message_en)


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A plan, how good it is, and everything needed to make it again.

    Parameters
    ----------
    status : str
        "optimal" (the bound is reached) or "feasible".
    why_stopped : str
        "optimal" (nothing better exists), "gap" (target reached), "time", "work" or "interrupt".
    value, bound, nothing : float
        Value of the plan, a proven upper bound on every plan's value, and the value of doing
        nothing beyond what is committed, running or done. A bound of infinity is none. With
        `settings.scenarios`, values are (1 - tail_weight) * `expected_value` + tail_weight * `tail_value`.
    seconds : float
        Wall clock of the search.
    seed : int
    clocked : bool
        A clock ended the search, so that another run may give another plan.
    programme_hash : str
        Content hash of the programme as it was read, before the what-ifs of `settings`.
    settings : PlanSettings
    version : str
        Version of the program.
    choices : polars.DataFrame
        project, option, start, end (quarter indices, end exclusive; a start may be negative),
        start_quarter, end_quarter (last quarter in which it runs), fixed (committed or running).
    training : polars.DataFrame
        skill, start, start_quarter, cohorts.
    history : polars.DataFrame
        seconds, value, bound of the search.
    certificate : mapping, optional
        What lets others recompute the bound.
    details : mapping
        What else the search has to tell; plain values only.
    """

    status: str
    why_stopped: str
    value: float
    bound: float
    nothing: float
    seconds: float
    seed: int
    clocked: bool
    programme_hash: str
    settings: PlanSettings
    version: str
    choices: pl.DataFrame = field(repr=False)
    training: pl.DataFrame = field(repr=False)
    history: pl.DataFrame = field(repr=False)
    certificate: Mapping[str, Any] | None = field(default=None, repr=False)
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES or self.why_stopped not in WHY_STOPPED:
            raise ValueError(f"status {self.status!r} or reason {self.why_stopped!r} is not known")
        for name in ("value", "bound", "nothing", "seconds"):
            object.__setattr__(self, name, float(getattr(self, name)))
        for name, schema in FRAMES.items():
            frame: pl.DataFrame = getattr(self, name)
            object.__setattr__(self, name, frame.select(pl.col(c).cast(dtype) for c, dtype in schema.items()))

    @property
    def gap(self) -> float:
        """(bound - value) / (bound - nothing): the part of what planning can win that may be missing."""
        return self._ratio(self.bound - self.nothing)

    @property
    def relative_gap(self) -> float:
        """(bound - value) / |bound|."""
        return self._ratio(abs(self.bound))

    def _ratio(self, whole: float) -> float:
        """(bound - value) / whole: 0 where nothing is missing, infinite where it cannot be told."""
        missing = self.bound - self.value
        noise = ROUNDING * max(1.0, abs(self.value))
        if math.isinf(missing):
            return math.inf
        if missing <= 0 or (missing <= noise and whole <= noise):
            return 0.0
        return missing / whole if whole > 0 else math.inf

    @property
    def expected_value(self) -> float | None:
        """Mean value over the sampled futures; None for a plan without them."""
        return _told(self.details, "expected_value")

    @property
    def tail_value(self) -> float | None:
        """Mean value of the worst 5 % of the sampled futures; None for a plan without them."""
        return _told(self.details, "tail_value")

    def summary(self, lang: str | None = None) -> str:
        """A small report in one language (the user's, if left out)."""
        chosen, fixed = len(self.choices), int(self.choices["fixed"].sum())
        lines = [
            t(
                "plan_summary_choices",
                lang,
                chosen=chosen,
                fixed=fixed,
                free=chosen - fixed,
                cohorts=int(self.training["cohorts"].sum()),
            ),
            t(
                "plan_summary_value",
                lang,
                value=_number(self.value, lang),
                nothing=_number(self.nothing, lang),
                bound=_number(self.bound, lang),
            ),
            *self._futures(lang),
            t(
                "plan_summary_gap",
                lang,
                gap=_percent(self.gap, lang),
                relative=_percent(self.relative_gap, lang),
            ),
            t(_WHY[self.why_stopped], lang, seconds=_number(self.seconds, lang, 1)),
            t(
                "plan_summary_stands_on",
                lang,
                hash=self.programme_hash[:12],
                version=self.version,
                seed=self.seed,
            ),
        ]
        if self.clocked:
            lines.append(t("plan_summary_clocked", lang))
        return "\n".join(lines)

    def _futures(self, lang: str | None) -> list[str]:
        """Over sampled futures: what is expected, and the tail."""
        if self.expected_value is None or self.tail_value is None:
            return []
        return [
            t(
                "plan_summary_futures",
                lang,
                count=self.settings.scenarios,
                expected=_number(self.expected_value, lang),
                tail=_number(self.tail_value, lang),
                weight=_percent(self.settings.tail_weight, lang),
            )
        ]

    def __str__(self) -> str:
        return self.summary()

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; numbers keep every bit, infinity becomes null."""
        plain: dict[str, Any] = {"format": FORMAT}
        for name in _PLAIN:
            plain[name] = getattr(self, name)
        plain["bound"] = self.bound if math.isfinite(self.bound) else None
        plain["settings"] = self.settings.to_dict()
        plain["certificate"] = None if self.certificate is None else pack(self.certificate)
        plain["details"] = dict(self.details)
        for name in FRAMES:
            columns = getattr(self, name).to_dict(as_series=False)
            plain[name] = {c: [_finite(v) for v in values] for c, values in columns.items()}
        return {**plain, "seal": _seal(plain)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Plan:
        """The opposite of `to_dict`; raises KeyError, TypeError, ValueError or PolarsError for what does not fit."""
        for name, kind in _KINDS.items():
            if not isinstance(plain[name], kind):
                raise TypeError(f"{name}: {plain[name]!r:.60}")
        frames: dict[str, Any] = {}
        for name, schema in FRAMES.items():
            columns = dict(plain[name])
            if name == "history":
                columns["bound"] = [math.inf if v is None else v for v in columns["bound"]]
            frames[name] = pl.DataFrame({c: columns[c] for c in schema}, schema=schema)
        return cls(
            **{name: plain[name] for name in _PLAIN},
            bound=math.inf if plain["bound"] is None else float(plain["bound"]),
            settings=PlanSettings.from_dict(plain["settings"]),
            certificate=unpack(plain["certificate"]),
            details=plain["details"],
            **frames,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the plan as JSON: to `path` if it ends in .json, else to plan.json in that folder.

        The file appears whole or not at all. Returns where it is.
        """
        where = _plan_file(Path(path))
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)
        write_text(where, text + "\n")
        return where


def _seal(plain: Mapping[str, Any]) -> str:
    """SHA-256 of all that a plan's file says: figures that no search found do not pass for a plan's."""
    text = json.dumps({k: v for k, v in plain.items() if k != "seal"}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plan_hash(plan: Plan) -> str:
    """SHA-256 of what the plan chooses and trains."""
    digest = hashlib.sha256()
    for frame in (plan.choices.select("project", "option", "start"), plan.training.select("skill", "start", "cohorts")):
        digest.update(frame.sort(frame.columns).write_csv().encode())
    return digest.hexdigest()


_PLAIN = (
    "status",
    "why_stopped",
    "value",
    "nothing",
    "seconds",
    "seed",
    "clocked",
    "programme_hash",
    "version",
)
_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("value", "nothing", "seconds"), int | float),
    **dict.fromkeys(("programme_hash", "version"), str),
    **dict.fromkeys(("settings", "details", *FRAMES), dict),
    "bound": int | float | None,
    "certificate": dict | None,
    "clocked": bool,
    "seed": int,
}
_WHY = {
    "optimal": "plan_summary_stopped_optimal",
    "gap": "plan_summary_stopped_gap",
    "time": "plan_summary_stopped_time",
    "work": "plan_summary_stopped_work",
    "interrupt": "plan_summary_stopped_interrupt",
}


def load_plan(path: str | os.PathLike[str], *, edited: bool = False) -> Plan:
    """Read a plan that `Plan.save` wrote, from the file or from its folder.

    Parameters
    ----------
    path : path
    edited : bool
        Take a file that was changed after it was written too: to verify it, and for nothing else.

    Raises
    ------
    PlanFileError
        There is no such file, it is not a plan in this format, or it was changed after it was written.
    """
    where = _plan_file(Path(path))
    try:
        plain = json.loads(where.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanFileError("plan_file_missing", path=where) from error
    except (ValueError, RecursionError) as error:
        raise PlanFileError("plan_file_no_json", path=where, error=error) from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        found = plain.get("format") if isinstance(plain, dict) else None
        raise PlanFileError("plan_file_format", path=where, found=found, expected=FORMAT)
    if not edited and "seal" in plain and plain["seal"] != _seal(plain):
        raise PlanFileError("plan_file_edited", path=where)
    try:
        return Plan.from_dict(plain)
    except KeyError as error:
        raise PlanFileError("plan_file_lacks", path=where, part=error.args[0]) from error
    except (AttributeError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise PlanFileError("plan_file_broken", path=where, error=error) from error


def choices_frame(programme: Programme, picks: Iterable[tuple[str, str, int]]) -> pl.DataFrame:
    """The `choices` of a plan from (project, option, start quarter), ends by the planning values.

    Projects that are committed or running are marked fixed. Rows are sorted by start, then project.
    """
    first = quarter_number(programme.settings.first_quarter)
    values = planning_values(programme.options, programme.settings)
    durations = dict(zip(values["option"].to_list(), values["duration_quarters"].to_list(), strict=True))
    status = dict(
        zip(programme.projects["id"].to_list(), programme.projects["status"].to_list(), strict=True)
    )
    rows = [
        (
            project,
            option,
            start,
            start + durations[option],
            quarter_text(first + start),
            quarter_text(first + start + durations[option] - 1),
            status[project] in ("committed", "running"),
        )
        for project, option, start in sorted(picks, key=lambda pick: (pick[2], pick[0]))
    ]
    return pl.DataFrame(rows, schema=CHOICES, orient="row")


def fixed_picks(programme: Programme) -> list[tuple[str, str, int]]:
    """(project, option, start quarter) of everything committed or running; a start may be negative."""
    fixed = programme.projects.filter(pl.col("status").is_in(["committed", "running"]))
    first = quarter_number(programme.settings.first_quarter)
    return [
        (row["id"], row["option"], quarter_number(row["start"]) - first)
        for row in fixed.iter_rows(named=True)
    ]


def training_frame(programme: Programme, cohorts: Iterable[tuple[str, int, int]]) -> pl.DataFrame:
    """The `training` of a plan from (skill, start quarter, cohorts); rows with no cohort are left out."""
    first = quarter_number(programme.settings.first_quarter)
    rows = [
        (s, q, quarter_text(first + q), n) for s, q, n in sorted(cohorts, key=lambda c: (c[1], c[0])) if n > 0
    ]
    return pl.DataFrame(rows, schema=TRAINING, orient="row")


def _plan_file(path: Path) -> Path:
    return path if path.suffix.lower() == ".json" else path / FILE_NAME


def _reason(error: BaseException, lang: str) -> str:
    """What an error says in its first line, in the language if it speaks it."""
    text = str(getattr(error, f"message_{lang}", error)).partition("\n")[0]
    return text.rstrip(".") or type(error).__name__


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _told(details: Mapping[str, Any], name: str) -> float | None:
    value = details.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: float, lang: str | None, decimals: int = 4) -> str:
    """A number as people of the language write it."""
    if not math.isfinite(value):
        return t("plan_summary_none", lang)
    text = f"{value:,.{decimals}f}"
    comma = t("plan_summary_decimal_mark", lang) == ","
    return text.translate(str.maketrans(",.", ".,")) if comma else text


def _percent(value: float, lang: str | None) -> str:
    return t("plan_summary_none", lang) if not math.isfinite(value) else _number(100 * value, lang, 2) + " %"
