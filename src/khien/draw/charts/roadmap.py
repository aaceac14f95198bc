"""The roadmap: an overview of all groups, and one Gantt chart that a person can read."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from khien.draw import theme
from khien.draw.charts.common import (
    Chart,
    Names,
    called,
    cell_width,
    data,
    every_year,
    finish,
    heat_plot,
    heat_years,
    inline,
    is_narrow,
    shade_legend,
    shorten,
)
from khien.draw.charts.partners import FORMS, LETTERS, form_colour, form_name
from khien.draw.numbers import money, money_scale, quarter, year_of
from khien.words import t

ROW_PX = 24
ROW_NARROW_PX = 40
FIXED = ("committed", "running", "done")


def bars(frame: pl.DataFrame, lang: str, names: Names, stages: Names) -> pl.DataFrame:
    """Return what one bar of the roadmap shows, one row per project, by start.

    Columns: project, name, begin, finish (decimal years), form_name, letter, fixed, partner,
    country, cost, and texts for the tooltip.
    """
    rows = []
    for row in frame.sort("start", "end", "project").iter_rows(named=True):
        begin = year_of(row["start_quarter"])
        partner = called(names, row["partner"], t("draw_no_partner", lang))
        rows.append(
            {
                "project": row["project"],
                "name": row[f"name_{lang}"] or row["project"],
                "begin": begin,
                "finish": begin + (row["end"] - row["start"]) / 4,
                "form_name": form_name(row["form"], lang),
                "letter": t(LETTERS[row["form"]], lang) if row["form"] in LETTERS else "",
                "fixed": bool(row["fixed"]) or row["status"] in FIXED,
                "status": status_name(row["status"], lang),
                "partner": partner,
                "country": called(names, row["country"]),
                "stage": called(stages, row["to_stage"]),
                "from_quarter": quarter(row["start_quarter"], lang),
                "to_quarter": quarter(row["end_quarter"], lang),
                "cost": money(row["cost_mvnd"], lang),
                "success": row["success_share"],
            }
        )
    return pl.DataFrame(rows)


def status_name(status: str | None, lang: str) -> str:
    """Return the word for the status of a project."""
    return t(_STATUS[status], lang) if status in _STATUS else (status or "–")


_STATUS = {
    "candidate": "draw_status_candidate",
    "committed": "draw_status_committed",
    "running": "draw_status_running",
    "done": "draw_status_done",
    "stopped": "draw_status_stopped",
}


def roadmap(
    frame: pl.DataFrame,
    lang: str,
    names: Names | None = None,
    stages: Names | None = None,
    years: tuple[int, int] | None = None,
    width: int = theme.WIDE,
) -> Chart:
    """Draw one bar per project: colour and letter say the form, a dark frame that it is fixed.

    Parameters
    ----------
    frame
        ``roadmap`` of a plan, or one group of it.
    names
        Names of organisations and countries.
    stages
        Names of stages.
    years
        First and last year of the horizon; taken from the frame when left out.
    """
    narrow = is_narrow(width)
    rows = bars(frame, lang, names or {}, stages or {})
    first, last = years or (int(rows["begin"].min()), int(rows["finish"].max()))  # type: ignore[arg-type]
    left = min(first, int(float(rows["begin"].min()) // 1))  # type: ignore[arg-type]
    right = max(last + 1, int(-(-float(rows["finish"].max()) // 1)))  # type: ignore[arg-type]
    span = right - left
    alone = t("draw_no_partner", lang)
    longest = max(len(shorten(name, 60)) for name in rows["name"])
    inner = width - (16 if narrow else min(390, 40 + 6 * longest))
    note = [c if p == alone else f"{p} · {c}" for p, c in rows.select("partner", "cost").iter_rows()]
    if narrow:
        note = _that_fit(rows, note, (left, span), inner / span)
    rows = rows.with_columns(
        note=pl.Series(note, dtype=pl.String),
        short=pl.Series([shorten(n, 52 if narrow else 60) for n in rows["name"]], dtype=pl.String),
        after=pl.col("finish") < left + 0.68 * span,
    )
    y = alt.Y(
        "project:N",
        sort=rows["project"].to_list(),
        axis=None,
        scale=alt.Scale(paddingInner=0, paddingOuter=0),
    )
    step = 5 if narrow else 2
    ticks = [year for year in range(left, right) if year % step == 0]
    x = alt.X(
        "begin:Q",
        scale=alt.Scale(domain=[left, right], nice=False),
        axis=alt.Axis(orient="top", format="d", title=None, grid=False, labelFlush=False, values=ticks),
    )
    base = alt.Chart(data(rows)).encode(y=y, tooltip=_tooltip(lang))
    layers = [_stripes(rows, left, right, y, x), _horizon(first, last + 1, left, right)]
    layers += _bar_layers(base, x, lang, narrow, span)
    height = (ROW_NARROW_PX if narrow else ROW_PX) * len(rows)
    chart = alt.layer(*[layer for layer in layers if layer is not None]).properties(width=inner, height=height)
    return finish(chart, fit=False)


def _that_fit(rows: pl.DataFrame, notes: list[str], years: tuple[int, int], px: float) -> list[str]:
    """Return the note of each bar, or only its cost where a phone has no room for more beside the bar.

    ``years`` are the first year and their number, ``px`` is the width of one; a letter takes about 5.4 px.
    """
    left, span = years
    found = []
    for note, begin, end, cost in zip(notes, rows["begin"], rows["finish"], rows["cost"], strict=True):
        before, after = (begin - left) * px, (left + span - end) * px
        room = after if end < left + 0.68 * span else before
        found.append(note if 5.4 * len(note) + 8 <= room else cost)
    return found


def _stripes(rows: pl.DataFrame, left: int, right: int, y: alt.Y, x: alt.X) -> alt.Chart:
    """Return pale stripes on every second row, which lead the eye from name to bar."""
    even = rows.gather_every(2).select("project", begin=pl.lit(left), finish=pl.lit(right))
    stripes: alt.Chart = alt.Chart(data(even)).mark_rect(color=theme.TINT).encode(y=y, x=x, x2="finish:Q")
    return stripes


def _horizon(first: int, end: int, left: int, right: int) -> alt.Chart | None:
    """Return rules at the edges of the horizon when bars reach beyond it."""
    edges = [edge for edge in (first, end) if left < edge < right]
    if not edges:
        return None
    rows = inline([{"edge": edge} for edge in edges])
    rules: alt.Chart = alt.Chart(rows).mark_rule(color=theme.GREY, strokeDash=[2, 3]).encode(x="edge:Q")
    return rules


def _bar_layers(base: alt.Chart, x: alt.X, lang: str, narrow: bool, span: int) -> list[alt.Chart]:
    """Return bars, their letters, the mark of fixed projects, names and notes."""
    shift = 9 if narrow else 0
    size = 13 if narrow else 15
    x2 = alt.X2("finish:Q")
    colour = form_colour(lang, orient="top", columns=2 if narrow else 4)
    fixed = "datum.fixed"
    layers = [
        base.mark_bar(size=size, yOffset=shift, cornerRadius=2).encode(x=x, x2=x2, color=colour),
        base.transform_filter(fixed)
        .mark_bar(size=size, yOffset=shift, filled=False, stroke=theme.INK, strokeWidth=2, cornerRadius=2)
        .encode(x=x, x2=x2),
        base.transform_filter(f"datum.finish - datum.begin >= {span / (26 if narrow else 60)}")
        .mark_text(align="left", dx=4, dy=shift + 0.5, fontSize=10, fontWeight=600)
        .encode(x=x, text="letter:N", color=_ink(lang)),
    ]
    name: dict[str, Any] = {"align": "left", "dy": -9} if narrow else {"align": "right", "dx": -10}
    layers.append(base.mark_text(fontSize=12, color=theme.INK, **name).encode(x=alt.value(0), text="short:N"))
    text: dict[str, Any] = {"fontSize": 10 if narrow else 11, "color": theme.MUTED, "dy": shift}
    layers.append(
        base.transform_filter("datum.after")
        .mark_text(align="left", dx=6, **text)
        .encode(x=alt.X("finish:Q"), text="note:N")
    )
    layers.append(
        base.transform_filter("!datum.after").mark_text(align="right", dx=-6, **text).encode(x=x, text="note:N")
    )
    return layers


def _ink(lang: str) -> Any:
    """Return the colour of the letter in a bar, readable on the bar's own colour."""
    pairs = {form_name(f, lang): theme.ink_on(theme.FORM_COLOURS[f]) for f in FORMS}
    dark = [f"datum.form_name === {name!r}" for name, ink in pairs.items() if ink == theme.INK]
    return alt.condition(" || ".join(dark) or "false", alt.value(theme.INK), alt.value("#ffffff"))


