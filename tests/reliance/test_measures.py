"""Mastery, transfer, concentration and localisation: the worked tables of the method pages."""

from __future__ import annotations

import polars as pl
import pytest
from tests.plan.small_programmes import frames, named
from tests.plan.tiny import option, rows, tiny, with_tables

from khien.programme import Programme
from khien.reliance import bill_of_items, concentration, item_purchases, localisation, mastery, transfer


def source(row: str, column: str, status: str) -> dict[str, str]:
    return {"table": "maturity", "row": row, "column": column, "source": "test", "status": status}


@pytest.fixture(scope="module")
def measured() -> Programme:
    steps = {"design": (0.9, 0.8), "production": (0.7, 0.5), "assurance": (0.4, 0.9)}
    tables = rows() | {
        "stages": [
            named(s, order=i, service=s == "production", assurance=s == "assurance")
            for i, s in enumerate(["design", "production", "assurance", "upgrade"])
        ],
        "technologies": [named("engine", kind="core", trl=6, group="rescue")],
        "maturity": [
            {"subject": "engine", "stage": stage, "level": level, "domestic_share": share}
            for stage, (level, share) in steps.items()
        ],
        "sources_of_facts": [
            source("engine|design", "*", "accepted"),
            source("engine|design", "level", "claimed"),
            source("engine|production", "domestic_share", "verified"),
            source("engine|production", "level", "verified"),
        ],
    }
    return with_tables(tiny(), **frames(tables))


def test_mastery(measured: Programme) -> None:
    engine = mastery(measured).filter(pl.col("subject") == "engine")
    assert engine.drop("subject", "order").rows() == [
        ("technology", "rescue", 6, "design", 0.9, 0.8, True, True, "claimed"),
        ("technology", "rescue", 6, "production", 0.7, 0.5, True, False, "verified"),
        ("technology", "rescue", 6, "assurance", 0.4, 0.9, False, False, None),
        ("technology", "rescue", 6, "upgrade", None, None, False, False, None),
    ]
    assert len(mastery(measured)) == 3 * 4
    assert mastery(measured).filter(pl.col("kind") == "product")["trl"].null_count() == 8


def test_transfer() -> None:
    def licence(id: str, rights: float | None) -> dict[str, object]:
        parts = {"design": 0.8, "experts": 1.0, "processes": 1.0, "documents": 1.0, "rights": rights}
        return option(id, "drone-buy", 1, 1, form="licence", partner="kr-works") | {
            f"transfer_{name}": share for name, share in parts.items()
        }

    options = [option("own", "drone-buy", 1, 1), licence("a", 0.2), licence("b", None)]
    made = with_tables(tiny(), **frames({"options": options}))
    assert transfer(made).select("option", "unknown", "completeness", "complete").rows() == [
        ("own", 0, 1.0, True),
        ("a", 0, 0.8, True),
        ("b", 1, 0.76, False),
    ]


def test_five_times_the_threshold_reaches_it() -> None:
    """Binary fractions would make the mean of some equal shares a little less than the share."""
    for share in (0.1, 0.3, 0.6, 0.7, 0.8, 0.9):
        parts = {f"transfer_{e}": share for e in ("design", "experts", "processes", "documents", "rights")}
        row = option("x", "drone-buy", 1, 1, form="licence", partner="kr-works") | parts
        made = with_tables(tiny(transfer_threshold=share), **frames({"options": [row]}))
        assert transfer(made)["complete"].to_list() == [True]


def test_concentration() -> None:
    sellers = [named(s, role="supplier", country=c) for s, c in (("s60", "kr"), ("s10", "vn"))]
    held = named("s30", role="supplier", country="vn", controlled_by="kr", control_share=0.6)
    made = with_tables(tiny(), **frames({"organisations": [*sellers, held]}))
    bought = pl.DataFrame({"organisation": ["s60", "s30", "s30", "s10", None], "amount_mvnd": [60, 10, 20, 10, 7]})
    assert concentration(made, bought).rows() == [
        ("partner", "s60", 60.0, 0.6, pytest.approx(0.46)),
        ("partner", "s30", 30.0, 0.3, pytest.approx(0.46)),
        ("partner", "s10", 10.0, 0.1, pytest.approx(0.46)),
        ("country", "kr", 90.0, 0.9, pytest.approx(0.82)),
        ("country", "vn", 10.0, 0.1, pytest.approx(0.82)),
    ]
    assert concentration(made, bought.clear()).is_empty()


def priced(price: int | None = 100, quantity: float | None = 3.0, item_price: int | None = 10) -> Programme:
    """A drone whose engine holds `quantity` chips, half of them imported; and a boat that needs nothing."""
    tables = rows() | {
        "products": [
            named("boat", dual_use=False, price_mvnd=20),
            named("drone", dual_use=False, price_mvnd=price),
        ],
        "items": [named("chip", kind="part", price_mvnd=item_price)],
        "sites": [named("kr-site", organisation="kr-works"), named("home-site", organisation="home-works")],
        "supplies": [
            {"item": "chip", "site": "kr-site", "share": 0.5},
            {"item": "chip", "site": "home-site", "share": 0.5},
        ],
        "inputs": [
            {"subject": "drone", "input": "engine", "criticality": "convenience", "quantity": 1.0},
            {
                "subject": "engine",
                "input": "chip",
                "criticality": "degrades",
                "lost_share": 0.1,
                "quantity": quantity,
            },
        ],
    }
    return with_tables(tiny(), **frames(tables))


def test_localisation() -> None:
    assert localisation(priced()).rows() == [("boat", 20, 0.0, 0, 1.0), ("drone", 100, 15.0, 0, 0.85)]
    assert bill_of_items(priced()).rows() == [("drone", "chip", 3.0)]
    assert item_purchases(priced()).rows() == [("home-works", 15.0), ("kr-works", 15.0)]


@pytest.mark.parametrize("unknown", [{"quantity": None}, {"item_price": None}])
def test_what_is_unknown_stays_unknown(unknown: dict[str, None]) -> None:
    made = priced(**unknown)
    assert localisation(made).row(1)[3:] == (1, None)
    assert item_purchases(made).is_empty()


def test_without_a_price_there_is_no_rate() -> None:
    assert localisation(priced(price=None)).row(1)[4] is None
    assert localisation(priced(price=0)).row(1)[4] is None
    assert localisation(priced(price=10)).row(1)[4] == 0.0


def test_a_ring_of_subjects_is_cut() -> None:
    made = priced()
    ring = pl.DataFrame(
        [{"subject": "engine", "input": "drone", "criticality": "stops", "quantity": 1.0}],
        schema=made.inputs.schema,
    )
    assert bill_of_items(with_tables(made, inputs=pl.concat([made.inputs, ring]))).rows() == [("drone", "chip", 3.0)]
