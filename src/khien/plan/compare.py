"""What differs between two plans."""

from __future__ import annotations

import polars as pl

from khien.plan.frames import money_by_year
from khien.plan.result import Plan
from khien.programme import Programme

COMPARISON = {
    "what": pl.String,
    "subject": pl.String,
    "change": pl.String,
    "before": pl.String,
    "after": pl.String,
    "difference": pl.Float64,
}
FIGURES = ("value", "bound", "nothing", "gap", "expected_value", "tail_value")


def compare(
    plan_a: Plan, plan_b: Plan, programme_a: Programme | None = None, programme_b: Programme | None = None
) -> pl.DataFrame:
    """Everything that changes from one plan to another.

    Parameters
    ----------
    plan_a, plan_b : Plan
        The earlier and the later plan.
    programme_a, programme_b : Programme, optional
        The programmes that they were made from, for the money; the second may be left out when it
        is the first. Without them there are no money rows.

    Returns
    -------
    polars.DataFrame
        One row per change:

        - `what`: "figure", "project", "training" or "money";
        - `subject`: the figure, project, skill or year;
        - `change`: for projects "in", "out", "option" or "moved" (option kept, start changed); for
          the others "changed" (for money, the kind that changed: income, spend, training,
          obligation or cash_end);
        - `before`, `after`: text for people, null where there was nothing;
        - `difference`: after less before: quarters for a project (null if not in both), cohorts for
          training, million VND for money.

        Empty when the plans are the same.
    """
    rows = _figures(plan_a, plan_b) + _projects(plan_a, plan_b) + _training(plan_a, plan_b)
    if programme_a is not None:
        rows += _money(plan_a, plan_b, programme_a, programme_b or programme_a)
    return pl.DataFrame(rows, schema=COMPARISON, orient="row")


_Line = tuple[str, str, str, str | None, str | None, float | None]


def _figures(a: Plan, b: Plan) -> list[_Line]:
    rows: list[_Line] = []
    for name in FIGURES:
        before, after = getattr(a, name), getattr(b, name)
        if before != after:
            old, new = (None if figure is None else repr(figure) for figure in (before, after))
            difference = None if before is None or after is None else after - before
            rows.append(("figure", name, "changed", old, new, difference))
    return rows


def _projects(a: Plan, b: Plan) -> list[_Line]:
    before = {row["project"]: row for row in a.choices.iter_rows(named=True)}
    after = {row["project"]: row for row in b.choices.iter_rows(named=True)}
    rows: list[_Line] = []
    for name in sorted(before | after):
        old, new = before.get(name), after.get(name)
        texts = [None if row is None else f"{row['option']} @ {row['start_quarter']}" for row in (old, new)]
        if old is None or new is None:
            rows.append(("project", name, "in" if old is None else "out", texts[0], texts[1], None))
        elif texts[0] != texts[1]:
            change = "moved" if old["option"] == new["option"] else "option"
            rows.append(("project", name, change, texts[0], texts[1], _quarters(new) - _quarters(old)))
    return rows


def _quarters(row: dict[str, str]) -> float:
    """Start as quarters since year 0, so that plans with another first quarter can be compared."""
    year, quarter = row["start_quarter"].split("Q")
    return float(int(year) * 4 + int(quarter))


def _training(a: Plan, b: Plan) -> list[_Line]:
    def cohorts(plan: Plan) -> dict[str, int]:
        sums = plan.training.group_by("skill", "start_quarter").agg(pl.col("cohorts").sum())
        return {f"{skill} @ {quarter}": count for skill, quarter, count in sums.iter_rows()}

    before, after = cohorts(a), cohorts(b)
    return [
        (
            "training",
            name,
            "changed",
            str(before.get(name, 0)),
            str(after.get(name, 0)),
            float(after.get(name, 0) - before.get(name, 0)),
        )
        for name in sorted(before | after)
        if before.get(name, 0) != after.get(name, 0)
    ]


def _money(a: Plan, b: Plan, programme_a: Programme, programme_b: Programme) -> list[_Line]:
    def sums(programme: Programme, plan: Plan) -> dict[tuple[int, str], int]:
        frame = money_by_year(programme, plan).group_by("year", "kind").agg(pl.col("amount_mvnd").sum())
        return {(year, kind): amount for year, kind, amount in frame.iter_rows()}

    before, after = sums(programme_a, a), sums(programme_b, b)
    rows: list[_Line] = []
    for year, kind in sorted(before | after):
        old, new = before.get((year, kind), 0), after.get((year, kind), 0)
        if old != new:
            rows.append(("money", str(year), kind, str(old), str(new), float(new - old)))
    return rows
