"""The plan in thousands of futures: what it is worth in them, what hurts it, and what was promised and broken."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from khien.draw import charts
from khien.draw.blocks import Block, Fact, Facts, Figure, Notice, Section, Table
from khien.draw.charts.common import called
from khien.draw.numbers import MISSING, number, percent, quarter
from khien.draw.results import Results
from khien.words import t

MOST = 15
"""Bars of a ranking; its CSV has all rows."""

SMALL = 1e-9

MEASURES = {"coverage": "draw_coverage", "self_reliance": "draw_self_reliance"}

KINDS = {
    "shock": "draw_hurt_shock",
    "partner": "draw_hurt_partner",
    "country": "draw_hurt_country",
    "project": "draw_hurt_project",
    "pair": "draw_hurt_pair",
}
"""Word key of what hurts."""

PROMISES = {
    "reserve": "draw_kept_reserve",
    "obligation": "draw_kept_obligation",
    "pin": "draw_kept_pin",
    "people": "draw_kept_people",
    "limit": "draw_kept_limit",
    "reliance_floor": "draw_kept_floor",
}
"""Word key of what was promised."""


def stress(results: Results, lang: str) -> Section | None:
    """Return the chapter on the stress test, or None when none was given."""
    told = results.told.get("stress")
    if told is None:
        return None
    settings = told["settings"]
    mode = t("draw_stress_repair" if settings["repair"] else "draw_stress_push", lang)
    fields = {"draws": number(told["draws"], lang), "seed": settings["seed"], "mode": mode}
    blocks: list[Block] = []
    if told["why_stopped"] == "interrupt":
        blocks.append(Notice(t("draw_stress_stopped", lang), t("draw_stress_stopped_text", lang, **fields)))
    blocks.append(_facts(told, lang))
    blocks += [_fan(results, lang, measure) for measure in MEASURES]
    blocks += [_tail(results, lang, told), _hurts(results, lang), _pairs(results, lang), _worth(results, lang)]
    blocks += [_broken(results, lang), _dates(results, lang)]
    return Section("stress", t("draw_stress", lang), t("draw_stress_lead", lang, **fields), blocks)


def _facts(told: Any, lang: str) -> Facts:
    def sure(value: float | None, error: float | None) -> str:
        return f"{number(value, lang, 2)} ± {number(error, lang, 2)}"

    left_out = told["details"].get("left_out_share")
    facts = [
        Fact(
            t("draw_stress_planned", lang), number(told["planned_value"], lang, 2), t("draw_stress_planned_hint", lang)
        ),
        Fact(
            t("draw_stress_mean", lang),
            sure(told["expected_value"], told["expected_error"]),
            t("draw_stress_mean_hint", lang),
        ),
        Fact(
            t("draw_stress_tail", lang), sure(told["tail_value"], told["tail_error"]), t("draw_stress_tail_hint", lang)
        ),
    ]
    if told["settings"]["repair"]:
        facts.append(Fact(t("draw_stress_left", lang), percent(left_out, lang, 1), t("draw_stress_left_hint", lang)))
    return Facts(facts)


def _fan(results: Results, lang: str, measure: str) -> Figure:
    """How a measure spreads, year by year."""
    frame = results.frame("stress_coverage").filter(pl.col("measure") == measure)
    name = t(MEASURES[measure], lang)
    return Figure(
        f"fan-{measure.replace('_', '-')}",
        t("draw_fig_fan", lang, measure=name),
        t("draw_fig_fan_note", lang),
        t("draw_fig_fan_alt", lang, measure=name, first=results.years[0], last=results.years[1]),
        frame,
        partial(charts.fan, frame, lang, measure) if len(frame) else None,
    )


def _tail(results: Results, lang: str, told: Any) -> Figure:
    """How the value spreads over the draws."""
    frame = results.frame("stress_tail")
    figures = {"tail": told["tail_value"], "mean": told["expected_value"], "planned": told["planned_value"]}
    return Figure(
        "tail",
        t("draw_fig_tail", lang),
        t("draw_fig_tail_note", lang),
        t("draw_fig_tail_alt", lang, draws=number(told["draws"], lang), tail=number(told["tail_value"], lang, 2)),
        frame,
        partial(charts.tail, frame, lang, figures),
    )


def _hurts(results: Results, lang: str) -> Figure:
    """What hurts most when it happens, one thing at a time."""
    ranking = results.frame("stress_ranking")
    alone = ranking.filter(~pl.col("kind").is_in(["pair", "project"]), pl.col("loss") > SMALL)
    shown = alone.sort("loss", "id", descending=[True, False]).head(MOST)
    rows = pl.DataFrame(
        [
            {
                "name": t(KINDS[row["kind"]], lang, name=row[f"name_{lang}"]),
                "best": row["loss"],
                "worst": max(row["loss"], row["loss_tail"]),
                "detail": MISSING
                if row["happened_share"] is None
                else t("draw_hurt_often", lang, share=percent(row["happened_share"], lang, 1)),
            }
            for row in shown.iter_rows(named=True)
        ],
        schema={"name": pl.String, "best": pl.Float64, "worst": pl.Float64, "detail": pl.String},
    )
    return _bars("hurts", rows, alone, lang, ("draw_hurt_mean", "draw_hurt_tail"))


def _worth(results: Results, lang: str) -> Figure:
    """What the success of each project is worth."""
    frame = results.frame("stress_worth").sort("success_worth", "project", descending=[True, False])
    shown = frame.filter(pl.col("success_worth") > SMALL).head(MOST)
    rows = pl.DataFrame(
        [
            {
                "name": row[f"name_{lang}"],
                "best": row["success_worth"],
                "worst": row["success_worth"],
                "detail": t("draw_delay_costs", lang, loss=number(row["delay_loss"], lang, 4)),
            }
            for row in shown.iter_rows(named=True)
        ],
        schema={"name": pl.String, "best": pl.Float64, "worst": pl.Float64, "detail": pl.String},
    )
    return _bars("worth", rows, frame, lang, ("draw_worth_mean", "draw_worth_mean"))


BARS = {
    "hurts": ("draw_fig_hurts", "draw_fig_hurts_note"),
    "worth": ("draw_fig_worth", "draw_fig_worth_note"),
}


def _bars(which: str, rows: pl.DataFrame, frame: pl.DataFrame, lang: str, labels: tuple[str, str]) -> Figure:
    title, note = (t(key, lang) for key in BARS[which])
    least, most = (t(key, lang) for key in labels)
    draw = partial(charts.failures, rows, lang, t("draw_value_lost", lang), labels=(least, most))
    alt = f"{title}. {t('draw_fig_failures_alt', lang, n=len(rows))}"
    return Figure(f"stress-{which}", title, note, alt, frame, draw if len(rows) else None)


def _pairs(results: Results, lang: str) -> Table:
    """What hurts most when two things happen at once."""
    frame = results.frame("stress_ranking").filter(pl.col("kind") == "pair")
    rows = [
        [row[f"name_{lang}"], *(number(row[column], lang, 3) for column in ("loss", "loss_error", "loss_tail"))]
        for row in frame.sort("loss", "id", descending=[True, False]).head(MOST).iter_rows(named=True)
    ]
    heads = ("draw_hurt_pair_head", "draw_hurt_mean", "draw_error", "draw_hurt_tail")
    return Table(
        "stress-pairs", t("draw_hurt_pairs", lang), [t(h, lang) for h in heads], rows, frozenset({1, 2, 3}),
        empty=t("draw_hurt_pairs_empty", lang),
    )  # fmt: skip


def _broken(results: Results, lang: str) -> Table:
    """What was promised and is not always kept."""
    frame = results.frame("stress_promises").filter(pl.col("broken_share") > 0)
    rows = [
        [
            t(PROMISES[row["kind"]], lang),
            _subject(results, lang, row),
            MISSING if row["year"] is None else str(row["year"]),
            percent(row["broken_share"], lang, 1),
        ]
        for row in frame.sort("broken_share", "kind", descending=[True, False]).iter_rows(named=True)
    ]
    heads = ("draw_kept_what", "draw_name", "draw_year", "draw_kept_broken")
    return Table(
        "stress-broken", t("draw_kept", lang), [t(h, lang) for h in heads], rows, frozenset({3}), frozenset({0, 1}),
        long=len(rows) > MOST, empty=t("draw_kept_all", lang),
    )  # fmt: skip


def _subject(results: Results, lang: str, row: dict[str, Any]) -> str:
    """Name of what a promise is about."""
    table = {"pin": "projects", "limit": "limits", "obligation": "obligations"}.get(row["kind"])
    return called(results.called(table, lang) if table else {}, row["id"])


def _dates(results: Results, lang: str) -> Table:
    """When projects truly end."""
    label = results.programme.label
    after = t("draw_after_horizon", lang)

    def ended(at: int | None) -> str:
        return after if at is None else quarter(label(at - 1), lang)

    rows = [
        [
            row[f"name_{lang}"],
            quarter(row["planned_quarter"], lang),
            ended(row["q50_end"]),
            ended(row["q95_end"]),
            percent(row["on_time_share"], lang),
            percent(row["left_out_share"], lang),
            percent(row["success_share"], lang),
        ]
        for row in results.frame("stress_finish").sort("on_time_share", "project").iter_rows(named=True)
    ]
    heads = (
        "draw_project", "draw_end_planned", "draw_end_median", "draw_end_late", "draw_on_time", "draw_left_out",
        "draw_succeeds",
    )  # fmt: skip
    return Table(
        "stress-dates", t("draw_dates", lang), [t(h, lang) for h in heads], rows, frozenset({4, 5, 6}), long=True,
        empty=t("draw_chosen_empty", lang),
    )  # fmt: skip
