"""What stands in the way of one project at one place of a plan, in words: the first rule that it would break."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from khien.plan.ask.desk import Choice
from khien.plan.core import state
from khien.plan.core.problem import NEVER
from khien.plan.core.state import State
from khien.plan.model import Compiled
from khien.words import LANGUAGES, t


@dataclass(frozen=True)
class Obstacle:
    """A rule that a project would break at a place.

    `kind` is "start" (window, agreement, or more people or money than there ever are), "wait", "people", "money" or
    "limit"; `what` the project, skill, year or limit; `when` a quarter or year (empty: never); `short` how much is
    missing (people, million VND; for a share, of the spend that it is a share of).
    """

    kind: str
    what: str
    when: str
    short: float

    def words(self, lang: str) -> str:
        """One phrase."""
        when = self.when or t("ask_never", lang)
        fields = {"what": self.what, "when": when, "short": _number(self.short, lang)}
        return {
            "start": t("ask_obstacle_start", lang, **fields),
            "wait": t("ask_obstacle_wait", lang, **fields),
            "people": t("ask_obstacle_people", lang, **fields),
            "money": t("ask_obstacle_money", lang, **fields),
            "limit": t("ask_obstacle_limit", lang, **fields),
        }[self.kind]


def both(words: dict[str, str]) -> tuple[str, str]:
    """A text in all languages, in their order."""
    vi, en = (words[lang] for lang in LANGUAGES)
    return vi, en


def without(c: Compiled, choice: Choice, project: int) -> State:
    """The state of a choice with one project taken out, and nothing else moved."""
    st = state.new_state(c.problem)
    x = choice.x.copy()
    x[project] = -1
    state.rebuild(c.problem, st, x, choice.s, choice.cohorts)
    return st


def obstacle(c: Compiled, st: State, project: int, option: int, start: int) -> Obstacle | None:
    """The first rule that a project, out of the plan now, breaks at this place; None where it fits."""
    p = c.problem
    for r in p.pr_req[p.pr_ptr[project] : p.pr_ptr[project + 1]]:
        cond = int(p.rq_cond[r])
        if st.ct[cond] + p.rq_lag[r] > start:
            members = p.project_of[p.co_opt[p.co_ptr[cond] : p.co_ptr[cond + 1]]]
            names = ", ".join(dict.fromkeys(c.projects[int(i)] for i in members) or waited_for(c, c.projects[project]))
            ready = int(st.ct[cond] + p.rq_lag[r])
            when = "" if ready >= NEVER else c.facts.programme.label(min(ready, p.T - 1))
            return Obstacle("wait", names, when, 0.0)
    if p.allow[option, start] == 0:
        return Obstacle("start", c.options[option], c.facts.programme.label(start), 0.0)
    run = np.arange(start, start + p.dur[option])
    for e in range(p.use_ptr[option], p.use_ptr[option + 1]):
        left = st.rem[p.use_pool[e], run] - p.use_amt[e]
        if (left < 0).any():
            q = int(run[left.argmin()])
            return Obstacle("people", c.pools[int(p.use_pool[e])], c.facts.programme.label(q), float(-left.min()))
    return _money(c, st, option, run) or _limits(c, st, option, start)


def waited_for(c: Compiled, project: str) -> list[str]:
    """What a project waits for by precedence and by the order of stages, whether it may be chosen or not."""
    facts = c.facts
    row = facts.projects[project]
    before = [r["before"] for r in facts.programme.precedences.to_dicts() if r["after"] == project]
    order = facts.order[row["to_stage"]]
    steps = [q["id"] for q in facts.of_subject[row["subject"]] if facts.order[q["to_stage"]] < order]
    return list(dict.fromkeys([*before, *steps]))


def _money(c: Compiled, st: State, option: int, run: np.ndarray) -> Obstacle | None:
    p = c.problem
    spent = np.zeros(len(p.funds), dtype=np.int64)
    np.add.at(spent, p.year_of[run], p.sp[p.sp_ptr[option] : p.sp_ptr[option + 1]])
    if p.carry:
        spent = np.cumsum(spent)
    left = np.where(spent > 0, st.slack - spent, 0)
    if (left < 0).any():
        return Obstacle("money", "", str(c.facts.when.years[int(left.argmin())]), float(-left.min()))
    return None


def _limits(c: Compiled, st: State, option: int, start: int) -> Obstacle | None:
    p = c.problem
    for k in range(p.or_ptr[option], p.or_ptr[option + 1]):
        row = int(p.or_row[k])
        more = int(p.or_mult[k]) * int(state.spend_in(p, option, start, row))
        over = int(st.lhs[row]) + more - int(p.row_rhs[row])
        if more > 0 and over > 0:
            return Obstacle("limit", c.rows[row], "", over / limit_unit(c, row))
    return None


def limit_unit(c: Compiled, row: int) -> int:
    """How many units of a row make up one million VND: 1, or the denominator of its share."""
    limit = next(r for r in c.facts.programme.limits.to_dicts() if r["id"] == c.rows[row])
    return 1 if limit["share"] is None else Fraction(Decimal(str(limit["share"]))).denominator


def _number(value: float, lang: str) -> str:
    text = f"{value:,.0f}"
    return text.replace(",", ".") if lang == "vi" else text
