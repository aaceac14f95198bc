"""Prices as short text: nothing is lost, and no text that is not ours is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khien.plan import certificate
from khien.plan.packed import SHORT, coarse, pack, unpack
from khien.plan.result import PlanFileError, load_plan
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.plan.verify import verify
from khien.plan.verify.bound import verify_bound
from khien.programme import read


def vector(seed: int, count: int = SHORT + 1, bits: int = 52) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    price = rng.lognormal(-3, 4, count)
    at = np.sort(rng.choice(50 * count, count, replace=False))
    return {"at": at.tolist(), "price": (coarse(price, bits) if bits < 52 else price).tolist()}


@pytest.mark.parametrize("bits", [8, 23, 52])
def test_nothing_is_lost(bits: int) -> None:
    lone = {"kind": "lagrangian", "size": 9} | vector(bits, bits=bits)
    packed = json.loads(json.dumps(pack(lone)))
    assert packed["bits"] == (64 if bits == 52 else 32)
    assert "at" not in packed
    assert unpack(packed) == lone
    tree = {"kind": "tree", "prices": [vector(1), vector(2, 5), vector(3)], "parts": [[0, -1, -1, -1, -1, -1]]}
    assert ["packed" in prices for prices in pack(tree)["prices"]] == [True, False, True]
    assert unpack(pack(tree)) == tree


def test_little_is_left_as_it_is() -> None:
    for small in (vector(0, SHORT), {"kind": "other"}, None, {"at": "x", "price": []}):
        assert pack(small) == small
        assert unpack(small) == small


def test_coarse_prices_need_a_seventh_of_the_room() -> None:
    plain, packed = vector(4, 20_000, bits=10), pack(vector(4, 20_000, bits=10))
    assert len(packed["packed"]) * 7 < len(json.dumps(plain, indent=1))


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=20), st.integers(1, 23))
def test_coarse_prices_are_near(prices: list[float], bits: int) -> None:
    exact = np.array(prices)
    rounded = coarse(exact, bits)
    assert (np.abs(rounded - exact) <= exact * 2.0 ** -(bits + 1) * (1 + 1e-6) + exact * 1e-7).all()
    assert (coarse(rounded, bits) == rounded).all()


@pytest.mark.parametrize(
    "changed",
    [
        {"packed": "!"}, {"packed": "AAAA"}, {"packed": 7}, {"count": 3}, {"count": -1}, {"count": 10**12},
        {"bits": 16}, {"bits": None}, {"count": "x"},
    ],
)  # fmt: skip
def test_what_is_not_ours_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="packed prices"):
        unpack(pack(vector(5)) | changed)


@pytest.mark.slow
def test_a_plan_with_packed_prices_is_read_and_verified(
    island: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (certificate, __import__("khien.plan.packed", fromlist=["x"])):
        monkeypatch.setattr(module, "SHORT", 10)
    programme = read(island)
    for asked in (PlanSettings(work=2000), PlanSettings(work=2000, scenarios=12), PlanSettings(work=20_000)):
        plan = plan_programme(programme, asked)
        file = plan.save(tmp_path)
        again = load_plan(file)
        assert "packed" in file.read_text(encoding="utf-8")
        assert again.certificate == plan.certificate
        assert verify(programme, again) == []
        assert verify_bound(programme, again) == []
    text = json.loads(file.read_text(encoding="utf-8"))
    text["certificate"]["count"] = -1
    file.write_text(json.dumps(text), encoding="utf-8")
    with pytest.raises(PlanFileError):
        load_plan(file)
