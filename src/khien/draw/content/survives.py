"""What can still be done alone: what is mastered, what hangs on whom, what hurts, what leaves with a partner."""

from __future__ import annotations

from functools import partial

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Figure, Fold, Section
from khien.draw.charts.common import called
from khien.draw.numbers import number
from khien.draw.results import Results
from khien.words import t

ROWS_PER_PAGE = 40
"""Rows of a heat map that fit on one printed page."""

KINDS = {"technology": "draw_fig_mastery_technology", "product": "draw_fig_mastery_product"}


def survives(results: Results, lang: str) -> Section | None:
    """Return the chapter on self-reliance, or None when its frames were not made."""
    if "mastery" not in results.frames:
        return None
    blocks: list[Block] = [_groups(results, lang), *(_kind(results, lang, kind) for kind in KINDS)]
    return Section("survives", t("draw_survives", lang), t("draw_survives_lead", lang), blocks)


def _stages(results: Results, lang: str) -> charts.Names:
    """Names of the stages, in order."""
    names = results.called("stages", lang)
    order = results.frame("mastery").select("stage", "order").unique().sort("order")["stage"].to_list()
    return {stage: called(names, stage) for stage in order}


def _groups(results: Results, lang: str) -> Figure:
    """How many technologies and products of each group are mastered at each stage."""
    names, stages = results.called("groups", lang), _stages(results, lang)
    rows = (
        results.frame("mastery")
        .drop_nulls("group")
        .group_by("group", "stage", "order")
        .agg(mastered=pl.col("mastered").sum(), subjects=pl.len())
        .with_columns(
            key=pl.col("group"),
            value=pl.col("mastered") / pl.col("subjects"),
            text=pl.format("{}/{}", "mastered", "subjects"),
        )
    )
    best = rows.group_by("key").agg(all=pl.col("mastered").sum() / pl.col("subjects").sum())
    rows = rows.join(best, on="key").sort("all", "key", "order", descending=[True, False, False])
    title = t("draw_mastered_share", lang)
    draw = partial(charts.stage_heat, rows.select("key", "stage", "value", "text"), lang, names, stages, title)
    return Figure(
        "mastery-groups",
        t("draw_fig_mastery", lang),
        t("draw_fig_mastery_note", lang),
        t("draw_fig_mastery_alt", lang, groups=rows["key"].n_unique(), stages=len(stages)),
        rows.select("group", "stage", "mastered", "subjects"),
        draw if len(rows) else None,
    )


def _kind(results: Results, lang: str, kind: str) -> Fold:
    """How far each technology or product is mastered, those with nothing known left out and counted."""
    frame = results.frame("mastery").filter(pl.col("kind") == kind)
    known = frame.filter(pl.col("level").is_not_null().any().over("subject"))
    mean = pl.col("level").fill_null(0).mean().over("subject")
    rows = known.sort(mean, "subject", "order", descending=[True, False, False]).select(
        "stage",
        key="subject",
        value="level",
        text=pl.when(pl.col("level").is_null()).then(pl.lit("–"))
        .when(pl.col("at_home")).then(pl.lit("◆")).when(pl.col("mastered")).then(pl.lit("◇")).otherwise(pl.lit("")),
    )  # fmt: skip
    shown, every = rows["key"].n_unique(), frame["subject"].n_unique()
    title, label = t(KINDS[kind], lang), t("draw_level", lang)
    args = (lang, results.subjects(lang), _stages(results, lang), label)
    order = rows["key"].unique(maintain_order=True).to_list()
    chunks = [order[i : i + ROWS_PER_PAGE] for i in range(0, len(order), ROWS_PER_PAGE)]
    figure = Figure(
        f"mastery-{kind}",
        title,
        t("draw_fig_mastery_kind_note", lang, left=number(every - shown, lang)),
        t("draw_fig_mastery_kind_alt", lang, n=number(shown, lang)),
        frame.select("subject", "stage", "level", "domestic_share", "mastered", "at_home", "status"),
        partial(charts.stage_heat, rows, *args) if shown else None,
        parts=[partial(charts.stage_heat, rows.filter(pl.col("key").is_in(chunk)), *args) for chunk in chunks],
    )
    detail = t("draw_known_of", lang, known=number(shown, lang), of=number(every, lang))
    return Fold(f"fold-mastery-{kind}", title, detail, [figure])
