"""Of which scarce thing is a little more worth most? The order that the product gives, against best plans of HiGHS.

    python -m bench.reasons prices --draws 40 [--first-seed 1000]

Random programmes short of people, of money by year and of room under ceilings. What more of each thing truly wins comes
from integer programmes that share nothing with the planner (tests/plan/ask/whole.py), a step of 10 % first, and two and
four of them where less wins nothing. An order is right if of its first five none stands before one that wins more, and
nothing that is left out wins more than the fifth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from khien.plan.ask.gains import COUNT, STEP, TIMES, WORK, whole_gains
from khien.plan.ask.more import with_more
from khien.plan.ask.shadow import Resource, resources, shadow_prices
from khien.plan.model import compile_programme
from khien.plan.settings import PlanSettings
from khien.plan.solver import plan_programme
from khien.programme import Programme

Form = tuple[int, int, int, int]
FORMS: tuple[Form, ...] = ((8, 3, 3, 0), (12, 5, 4, 3))
"""Projects, skills, years and ceilings."""
TOP, SAME = 5, 1e-9
Name = tuple[str, str]
Place = tuple[int, float]


class Judged(NamedTuple):
    """Of one order: right, right where only the first step counts, and pairs of its first five: apart, and wrong."""

    right: bool
    right_at_first: bool
    apart: int
    wrong: int


def places(programme: Programme, own: list[Resource], step: float) -> dict[Name, Place]:
    """Where each thing truly stands: the first step that wins something, and what it wins (less is better)."""
    from tests.plan.ask.whole import best

    base, _ = best(programme)
    found: dict[Name, Place] = {}
    for r in own:
        for k, times in enumerate(TIMES):
            more = with_more(programme, r, times * step)
            assert more is not None
            gain = best(more)[0] - base
            if gain > SAME:
                found[r.kind, r.what] = (k, -gain)
                break
        else:
            found[r.kind, r.what] = (len(TIMES), 0.0)
    return found


def judged(order: list[Name], true: dict[Name, Place]) -> Judged:
    """An order against the truth; what it does not name stands last, and one that names nothing is not right."""
    if not order:
        return Judged(False, False, 0, 0)
    top = order[:TOP]

    def less(a: Name, b: Name, first: bool = False) -> bool:
        (k, gain), (m, other) = true[a], true[b]
        if first:
            return (gain if k == 0 else 0.0) > (other if m == 0 else 0.0) + SAME
        return k > m or (k == m and gain > other + SAME)

    pairs = [(a, b) for i, a in enumerate(top) for b in top[i + 1 :]]
    out = [(top[-1], b) for b in true if b not in top]
    wrong = [less(a, b) for a, b in pairs]
    apart = sum(true[a][0] != true[b][0] or abs(true[a][1] - true[b][1]) > SAME for a, b in pairs)
    every = [*pairs, *out]
    return Judged(
        not any(less(a, b) for a, b in every), not any(less(a, b, True) for a, b in every), apart, sum(wrong)
    )


class Case(NamedTuple):
    """One programme: prices tried and near, things; where anything wins, both orders judged, gains proven, seconds."""

    tried: int
    near: int
    things: int
    orders: tuple[Judged, Judged] | None
    gains: int = 0
    proven: int = 0
    seconds: float = 0.0


def case(form: Form, seed: int, step: float = STEP, count: int = COUNT, work: int = WORK) -> Case:
    """Prices, gains and the truth of one random programme."""
    from tests.plan.ask.shortage import shortage

    programme = shortage(seed, *form)
    plan = plan_programme(programme, PlanSettings(work=work))
    told = shadow_prices(programme, plan)
    steps = told.prices["step_up"].drop_nulls()
    own = [r for r in resources(compile_programme(programme, plan.settings), plan) if r.available > 0]
    known = len(steps), int((steps > 0).sum()), len(own)
    true = places(programme, own, step)
    if min(true.values())[0] == len(TIMES):
        return Case(*known, None)
    began = time.perf_counter()
    gains = whole_gains(programme, plan, told, count, step, work).gains
    spent = time.perf_counter() - began
    one, other = (judged(list(f.select("kind", "what").iter_rows()), true) for f in (told.prices, gains))
    return Case(*known, (one, other), gains.height, int(gains["proven"].sum()), spent)


def told(form: Form, cases: list[Case]) -> Iterator[str]:
    """What some programmes of one form say together."""
    yield (
        f"{form[0]} projects, {max(c.things for c in cases)} things: {sum(c.near for c in cases)} of "
        f"{sum(c.tried for c in cases)} prices hold within 5 % over 1 % or more"
    )
    some = [c for c in cases if c.orders is not None]
    for k, name in enumerate(("price", "what is planned again")):
        mine = [c.orders[k] for c in some if c.orders is not None]
        yield (
            f"  {len(mine)} programmes, order by {name}: right in {sum(j.right for j in mine)}, "
            f"by the first step alone in {sum(j.right_at_first for j in mine)}; "
            f"{sum(j.wrong for j in mine)} of {sum(j.apart for j in mine)} pairs the wrong way round"
        )
    yield (
        f"  {sum(c.proven for c in some)} of {sum(c.gains for c in some)} gains proven; "
        f"{sum(c.seconds for c in some) / max(1, len(some)):.1f} s a programme"
    )


def priced(
    draws: int, first_seed: int = 0, forms: Sequence[Form] = FORMS, count: int = COUNT, work: int = WORK
) -> Iterator[str]:
    """How well prices predict the relaxation, and both orders against whole plans, a form of programme at a time."""
    for form in forms:
        cases = [case(form, seed, count=count, work=work) for seed in range(first_seed, first_seed + draws)]
        yield from told(form, cases)
