"""Inputs, supplies and who controls whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import polars as pl

from khien.programme.owners import foreign_organisations
from khien.programme.rules.rings import rings
from khien.programme.sheet import Desk

ROUNDING: Final = 1e-9


def degrading_inputs_say_how_much(desk: Desk) -> None:
    """An input that degrades its subject says which share of the output is lost."""
    bare = (pl.col("criticality") == "degrades") & pl.col("lost_share").is_null()
    for line, value in desk["inputs"].where(bare, "input"):
        desk.note("lost-share-missing", "inputs", line, "lost_share", value)


def inputs_run_down(desk: Desk) -> None:
    """A subject is no input of itself; a longer ring is allowed and gets a warning."""
    sheet = desk["inputs"]
    for line, value in sheet.where(pl.col("subject") == pl.col("input"), "input"):
        desk.note("input-self", "inputs", line, "input", value)
    edges = sheet.frame.select("subject", "input").drop_nulls().iter_rows()
    for ring in rings((a, b) for a, b in edges):
        at = (pl.col("subject") == ring[0]) & pl.col("input").is_in(ring)
        line = next(sheet.where(at, "input"))[0]
        desk.note("input-cycle", "inputs", line, "input", " → ".join([*ring, ring[0]]))


def supplies_sum_to_one(desk: Desk) -> None:
    """The shares of the suppliers of an item sum to at most 1."""
    shares_sum_to_one(desk, "supplies", "item", "share")


def shares_sum_to_one(desk: Desk, table: str, by: str, column: str) -> None:
    """Report every group of rows whose shares sum to more than 1."""
    sheet = desk[table]
    known = sheet.frame.select(by, column).with_row_index("_index").drop_nulls()
    sums = (
        known.group_by(by)
        .agg(pl.col(column).sum(), pl.col("_index").max())
        .filter(pl.col(column) > 1 + ROUNDING)
    )
    for value, total, index in sums.sort("_index").iter_rows():
        desk.note("shares-over-one", table, sheet.line(index), column, value, total=f"{total:.12g}")


def control_runs_up(desk: Desk) -> None:
    """No ring of organisations that control one another; an unknown share of control is told."""
    sheet = desk["organisations"]
    edges = sheet.frame.select("id", "controlled_by").drop_nulls()
    own = edges.filter(pl.col("id") == pl.col("controlled_by"))["id"].to_list()
    for ring in [[name] for name in own] + rings((a, b) for a, b in edges.iter_rows()):
        line = next(sheet.where(pl.col("id") == ring[0], "id"))[0]
        desk.note("control-cycle", "organisations", line, "controlled_by", " → ".join([*ring, ring[0]]))
    unknown = pl.col("controlled_by").is_not_null() & pl.col("control_share").is_null()
    for line, name, by in sheet.where(unknown, "id", "controlled_by"):
        desk.note("control-share-unknown", "organisations", line, "control_share", name, by=by)


def control_agrees_with_itself(desk: Desk) -> None:
    """A share of control has an owner, and a nucleus is not held from abroad."""
    sheet = desk["organisations"]
    alone = pl.col("control_share").is_not_null() & pl.col("controlled_by").is_null()
    for line, name, share in sheet.where(alone, "id", "control_share"):
        desk.note("control-share-alone", "organisations", line, "controlled_by", name, share=f"{share:.12g}")
    if desk.settings is None:
        return
    foreign = foreign_organisations(sheet.frame, desk.settings.home_country)
    held = (pl.col("role") == "nucleus") & pl.col("id").is_in(list(foreign))
    for line, name, by in sheet.where(held & pl.col("controlled_by").is_not_null(), "id", "controlled_by"):
        desk.note("nucleus-held-abroad", "organisations", line, "controlled_by", name, by=by)


def supplies_say_how_long(desk: Desk) -> None:
    """Some supply says how long its stock lasts and, where sites may fail, how long it takes to recover."""
    sheet = desk["supplies"]
    if not sheet.frame.height:
        return
    if sheet.frame["stock_months"].null_count() == sheet.frame.height:
        desk.note("stocks-unknown", "supplies", None, "stock_months", count=sheet.frame.height)
    at_sites = desk.frame("shocks").filter(pl.col("kind").is_in(["site", "place"])).height
    if at_sites and sheet.frame["recover_months"].null_count() == sheet.frame.height:
        desk.note("recovery-unknown", "supplies", None, "recover_months", count=sheet.frame.height)


def countries_have_codes(desk: Desk) -> None:
    """A country's id is its ISO code, and the home country is one of them."""
    sheet = desk["countries"]
    for line, name in sheet.rows("id"):
        if name is not None and not re.fullmatch(r"[a-z]{2}", name):
            desk.note("country-code", "countries", line, "id", name)
    home = None if desk.settings is None else desk.settings.home_country
    if sheet.frame.height and home is not None and home not in desk.ids("countries"):
        desk.note("home-country", "settings", None, "home_country", home)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    degrading_inputs_say_how_much,
    inputs_run_down,
    supplies_sum_to_one,
    control_runs_up,
    control_agrees_with_itself,
    supplies_say_how_long,
    countries_have_codes,
)
