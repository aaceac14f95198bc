"""The input-output shock: the table by hand, the direct inverse, laws, a listed economy, broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import data_path

from khien.cli import main
from khien.reliance.industry import (
    IndustryTable,
    TableError,
    bottleneck_kept,
    forward_loss,
    industry_dependence,
    industry_shock,
)
from khien.reliance.industry_files import read_industry_table

HAND = """country,industry,H|a,H|b,P|m,home,abroad
H,a,0,40,0,50,10
H,b,20,0,10,100,70
P,m,10,60,0,0,30
"""


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    path = tmp_path / "hand.csv"
    path.write_text(HAND, encoding="utf-8")
    return path


def random_table(seed: int, economies: int = 4, industries: int = 3) -> IndustryTable:
    rng = np.random.default_rng(seed)
    n = economies * industries
    between = rng.integers(0, 20, size=(n, n)) * (rng.random((n, n)) < 0.6)
    final = rng.integers(150, 400, size=n)
    return IndustryTable(
        tuple(f"E{i // industries}" for i in range(n)),
        tuple(f"c{i % industries}" for i in range(n)),
        between.astype(float),
        final.astype(float),
        (between.sum(axis=1) + final).astype(float),
    )


def test_the_table_of_the_page(by_hand: Path) -> None:
    table = read_industry_table(by_hand)
    assert table.output.tolist() == [100, 200, 100]
    assert forward_loss(table, "H", "P") == pytest.approx([50 / 3, 200 / 3, 10 / 3])
    whole = industry_dependence(table, "H").row(0, named=True)
    assert (whole["delivered"], whole["forward_share"]) == pytest.approx((70, 250 / 900))
    assert whole["bottleneck_share"] == 1.0


def test_a_third_economy_keeps_half(tmp_path: Path) -> None:
    path = tmp_path / "third.csv"
    wide = (
        HAND.replace("P|m,", "P|m,Q|m,")
        .replace("H,a,0,40,0,", "H,a,0,40,0,0,")
        .replace("H,b,20,0,10,", "H,b,20,0,10,0,")
    )
    path.write_text(wide.replace("P,m,10,60,0,", "P,m,10,60,0,0,") + "Q,m,30,60,0,0,10,0\n", encoding="utf-8")
    direct, kept, scarce = bottleneck_kept(read_industry_table(path), "H", "P")
    assert direct == pytest.approx([0.75, 0.5])
    assert kept == pytest.approx([0.5, 0.5])
    assert scarce == ["b", "m"]


@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.4]))
@settings(max_examples=30)
def test_the_forward_loss_equals_the_direct_inverse(seed: int, share: float) -> None:
    table = random_table(seed)
    at_home, abroad = table.rows("E0"), table.rows("E2")
    left = table.between / table.output[:, None]
    left[np.ix_(abroad, at_home)] *= 1 - share
    rest = table.added @ np.linalg.inv(np.eye(len(left)) - left)
    np.testing.assert_allclose(forward_loss(table, "E0", "E2", share), table.output - rest, atol=1e-8)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_laws(seed: int) -> None:
    table = random_table(seed)
    half, full = (forward_loss(table, "E0", "E1", share) for share in (0.5, 1.0))
    assert (half >= -1e-9).all()
    assert (half <= full + 1e-9).all()
    assert (full <= table.output + 1e-9).all()
    shock = industry_shock(table, "E0", "E1")
    assert (shock["forward_loss"] >= shock["delivered"] - 1e-9).all()  # what is missing is lost, and what it fed
    assert (shock["bottleneck_share"] >= shock["direct_share"] - 1e-12).all()
    assert shock["bottleneck_share"].is_between(0.0, 1.0).all()
    harmless = industry_dependence(table, "E0", cut_share=1e-9)
    assert harmless["bottleneck_share"].max() < 1e-6  # type: ignore[operator]


def test_an_economy_that_delivers_nothing_costs_nothing() -> None:
    table = random_table(3)
    table.between[np.ix_(table.rows("E1"), table.rows("E0"))] = 0.0
    assert forward_loss(table, "E0", "E1") == pytest.approx(np.zeros(12))
    assert bottleneck_kept(table, "E0", "E1")[1].tolist() == [1, 1, 1]


def test_a_listed_economy(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(data_path("industry", "trade", "wiod2013_2011.npz"))
    assert main(["industry", path, "--home", "JPN", "--cut", "CHN", "--lang", "en"]) == 0
    assert "1.5 % of all output is lost if inputs replace one another" in capsys.readouterr().out
    assert main(["industry", path, "--home", "VNM", "--lang", "en"]) == 1
    assert "does not list “VNM”" in capsys.readouterr().err


def test_both_languages_and_json(by_hand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["industry", str(by_hand), "--home", "H", "--lang", "vi"]) == 0
    assert "27,8 %" in capsys.readouterr().out
    assert main(["industry", str(by_hand), "--home", "H", "--cut", "P", "--json"]) == 0
    assert '"forward_share": 0.27' in capsys.readouterr().out
    assert main(["industry", str(by_hand), "--home", "H", "--share", "2"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("H,a,0,40", "H,a,0,-40", "negative"),
        ("H,a,0,40", "H,a,0,forty", "no input-output table"),
        ("P|m", "P|n", "missing"),
        ("H,a,0,40", "H,a,0,NaN", "finite"),
        ("home,abroad", "home,output", "add up"),
    ],
)
def test_broken_tables_are_refused(by_hand: Path, old: str, new: str, says: str) -> None:
    by_hand.write_text(HAND.replace(old, new).replace("70\n", "700\n"), encoding="utf-8")
    with pytest.raises(TableError, match=says):
        read_industry_table(by_hand)


def test_home_and_partner_differ_and_are_listed(by_hand: Path) -> None:
    table = read_industry_table(by_hand)
    for home, partner in (("H", "H"), ("H", "X"), ("X", "P")):
        with pytest.raises(TableError):
            forward_loss(table, home, partner)


def test_labels_must_be_there_and_fit(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, Z=np.zeros((2, 2)), Y=np.ones((2, 1)), x=np.ones(2))
    with pytest.raises(TableError, match="labels"):
        read_industry_table(path)
    labels = tmp_path / "t_labels.csv"
    labels.write_text("country,industry\nH,a\n", encoding="utf-8")
    with pytest.raises(TableError, match="shapes"):
        read_industry_table(path)
    labels.write_text("country,industry\nH,a\nP,a\n", encoding="utf-8")
    assert read_industry_table(path).countries == ["H", "P"]
