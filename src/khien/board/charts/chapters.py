"""What stands on which page: chapters of the report where it has them, and what only a page can show."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl

from khien.board.charts.chain import network, stages_grid
from khien.board.charts.skills import skills_grid
from khien.draw.blocks import Block, Fold, Section, Table, Text
from khien.draw.content.frontier import frontier
from khien.draw.content.headline import first_steps, headline
from khien.draw.content.leaving import leaving
from khien.draw.content.means import money_section, partners_section, people_section
from khien.draw.content.outcome import outcome
from khien.draw.content.places import places
from khien.draw.content.provenance import again
from khien.draw.content.roadmap import roadmap
from khien.draw.content.stress import stress
from khien.draw.content.survives import survives
from khien.draw.content.why import why
from khien.draw.results import Results
from khien.plan.standing import stand_under
from khien.reliance import what_leaves
from khien.words import t

Chapters = list[Section]
PROJECT: Final = "why-project-"
"""How ids of what is said of a project begin."""
Part = Callable[[Results, str], Chapters]


def _plan(results: Results, lang: str) -> Chapters:
    """Value, bound, gap and why it stopped; coverage and self-reliance; what starts first; how to make it again."""
    reached = outcome(results, lang)
    lines = Section("coverage", t("draw_fig_coverage", lang), "", [reached.blocks[0]])
    return [
        headline(results, lang),
        lines,
        first_steps(results, lang),
        Section("again", t("draw_again", lang), t("draw_again_lead", lang), again(results, lang)),
    ]


def _money(results: Results, lang: str) -> Chapters:
    return [money_section(results, lang), partners_section(results, lang)]


def _why(results: Results, lang: str) -> Chapters:
    """The verdict on every project by group; what stands behind it is on the page of the project."""
    told = why(results, lang)
    if told is None:
        return []
    heads = [t(key, lang) for key in ("draw_project", "pages_verdict", "draw_id")]
    folds: list[Block] = []
    for group in (block for block in told.blocks if isinstance(block, Fold)):
        rows = [(page.title, page.detail, page.id[len(PROJECT) :]) for page in group.blocks if isinstance(page, Fold)]
        table = Table(group.id, group.title, heads, rows, wide=frozenset({0, 1}))
        folds.append(Fold(f"fold-{group.id}", group.title, group.detail, [table]))
    return [dataclasses.replace(told, blocks=folds)]


def _reliance(results: Results, lang: str) -> Chapters:
    """The value chain: stages, network, what hurts; the partners are listed apart, each with a page."""
    told = survives(results, lang)
    if told is None:
        return []
    kept = [b for b in told.blocks if not isinstance(b, Text | Fold)]
    folds = [b for b in told.blocks if isinstance(b, Fold) and b.id.startswith("fold-mastery")]
    chain = [network(results, lang), *kept[1:]]
    return [
        Section("stages", t("pages_stages", lang), t("pages_stages_lead", lang), [
            kept[0], stages_grid(results, lang, "technology"), *folds,  # type: ignore[list-item]
        ]),
        Section("chain", t("pages_chain", lang), t("pages_chain_lead", lang), chain),  # type: ignore[arg-type]
    ]  # fmt: skip


def _people(results: Results, lang: str) -> Chapters:
    told = people_section(results, lang)
    load, each, training = told.blocks
    grid: list[Any] = [load, skills_grid(results, lang), each, training]
    return [dataclasses.replace(told, blocks=grid)]


def _today(results: Results, lang: str) -> Chapters:
    """Coverage by year, and the country in tiles."""
    lines = Section("coverage", t("draw_fig_coverage", lang), "", [outcome(results, lang).blocks[0]])
    return _there(lines, places(results, lang))


def _there(*chapters: Section | None) -> Chapters:
    return [chapter for chapter in chapters if chapter is not None]


PARTS: Final[dict[str, Part]] = {
    "plan": _plan,
    "roadmap": lambda results, lang: [roadmap(results, lang)],
    "outcome": lambda results, lang: [outcome(results, lang)],
    "money": _money,
    "people": _people,
    "why": _why,
    "frontier": lambda results, lang: _there(frontier(results, lang)),
    "stress": lambda results, lang: _there(stress(results, lang)),
    "reliance": _reliance,
    "today": _today,
}
"""Chapters by the name of the part of a page that they fill."""


def project_reasons(results: Results, lang: str) -> dict[str, list[Block]]:
    """What is said of each project, when somebody asked for reasons."""
    chapters = _there(why(results, lang))
    folds = (fold for chapter in chapters for fold in _folds(chapter.blocks) if fold.id.startswith(PROJECT))
    return {fold.id[len(PROJECT) :]: [Text(fold.detail), *fold.blocks[1:]] for fold in folds}


def _folds(blocks: Iterable[Block]) -> Iterable[Fold]:
    for block in blocks:
        if isinstance(block, Fold):
            yield block
            yield from _folds(block.blocks)


def partner_blocks(results: Results, lang: str, partner: str) -> list[Block]:
    """What leaves with one partner: capabilities, items, technologies, projects."""
    frame = results.frame("leaving")
    rows = frame.filter(pl.col("partner") == partner)
    if rows.is_empty():
        rows = _left(results, partner, frame.schema)
    alone = dataclasses.replace(results, frames={**results.frames, "leaving": rows})
    blocks = leaving(alone, lang)
    fold = next((b for b in blocks if isinstance(b, Fold)), None)
    return [] if fold is None else [Text(fold.detail), *fold.blocks]


def _left(results: Results, partner: str, schema: Any) -> pl.DataFrame:
    """The frame of what leaves with a partner for whom the report has none, for little hangs on it."""
    programme = results.programme
    first = next(q for q in range(programme.n_quarters) if programme.year(q) == programme.years[-1])
    left = what_leaves(programme, stand_under(programme, results.plan, first), partner, first=first)
    text = pl.col("products").list.join("; ")
    parts = [pl.DataFrame(schema=schema)]
    for kind, frame in (
        ("capability", left.capabilities),
        ("item", left.items.with_columns(text)),
        ("subject", left.subjects.with_columns(text)),
    ):
        parts.append(frame.rename({kind: "key"}).with_columns(partner=pl.lit(partner), kind=pl.lit(kind)))
    return pl.concat(parts, how="diagonal_relaxed").select(list(schema))
