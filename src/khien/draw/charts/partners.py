"""Who the money goes to, in which form, and how concentrated that is."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import (
    Chart,
    Names,
    amount_axis,
    bar_years,
    called,
    data,
    every_year,
    finish,
    inline,
    is_narrow,
    shorten,
)
from khien.draw.numbers import money_scale, percent
from khien.words import t

FORMS = {
    "own": "draw_form_own",
    "joint": "draw_form_joint",
    "licence": "draw_form_licence",
    "purchase": "draw_form_purchase",
}
"""Word key of each form, in the order in which forms are shown."""

LETTERS = {
    "own": "draw_letter_own",
    "joint": "draw_letter_joint",
    "licence": "draw_letter_licence",
    "purchase": "draw_letter_purchase",
}
"""Word key of the letter that stands in a bar of each form."""


def form_name(form: str, lang: str) -> str:
    """Return the name of a form, with its letter as a second sign beside colour."""
    if form not in FORMS:
        return form
    return f"{t(FORMS[form], lang)} ({t(LETTERS[form], lang)})"


def form_colour(lang: str, **legend: Any) -> alt.Color:
    """Return the colour scale of forms for a field ``form_name``."""
    scale = alt.Scale(domain=[form_name(f, lang) for f in FORMS], range=list(theme.FORM_COLOURS.values()))
    return alt.Color("form_name:N", scale=scale, legend=alt.Legend(**legend) if legend else None)


def total_by(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return key, amount_mvnd and share (of all spend) over all years, largest first.

    Spend without a key, such as own projects that have no partner, counts in the whole only.
    """
    rows = frame.filter((pl.col("kind") == kind) & (pl.col("amount_mvnd") > 0))
    rows = rows.group_by("key").agg(pl.col("amount_mvnd").sum())
    whole = frame.filter(pl.col("kind") == "form")["amount_mvnd"].sum() or rows["amount_mvnd"].sum()
    rows = rows.with_columns(share=pl.col("amount_mvnd") / whole)
    return rows.drop_nulls("key").sort("amount_mvnd", "key", descending=[True, False])


def concentration(frame: pl.DataFrame, kind: str) -> float | None:
    """Return the Herfindahl index (0-1) of spend by ``kind`` among keys that are named.

    1 is all with one, near 0 is many small ones; None when nothing is spent with anybody.
    """
    amount = total_by(frame, kind)["amount_mvnd"].cast(pl.Float64)
    return float(((amount / amount.sum()) ** 2).sum()) if len(amount) else None


def spend_by(frame: pl.DataFrame, lang: str, kind: str, names: Names, width: int = theme.WIDE, most: int = 15) -> Chart:
    """Draw spend of the whole plan by partner, country, group or risk class as bars.

    Parameters
    ----------
    frame
        ``spend_by`` of a plan: kind, key, year, amount_mvnd (whole million VND).
    kind
        Which kind of key.
    most
        Bars beyond this number are added up as "others".
    """
    narrow = is_narrow(width)
    rows = total_by(frame, kind)
    divisor, unit = money_scale(float(rows["amount_mvnd"].max() or 0))  # type: ignore[arg-type]
    head, tail = rows.head(most), rows.tail(max(0, len(rows) - most))
    bars = [
        {"name": called(names, key), "value": amount / divisor, "share": share}
        for key, amount, share in head.iter_rows()
    ]
    if len(tail):
        others = t("draw_others_n", lang, n=len(tail))
        bars.append({"name": others, "value": tail["amount_mvnd"].sum() / divisor, "share": tail["share"].sum()})
    for bar in bars:
        bar["label"] = shorten(str(bar["name"]), 30 if narrow else 44)
        bar["text"] = percent(float(bar["share"]), lang, 1)
    order = [str(bar["label"]) for bar in bars]
    base = alt.Chart(inline(bars)).encode(
        y=alt.Y(
            "label:N",
            sort=order,
            title=None,
            axis=None if narrow else alt.Axis(labelLimit=320, labelColor=theme.INK),
        ),
        x=alt.X(
            "value:Q",
            axis=alt.Axis(format=",.0f", tickCount=4, title=t(unit, lang)),
            scale=alt.Scale(domainMax=1.12 * max((float(b["value"]) for b in bars), default=1)),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t(_TITLES[kind], lang)),
            alt.Tooltip("value:Q", title=t(unit, lang), format=",.1f"),
            alt.Tooltip("share:Q", title=t("draw_share", lang), format=".1%"),
        ],
    )
    step = 38 if narrow else 25
    thick: dict[str, Any] = {"size": 12, "yOffset": 8} if narrow else {"size": 15}
    layers = [
        base.mark_bar(color=theme.BLUE, **thick),
        base.mark_text(align="left", dx=5, dy=8 if narrow else 0, fontSize=11, color=theme.MUTED).encode(text="text:N"),
    ]
    if narrow:
        layers.append(base.mark_text(align="left", dy=-8).encode(x=alt.value(0), text="label:N"))
    chart = alt.layer(*layers).properties(width=width, height=step * len(bars) + 50)
    return finish(chart)


_TITLES = {
    "partner": "draw_partner",
    "country": "draw_country",
    "group": "draw_group",
    "risk_class": "draw_risk_class",
    "form": "draw_form",
}


def spend_by_form(
    frame: pl.DataFrame, lang: str, years: tuple[int, int] | None = None, width: int = theme.WIDE
) -> Chart:
    """Draw spend of each year by form (own, joint, licence, purchase)."""
    narrow = is_narrow(width)
    rows = frame.filter(pl.col("kind") == "form")
    yearly = rows.group_by("year").agg(pl.col("amount_mvnd").sum())["amount_mvnd"].max()
    divisor, unit = money_scale(float(yearly or 0))  # type: ignore[arg-type]
    rank = {form: i for i, form in enumerate(FORMS)}
    rows = rows.select(
        "year",
        value=pl.col("amount_mvnd") / divisor,
        form_name=pl.col("key").map_elements(lambda f: form_name(f, lang), return_dtype=pl.String),
        rank=pl.col("key").replace_strict(rank, default=9, return_dtype=pl.Int32),
    )
    span = every_year(rows["year"], years)
    chart = (
        alt.Chart(data(rows))
        .mark_bar()
        .encode(
            x=alt.X("year:O", title=None, axis=bar_years(span, width), scale=alt.Scale(domain=span)),
            y=alt.Y("value:Q", axis=amount_axis(t(unit, lang))),
            color=form_colour(lang, columns=1 if narrow else 4, orient="top", offset=26),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("year:O", title=t("draw_year", lang)),
                alt.Tooltip("form_name:N", title=t("draw_form", lang)),
                alt.Tooltip("value:Q", title=t(unit, lang), format=",.1f"),
            ],
        )
        .properties(width=width, height=240 if narrow else 270)
    )
    return finish(chart)
