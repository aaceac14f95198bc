"""What products depend on: the worked paths of docs/methods/self-reliance.md, and all paths walked."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import frames, named, random_programme
from tests.plan.tiny import changed_rows, rows, tiny, with_tables

from khien.programme import Programme
from khien.reliance import (
    controlling_country,
    dependencies,
    foreign_organisations,
    item_supplies,
    option_partners,
    service_needs,
)


def programme(**tables: list[dict[str, Any]]) -> Programme:
    """The tiny programme with whole tables exchanged."""
    return with_tables(tiny(), **frames(rows() | tables))


def needs(subject: str, name: str, lost: float | None = None) -> dict[str, Any]:
    return {
        "subject": subject,
        "input": name,
        "criticality": "stops" if lost is None else "degrades",
        "lost_share": lost,
    }


def found(made: Programme, product: str) -> dict[str, tuple[str, float, float, str | None]]:
    table = dependencies(made).filter(pl.col("product") == product)
    return {row[2]: (row[1], row[3], row[4], row[5]) for row in table.iter_rows()}


def paths_of(inputs: list[dict[str, Any]], kind: str = "core") -> Programme:
    technologies = [named(t, kind=kind) for t in ("engine", "t", "u")]
    return programme(technologies=technologies, inputs=inputs)


def test_the_tiny_programme() -> None:
    assert dependencies(tiny()).rows() == [
        ("boat", "self", "boat", 3.0, 1.0, "boat"),
        ("boat", "subject", "engine", 3.0, 1.0, "engine"),
        ("drone", "self", "drone", 3.0, 1.0, "drone"),
        ("drone", "item", "chip", 3.0, 0.5, None),
    ]
    assert service_needs(tiny()).rows() == [
        ("boat", "self", "boat", "boat"),
        ("boat", "subject", "engine", "engine"),
        ("drone", "self", "drone", "drone"),
    ]


def test_along_a_path_the_mildest_edge_decides_and_among_paths_the_harshest() -> None:
    inputs = [needs("boat", "t", 0.4), needs("t", "chip"), needs("boat", "u"), needs("u", "chip", 0.7)]
    lost = {name: row[2] for name, row in found(paths_of(inputs), "boat").items()}
    assert lost == {"boat": 1.0, "t": 0.4, "u": 1.0, "chip": 0.7}


def test_rings_end_where_they_close() -> None:
    inputs = [
        needs("boat", "t"),
        needs("t", "u", 0.5),
        needs("u", "t"),
        needs("u", "boat"),
        needs("t", "chip", 0.9),
    ]
    lost = {name: row[2] for name, row in found(paths_of(inputs), "boat").items()}
    assert lost == {"boat": 1.0, "t": 1.0, "u": 0.5, "chip": 0.9}


def test_conveniences_are_not_followed() -> None:
    inputs = [needs("boat", "t") | {"criticality": "convenience"}, needs("t", "chip")]
    assert set(found(paths_of(inputs), "boat")) == {"boat"}


def test_only_what_stops_keeps_a_product_out_of_service() -> None:
    inputs = [needs("boat", "t", 0.9), needs("t", "u"), needs("boat", "chip")]
    made = with_tables(paths_of(inputs), supplies=tiny().supplies.clear())
    made = changed_rows(made, "items", pl.lit(True), replaced_by="u")
    boat = service_needs(made).filter(pl.col("product") == "boat")
    assert boat.rows() == [("boat", "self", "boat", "boat"), ("boat", "item", "chip", "u")]


def supply(site: str, share: float, stock: float | None = None) -> dict[str, Any]:
    return {"item": "chip", "site": site, "share": share, "stock_months": stock}


@pytest.mark.parametrize(
    "supplies, expected",
    [
        ([supply("kr-site", 0.75, 4.0), supply("home-site", 0.25)], ("item", 4.0, 0.5 * 0.75, None)),
        ([supply("kr-site", 0.5, 4.0), supply("joint-site", 0.5, 2.0)], ("item", 2.0, 0.5, None)),
        ([supply("kr-site", 0.5, 4.0), supply("joint-site", 0.5)], ("item", 0.0, 0.5, None)),
        ([supply("kr-site", 0.5, 4.0), supply("joint-site", 0.0)], ("item", 4.0, 0.5, None)),
        ([supply("home-site", 0.8)], None),
        ([supply("home-site", 1.0), supply("kr-site", 0.5)], None),
        ([], None),
    ],
)
def test_supplies(supplies: list[dict[str, Any]], expected: tuple[str, float, float, str | None] | None) -> None:
    """Half of the drone hangs on chips; joint-works is held by kr-works."""
    held = named("joint-works", role="member", country="vn", controlled_by="kr-works", control_share=0.51)
    made = programme(
        organisations=[*rows()["organisations"], held],
        sites=[
            named("kr-site", organisation="kr-works"),
            named("home-site", organisation="home-works"),
            named("joint-site", organisation="joint-works"),
        ],
        supplies=supplies,
    )
    assert found(made, "drone").get("chip") == expected
    assert item_supplies(made)["chip"].supplied == bool(supplies)


def owner(id: str, country: str, by: str | None = None, share: float | None = None) -> dict[str, Any]:
    return named(id, role="member", country=country, controlled_by=by, control_share=share)


def test_owners() -> None:
    made = programme(
        organisations=[
            owner("abroad", "kr"),
            owner("home", "vn"),
            owner("held", "vn", "kr", 0.6),
            owner("half", "vn", "kr", 0.5),
            owner("unknown", "vn", "kr"),
            owner("chain", "vn", "held", 0.9),
            owner("ours", "kr", "home", 1.0),
            owner("ring-a", "vn", "ring-b", 0.9),
            owner("ring-b", "vn", "ring-a", 0.9),
            owner("state", "vn", "vn", 1.0),
        ],
        sites=[],
        supplies=[],
    )
    assert foreign_organisations(made) == {"abroad", "held", "chain", "ours"}
    control = controlling_country(made)
    assert {name for name, country in control.items() if country == "kr"} == {"abroad", "held", "chain"}


def test_own_work_has_no_partner() -> None:
    odd = changed_rows(tiny(), "options", pl.col("id") == "boat-make-own", partner="kr-works")
    assert option_partners(odd).filter(pl.col("option").str.contains("boat-make|drone")).rows() == [
        ("boat-make-own", None, "vn", False),
        ("drone-buy-licence", "kr-works", "kr", True),
    ]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_harshest_paths_against_all_paths(seed: int) -> None:
    """Walk every simple path and take the greatest of the least edges."""
    made = random_programme(np.random.default_rng(seed), 9, check=False)
    edges: dict[str, list[tuple[str, float]]] = {}
    for row in made.inputs.filter(pl.col("criticality") != "convenience").iter_rows(named=True):
        edges.setdefault(row["subject"], []).append(
            (row["input"], 1.0 if row["lost_share"] is None else row["lost_share"])
        )
    supplies = item_supplies(made)

    def walk(name: str, lost: float, path: frozenset[str], worst: dict[str, float]) -> dict[str, float]:
        for below, edge in edges.get(name, []):
            if below not in path:
                worst[below] = max(worst.get(below, 0.0), min(lost, edge))
                walk(below, min(lost, edge), path | {below}, worst)
        return worst

    for product in made.products["id"].to_list():
        expected = {product: 1.0}
        for name, lost in walk(product, 1.0, frozenset([product]), {}).items():
            s = supplies.get(name)
            left = lost if s is None else lost * (1 - s.home_share) if s.foreign else 0.0
            if left > 0:
                expected[name] = left
        assert {name: row[2] for name, row in found(made, product).items()} == pytest.approx(expected)
