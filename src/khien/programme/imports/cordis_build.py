"""From real projects to the tables of a programme. Every assumption is a setting or a row of a data file."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from khien.programme.imports.cordis_rows import Real, first_steps
from khien.programme.imports.cordis_rules import Rules, Settings
from khien.programme.imports.findings import ImportFindings

Rows = list[dict[str, Any]]
STAGE = "result"
LEVEL = 0.8
OWN_DOMESTIC_SHARE = 0.95
UNKNOWN_LEAD_SHARE = 0.2
LOW_BOUNDS, HIGH_BOUNDS = (0.6, 1.0), (1.0, 2.0)
NEED_EVERY_YEARS = 2


class Builder:
    """Makes the rows of every table out of the real projects."""

    def __init__(
        self, reals: Sequence[Real], rules: Rules, settings: Settings, file: str, findings: ImportFindings
    ) -> None:
        self.reals = list(reals)
        self.rules = rules
        self.settings = settings
        self.file = file
        self.findings = findings
        self.shift = settings.base_year - min(r.start.year for r in self.reals)
        self.group_of = {r["id"]: r["group"] for r in rules.capabilities}
        self.countries: dict[str, dict[str, str]] = {}
        self.wide = _dispersions(self.reals, settings.fewest_for_dispersion)

    # -- time
    def first(self, real: Real) -> int:
        """Quarter of the real start, moved into the horizon, counted from year 0."""
        return (real.start.year + self.shift) * 4 + (real.start.month - 1) // 3

    @property
    def last_year(self) -> int:
        """Last year of the horizon."""
        return max((self.first(r) + r.quarters - 1) // 4 for r in self.reals) + self.settings.tail_years

    def mvnd(self, euro: float) -> int:
        """Euro as whole million VND, at least 1."""
        return max(1, round(euro * self.settings.eur_mvnd))

    # -- tables
    def tables(self) -> dict[str, Rows]:
        """All tables; those that stay empty are left out."""
        used = Counter(r.capability for r in self.reals)
        groups = {self.group_of[c] for c in used}
        options, efforts = self._options()
        out: dict[str, Rows] = {
            "groups": [_named(r) for r in self.rules.groups if r["id"] in groups],
            "capabilities": self._capabilities(),
            "requirements": self._requirements(),
            "stages": [
                {
                    "id": STAGE,
                    "name_vi": "Kết quả dùng được",
                    "name_en": "Usable result",
                    "order": 1,
                    "service": True,
                }
            ],
            "products": [self._product(r) for r in self.reals],
            "yields": [
                {"product": f"r{r.id}", "capability": r.capability, "amount": self.amount(r)}
                for r in self.reals
            ],
            "projects": [self._project(r) for r in self.reals],
            "options": options,
            "efforts": efforts,
            "precedences": self._precedences(),
            "skills": [_named(r) for r in self.rules.activities.values()],
            "skill_supply": self._skill_supply(),
            "money": self._money(),
        }
        out["countries"] = [self._home(), *self.countries.values()]
        out["organisations"] = [self._organisation(c) for c in self.countries.values()]
        out["limits"] = self._limits()
        out["sources_of_facts"] = self._sources(out)
        return {name: rows for name, rows in out.items() if rows}

    def amount(self, real: Real) -> float:
        """Capability that a result brings: public money, with falling returns, times what is usable."""
        size = max(real.contribution_eur, 1.0) / 1e6
        return max(0.001, round(real.scheme.usable_share * float(size**self.settings.yield_exponent), 3))

    def _capabilities(self) -> Rows:
        money: dict[str, float] = defaultdict(float)
        for real in self.reals:
            money[real.capability] += real.contribution_eur
        total = sum(money.values())
        return [
            {
                **_named(r),
                "group": r["group"],
                "unit": "điểm kết quả",
                "weight": max(0.01, round(100 * money[r["id"]] / total, 2)),
            }
            for r in self.rules.capabilities
            if r["id"] in money
        ]

    def _requirements(self) -> Rows:
        total: dict[str, float] = defaultdict(float)
        for real in self.reals:
            total[real.capability] += self.amount(real)
        first, last = self.settings.base_year, max(self.first(r) // 4 for r in self.reals)
        years = sorted({*range(first, last, NEED_EVERY_YEARS), last})
        low, high = self.settings.need_first_share, self.settings.need_last_share
        rows: Rows = []
        for capability, yields in total.items():
            for year in years:
                share = low + (high - low) * ((year - first) / (last - first) if last > first else 1.0)
                level = max(0.001, round(share * yields, 3))
                rows.append({"capability": capability, "from_year": year, "level": level})
        return rows

    def _product(self, real: Real) -> dict[str, Any]:
        name = real.title if real.title == real.acronym else f"{real.acronym}: {real.title}"
        return {
            "id": f"r{real.id}",
            "name_vi": name,
            "name_en": name,
            "group": self.group_of[real.capability],
        }

    def _project(self, real: Real) -> dict[str, Any]:
        told = [real.topic, real.scheme_code, f"{real.start.isoformat()}", " ".join(real.partners.countries)]
        return {
            "id": real.id,
            "name_vi": real.acronym,
            "name_en": real.acronym,
            "subject": f"r{real.id}",
            "to_stage": STAGE,
            "risk_class": real.scheme.risk_class,
            "earliest": _quarter(self.first(real)),
            "status": "stopped" if real.stopped else "candidate",
            "note": " | ".join(t for t in told if t),
        }

    # -- options
    def _options(self) -> tuple[Rows, Rows]:
        options: Rows = []
        efforts: Rows = []
        for real in self.reals:
            time, cost = self.wide[real.scheme_code]
            own = {
                **self._estimate(
                    real, time, cost, self.settings.own_time_factor, self.settings.own_cost_factor
                ),
                "form": "own",
                "success_share": real.scheme.success_own,
                "domestic_share": OWN_DOMESTIC_SHARE,
            }
            options.append({"id": f"{real.id}-own", "project": real.id, "level": LEVEL, **own})
            efforts += self._teams(
                f"{real.id}-own", _fitted(real.partners.teams, self.settings.most_own_teams)
            )
            partner = self._country(real)
            if partner is None:
                continue
            share = real.partners.lead_share
            joint = {
                **self._estimate(real, time, cost, 1.0, 1.0),
                "form": "joint",
                "partner": f"partners-{partner}",
                "success_share": real.scheme.success_joint,
                "domestic_share": round(UNKNOWN_LEAD_SHARE if share is None else share, 3),
            }
            options.append({"id": f"{real.id}-joint", "project": real.id, "level": LEVEL, **joint})
            if real.partners.teams:
                efforts += self._teams(f"{real.id}-joint", {real.partners.lead_activity: 1})
        return options, efforts

    def _estimate(
        self, real: Real, time: tuple[float, float], cost: tuple[float, float], slower: float, dearer: float
    ) -> dict[str, int]:
        """Low, mode and high of time and cost, low and high by the dispersion of the scheme."""
        quarters = max(1, round(real.quarters * slower))
        money = self.mvnd(real.cost_eur * dearer)
        return {
            "duration_low_quarters": max(1, math.floor(quarters * time[0])),
            "duration_mode_quarters": quarters,
            "duration_high_quarters": math.ceil(quarters * time[1]),
            "cost_low_mvnd": math.floor(money * cost[0]),
            "cost_mode_mvnd": money,
            "cost_high_mvnd": math.ceil(money * cost[1]),
        }

    def _teams(self, option: str, teams: Mapping[str, int]) -> Rows:
        return [{"option": option, "skill": skill, "people": n} for skill, n in sorted(teams.items()) if n]

    def _country(self, real: Real) -> str | None:
        """Id of the largest partner's country, entered in the table of countries; None without a partner."""
        code = real.partners.largest
        if not code:
            return None
        known = self.rules.countries.get(code)
        plain = len(code) == 2 and code.isascii() and code.isalpha()
        if known is None and (not plain or code.lower() not in self.countries):
            self.findings.note("import-country-unknown", self.file, real.row, "country", code)
        if known is None:
            if not plain:
                return None
            known = {"id": code.lower(), "name_vi": code, "name_en": code, "bloc": ""}
        if known["id"] == self.settings.home_country:
            return None
        row = {**_named(known), "bloc": known["bloc"] or None}
        self.countries.setdefault(known["id"], row)
        return known["id"]

    def _home(self) -> dict[str, Any]:
        home = self.settings.home_country
        found = next((r for r in self.rules.countries.values() if r["id"] == home), None)
        return _named(found) if found else {"id": home, "name_vi": home.upper(), "name_en": home.upper()}

    def _organisation(self, country: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": f"partners-{country['id']}",
            "name_vi": f"Các đối tác tại {country['name_vi']}",
            "name_en": f"Partners in {country['name_en']}",
            "role": "partner",
            "country": country["id"],
        }

    def _precedences(self) -> Rows:
        stopped = {r.id for r in self.reals if r.stopped}
        return [{"before": b, "after": a} for b, a in first_steps(self.reals) if b not in stopped]

    # -- means
    def _money(self) -> Rows:
        spent: dict[tuple[int, str], float] = defaultdict(float)
        for real in self.reals:
            for quarter in range(self.first(real), self.first(real) + real.quarters):
                spent[quarter // 4, real.source] += real.cost_eur / real.quarters
        for year in range(self.settings.base_year, self.last_year + 1):
            if not any(y == year for y, _ in spent):
                spent[year, min(r.source for r in self.reals)] = 0.0  # said, not forgotten
        factor = self.settings.money_share * self.settings.eur_mvnd
        return [
            {"year": year, "source": source, "amount_mvnd": math.floor(euro * factor)}
            for (year, source), euro in sorted(spent.items())
        ]

    def _skill_supply(self) -> Rows:
        at_work: dict[str, Counter[int]] = defaultdict(Counter)
        for real in self.reals:
            for skill, teams in real.partners.teams.items():
                at_work[skill].update(
                    dict.fromkeys(range(self.first(real), self.first(real) + real.quarters), teams)
                )
        rows: Rows = []
        for activity in self.rules.activities.values():
            busy = at_work[activity["id"]]
            mean = sum(busy.values()) / len(busy) if busy else 0.0
            people = max(1, math.ceil(mean * self.settings.people_share)) if busy else 0
            rows.append({"skill": activity["id"], "from_year": self.settings.base_year, "people": people})
        return rows

    def _limits(self) -> Rows:
        rows: Rows = [
            _limit("ceiling", "country", c, self.settings.country_ceiling_share)
            for c in sorted(self.countries)
        ]
        money: dict[str, float] = defaultdict(float)
        for real in self.reals:
            money[self.group_of[real.capability]] += real.cost_eur
        for group, spent in sorted(money.items()):
            share = round(self.settings.group_floor_share * spent / sum(money.values()), 3)
            if share > 0:
                rows.append(_limit("floor", "group", group, share))
        return rows

    def _sources(self, tables: Mapping[str, Rows]) -> Rows:
        real = f"CORDIS: {self.file}"
        ours = "docs/reference/import-cordis.md"
        rows = [_fact(name, "*", ours, "illustrative") for name in tables]
        for table, columns in (
            ("projects", ("name_en", "note")),
            ("products", ("name_en",)),
            ("options", ("cost_mode_mvnd", "duration_mode_quarters")),
        ):
            rows += [_fact(table, column, real, "claimed") for column in columns]
        return rows


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name_vi", "name_en")}


def _limit(kind: str, over: str, key: str, share: float) -> dict[str, Any]:
    return {"id": f"{kind}-{key}", "kind": kind, "over": over, "key": key, "share": share}


def _fact(table: str, column: str, source: str, status: str) -> dict[str, Any]:
    return {"table": table, "row": "*", "column": column, "source": source, "status": status}


def _quarter(count: int) -> str:
    return f"{count // 4}Q{count % 4 + 1}"


def _fitted(teams: Mapping[str, int], most: int) -> dict[str, int]:
    """The teams scaled down to `most` in all, every kind that was there keeping at least one."""
    total = sum(teams.values())
    if total <= most:
        return dict(teams)
    return {kind: max(1, math.floor(n * most / total)) for kind, n in teams.items()}


def _dispersions(
    reals: Sequence[Real], fewest: int
) -> dict[str, tuple[tuple[float, float], tuple[float, float]]]:
    """Scheme code to ((low, high) of time, (low, high) of cost), as factors on the mode.

    The quartiles over the median of the scheme; a scheme with few projects takes those of all projects.
    """
    by_code: dict[str, list[Real]] = defaultdict(list)
    for real in reals:
        by_code[real.scheme_code].append(real)
    return {
        code: (
            _quartile_factors(r.quarters for r in (mine if len(mine) >= fewest else reals)),
            _quartile_factors(r.cost_eur for r in (mine if len(mine) >= fewest else reals)),
        )
        for code, mine in by_code.items()
    }


def _quartile_factors(values: Iterable[float]) -> tuple[float, float]:
    low, middle, high = np.quantile(np.fromiter(values, dtype=np.float64), (0.25, 0.5, 0.75))
    return (
        float(np.clip(low / middle, *LOW_BOUNDS)),
        float(np.clip(high / middle, *HIGH_BOUNDS)),
    )
