"""How far the numbers can be trusted: where facts come from, settings, and how to make it all again."""

from __future__ import annotations

import math
from datetime import date

import polars as pl

from khien.draw.blocks import Block, Code, Pairs, Section, Table, Text
from khien.draw.numbers import MISSING, day, number, percent
from khien.draw.results import Results
from khien.programme import TABLES, Programme
from khien.words import t

STATUSES = {
    "illustrative": "draw_fact_illustrative",
    "claimed": "draw_fact_claimed",
    "verified": "draw_fact_verified",
    "accepted": "draw_fact_accepted",
    "": "draw_fact_none",
}
"""Word key of each status of a fact; the empty one is for rows that name no source."""

_WORST_FIRST = list(STATUSES)


def fact_status(programme: Programme) -> pl.DataFrame:
    """Return how many rows of each table have which status: table, status, rows.

    A row has the weakest status that ``sources_of_facts`` gives to it or to one of its cells
    (illustrative, claimed, verified, accepted, in this order); a row that no source names has the
    empty status. Rows of ``sources_of_facts`` itself are not counted.
    """
    sources = programme.sources_of_facts
    rank = {status: i for i, status in enumerate(_WORST_FIRST)}
    worst: dict[tuple[str, str], str] = {}
    for table, row, status in sources.select("table", "row", "status").iter_rows():
        known = worst.get((table, row))
        if known is None or rank[status] < rank[known]:
            worst[table, row] = status
    counted: dict[tuple[str, str], int] = {}
    for name, table in TABLES.items():
        if name == "sources_of_facts":
            continue
        for key in programme.frames[name].select(table.key).iter_rows():
            own = worst.get((name, "|".join("" if part is None else str(part) for part in key)))
            everywhere = worst.get((name, "*"))
            found = [s for s in (own, everywhere) if s is not None]
            status = min(found, key=lambda s: rank[s]) if found else ""
            counted[name, status] = counted.get((name, status), 0) + 1
    rows = [(table, status, rows) for (table, status), rows in counted.items()]
    return pl.DataFrame(rows, schema={"table": pl.String, "status": pl.String, "rows": pl.Int64}, orient="row")


def illustrative_share(programme: Programme) -> float:
    """Return the share (0-1) of all rows whose status is illustrative; 0 for an empty programme."""
    status = fact_status(programme)
    total = int(status["rows"].sum())
    made_up = int(status.filter(pl.col("status") == "illustrative")["rows"].sum())
    return made_up / total if total else 0.0


def date_of_data(programme: Programme) -> date | None:
    """Return the newest date that a source of a fact carries."""
    newest = programme.sources_of_facts["date"].max()
    return newest if isinstance(newest, date) else None


def status_line(results: Results, lang: str) -> str:
    """Return what stands under every figure: version, seed, and status of the data."""
    share = illustrative_share(results.programme)
    key = "draw_caption_illustrative" if share > 0 else "draw_caption"
    return t(key, lang, version=results.short_hash, seed=results.plan.seed, share=percent(share, lang))


def sources(results: Results, lang: str) -> Table:
    """Return the table of facts by status."""
    status = fact_status(results.programme)
    rows = []
    for name, part in status.group_by("table", maintain_order=True):
        count = dict(part.select("status", "rows").iter_rows())
        cells = [number(count[s], lang) if s in count else "" for s in STATUSES]
        rows.append([TABLES[str(name[0])].title(lang), *cells])
    columns = [t("draw_table", lang), *(t(key, lang) for key in STATUSES.values())]
    return Table(
        "facts", t("draw_facts_title", lang), columns, rows, frozenset(range(1, len(columns))), long=True,
        empty=t("draw_facts_empty", lang),
    )  # fmt: skip


def settings(results: Results, lang: str) -> Section:
    """Return the chapter of settings with source, status and a flag where nobody verified them."""
    told = results.programme.settings
    fields = type(told).model_fields
    rows = []
    for name, value in told.values().items():
        if name.startswith("title_"):
            continue
        fact = told.facts.get(name)
        extra = fields[name].json_schema_extra if name in fields else None
        meaning = str(extra.get(lang, name)) if isinstance(extra, dict) else name
        unit = str(extra.get("unit") or "") if isinstance(extra, dict) else ""
        if name.startswith("rates."):
            meaning, unit = t("draw_rate", lang, currency=name[6:].upper()), "million VND"
        status = (fact.status if fact else None) or ""
        flag = "" if status in ("verified", "accepted") else t("draw_not_verified", lang)
        rows.append(
            [
                (meaning[:1].upper() + meaning[1:]).replace(" λ", ""),  # our font has no Greek
                f"{plain(value, lang)} {unit_name(unit, lang)}".strip(),
                t(STATUSES[status], lang),
                flag,
                (fact.source if fact else None) or MISSING,
                name,
            ]
        )
    heads = ("draw_setting", "draw_setting_value", "draw_status", "draw_check", "draw_source", "draw_id")
    table = Table(
        "settings",
        t("draw_settings_programme", lang),
        [t(h, lang) for h in heads],
        rows,
        wide=frozenset({0, 4}),
    )
    return Section("settings", t("draw_settings", lang), t("draw_settings_lead", lang), [table, sources(results, lang)])


