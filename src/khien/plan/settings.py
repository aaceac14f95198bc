"""What a planner asks for: limits on the search, and what-ifs that change the programme."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from khien.programme import Programme
from khien.programme.quarters import quarter_number
from khien.reliance import controlling_country, partner_countries
from khien.words import t


class SettingsError(ValueError):
    """Settings that make no sense, alone or for this programme; says which and what to do."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """How long to search, from which seed, and under which what-ifs.

    Parameters
    ----------
    time_limit : float
        Seconds of wall clock; the best plan found by then is given.
    work : int, optional
        A limit in units of work instead of a clock: the same plan bit for bit every time.
    seed : int
        Seed of everything random.
    gap_target : float
        Stop once (bound - value) / (bound - nothing) is at most this.
    budget_factor : float
        All money rows are multiplied by it, each rounded down to whole million VND.
    min_reliance, min_reliance_from : float, int, optional
        Self-reliance of every year from that year on (from the first, if left out) is at least this.
    min_survival_months, survival_level : float, optional, float
        When everything foreign is cut on the first day of any year from `min_reliance_from` on, coverage is still at
        least `survival_level` after so many months: docs/methods/frontier.md.
    reliance_weight : float, optional
        Takes the place of the programme's weight of self-reliance.
    without_country, without_partner : tuple of str
        Options with a partner of (or controlled from) these countries, or with these partners,
        are dropped; what is committed or running stays.
    pins, forbids : tuple of str
        Candidate projects that must, or must not, be chosen.
    limits : tuple of (limit, number)
        Ceilings and floors with another number: million VND where the row holds an amount, else a share.
    scenarios : int
        Sampled futures inside the optimisation; 0 plans with the planning values alone.
    tail_weight : float
        With sampled futures: how much the mean of their worst 5 % counts, the mean of all having the rest.
    from_quarter : str, optional
        Rolling re-plan ("2028Q1"): nothing that is still free starts before this quarter.
    kept_projects : tuple of (project, option, quarter)
        With `from_quarter`: what an earlier plan started before it, and so stays.
    kept_training : tuple of (skill, quarter, cohorts)
        The same for training cohorts.
    """

    time_limit: float = 60.0
    work: int | None = None
    seed: int = 0
    gap_target: float = 0.0
    budget_factor: float = 1.0
    min_reliance: float | None = None
    min_reliance_from: int | None = None
    min_survival_months: float | None = None
    survival_level: float = 0.5
    reliance_weight: float | None = None
    without_country: tuple[str, ...] = ()
    without_partner: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    limits: tuple[tuple[str, float], ...] = ()
    scenarios: int = 0
    tail_weight: float = 0.3
    from_quarter: str | None = None
    kept_projects: tuple[tuple[str, str, str], ...] = ()
    kept_training: tuple[tuple[str, str, int], ...] = ()

    def __post_init__(self) -> None:
        for name in ("without_country", "without_partner", "pins", "forbids"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise SettingsError("settings_not_a_list", name=name, value=value)
            object.__setattr__(self, name, tuple(value))
        projects = tuple((str(p), str(o), str(q)) for p, o, q in self.kept_projects)
        cohorts = tuple((str(s), str(q), int(n)) for s, q, n in self.kept_training)
        object.__setattr__(self, "kept_projects", projects)
        object.__setattr__(self, "limits", tuple((str(name), float(number)) for name, number in self.limits))
        object.__setattr__(self, "kept_training", cohorts)
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise SettingsError("settings_out_of_range", name=name, value=value, low=low, high=high)
        quarters = [q for _, _, q in projects] + [q for _, q, _ in cohorts]
        if self.from_quarter is None and quarters:
            raise SettingsError("settings_kept_needs_quarter")
        for quarter in [self.from_quarter, *quarters] if self.from_quarter is not None else []:
            _must_be_quarter(quarter)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they are stored in a plan."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PlanSettings:
        """The opposite of `to_dict`; lists become tuples, an unknown name raises SettingsError."""
        known = {field.name for field in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise SettingsError("settings_unknown", name=name, known=", ".join(sorted(known)))
        return cls(**{k: _frozen(v) for k, v in values.items()})


_HUGE = 10**9
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("time_limit", 0, _HUGE),
    ("work", 0, 10**18),
    ("seed", 0, 2**63 - 1),
    ("gap_target", 0, 1),
    ("budget_factor", 0, 1000),
    ("min_reliance", 0, 1),
    ("min_reliance_from", 1900, 2199),
    ("min_survival_months", 0, 1200),
    ("survival_level", 0, 1),
    ("reliance_weight", 0, 1000),
    ("scenarios", 0, 100_000),
    ("tail_weight", 0, 1),
)


def _must_be_quarter(text: str | None) -> None:
    try:
        quarter_number(text or "")
    except ValueError as error:
        raise SettingsError("settings_not_a_quarter", value=text) from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


def apply(programme: Programme, settings: PlanSettings) -> Programme:
    """The programme that the what-ifs of `settings` make of `programme`.

    Changed are money rows (budget factor, each rounded down), numbers of limits, the weight of self-reliance, options
    of candidates with a partner that is left out, pins, and in a re-plan the projects that were
    kept (they are running now) and the earliest start of candidates. Without what-ifs the programme
    itself comes back. `min_reliance`, `min_survival_months`, `scenarios`, `tail_weight` and
    `kept_training` change no table.

    The result is not checked again: a question may well ask for too much (commitments above a
    smaller budget, a pinned project without an option left), and that is for planning to say.

    Raises
    ------
    SettingsError
        A pin, forbid, limit, country, partner, project, quarter or year that this programme does not have, or a
        pin on what is not a candidate.
    """
    _year_inside(programme, settings.min_reliance_from)
    changes: dict[str, pl.DataFrame] = {}
    if settings.budget_factor != 1.0:
        changes["money"] = _scaled_money(programme.money, settings.budget_factor)
    projects = programme.projects
    if settings.from_quarter is not None:
        projects = _kept_running(programme, settings.kept_projects)
        projects = _not_before(programme, projects, settings.from_quarter)
    projects = _pinned(projects, settings)
    if projects is not programme.projects:
        changes["projects"] = projects
    if settings.without_country or settings.without_partner:
        changes.update(_without_partners(programme, projects, settings))
    if settings.limits:
        changes["limits"] = _changed_limits(programme, settings.limits)
    weight = settings.reliance_weight
    if weight is None and not changes:
        return programme
    own = programme.settings
    if weight is not None:
        own = own.model_copy(update={"reliance_weight": weight})
    return Programme(own, {**programme.frames, **changes}, programme.findings)


def _scaled_money(money: pl.DataFrame, factor: float) -> pl.DataFrame:
    exact = Fraction(Decimal(str(factor)))
    scaled = [amount * exact.numerator // exact.denominator for amount in money["amount_mvnd"].to_list()]
    return money.with_columns(pl.Series("amount_mvnd", scaled, dtype=pl.Int64))


def _changed_limits(programme: Programme, numbers: tuple[tuple[str, float], ...]) -> pl.DataFrame:
    """Rows that hold an amount get another amount, the others another share."""
    rows = programme.limits.to_dicts()
    _must_exist([name for name, _ in numbers], {row["id"] for row in rows}, "settings_no_such_limit")
    wanted = dict(numbers)
    for row in rows:
        number = wanted.get(row["id"])
        if number is None:
            continue
        column, most = ("share", 1.0) if row["amount_mvnd"] is None else ("amount_mvnd", math.inf)
        if not 0 <= number <= most or (column == "amount_mvnd" and number != int(number)):
            raise SettingsError("settings_limit_number", limit=row["id"], value=number)
        row[column] = number if column == "share" else int(number)
    return pl.DataFrame(rows, schema=programme.limits.schema, orient="row")


def _kept_running(programme: Programme, kept: tuple[tuple[str, str, str], ...]) -> pl.DataFrame:
    """Projects that an earlier plan started run on; where the table has moved on, the table is right."""
    projects = programme.projects
    _must_exist([project for project, _, _ in kept], set(projects["id"].to_list()), "settings_no_such_project")
    own = set(programme.options.select("project", "id").iter_rows())
    if lost := [f"{project}: {option}" for project, option, _ in kept if (project, option) not in own]:
        raise SettingsError("settings_no_such_option", value=", ".join(lost))
    if not kept:
        return projects
    known = pl.DataFrame(kept, schema={"id": pl.String, "_option": pl.String, "_start": pl.String}, orient="row")
    taken = pl.col("_option").is_not_null() & (pl.col("status") == "candidate")
    changed = {
        "status": pl.lit("running"),
        "option": pl.col("_option"),
        "start": pl.col("_start"),
        "spent_mvnd": pl.lit(None, dtype=pl.Int64),
        "pin": pl.lit(None, dtype=pl.String),
    }
    return (
        projects.join(known, on="id", how="left", maintain_order="left")
        .with_columns(pl.when(taken).then(new).otherwise(pl.col(name)).alias(name) for name, new in changed.items())
        .select(projects.columns)
    )


def _year_inside(programme: Programme, year: int | None) -> None:
    """A floor from a year after the last one on would be no floor at all."""
    first, last = (int(q[:4]) for q in (programme.settings.first_quarter, programme.settings.last_quarter))
    if year is not None and not first <= year <= last:
        raise SettingsError("settings_year_outside", value=year, first=first, last=last)


def _not_before(programme: Programme, projects: pl.DataFrame, quarter: str) -> pl.DataFrame:
    """Raise the earliest start of candidates; text of quarters sorts as time does."""
    if not programme.settings.first_quarter <= quarter <= programme.settings.last_quarter:
        raise SettingsError("settings_quarter_outside", value=quarter)
    late = (pl.col("status") == "candidate") & (pl.col("earliest").is_null() | (pl.col("earliest") < quarter))
    return projects.with_columns(pl.when(late).then(pl.lit(quarter)).otherwise(pl.col("earliest")).alias("earliest"))


def _pinned(projects: pl.DataFrame, settings: PlanSettings) -> pl.DataFrame:
    if not settings.pins and not settings.forbids:
        return projects
    candidates = set(projects.filter(pl.col("status") == "candidate")["id"].to_list())
    _must_exist((*settings.pins, *settings.forbids), candidates, "settings_no_such_candidate")
    if both := sorted(set(settings.pins) & set(settings.forbids)):
        raise SettingsError("settings_pin_and_forbid", value=", ".join(both))
    return projects.with_columns(
        pl.when(pl.col("id").is_in(list(settings.pins)))
        .then(pl.lit("must"))
        .when(pl.col("id").is_in(list(settings.forbids)))
        .then(pl.lit("must_not"))
        .otherwise(pl.col("pin"))
        .alias("pin")
    )


def _without_partners(programme: Programme, projects: pl.DataFrame, settings: PlanSettings) -> dict[str, pl.DataFrame]:
    """Options, with their efforts, of what is not a candidate or whose partner is not left out."""
    country, control = partner_countries(programme), controlling_country(programme)
    _must_exist(settings.without_country, set(programme.countries["id"].to_list()), "settings_no_such_country")
    _must_exist(settings.without_partner, set(country), "settings_no_such_partner")
    out = {name for name in country if {country[name], control[name]} & set(settings.without_country)}
    out |= set(settings.without_partner)
    candidates = projects.filter(pl.col("status") == "candidate")["id"].to_list()
    partner = pl.when(pl.col("form") != "own").then(pl.col("partner"))
    gone = partner.is_in(list(out)).fill_null(False) & pl.col("project").is_in(candidates)
    options = programme.options.filter(~gone)
    return {
        "options": options,
        "efforts": programme.efforts.filter(pl.col("option").is_in(options["id"].to_list())),
    }


def _must_exist(names: Iterable[str], known: set[str], key: str) -> None:
    if missing := sorted(set(names) - known):
        raise SettingsError(key, value=", ".join(missing))
