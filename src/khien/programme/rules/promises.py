"""Agreements, obligations and shocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import polars as pl

from khien.programme.quarters import quarter_number
from khien.programme.rules.rings import rings
from khien.programme.sheet import Desk
from khien.programme.tables.work import Form


def agreements_list_forms(desk: Desk) -> None:
    """The forms of an agreement are forms of cooperation."""
    known = get_args(Form)
    for line, forms in desk["agreements"].where(pl.col("forms").is_not_null(), "forms"):
        wrong = [part.strip() for part in forms.split(";") if part.strip() not in known]
        if wrong:
            desk.note("list-invalid", "agreements", line, "forms", forms, part=wrong[0], choices=", ".join(known))


def obligations_come_in_pairs(desk: Desk) -> None:
    """A capability goes with an amount, a skill with a number of people."""
    for left, right in (("capability", "amount"), ("skill", "people")):
        lone = pl.col(left).is_null() != pl.col(right).is_null()
        for line, obligation, a in desk["obligations"].where(lone, "id", left):
            have, lack = (right, left) if a is None else (left, right)
            desk.note("pair-incomplete", "obligations", line, lack, have, obligation=obligation)


def moments_lie_in_the_horizon(desk: Desk) -> None:
    """What is due or happens outside the horizon has no effect."""
    settings = desk.settings
    if settings is None:
        return
    bounds = {"first": settings.first_quarter, "last": settings.last_quarter}
    for table, column in (
        ("obligations", "due"),
        ("shocks", "from_quarter"),
        ("shocks", "latest_quarter"),
    ):
        for line, quarter in desk[table].where(pl.col(column).is_not_null(), column):
            if not settings.first <= quarter_number(quarter) <= settings.last:
                desk.note("outside-horizon", table, line, column, quarter, **bounds)


def shocks_hit_something(desk: Desk) -> None:
    """The key of a shock is what its kind says, and exists."""
    known = {
        "partner": desk.ids("organisations"),
        "country": desk.ids("countries"),
        "site": desk.ids("sites"),
        "place": desk.ids("places"),
        "skill": desk.ids("skills"),
        "budget": {None, *desk.frame("money")["source"].drop_nulls()},
    }
    for line, shock, kind, key in desk["shocks"].rows("id", "kind", "key"):
        if kind is not None and key not in known[kind]:
            desk.note("shock-key", "shocks", line, "key", key or "", shock=shock, kind=kind)


def shocks_begin_forwards(desk: Desk) -> None:
    """The last quarter in which a shock may begin is not before the first."""
    backwards = pl.col("latest_quarter") < pl.col("from_quarter")
    for line, shock, first, last in desk["shocks"].where(backwards, "id", "from_quarter", "latest_quarter"):
        desk.note("shock-backwards", "shocks", line, "latest_quarter", last, shock=shock, first=first)


def shocks_come_from_somewhere(desk: Desk) -> None:
    """No shock comes with itself, straight or in a ring."""
    sheet = desk["shocks"]
    edges = sheet.frame.select("id", "correlated_with").drop_nulls()
    own = [a for a, b in edges.iter_rows() if a == b]
    for ring in [[name] for name in own] + rings((a, b) for a, b in edges.iter_rows()):
        line = next(sheet.where(pl.col("id") == ring[0], "id"))[0]
        desk.note("shock-cycle", "shocks", line, "correlated_with", " → ".join([*ring, ring[0]]))


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    agreements_list_forms,
    obligations_come_in_pairs,
    moments_lie_in_the_horizon,
    shocks_hit_something,
    shocks_begin_forwards,
    shocks_come_from_somewhere,
)
