"""What a cut leaves, and coverage: the worked tables of the method pages, and laws."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import frames, named, random_programme
from tests.plan.tiny import rows, tiny, with_tables

from khien.programme import Programme
from khien.reliance import NEVER, coverage, dependencies, horizon, kept_share, retained, self_reliance
from khien.reliance.network import DEPENDENCIES

WORKED = pl.DataFrame(
    [
        ("p", "self", "p", 6.0, 1.0, "p"),
        ("p", "item", "x", 4.0, 0.75, "y"),
        ("p", "subject", "t", 6.0, 0.4, "t"),
    ],
    schema=DEPENDENCIES,
    orient="row",
)


@pytest.mark.parametrize(
    "held, left",
    [
        ({}, [1, 0.5, 0, 0]),
        ({"p": 0}, [1, 0.5, 0.25, 0.25]),
        ({"p": 0, "y": 0}, [1, 1, 0.6, 0.6]),
        ({"p": 0, "y": 0, "t": 0}, [1, 1, 1, 1]),
        ({"p": 0, "y": 2}, [1, 0.5, 0.6, 0.6]),
    ],
)
def test_the_worked_table(held: dict[str, int], left: list[float]) -> None:
    table = retained(tiny(), WORKED, held)
    assert table["retained"].to_list()[:4] == pytest.approx(left)
    assert table["quarter_of_cut"].to_list() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_after_the_cut_nothing_is_lost() -> None:
    assert retained(tiny(cut_quarters=2), WORKED, {})["retained"].to_list()[:4] == pytest.approx([1, 0.5, 1, 1])


def test_no_dependencies_no_products() -> None:
    assert retained(tiny(), WORKED.clear(), {}).is_empty()


@given(st.floats(0, 50), st.floats(0, 1), st.integers(0, 3), st.integers(1, 4))
def test_what_is_kept_lies_between_what_is_never_lost_and_all(months: float, lost: float, q: int, cut: int) -> None:
    kept = float(kept_share(months, lost, q, cut))
    assert 1 - lost - 1e-12 <= kept <= 1
    assert kept <= float(kept_share(months + 1, lost, q, cut)) + 1e-12
    assert q == 0 or float(kept_share(months, lost, q - 1, 4)) + 1e-12 >= float(kept_share(months, lost, q, 4))


def test_a_quarter_of_stock_is_kept_by_integration() -> None:
    """Output by day: full while stocks last, then the share that is not lost."""
    days = (np.arange(90_000) + 0.5) / 30_000  # months within the quarter
    for months, lost, q in ((4.0, 0.75, 1), (1.3, 0.5, 0), (11.0, 1.0, 3)):
        mean = np.where(days + 3 * q < months, 1.0, 1.0 - lost).mean()
        assert float(kept_share(months, lost, q, 4)) == pytest.approx(mean, abs=1e-4)


def worked_coverage() -> Programme:
    """The year of docs/methods/coverage.md."""
    made = with_tables(
        tiny(last_quarter="2026Q4"),
        **frames(
            rows()
            | {
                "products": [named("a", dual_use=False), named("b", dual_use=False)],
                "capabilities": [named("c1", unit="u", weight=3.0), named("c2", unit="u", weight=1.0)],
                "requirements": [
                    {"capability": "c1", "from_year": 2020, "level": 9.0},
                    {"capability": "c1", "from_year": 2026, "level": 4.0},
                    {"capability": "c2", "from_year": 2026, "level": 2.0},
                    {"capability": "c2", "from_year": 2027, "level": 50.0},
                ],
                "yields": [
                    {"product": "a", "capability": "c1", "amount": 2.0},
                    {"product": "a", "capability": "c2", "amount": 1.0},
                    {"product": "b", "capability": "c1", "amount": 3.0},
                ],
                "inputs": [],
            }
        ),
    )
    return made


def test_the_worked_coverage() -> None:
    found = coverage(worked_coverage(), {"a": 0, "b": 2})
    assert found.filter(pl.col("capability") == "all")["coverage"].to_list() == [0.5, 0.5, 0.875, 0.875]
    assert found.filter(pl.col("capability") == "c1")["coverage"].to_list() == [0.5, 0.5, 1.0, 1.0]
    assert found.filter(pl.col("capability") == "c1")["yield_amount"].to_list() == [2.0, 2.0, 5.0, 5.0]
    assert found.filter(pl.col("capability") == "c2")["required"].to_list() == [2.0] * 4


def test_the_worked_coverage_under_a_cut() -> None:
    """Nothing is held at home and assurance lasts one quarter: only the first quarter is left."""
    found = self_reliance(worked_coverage(), {"a": 0, "b": 2}, {"b": 0}).filter(pl.col("capability") == "all")
    assert found["self_reliance"].to_list() == pytest.approx([0.5, 0, 3 / 4 * 3 / 4, 3 / 4 * 3 / 4])


def test_quarters_without_any_requirement_are_left_out() -> None:
    made = worked_coverage()
    later = made.requirements.filter(pl.col("from_year") == 2027)
    assert coverage(with_tables(made, requirements=later), {"a": 0}).is_empty()


def test_horizons_that_begin_in_the_middle_of_a_year() -> None:
    when = horizon(tiny(first_quarter="2026Q3"))
    assert when.into_year.tolist() == [0, 1, 0, 1, 2, 3]
    assert [when.after_cut(end) for end in (-3, 0, 1, 2, 3, 4, 6)] == [0, 0, 2, 2, NEVER, NEVER, NEVER]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_laws_of_a_cut(seed: int) -> None:
    """A cut never helps, and holding more at home never hurts."""
    rng = np.random.default_rng(seed)
    made = random_programme(rng, 9, check=False)
    service = {p: int(rng.integers(0, 8)) for p in made.products["id"].to_list()}
    subjects = [*made.technologies["id"].to_list(), *made.products["id"].to_list()]
    some = {s: int(rng.integers(0, 16)) for s in subjects if rng.random() < 0.4}
    plain = coverage(made, service)["coverage"].to_numpy()
    cut = self_reliance(made, service, some)["self_reliance"].to_numpy()
    home = self_reliance(made, service, dict.fromkeys(subjects, 0))["self_reliance"].to_numpy()
    assert np.all(cut <= plain + 1e-12)
    assert np.all(cut <= home + 1e-12)
    table = dependencies(made)
    assert table["lost_share"].is_between(0, 1).all()
    assert (table["lost_share"] > 0).all()
