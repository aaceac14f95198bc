"""A portfolio of real civil-security projects (CORDIS) as a planning problem.

The rules are data files in `data/`, described in docs/reference/import-cordis.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from khien.programme.checking import checked_programme
from khien.programme.document import Programme
from khien.programme.findings import Finding, ProgrammeError
from khien.programme.guesses import guess
from khien.programme.imports.cordis_build import Builder
from khien.programme.imports.cordis_rows import Reader, Real
from khien.programme.imports.cordis_rules import RANGES, Settings, rules, with_settings
from khien.programme.imports.findings import ImportFindings
from khien.programme.imports.records import read_records
from khien.programme.settings import SETTING_NAMES, Fact
from khien.programme.settings import Settings as ProgrammeSettings
from khien.programme.tables import TABLES
from khien.programme.writing import write

PAGE = "docs/reference/import-cordis.md"


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes:
        programme: the programme that was written, or None when an error stands in the way (then nothing was).
        findings: every row that was skipped or repaired, and the errors.
        summary: counts: rows, projects, stopped, options, topics, and `findings` by code.
    """

    programme: Programme | None
    findings: list[Finding]
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        """The findings that kept the programme from being written."""
        return [f for f in self.findings if f.severity == "error"]


def import_cordis(
    projects_csv: str | Path,
    participants_csv: str | Path,
    out: str | Path | None,
    settings: Mapping[str, Any] | None = None,
) -> Imported:
    """Make a programme of the projects and participants of a CORDIS extract, and write it.

    Every real project becomes a candidate with one or two options: *own* (alone, slower, held at home) and
    *joint* (with the real partner countries, as fast as it was, not held at home). Cost and duration are the
    real ones; money by year is a stated share of the real spending; the horizon is moved to `base_year`.

    Args:
        projects_csv, participants_csv: the two files, UTF-8; columns in any order, see the reference page.
        out: folder or .xlsx to write; None writes nothing.
        settings: changes to the numbers in `data/cordis.toml`, such as {"money_share": 0.4}.

    Returns:
        Imported: never raises for bad input; look at `errors`.
    """
    findings = ImportFindings()
    numbers, unknown = with_settings(rules().settings, settings or {})
    for name in unknown:
        where = {"column": name, "value": (settings or {})[name]}
        if name in RANGES:
            low, high = RANGES[name]
            findings.note("import-setting-range", "settings", **where, low=low, high=high)
        else:
            findings.note("import-setting", "settings", **where, guess=guess(name, list(RANGES)))
    projects, people = Path(projects_csv), Path(participants_csv)
    rows = read_records(projects, rules().columns["projects"], rules().needed["projects"], findings)
    others = read_records(people, rules().columns["participants"], rules().needed["participants"], findings)
    if rows is None or others is None or unknown:
        return Imported(None, list(findings), _summary(0, [], findings, {}))
    reals = Reader(rules(), numbers.tolerance_share, findings).projects(
        projects.name, rows, people.name, others
    )
    reals = _distinct(reals)
    if not reals:
        findings.note("import-nothing", projects.name, value=len(rows))
        return Imported(None, list(findings), _summary(len(rows), [], findings, {}))
    tables = Builder(reals, rules(), numbers, projects.name, findings)
    made = tables.tables()
    try:
        programme = checked_programme(_settings(numbers, tables.last_year), _frames(made))
    except ProgrammeError as error:
        return Imported(None, [*findings, *error.findings], _summary(len(rows), reals, findings, made))
    if out is not None and not _written(programme, out, findings):
        return Imported(None, list(findings), _summary(len(rows), reals, findings, made))
    return Imported(programme, [*findings, *programme.findings], _summary(len(rows), reals, findings, made))


def _distinct(reals: list[Real]) -> list[Real]:
    """Projects whose ids fall together once written as slugs get their row behind the id."""
    seen: Counter[str] = Counter(r.id for r in reals)
    return [r if seen[r.id] == 1 else type(r)(**{**r.__dict__, "id": f"{r.id[:50]}-{r.row}"}) for r in reals]


def _frames(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    out = {}
    for name, rows in tables.items():
        schema = {c: t for c, t in TABLES[name].schema.items() if any(c in row for row in rows)}
        out[name] = pl.DataFrame([{c: row.get(c) for c in schema} for row in rows], schema=schema)
    return out


def _settings(numbers: Settings, last_year: int) -> ProgrammeSettings:
    values: dict[str, Any] = {
        "title_vi": "Danh mục dự án an ninh dân sự châu Âu (dữ liệu thật, bài toán giả định)",
        "title_en": "European civil-security portfolio (real projects, assumed problem)",
        "base_year": numbers.base_year,
        "first_quarter": f"{numbers.base_year}Q1",
        "last_quarter": f"{last_year}Q4",
        "home_country": numbers.home_country,
        "discount_rate": float(numbers.discount_rate),
        "reliance_weight": float(numbers.reliance_weight),
        "planning_quantile": float(numbers.planning_quantile),
        "agreements_bind": False,
        "rates": {"eur": float(numbers.eur_mvnd)},
    }
    fact = Fact(source=PAGE, status="illustrative")
    return ProgrammeSettings(**values, facts=dict.fromkeys([*SETTING_NAMES, "rates.eur"], fact))


def _written(programme: Programme, out: str | Path, findings: ImportFindings) -> bool:
    try:
        write(programme, out)
    except OSError as error:
        findings.note("import-target", value=out, reason=error.strerror or str(error))
        return False
    return True


def _summary(
    records: int, reals: list[Real], findings: ImportFindings, tables: Mapping[str, list[Any]]
) -> dict[str, Any]:
    return {
        "rows": records,
        "projects": len(reals),
        "stopped": sum(r.stopped for r in reals),
        "options": len(tables.get("options", ())),
        "capabilities": len(tables.get("capabilities", ())),
        "partner_countries": max(0, len(tables.get("countries", ())) - 1),
        "cost_eur": round(sum(r.cost_eur for r in reals)),
        "findings": dict(sorted(Counter(f.code for f in findings).items())),
    }