def _tooltip(lang: str) -> list[alt.Tooltip]:
    fields = {
        "name": "draw_project",
        "project": "draw_id",
        "form_name": "draw_form",
        "partner": "draw_partner",
        "country": "draw_country",
        "stage": "draw_to_stage",
        "from_quarter": "draw_start",
        "to_quarter": "draw_end",
        "cost": "draw_cost",
        "status": "draw_status",
    }
    tips = [alt.Tooltip(f"{field}:N", title=t(key, lang)) for field, key in fields.items()]
    return [*tips, alt.Tooltip("success:Q", title=t("draw_success", lang), format=".0%")]


def running_by_year(frame: pl.DataFrame, years: list[int]) -> pl.DataFrame:
    """Return how many projects of each group run in each year (group, year, projects)."""
    spans = [
        (g, year_of(s), year_of(s) + (e - b) / 4)
        for g, s, b, e in frame.select("group", "start_quarter", "start", "end").iter_rows()
    ]
    rows = [
        {
            "group": group,
            "year": year,
            "projects": sum(1 for g, b, f in spans if g == group and b < year + 1 and f > year),
        }
        for group in frame["group"].unique(maintain_order=True)
        for year in years
    ]
    return pl.DataFrame(rows, schema={"group": pl.String, "year": pl.Int64, "projects": pl.Int64})


