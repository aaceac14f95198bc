"""The verifier stands alone, and no plan however broken makes it fall over."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.small_programmes import plan_of, random_picks, random_programme

from khien.plan.verify import RULES, verify

ALLOWED = {
    "khien.plan.result",
    "khien.plan.settings",
    "khien.programme",
    "khien.programme.planned",
    "khien.words",
}


def test_it_shares_no_code_with_the_search_nor_with_the_frames(root: Path) -> None:
    imported = set()
    for file in (root / "src/khien/plan/verify").glob("*.py"):
        if file.name.startswith("bound"):
            continue  # checks the search's certificate, and so must know its form
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
    own = {name for name in imported if name.startswith("khien") and not name.startswith("khien.plan.verify")}
    assert own <= ALLOWED | {"khien.plan.verify"}
    assert not imported & {"numba", "scipy", "highspy", "ortools"}


def spoiled(rng: np.random.Generator, column: str, dtype: Any) -> Any:
    """A value that does not belong there."""
    if dtype == pl.Int64:
        return [None, -5, 0, 3, 999, -(10**6)][int(rng.integers(6))]
    if dtype == pl.Boolean:
        return [None, True, False][int(rng.integers(3))]
    return [None, "", "p1", "p1-o0", "2026Q9", "engineers", "nobody"][int(rng.integers(7))]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_broken_plans_are_named_and_never_raise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    programme = random_programme(rng, 6, check=False)
    plan = plan_of(programme, random_picks(rng, programme), [("engineers", 1, 1)], value=0.0, nothing=0.0)
    changes = {}
    for name in ("choices", "training"):
        rows = getattr(plan, name).to_dicts()
        schema = getattr(plan, name).schema
        for row in rows:
            if rng.random() < 0.5:
                column = str(rng.choice(list(schema)))
                row[column] = spoiled(rng, column, schema[column])
        changes[name] = pl.DataFrame(rows, schema=schema, orient="row")
    found = verify(programme, dataclasses.replace(plan, **changes))
    assert {v.rule for v in found} <= set(RULES)
    assert all(v.message_vi and v.message_en for v in found)
