"""Money and limits: complete, forwards, and pointing to something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import polars as pl

from khien.programme.quarters import quarter_year
from khien.programme.sheet import Desk
from khien.programme.tables.work import Form, RiskClass


def every_year_has_money(desk: Desk) -> None:
    """A year without a row of money counts as a year without money; that must be meant."""
    settings = desk.settings
    if settings is None or not desk.frame("projects").height:
        return
    first, last = quarter_year(settings.first), quarter_year(settings.last)
    for line, year in desk["money"].rows("year"):
        if year is not None and not first <= year <= last:
            desk.note(
                "outside-horizon",
                "money",
                line,
                "year",
                year,
                first=settings.first_quarter,
                last=settings.last_quarter,
            )
    paid = set(desk.frame("money")["year"])
    if bare := [str(y) for y in range(first, last + 1) if y not in paid]:
        desk.note("year-without-money", "money", None, "year", ", ".join(bare))


def limits_say_how_much(desk: Desk) -> None:
    """A limit has either an amount or a share, and its years run forwards."""
    both = pl.col("amount_mvnd").is_null() == pl.col("share").is_null()
    for line, limit in desk["limits"].where(both, "id"):
        desk.note("limit-amount", "limits", line, "amount_mvnd", limit)
    for line, first, last in desk["limits"].where(
        pl.col("to_year") < pl.col("from_year"), "from_year", "to_year"
    ):
        desk.note("years-backwards", "limits", line, "to_year", last, first=first)


def limits_point_to_something(desk: Desk) -> None:
    """The key of a limit is a group, partner, country, risk class or form that exists; none for all."""
    known = {
        "group": desk.ids("groups"),
        "partner": desk.ids("organisations"),
        "country": desk.ids("countries"),
        "risk_class": set(get_args(RiskClass)),
        "form": set(get_args(Form)),
    }
    for line, limit, over, key in desk["limits"].rows("id", "over", "key"):
        if over is not None and (key is not None if over == "all" else key not in known[over]):
            desk.note("limit-key", "limits", line, "key", key or "", limit=limit, over=over)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    every_year_has_money,
    limits_say_how_much,
    limits_point_to_something,
)
