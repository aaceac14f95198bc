"""Single and double failures: tables by hand, references, exhaustive search and laws."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import data_path
from tests.reliance.supply.networks import choice, network, no_choice, plainly, random_network

from khien.reliance.supply import NetworkError, SupplyNetwork, double_failures, read_network, single_failures
from khien.reliance.supply.cone import Cones
from khien.reliance.supply.lp import Rows

seeds = st.integers(0, 10_000)


def losses(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.select("node", "loss").iter_rows())


def pair_losses(found: pl.DataFrame) -> dict[tuple[str, str], float]:
    return {(a, b): loss for a, b, loss in found.select("a", "b", "loss").iter_rows()}


def exhaustive(net: SupplyNetwork, count: int) -> dict[tuple[str, ...], float]:
    """Every set of so many nodes, judged by the programme of the tests."""
    return {
        tuple(net.names[i] for i in some): plainly(net, set(some), float(net.recover[list(some)].max()))
        for some in itertools.combinations(range(net.size), count)
    }


def test_the_table_of_the_page_with_a_choice() -> None:
    found = single_failures(choice())
    assert losses(found) == pytest.approx({"P": 120, "A": 33, "B": 0})
    survive = dict(found.select("node", "survive").iter_rows())
    assert survive == pytest.approx({"P": 2, "A": 25 / 6, "B": 520})
    assert found["red"].to_list() == [True, True, False]
    pairs = double_failures(choice()).filter((pl.col("a") == "A") & (pl.col("b") == "B")).row(0, named=True)
    assert (pairs["loss"], pairs["more"], pairs["hidden"]) == (pytest.approx(105), pytest.approx(72), False)


def test_the_table_of_the_page_without_choice() -> None:
    net = no_choice()
    assert Cones(net).apply
    found = single_failures(net)
    assert dict(found.select("node", "survive").iter_rows()) == pytest.approx({"P": 2, "M": 2.5, "N": 2.5, "R": 3.5})
    assert losses(found) == pytest.approx({"P": 40, "M": 35, "N": 35, "R": 25})
    assert pair_losses(double_failures(net))["M", "R"] == pytest.approx(35)


def test_a_hidden_pair_is_told() -> None:
    nodes = {"P": {"demand": 1, "margin": 1}, "A": {"plant": "a"}, "B": {"plant": "b"}}
    net = network(nodes, [("A", "P", "m", 1), ("B", "P", "m", 1)], {"a": 1, "b": 1})
    worst = double_failures(net).filter(pl.col("hidden"))
    assert worst.select("a", "b", "loss").rows() == [("A", "B", 6.0)]


@pytest.mark.parametrize("choose", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_all_failures_equal_exhaustive_search(seed: int, choose: bool) -> None:
    net = random_network(seed, choose=choose)
    singles, pairs = exhaustive(net, 1), exhaustive(net, 2)
    assert losses(single_failures(net)) == pytest.approx({k[0]: v for k, v in singles.items()}, abs=1e-6)
    found = double_failures(net)
    assert pair_losses(found) == pytest.approx(pairs, abs=1e-6)
    assert found.head(10)["loss"].to_list() == pytest.approx(sorted(pairs.values(), reverse=True)[:10], abs=1e-6)


@given(seeds)
@settings(max_examples=25)
def test_without_choice_the_short_way_equals_the_whole_programme(seed: int) -> None:
    net = random_network(seed, choose=False)
    cones, rows = Cones(net), Rows(net)
    assert cones.apply
    failures = [(frozenset([i]), float(net.recover[i])) for i in range(net.size)]
    failures += [(frozenset([0, i]), 9.0) for i in range(1, net.size)]
    np.testing.assert_allclose(cones.losses(failures)[0], rows.losses(failures)[0], atol=1e-6)
    everyone = [frozenset([i]) for i in range(net.size)]
    np.testing.assert_allclose(cones.survivals(), rows.survivals(everyone), rtol=1e-7, atol=1e-6)


@given(seeds, st.booleans())
@settings(max_examples=25)
def test_laws(seed: int, choose: bool) -> None:
    net = random_network(seed, choose=choose, tiers=3, wide=4)
    alone = losses(single_failures(net))
    stocked = replace(net, stock=net.stock + 1.0)
    assert all(loss <= alone[name] + 1e-6 for name, loss in losses(single_failures(stocked)).items())
    over = replace(net, recover=np.full(net.size, 5.0))
    single = losses(single_failures(over))
    for (a, b), loss in pair_losses(double_failures(over)).items():
        assert loss >= max(single[a], single[b]) - 1e-6
        if not choose:
            assert loss <= single[a] + single[b] + 1e-6


@given(seeds)
@settings(max_examples=15)
def test_nothing_is_lost_up_to_the_time_to_survive_and_something_after_it(seed: int) -> None:
    net = random_network(seed, choose=True, tiers=3, wide=4)
    rows = Rows(net)
    lasts = rows.survivals([frozenset([i]) for i in range(net.size)])
    for i, time in enumerate(lasts.tolist()):
        before, after = rows.losses([(frozenset([i]), time), (frozenset([i]), time * 1.01 + 0.01)])[0]
        assert before <= 1e-4
        assert time >= 520 or after > 1e-6


def test_an_unknown_time_to_recover_leaves_the_loss_unknown_and_the_survival_known() -> None:
    net = choice()
    found = single_failures(replace(net, recover=np.array([6.0, np.nan, 6.0])))
    row = found.filter(pl.col("node") == "A").row(0, named=True)
    assert (row["loss"], row["red"], row["survive"]) == (None, None, pytest.approx(25 / 6))
    assert double_failures(replace(net, recover=np.array([6.0, np.nan, 6.0]))).height == 1


def test_a_ring_of_suppliers_is_solved() -> None:
    """Two nodes that need each other: without the one the other can only use what lies there."""
    nodes = {"P": {"demand": 2, "margin": 1}, "A": {"stock": 3}, "B": {"stock": 4}}
    arcs = [("A", "P", "a", 1.0), ("A", "B", "a", 0.5), ("B", "A", "b", 0.5)]
    net = network(nodes, arcs)
    assert net.order is None
    assert losses(single_failures(net))["A"] == pytest.approx(12 - 3)
    assert losses(single_failures(net))["B"] == pytest.approx(plainly(net, {2}, 6.0))


def test_references_of_a_public_file() -> None:
    path = data_path("planning", "supply_networks", "stress_06.json")
    found = {row["node"]: row for row in single_failures(read_network(path)).to_dicts()}
    for row in json.loads(path.read_text(encoding="utf-8"))["reference"]:
        own = found[str(row["node"])]
        assert own["loss"] == pytest.approx(row["ttr_loss"], rel=1e-6, abs=5e-5)
        assert own["survive"] == pytest.approx(row["tts_weeks"], rel=1e-6, abs=5e-5)


def write(path: Path, **plain: object) -> Path:
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def test_a_published_chain_is_filled_in_as_stated(tmp_path: Path) -> None:
    stages = 'Stage Name,stageCost,avgDemand,stageTime\nShop,1,10,0\nPlant,5,,2\nPart,"3,000",,7\n'
    arcs = "sourceStage,destinationStage\nPart,Plant\nPlant,Shop\nPlant,Shop\n"
    net = read_network(write(tmp_path / "c.json", stages_csv=stages, arcs_csv=arcs))
    assert net.stock.tolist() == [300, 300, 300]
    assert net.capacity.tolist() == [12, 12, 12]
    assert net.recover.tolist() == [0, 8, 28]
    assert net.margin.tolist() == [3006, 0, 0]
    survive = dict(single_failures(net).select("node", "survive").iter_rows())
    assert survive == pytest.approx({"Shop": 30, "Plant": 60, "Part": 90})


def test_a_broken_network_is_refused_with_everything_that_is_wrong(tmp_path: Path) -> None:
    node = {"id": "a", "plant": "p", "inventory": -1, "ttr_weeks": None}
    path = write(
        tmp_path / "n.json",
        nodes=[node, {**node, "inventory": 1}],
        arcs=[["a", "a", "m", 0]],
        plant_capacity_per_week={"p": -2},
    )
    with pytest.raises(NetworkError) as caught:
        read_network(path)
    assert [key for key, _ in caught.value.wrongs] == [
        "reliance_network_twice",
        "reliance_network_self",
        "reliance_network_number",
        "reliance_network_number",
        "reliance_network_capacity",
    ]
    assert "n.json" in caught.value.message_vi
    for broken in ({"nodes": [node]}, {"stages_csv": "x", "arcs_csv": ""}):
        with pytest.raises(NetworkError, match=r"no supply network|no node"):
            read_network(write(tmp_path / "b.json", **broken))
    (tmp_path / "t.json").write_text("{", encoding="utf-8")
    with pytest.raises(NetworkError, match="cannot be read"):
        read_network(tmp_path / "t.json")
