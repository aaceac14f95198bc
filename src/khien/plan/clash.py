"""When no plan exists: one irreducible set of rules that cannot hold together, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from khien.plan.core.problem import Floats, Problem
from khien.plan.core.solve import Outcome, solve
from khien.plan.model import Compiled, compile_programme
from khien.programme import Programme
from khien.words import t

NOISE = 1e-7
WORK = 3000
HUGE = 1 << 50
MOST_FORBIDDEN = 20


@dataclass(frozen=True)
class Rule:
    """One rule of a clash: in both languages, with the table and row that it comes from."""

    vi: str
    en: str
    table: str
    row: str


class NoPlan(Exception):
    """No plan keeps every rule; `clash` is one set of rules none of which can be left out.

    Where the rules concern what is fixed alone the clash is certain. Else it was found by searching with each
    rule dropped in turn: irreducible for that search, which is thorough but no proof (`certain` is False).
    """

    def __init__(self, clash: list[Rule], certain: bool) -> None:
        super().__init__(t("plan_no_plan", "en"))
        self.clash, self.certain = clash, certain


def rule(key: str, table: str, row: str, **fields: object) -> Rule:
    """A rule in words of both languages."""
    return Rule(t(key, "vi", row=row, **fields), t(key, "en", row=row, **fields), table, row)


def fixed_clash(c: Compiled) -> list[Rule]:
    """What is fixed breaks money or people before anything is chosen."""
    p, facts = c.problem, c.facts
    out = [
        rule("plan_clash_fixed_money", "money", str(facts.when.years[y]), short=-int(left))
        for y, left in enumerate(p.funds)
        if left < 0
    ]
    for k, skill in enumerate(c.pools):
        short = p.cap[k] + _trained(p, k)
        if (short < 0).any():
            q = int(np.argmin(short))
            label = facts.programme.label(q)
            out.append(
                rule("plan_clash_fixed_people", "skill_supply", skill, quarter=label, short=-int(short[q]))
            )
    return out[:1] if out and not facts.programme.settings.carry_over else out


def _trained(p: Problem, pool: int) -> np.ndarray:
    """The most people that training could add to a pool by each quarter."""
    extra = np.zeros(p.T, dtype=np.int64)
    for k in np.flatnonzero(p.tr_pool == pool):
        for t0 in range(int(p.tr_first[k] + p.tr_dur[k]), p.T):
            years = p.year_of[t0 - p.tr_dur[k]] - p.year_of[p.tr_first[k]] + 1
            extra[t0] += p.tr_people[k] * p.tr_max[k] * years
    return extra


def broken(c: Compiled, out: Outcome) -> bool:
    """Whether the best plan of the engine breaks a must, floor, ceiling or promise."""
    return out.penalty > NOISE or promises_short(c, out) > NOISE


def promises_short(c: Compiled, out: Outcome) -> float:
    """By how much promised amounts are missed, as a share of each."""
    from khien.plan.core import state

    p = c.problem
    st = state.new_state(p)
    state.rebuild(p, st, out.x, out.s, out.cohorts)
    return missed(c, st.level)


def missed(c: Compiled, level: Floats) -> float:
    """By how much promised amounts are missed at these levels of the goals, as a sum of shares."""
    p, total = c.problem, 0.0
    for a in c.promises.values():
        for g in range(p.ag_ptr[a], p.ag_ptr[a + 1]):
            total += max(0.0, 1.0 - level[g] / p.g_req[g])
    return total


@dataclass(frozen=True)
class _Part:
    rule: Rule
    drop: Callable[[Problem], Problem]


def irreducible(c: Compiled, seed: int) -> list[Rule]:
    """Drop each rule in turn; one whose absence changes nothing stays out."""
    parts = list(_parts(c))
    kept = list(parts)
    for part in parts:
        p = c.problem
        for other in parts:
            if other not in kept or other is part:
                p = other.drop(p)
        trial = c.with_problem(p)
        if broken(trial, solve(p, work=WORK, seed=seed)):
            kept.remove(part)
    return [*(k.rule for k in kept), *_forbidden(c, seed)]


def _forbidden(c: Compiled, seed: int) -> Iterator[Rule]:
    """Projects that a person ruled out, where letting one of them in would be enough."""
    programme = c.facts.programme
    shut = programme.projects.filter((pl.col("status") == "candidate") & (pl.col("pin") == "must_not"))
    for name in shut["id"].to_list()[:MOST_FORBIDDEN]:
        opened = programme.projects.with_columns(
            pl.when(pl.col("id") == name).then(None).otherwise(pl.col("pin")).alias("pin")
        )
        changed = Programme(programme.settings, {**programme.frames, "projects": opened}, programme.findings)
        trial = compile_programme(changed, c.facts.settings)
        if not broken(trial, solve(trial.problem, work=WORK, seed=seed)):
            yield rule("plan_clash_forbid", "projects", name)


def _parts(c: Compiled) -> Iterator[_Part]:
    p, facts = c.problem, c.facts
    for i in np.flatnonzero(p.must).tolist():
        yield _Part(rule("plan_clash_pin", "projects", c.projects[i]), _without_must(i))
    limits = {r["id"]: r for r in facts.programme.limits.to_dicts()}
    for row, name in enumerate(c.rows):
        kind = limits[name]["kind"]
        words = {lang: t(f"plan_clash_{kind}_word", lang) for lang in ("vi", "en")}
        vi, en = (t("plan_clash_limit", lang, row=name, kind=words[lang]) for lang in ("vi", "en"))
        yield _Part(Rule(vi, en, "limits", name), _without_row(row))
    for name, a in c.promises.items():
        yield _Part(rule("plan_clash_promise", "obligations", name), _without_goals(a))
    for block, year in enumerate(c.floor_years):
        yield _Part(rule("plan_clash_reliance", "settings", str(year)), _without_floor(block))
    for block, year in enumerate(c.survival_years, len(c.floor_years)):
        yield _Part(rule("plan_clash_survival", "settings", str(year)), _without_floor(block))
    yield _Part(
        rule("plan_clash_money", "money", "*"), lambda q: q._replace(funds=np.full_like(q.funds, HUGE))
    )
    yield _Part(
        rule("plan_clash_people", "skill_supply", "*"), lambda q: q._replace(cap=np.full_like(q.cap, HUGE))
    )


def _without_must(i: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        must = p.must.copy()
        must[i] = 0
        return p._replace(must=must)

    return drop


def _without_row(i: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        rhs = p.row_rhs.copy()
        rhs[i] = HUGE
        return p._replace(row_rhs=rhs)

    return drop


def _without_goals(a: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        base = p.g_base.copy()
        base[p.ag_ptr[a] : p.ag_ptr[a + 1]] = p.g_req[p.ag_ptr[a] : p.ag_ptr[a + 1]]
        return p._replace(g_base=base)

    return drop


def _without_floor(i: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        floor = p.b_floor.copy()
        floor[i] = -1e300
        return p._replace(b_floor=floor)

    return drop
