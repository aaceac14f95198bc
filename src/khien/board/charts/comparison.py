"""Two plans side by side: value and bound, what moved, money by year, coverage by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from khien.board.charts.about import Teller
from khien.board.charts.memo import Memo
from khien.board.charts.sight import Sight
from khien.draw.charts.common import Names, called
from khien.draw.charts.partners import form_name
from khien.draw.content.provenance import ASKED, plain
from khien.draw.numbers import MISSING, money, number, percent, quarter
from khien.draw.results import Results
from khien.plan.compare import compare
from khien.words import t

ORDER: Final = {"in": 0, "out": 1, "option": 2, "moved": 3}
KINDS: Final = ("income", "spend", "training", "obligation", "cash_end")


_kept: Memo[dict[str, Any]] = Memo(40)


def compared(a: Sight, b: Sight, lang: str) -> dict[str, Any]:
    """What a page shows of the difference between two plans."""
    return _kept.of((a.key, b.key, lang), lambda: _compared(a, b, lang))


def _compared(a: Sight, b: Sight, lang: str) -> dict[str, Any]:
    before, after = a.results(), b.results()
    rows = compare(before.plan, after.plan, before.programme, after.programme)
    projects = rows.filter(pl.col("what") == "project").to_dicts()
    projects.sort(key=lambda row: (ORDER[row["change"]], row["subject"]))
    names = {**before.called("projects", lang), **after.called("projects", lang)}
    options = {**_options(before, lang), **_options(after, lang)}
    teller = Teller(b, lang, after)
    return {
        "about": teller.about("headline"),
        "dated": teller.dated,
        "stress": b.aside("stress"),
        "figures": [_figure(name, before, after, lang) for name in ("value", "bound", "gap")],
        "moves": [_move(row, names, options, lang) for row in projects],
        "counts": {change: sum(row["change"] == change for row in projects) for change in ORDER},
        "money": _money(before, after, lang),
        "years": _years(before, after, lang),
        "same_version": a.plan.version.hash == b.plan.version.hash,
    }


NAMED: Final = {
    "without_country": "countries", "without_partner": "organisations", "pins": "projects", "forbids": "projects",
}  # fmt: skip
"""Settings that hold ids, and the tables in which those have names."""


def said(settings: Mapping[str, Any], lang: str, names: Mapping[str, Names]) -> str:
    """What a question asks, in words: the settings that it names, each with its value.

    Args:
        names: by table what its ids are called.
    """
    return "; ".join(f"{label}: {value}" for label, value in pairs(settings, lang, names))


def pairs(settings: Mapping[str, Any], lang: str, names: Mapping[str, Names]) -> list[tuple[str, str]]:
    """The same, as labels and values; a setting that has no words stands for itself."""
    found = []
    for name, value in settings.items():
        if value not in (None, "", [], ()):
            label = t(ASKED[name], lang) if name in ASKED else name
            if name in NAMED:
                value = [called(names.get(NAMED[name], {}), key) for key in value]
            found.append((label, plain(value, lang)))
    return found


def _figure(name: str, before: Results, after: Results, lang: str) -> dict[str, str]:
    def write(value: float | None) -> str:
        return percent(value, lang, 2) if name == "gap" else number(value, lang, 4)

    old, new = (_finite(getattr(r.plan, name)) for r in (before, after))
    change = None if old is None or new is None else new - old
    return {"name": name, "before": write(old), "after": write(new), "change": signed(change, write)}


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def signed(change: float | None, write: Any) -> str:
    """A change with its sign."""
    if change is None:
        return MISSING
    return f"+{write(change)}" if change > 0 else str(write(change))


def _move(row: dict[str, Any], names: Names, options: Names, lang: str) -> dict[str, str]:
    moved = row["difference"]
    return {
        "id": row["subject"],
        "name": called(names, row["subject"]),
        "change": row["change"],
        "before": placed(row["before"], options, lang),
        "after": placed(row["after"], options, lang),
        "quarters": "" if moved is None or row["change"] != "moved" else signed(moved, lambda v: number(v, lang)),
    }


def _options(results: Results, lang: str) -> dict[str, str]:
    """Form and partner of every option."""
    parties, frame = results.parties(lang), results.programme.options
    return {
        key: form_name(form, lang) if partner is None else f"{form_name(form, lang)}, {called(parties, partner)}"
        for key, form, partner in frame.select("id", "form", "partner").iter_rows()
    }


def placed(text: str | None, options: Names, lang: str) -> str:
    """An option and its quarter, as the comparison of plans writes them, in words: ``build-own @ 2027Q1``."""
    if not text:
        return MISSING
    option, _, start = text.partition(" @ ")
    return f"{called(options, option)} · {quarter(start, lang)}"


def _money(before: Results, after: Results, lang: str) -> list[list[str]]:
    """Rows of year and, by kind, the change from the one plan to the other; years without a change are left out."""
    sums = []
    for results in (before, after):
        frame = results.frame("money_by_year").group_by("year", "kind").agg(pl.col("amount_mvnd").sum())
        sums.append({(year, kind): amount for year, kind, amount in frame.iter_rows()})
    rows = []
    for year in sorted({year for part in sums for year, _ in part}):
        changes = [sums[1].get((year, kind), 0) - sums[0].get((year, kind), 0) for kind in KINDS]
        if any(changes):
            rows.append([str(year), *(signed(c, lambda v: money(v, lang)) if c else MISSING for c in changes)])
    return rows


def _years(before: Results, after: Results, lang: str) -> list[list[str]]:
    """Coverage and self-reliance by year in both."""
    found: list[dict[int, tuple[float | None, float | None]]] = []
    for results in (before, after):
        frame = results.frame("coverage_by_year").filter(pl.col("capability") == "all").sort("year")
        rows = frame.select("year", "coverage", "self_reliance").iter_rows()
        found.append({year: (coverage, alone) for year, coverage, alone in rows})
    rows_: list[list[str]] = []
    for year in sorted(found[0] | found[1]):
        old, new = (part.get(year, (None, None)) for part in found)
        rows_.append([str(year), *(percent(v, lang, 1) for pair in zip(old, new, strict=True) for v in pair)])
    return rows_