def unit_name(unit: str, lang: str) -> str:
    """Return a unit of a setting in the reader's language; other units stay as they are."""
    keys = {
        "per year": "draw_unit_per_year",
        "million VND": "draw_unit_million",
        "quarters": "draw_unit_quarters",
        "months": "draw_unit_months",
        "million VND per unit": "draw_unit_million_per_unit",
        "year": "",
        "0-1": "",
    }
    key = keys.get(unit, unit)
    return t(key, lang) if key.startswith("draw_") else key


def plain(value: object, lang: str) -> str:
    """Write the value of a setting; numbers keep the digits they have."""
    if value is None or value == () or value == "":
        return MISSING
    if isinstance(value, bool):
        return t("draw_yes" if value else "draw_no", lang)
    if isinstance(value, int):
        return str(value) if 1900 <= value <= 2199 else number(value, lang)
    if isinstance(value, float):
        digits = 0 if math.isfinite(value) and value == int(value) else min(6, len(repr(value).partition(".")[2]))
        return number(value, lang, digits)
    if isinstance(value, list | tuple):
        return ", ".join(plain(part, lang) for part in value)
    return str(value)


def command(results: Results) -> str:
    """Return the commands that make this plan and report again."""
    asked = results.plan.settings
    words = ["khien plan PROGRAMME"]
    flags = {
        "work": "--work", "budget_factor": "--budget-factor", "min_reliance": "--min-reliance",
        "min_reliance_from": "--from", "reliance_weight": "--reliance-weight", "scenarios": "--scenarios",
        "tail_weight": "--tail-weight", "from_quarter": "--replan-from", "min_survival_months": "--min-months",
        "survival_level": "--level",
    }  # fmt: skip
    default = type(asked)()
    for name, flag in flags.items():
        if getattr(asked, name) != getattr(default, name):
            words.append(f"{flag} {getattr(asked, name)}")
    lists = {
        "without_country": "--without-country", "without_partner": "--without-partner", "pins": "--pin",
        "forbids": "--forbid",
    }  # fmt: skip
    words += [f"{flag} {value}" for name, flag in lists.items() for value in getattr(asked, name)]
    words += [f"--limit-change {name}={figure:g}" for name, figure in asked.limits]
    if asked.from_quarter is not None:
        words.append("--previous EARLIER_PLAN")
    if asked.work is None:
        words.append(f"--time-limit {asked.time_limit:g}")
    words.append(f"--seed {asked.seed}")
    return "\n".join(
        [
            "khien check PROGRAMME",
            " ".join(words),
            "khien verify PLAN PROGRAMME",
            "khien report PLAN PROGRAMME",
        ]
    )


ASKED = {
    "time_limit": "draw_asked_time_limit",
    "work": "draw_asked_work",
    "gap_target": "draw_asked_gap_target",
    "budget_factor": "draw_asked_budget_factor",
    "min_reliance": "draw_asked_min_reliance",
    "min_reliance_from": "draw_asked_min_reliance_from",
    "min_survival_months": "draw_asked_min_survival_months",
    "survival_level": "draw_asked_survival_level",
    "reliance_weight": "draw_asked_reliance_weight",
    "without_country": "draw_asked_without_country",
    "without_partner": "draw_asked_without_partner",
    "pins": "draw_asked_pins",
    "forbids": "draw_asked_forbids",
    "limits": "draw_asked_limits",
    "scenarios": "draw_asked_scenarios",
    "tail_weight": "draw_asked_tail_weight",
    "from_quarter": "draw_asked_from_quarter",
}
"""Word key of each planning setting."""


def again(results: Results, lang: str) -> list[Block]:
    """Return what it takes to make every number of the report again."""
    plan = results.plan
    pairs = [
        (t("draw_version_programme", lang), plan.programme_hash),
        (t("draw_version_program", lang), plan.version),
        (t("draw_seed", lang), str(plan.seed)),
        (t("draw_data_date", lang), day(date_of_data(results.programme), lang)),
    ]
    promised = plan.settings.min_survival_months is not None
    asked = ((n, v) for n, v in plan.settings.to_dict().items() if v not in (None, (), []))
    asked = ((n, v) for n, v in asked if promised or n != "survival_level")
    pairs += [(t(ASKED[name], lang), plain(value, lang)) for name, value in asked if name in ASKED]
    clock = t("draw_again_clocked" if plan.clocked else "draw_again_exact", lang)
    return [Text(clock), Pairs(pairs), Code(command(results))]