def roadmap_overview(
    frame: pl.DataFrame,
    spend: pl.DataFrame,
    lang: str,
    names: Names,
    years: tuple[int, int] | None = None,
    width: int = theme.WIDE,
) -> Chart:
    """Draw, per group and year, money (shade) and the number of projects that run (figure).

    Parameters
    ----------
    frame
        ``roadmap`` of a plan.
    spend
        ``spend_by`` of the same plan; kind "group" gives the money.
    years
        First and last year of the horizon; taken from the money when left out.
    """
    narrow = is_narrow(width)
    money_rows = spend.filter(pl.col("kind") == "group").group_by("key", "year").agg(pl.col("amount_mvnd").sum())
    span = every_year(money_rows["year"], years)
    rows = running_by_year(frame, span).join(
        money_rows.with_columns(pl.col("year").cast(pl.Int64)),
        left_on=["group", "year"],
        right_on=["key", "year"],
        how="left",
    )
    divisor, unit = money_scale(float(money_rows["amount_mvnd"].max() or 0))  # type: ignore[arg-type]
    groups = sorted(frame["group"].unique().to_list(), key=lambda g: called(names, g))
    count = dict(frame.group_by("group").len().iter_rows())
    label = {g: f"{shorten(called(names, g), 19 if narrow else 44)} ({count[g]})" for g in groups}
    rows = rows.with_columns(
        value=pl.col("amount_mvnd").fill_null(0) / divisor,
        name=pl.col("group").replace_strict({g: called(names, g) for g in groups}, return_dtype=pl.String),
        label=pl.col("group").replace_strict(label, return_dtype=pl.String),
    ).drop("amount_mvnd")
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "year:O", title=None, scale=alt.Scale(paddingInner=0.05),
            axis=heat_years(span, width),
        ),
        y=alt.Y(
            "label:N", sort=[label[g] for g in groups], title=None, scale=alt.Scale(paddingInner=0.1),
            axis=alt.Axis(labelLimit=170 if narrow else 320, labelColor=theme.INK),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t("draw_group", lang)),
            alt.Tooltip("year:O", title=t("draw_year", lang)),
            alt.Tooltip("projects:Q", title=t("draw_projects_running", lang)),
            alt.Tooltip("value:Q", title=t(unit, lang), format=",.1f"),
        ],
    )  # fmt: skip
    top = float(rows["value"].max() or 1)  # type: ignore[arg-type]
    spent = f"{t('draw_spend_in_year', lang)} ({t(unit, lang)})"
    shade = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, top], range=theme.SHADES, interpolate="rgb"),
        legend=shade_legend(narrow, format=",.0f", title=spent),
    )  # fmt: skip
    layers = [base.mark_rect().encode(color=shade)]
    if cell_width(width, len(span)) >= 16:
        ink = alt.condition(f"datum.value > {top * theme.LIGHT_FROM}", alt.value("#ffffff"), alt.value(theme.ON_SHADES))
        some = base.transform_filter("datum.projects > 0")
        layers.append(some.mark_text(fontSize=11).encode(text=alt.Text("projects:Q"), color=ink))
    chart = alt.layer(*layers).properties(width=heat_plot(width, label.values()), height=26 * len(groups))
    return finish(chart, fit=False)
