"""Money in, money out, and what is left, by year and source."""

from __future__ import annotations

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import Chart, Names, amount_axis, bar_years, called, data, finish, is_narrow
from khien.draw.numbers import money_scale
from khien.words import t

_KINDS = {
    "spend": ("draw_money_spend", theme.BLUE),
    "training": ("draw_money_training", theme.GREEN),
    "obligation": ("draw_money_obligation", theme.ORANGE),
}


def money_by_year(frame: pl.DataFrame, lang: str, width: int = theme.WIDE) -> Chart:
    """Draw spending by kind as bars, income as a line of ticks, and cash at the end of the year.

    Parameters
    ----------
    frame
        ``money_by_year`` of a plan: year, kind (income, spend, training, obligation, cash_end),
        source, amount_mvnd (whole million VND).
    """
    narrow = is_narrow(width)
    divisor, unit = _scale(frame)
    totals = frame.group_by("year", "kind").agg(pl.col("amount_mvnd").sum())
    totals = totals.with_columns(value=pl.col("amount_mvnd") / divisor).sort("year")
    years = sorted(totals["year"].unique().to_list())
    out = totals.filter(pl.col("kind").is_in(list(_KINDS))).with_columns(
        name=pl.col("kind").replace_strict({k: t(key, lang) for k, (key, _) in _KINDS.items()})
    )
    x = alt.X("year:O", title=None, axis=bar_years(years, width))
    flow, left = (f"{t(key, lang)} ({t(unit, lang)})" for key in ("draw_money_flow", "draw_money_cash"))
    order = [t(key, lang) for key, _ in _KINDS.values()]
    bars = (
        alt.Chart(data(out))
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y("value:Q", stack=True, axis=amount_axis(flow)),
            color=alt.Color(
                "name:N",
                scale=alt.Scale(domain=order, range=[c for _, c in _KINDS.values()]),
                legend=alt.Legend(columns=1 if narrow else 3),
            ),
            order=alt.Order("rank:Q"),
            tooltip=_tip(lang, unit),
        )
        .transform_calculate(rank=f"indexof({order}, datum.name)")
    )
    income = totals.filter(pl.col("kind") == "income").with_columns(name=pl.lit(t("draw_money_income", lang)))
    ticks = alt.Chart(data(income)).mark_tick(thickness=2.5, color=theme.INK, bandSize=16 if narrow else 34)
    top = alt.layer(bars, ticks.encode(x=x, y="value:Q", tooltip=_tip(lang, unit)))
    cash = totals.filter(pl.col("kind") == "cash_end").with_columns(name=pl.lit(t("draw_money_cash", lang)))
    low = (
        alt.Chart(data(cash))
        .mark_bar(color=theme.GREY)
        .encode(
            x=x,
            y=alt.Y(
                "value:Q",
                axis=amount_axis(left, 3),
            ),
            tooltip=_tip(lang, unit),
        )
    )
    inner = width - 70
    chart = alt.vconcat(top.properties(width=inner, height=230), low.properties(width=inner, height=90), spacing=34)
    return finish(chart, fit=False)


def income_by_source(frame: pl.DataFrame, lang: str, names: Names, width: int = theme.WIDE) -> Chart:
    """Draw income of each year by source; a source without a name shows its id."""
    narrow = is_narrow(width)
    divisor, unit = _scale(frame)
    rows = frame.filter(pl.col("kind") == "income")
    rows = rows.group_by("year", "source").agg(pl.col("amount_mvnd").sum()).sort("year", "source")
    size = (
        rows.group_by("source").agg(pl.col("amount_mvnd").sum()).sort("amount_mvnd", "source", descending=[True, False])
    )
    kept = size["source"].to_list()[:7]
    other = t("draw_other", lang)
    rows = rows.with_columns(
        name=pl.col("source").map_elements(
            lambda s: called(names, s) if s in kept else other, return_dtype=pl.String, skip_nulls=False
        ),
        value=pl.col("amount_mvnd") / divisor,
    )
    years = sorted(rows["year"].unique().to_list())
    domain = [called(names, s) for s in kept] + ([other] if len(size) > len(kept) else [])
    chart = (
        alt.Chart(data(rows))
        .mark_bar()
        .encode(
            x=alt.X("year:O", title=None, axis=bar_years(years, width)),
            y=alt.Y("sum(value):Q", axis=amount_axis(t(unit, lang))),
            color=alt.Color(
                "name:N",
                scale=alt.Scale(domain=domain, range=theme.SERIES),
                legend=alt.Legend(columns=1 if narrow else 4, offset=26),
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("year:O", title=t("draw_year", lang)),
                alt.Tooltip("name:N", title=t("draw_source", lang)),
                alt.Tooltip("sum(value):Q", title=t(unit, lang), format=",.1f"),
            ],
        )
        .transform_calculate(rank=f"indexof({domain}, datum.name)")
        .properties(width=width, height=240 if narrow else 270)
    )
    return finish(chart)


def _scale(frame: pl.DataFrame) -> tuple[int, str]:
    """Choose the unit that suits the largest yearly total."""
    largest = frame.group_by("year", "kind").agg(pl.col("amount_mvnd").sum())["amount_mvnd"].max()
    return money_scale(float(largest or 0))  # type: ignore[arg-type]


def _tip(lang: str, unit: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("year:O", title=t("draw_year", lang)),
        alt.Tooltip("name:N", title=t("draw_measure", lang)),
        alt.Tooltip("value:Q", title=t(unit, lang), format=",.1f"),
    ]
