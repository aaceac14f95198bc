"""What can still be done alone: what is mastered, what hangs on whom, what hurts, what leaves with a partner."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Figure, Fold, Section, Text
from khien.draw.charts.common import called
from khien.draw.content.leaving import leaving
from khien.draw.numbers import MISSING, number
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
    blocks += [_flows(results, lang), _failures(results, lang, "failures"), _failures(results, lang, "pairs")]
    blocks += [*leaving(results, lang), *_not_asked(results, lang)]
    return Section("survives", t("draw_survives", lang), t("draw_survives_lead", lang), blocks)


ASKED = {
    "stress": "draw_not_asked_stress",
    "frontier": "draw_not_asked_frontier",
    "reasons": "draw_not_asked_reasons",
}


def _not_asked(results: Results, lang: str) -> list[Block]:
    """One quiet line that names what the report could also hold, and the commands that make it."""
    parts = [t(key, lang) for name, key in ASKED.items() if name not in results.told]
    return [Text(t("draw_not_asked", lang, parts="; ".join(parts)), quiet=True)] if parts else []


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


def _flows(results: Results, lang: str) -> Figure:
    """The value chain from countries of control to capabilities."""
    frame = results.frame("chain")
    tables = ("countries", "items", "products", "capabilities")
    home = results.programme.settings.home_country
    draw = partial(charts.flows, frame, lang, [results.called(table, lang) for table in tables], home)
    return Figure(
        "chain",
        t("draw_fig_chain", lang),
        t("draw_fig_chain_note", lang, paths=number(len(frame), lang)),
        t("draw_fig_chain_alt", lang),
        frame,
        draw if len(frame) else None,
    )


FAILURES = {
    "failures": ("draw_fig_failures", "draw_fig_failures_note"),
    "pairs": ("draw_fig_pairs", "draw_fig_pairs_note"),
}


def _failures(results: Results, lang: str, which: str, most: int = 12) -> Figure:
    """The dearest failures of one site, or of two at once."""
    frame, (title, note) = results.frame(which), FAILURES[which]
    shown = frame.filter(pl.col("loss_worst") > 1e-9).head(most)
    say = _single if which == "failures" else _double
    told = [say(results, lang, row) for row in shown.iter_rows(named=True)]
    rows = pl.DataFrame(
        {"name": [name for name, _ in told], "detail": [detail for _, detail in told]},
        schema={"name": pl.String, "detail": pl.String},
    ).with_columns(best=shown["loss_best"], worst=shown["loss_worst"])
    return Figure(
        f"survives-{which}",
        t(title, lang),
        t(note, lang, year=results.years[1]),
        f"{t(title, lang)}. {t('draw_fig_failures_alt', lang, n=len(rows))}",
        frame,
        partial(charts.failures, rows, lang, t("draw_loss_unit", lang)) if len(rows) else None,
    )


def _single(results: Results, lang: str, row: dict[str, Any]) -> tuple[str, str]:
    months = MISSING if row["recover_months"] is None else number(row["recover_months"], lang, 1)
    country = called(results.called("countries", lang), row["control"])
    detail = t("draw_failing_detail", lang, country=country, items=number(row["items"], lang), months=months)
    return called(results.called("sites", lang), row["site"]), detail


def _double(results: Results, lang: str, row: dict[str, Any]) -> tuple[str, str]:
    names = results.called("sites", lang)
    key = "draw_pair_hidden" if row["hidden"] else "draw_pair_more"
    detail = t(key, lang, more=number(row["more"], lang, 3))
    return f"{called(names, row['a'])} + {called(names, row['b'])}", detail
