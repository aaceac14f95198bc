"""The chapters of the report, as blocks that any output can lay out."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Figure, Section
from khien.draw.content.frontier import frontier
from khien.draw.content.headline import first_steps, headline
from khien.draw.content.means import money_section, partners_section, people_section
from khien.draw.content.outcome import outcome
from khien.draw.content.places import places
from khien.draw.content.provenance import again, settings
from khien.draw.content.roadmap import chosen, refused, roadmap
from khien.draw.content.stress import stress
from khien.draw.content.survives import survives
from khien.draw.content.why import why
from khien.draw.results import Results
from khien.words import t

__all__ = ["sections"]


def sections(results: Results, lang: str) -> list[Section]:
    """Return every chapter of the report in reading order."""
    chapters = (
        headline(results, lang),
        first_steps(results, lang),
        roadmap(results, lang),
        outcome(results, lang),
        money_section(results, lang),
        people_section(results, lang),
        partners_section(results, lang),
        survives(results, lang),
        stress(results, lang),
        frontier(results, lang),
        places(results, lang),
        chosen(results, lang),
        refused(results, lang),
        why(results, lang),
        settings(results, lang),
        _search(results, lang),
    )
    return [chapter for chapter in chapters if chapter is not None]


def _search(results: Results, lang: str) -> Section:
    """Return how the plan was found and how to find it again."""
    history = results.frame("history").with_columns(
        pl.when(pl.col("bound").is_finite()).then(pl.col("bound")).alias("bound")
    )
    figure = Figure(
        "history",
        t("draw_fig_history", lang),
        t("draw_fig_history_note", lang),
        t("draw_fig_history_alt", lang),
        history,
        partial(charts.history, history, lang) if len(history) > 1 else None,
    )
    return Section("again", t("draw_again", lang), t("draw_again_lead", lang), [figure, *again(results, lang)])
