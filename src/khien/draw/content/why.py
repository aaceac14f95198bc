"""Why: a page for every project, chosen or refused, folded into its product group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from khien.draw.blocks import Block, Fold, Section, Table, Text
from khien.draw.charts.common import called
from khien.draw.charts.partners import form_name
from khien.draw.numbers import MISSING, money, number, percent, quarter
from khien.draw.results import Results
from khien.words import t

KINDS = {
    "done": "draw_why_done",
    "fixed": "draw_why_fixed",
    "forbidden": "draw_why_forbidden",
    "pinned": "draw_why_pinned",
    "chosen": "draw_why_chosen",
    "refused": "draw_why_refused",
    "closed": "draw_why_closed",
    "idle": "draw_why_idle",
    "useless": "draw_why_useless",
    "close": "draw_why_close",
}
"""Word key of a verdict, see `khien.plan.ask.reasons`."""

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")

CHANGES = {
    "money": "draw_flip_money",
    "people": "draw_flip_people",
    "limit": "draw_flip_limit",
    "both": "draw_flip_both",
    "agreement": "draw_flip_agreement",
}
SHOWN = 5e-4
"""A smaller loss is not said beside the name."""

UNITS = {"people": "draw_flip_heads"}


def why(results: Results, lang: str) -> Section | None:
    """Return the chapter of reasons, or None when nobody gave reasons."""
    said = results.reasons(lang)
    if not said:
        return None
    told = results.told.get("reasons")
    pages = _pages(results, lang, said)
    groups = sorted({group for group, _ in pages}, key=lambda group: called(results.called("groups", lang), group))
    folds = []
    for group in groups:
        mine = [page for at, page in pages if at == group]
        name = called(results.called("groups", lang), group)
        folds.append(Fold(f"why-{group}", name, t("draw_projects_n", lang, n=number(len(mine), lang)), mine))
    if told is None:
        lead = t("draw_why_lead_quick", lang)
    else:
        fields = {"value": number(told["value"], lang, 4), "bound": number(told["bound"], lang, 4)}
        lead = t("draw_why_lead", lang, steps=number(told["steps"], lang), **fields)
    return Section("why", t("draw_why_title", lang), lead, folds)


def _pages(results: Results, lang: str, said: Mapping[str, str]) -> list[tuple[str, Fold]]:
    """The page of every project with the group in which it stands, chosen ones by start, then refused ones."""
    reasons = {row["project"]: row for row in results.frame("reasons").iter_rows(named=True)}
    flips: dict[str, list[dict[str, Any]]] = {}
    if "flips" in results.frames:
        for row in results.frame("flips").iter_rows(named=True):
            flips.setdefault(row["project"], []).append(row)
    tested, names = _tested(results), _names(results, lang)
    chosen = results.frame("roadmap").sort("start", "end", "project").iter_rows(named=True)
    rows = [*((row, True) for row in chosen), *((row, False) for row in results.frame("refused").iter_rows(named=True))]
    found = []
    for row, taken in rows:
        project = row["project"]
        if not said.get(project):
            continue
        first = _chosen_line(row, results, lang) if taken else _refused_line(row, results, lang)
        blocks: list[Block] = [Text(first, quiet=True), Text(_named(said[project], names))]
        if project in flips:
            blocks.append(_changes(results, lang, project, flips[project]))
        if project in tested:
            blocks.append(Text(_tested_line(tested[project], lang), quiet=True))
        detail = _verdict(reasons[project], taken, lang)
        found.append((row["group"] or "", Fold(f"why-project-{project}", row[f"name_{lang}"], detail, blocks)))
    return found


def _names(results: Results, lang: str) -> dict[str, str]:
    """Names of what a reason may speak of, by ids that cannot be taken for words."""
    tables = ("projects", "skills")
    return {key: name for table in tables for key, name in results.called(table, lang).items() if "-" in key}


def _named(said: str, names: Mapping[str, str]) -> str:
    """Put names where a reason has ids, which the command prints for those who type them."""
    return ID.sub(lambda found: f"“{names[found[0]]}”" if found[0] in names else found[0], said)


def _chosen_line(row: Mapping[str, Any], results: Results, lang: str) -> str:
    """Form, partner, when, cost and chance of a chosen project in one line."""
    who = called(results.parties(lang), row["partner"]) if row["partner"] else None
    parts = [
        form_name(row["form"], lang),
        who,
        f"{quarter(row['start_quarter'], lang)}–{quarter(row['end_quarter'], lang)}",
        money(row["cost_mvnd"], lang),
        t("draw_why_chance", lang, share=percent(row["success_share"], lang)),
        row["project"],
    ]
    return " · ".join(part for part in parts if part)


def _refused_line(row: Mapping[str, Any], results: Results, lang: str) -> str:
    parts = [
        called(results.subjects(lang), row["subject"]),
        called(results.called("stages", lang), row["to_stage"]),
        t("draw_why_options", lang, n=number(row["options"], lang)),
        row["project"],
    ]
    return " · ".join(parts)


def _verdict(row: Mapping[str, Any], taken: bool, lang: str) -> str:
    """A few words beside the name: chosen or not, and by how much."""
    if row.get("chosen") is not None and row["chosen"] != taken:
        return t("draw_why_would_drop" if taken else "draw_why_would_take", lang)
    word = t(KINDS.get(row.get("kind") or "", "draw_why_chosen" if taken else "draw_why_refused"), lang)
    if (row.get("lost") or 0.0) >= SHOWN:
        return t("draw_why_lost", lang, verdict=word, value=number(row["lost"], lang, 3))
    if (row.get("short") or 0.0) >= SHOWN:
        return t("draw_why_short", lang, verdict=word, value=number(row["short"], lang, 3))
    return word


def _tested(results: Results) -> dict[str, dict[str, Any]]:
    """What the stress test says of each project, if there is one."""
    if "stress_worth" not in results.frames:
        return {}
    ends = results.frame("stress_finish").select("project", "on_time_share", "left_out_share", "success_share")
    joined = results.frame("stress_worth").join(ends, on="project", how="left")
    return {row["project"]: row for row in joined.iter_rows(named=True)}


def _tested_line(row: Mapping[str, Any], lang: str) -> str:
    return t(
        "draw_why_tested",
        lang,
        worth=number(row["success_worth"], lang, 3),
        late=number(row["delay_loss"], lang, 4),
        on_time=percent(row["on_time_share"], lang),
        success=percent(row["success_share"], lang),
    )


def _changes(results: Results, lang: str, project: str, flips: list[dict[str, Any]]) -> Table:
    """The smallest changes that let a refused project in."""
    rows = [
        [
            t(CHANGES[flip["kind"]], lang),
            _what(results, lang, flip),
            _amount(flip, lang),
            MISSING if flip["kind"] == "agreement" else percent(flip["share"], lang),
            t("draw_yes" if flip["confirmed"] else "draw_no", lang),
        ]
        for flip in flips
    ]
    heads = ("draw_flip_kind", "draw_flip_what", "draw_flip_change", "draw_flip_share", "draw_flip_confirmed")
    return Table(
        f"flips-{project}", t("draw_flips", lang), [t(h, lang) for h in heads], rows, frozenset({2, 3}),
        wide=frozenset({1}),
    )  # fmt: skip


def _what(results: Results, lang: str, flip: Mapping[str, Any]) -> str:
    """Names of the skill, the limit or the companions that a change is about."""
    names = {table: results.called(table, lang) for table in ("skills", "limits", "projects")}
    every = {key: name for table in names.values() for key, name in table.items()}
    return "; ".join(called(every, key.strip()) for key in (flip["what"] or "").split(",") if key.strip()) or MISSING


def _amount(flip: Mapping[str, Any], lang: str) -> str:
    """How large a change is, in its unit."""
    if flip["change"] is None or flip["kind"] == "agreement":
        return MISSING
    if flip["unit"] == "mvnd":
        return money(round(flip["change"]), lang)
    unit = UNITS.get(flip["unit"])
    shown = number(flip["change"], lang, 0 if flip["change"] >= 10 else 2)
    return shown if unit is None else t(unit, lang, n=shown)
