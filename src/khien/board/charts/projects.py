"""Projects of a plan as pages list them, and one project in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from khien.board.charts.about import Teller
from khien.board.charts.blocks import Layout
from khien.board.charts.chapters import project_reasons
from khien.board.charts.memo import Memo
from khien.board.charts.sight import Sight
from khien.board.tables import plain
from khien.draw.blocks import Block
from khien.draw.charts.common import called
from khien.draw.charts.partners import form_name
from khien.draw.charts.roadmap import status_name
from khien.draw.content.roadmap import risk_name
from khien.draw.numbers import MISSING, money, number, percent, quarter
from khien.draw.results import Results
from khien.programme import Programme

_rows: Memo[list[dict[str, Any]]] = Memo(8)
_told: Memo[dict[str, Any] | None] = Memo(400)
_reasons: Memo[dict[str, list[Block]]] = Memo(6)


def listed(sight: Sight, lang: str, q: str, group: str, is_: str) -> list[dict[str, Any]]:
    """Rows of chosen and refused projects in words: by start, then those refused; searched and filtered."""
    words = plain(q).split()
    return [
        row
        for row in _rows.of((sight.key, lang), lambda: _listed(sight.results(), lang))
        if (not group or row["group"] == group)
        and (is_ not in ("in", "out") or row["taken"] == (is_ == "in"))
        and all(word in row["searched"] for word in words)
    ]


def _listed(results: Results, lang: str) -> list[dict[str, Any]]:
    names, stages, parties = results.called("groups", lang), results.called("stages", lang), results.parties(lang)
    rows = []
    for row in results.frame("roadmap").sort("start", "end", "project").iter_rows(named=True):
        rows.append({
            "id": row["project"], "name": row[f"name_{lang}"], "group": row["group"], "taken": True,
            "group_name": called(names, row["group"]), "stage": called(stages, row["to_stage"]),
            "form": form_name(row["form"], lang), "partner": called(parties, row["partner"]),
            "start": quarter(row["start_quarter"], lang), "end": quarter(row["end_quarter"], lang),
            "cost": money(row["cost_mvnd"], lang), "status": status_name(row["status"], lang),
        })  # fmt: skip
    for row in results.frame("refused").iter_rows(named=True):
        rows.append({
            "id": row["project"], "name": row[f"name_{lang}"], "group": row["group"], "taken": False,
            "group_name": called(names, row["group"]), "stage": called(stages, row["to_stage"]),
        })  # fmt: skip
    return [row | {"searched": plain(" ".join(str(value) for value in row.values()))} for row in rows]


def told(sight: Sight, lang: str, project: str) -> dict[str, Any] | None:
    """Everything about one project; None when the programme has none of this id."""
    return _told.of((sight.key, lang, project), lambda: _project(sight, lang, project))


def _project(sight: Sight, lang: str, project: str) -> dict[str, Any] | None:
    programme, results = sight.programme(), sight.results()
    rows = programme.projects.filter(pl.col("id") == project).to_dicts()
    if not rows:
        return None
    row, taken = rows[0], results.frame("roadmap").filter(pl.col("project") == project).to_dicts()
    teller = Teller(sight, lang, results)
    choices = results.frame("choices").filter(pl.col("project") == project)["option"].to_list()
    picked = choices[0] if choices else None
    options = programme.options.filter(pl.col("project") == project).to_dicts()
    names = results.called("projects", lang)
    reasons = _reasons.of((sight.key, lang), lambda: project_reasons(results, lang))
    return {
        "project": row,
        "title": row[f"name_{lang}"],
        "group": called(results.called("groups", lang), group_of(programme, row)),
        "subject": called(results.subjects(lang), row["subject"]),
        "stage": called(results.called("stages", lang), row["to_stage"]),
        "risk": risk_name(row["risk_class"], lang),
        "taken": _taken(taken[0], results, lang) if taken else None,
        "options": [_option(option, picked, results, lang) for option in options],
        "needs": [(key, called(names, key)) for key in _linked(programme, project, "after", "before")],
        "opens": [(key, called(names, key)) for key in _linked(programme, project, "before", "after")],
        "reasons": Layout(teller).blocks(reasons.get(project, []), "roadmap"),
        "about": teller.about("roadmap"),
        "dated": teller.dated,
        "stress": sight.aside("stress"),
        "has_reasons": sight.aside("explain") is not None,
        "facts": _facts(programme, project),
    }


def group_of(programme: Programme, row: dict[str, Any]) -> str | None:
    """The product group of what a project raises."""
    for table in ("technologies", "products"):
        found = programme.frames[table].filter(pl.col("id") == row["subject"])
        if found.height:
            group: str | None = found["group"][0]
            return group
    return None


def _taken(row: dict[str, Any], results: Results, lang: str) -> dict[str, str]:
    return {
        "form": form_name(row["form"], lang),
        "partner": called(results.parties(lang), row["partner"]),
        "partner_id": row["partner"] or "",
        "start": quarter(row["start_quarter"], lang),
        "end": quarter(row["end_quarter"], lang),
        "cost": money(row["cost_mvnd"], lang),
        "success": percent(row["success_share"], lang),
        "status": status_name(row["status"], lang),
    }


def _option(row: dict[str, Any], picked: str | None, results: Results, lang: str) -> dict[str, Any]:
    efforts = results.programme.efforts.filter(pl.col("option") == row["id"])
    skills = results.called("skills", lang)
    people = [f"{called(skills, e['skill'])}: {number(e['people'], lang)}" for e in efforts.to_dicts()]
    return {
        "id": row["id"],
        "chosen": row["id"] == picked,
        "form": form_name(row["form"], lang),
        "partner": called(results.parties(lang), row["partner"]),
        "cost": _spread(row, "cost", "mvnd", lambda v: money(v, lang)),
        "quarters": _spread(row, "duration", "quarters", lambda v: number(v, lang)),
        "success": percent(row.get("success_share"), lang),
        "people": "; ".join(people) or MISSING,
    }


def _spread(row: dict[str, Any], stem: str, unit: str, write: Callable[[Any], str]) -> str:
    """The likeliest value with the least and the most that it may be."""
    low, mode, high = (row[f"{stem}_{part}_{unit}"] for part in ("low", "mode", "high"))
    return write(mode) if low == high else f"{write(mode)} ({write(low)} – {write(high)})"


def _linked(programme: Programme, project: str, here: str, there: str) -> list[str]:
    """Projects at the other end of a precedence."""
    return sorted(set(programme.precedences.filter(pl.col(here) == project)[there].to_list()))


def _facts(programme: Programme, project: str) -> list[dict[str, Any]]:
    """Rows of `sources_of_facts` that speak of the project."""
    facts = programme.sources_of_facts.filter((pl.col("table") == "projects") & pl.col("row").is_in([project, "*"]))
    return facts.to_dicts()
