"""When no plan exists: one irreducible set of rules that cannot hold together, in words."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from khien.plan.core import state
from khien.plan.core.problem import Floats, Ints, Problem
from khien.plan.core.solve import Outcome, Progress
from khien.plan.feasible import Verdict, judged, rules_only, sought
from khien.plan.model import Compiled, compile_programme
from khien.programme import Programme
from khien.programme.quarters import quarter_number
from khien.words import t

NOISE = 1e-7
MOST_FORBIDDEN = 20
MOST_ALONE = 3
"""Of the rules that the best plan breaks, how many are tried alone for a clash with money and people."""
SHARE = 0.25
"""Of the time that is left, what one question about a set of rules may take."""
EVERYTHING = "*"
"""The row of a rule that is a whole table."""


@dataclass(frozen=True)
class Rule:
    """One rule of a clash: in both languages, with the table and row that it comes from."""

    vi: str
    en: str
    table: str
    row: str


class NoPlan(Exception):
    """No plan keeps every rule; `clash` is one set of rules none of which can be left out.

    It is certain where a bound proves that no plan keeps the set: that each smaller set has a plan is always known from
    a plan that was found. Else a thorough search found none, which is no proof (`certain` is False). Where time ran
    out before every rule was tried, some of them may not be needed (`smallest` is False); `missed` are those that the
    plan which came nearest breaks.
    """

    def __init__(
        self, clash: list[Rule], certain: bool, smallest: bool = True, missed: Sequence[Rule] = ()
    ) -> None:
        super().__init__(t("plan_no_plan", "en"))
        self.clash, self.certain, self.smallest, self.missed = clash, certain, smallest, list(missed)

    @property
    def told(self) -> list[Rule]:
        """The rules that a person is told: the clash, or what the nearest plan breaks where the clash is not small."""
        return self.clash if self.smallest else self.missed or self.clash


def rule(key: str, table: str, row: str, **fields: object) -> Rule:
    """A rule in words of both languages."""
    return Rule(t(key, "vi", row=row, **fields), t(key, "en", row=row, **fields), table, row)


def fixed_clash(c: Compiled) -> list[Rule]:
    """What is fixed breaks money or people before anything is chosen: the first such year or skill, a clash alone."""
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
            out.append(rule("plan_clash_fixed_people", "skill_supply", skill, quarter=label, short=-int(short[q])))
    return out[:1]


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


Change = Callable[[Problem], Problem]


@dataclass(frozen=True)
class _Part:
    rule: Rule
    drop: Change = lambda p: p
    keep: Change = lambda p: p
    asks: bool = True  # for something to be there; else it only forbids


@dataclass
class _Court:
    """Sets of rules and what is known of them: the rules of a programme, with what is forbidden let in."""

    compiled: Compiled
    loose: dict[tuple[bool, bool], Problem]  # without the limits of (money, people)
    parts: list[_Part]
    seed: int
    clock: _Clock
    kept: list[_Part] = field(init=False)
    proven: bool = False  # that no plan keeps what is kept
    smallest: bool = True  # as far as was asked: whether each rule that is kept is known to be needed
    missed: list[_Part] = field(default_factory=list)  # what the best plan of the search breaks

    def __post_init__(self) -> None:
        self.kept = list(self.parts)

    def reduce(self, chunk: list[_Part]) -> None:
        """Drop as much of a chunk as can be; what could not be judged in time stays."""
        rest = [part for part in self.kept if part not in chunk]
        self.clock.tell()
        verdict = None if self.clock.late() else self.judge(rest)
        if verdict is None:
            if self.clock.late() or len(chunk) == 1:
                self.smallest = False
                return
            for half in _halves(chunk):
                self.reduce(half)
        elif verdict.plan is None:
            self.kept, self.proven = rest, verdict.none
        elif len(chunk) > 1:
            for half in _halves(chunk):
                self.reduce(half)

    def problem(self, kept: list[_Part]) -> Problem:
        """The problem with these rules alone."""
        tables = {part.rule.table for part in kept if part.rule.row == EVERYTHING}
        p = self.loose["money" not in tables, "skill_supply" not in tables]
        for part in self.parts:
            p = part.keep(p) if part in kept else part.drop(p)
        return p

    def judge(self, kept: list[_Part], proof_only: bool = False) -> Verdict | None:
        """Is there a plan that keeps these rules? By proof, else by search; None where time ran out."""
        rules = rules_only(self.problem(kept), list(self.compiled.promises.values()))
        end = self.clock.part()
        verdict = judged(rules, (end - time.perf_counter()) / 2)
        if verdict.plan is not None or verdict.none or proof_only:
            return verdict
        return sought(rules, verdict, self.seed, end)

    def begin_small(self, plan: _Choices) -> None:
        """All other rules are dropped where a few are proven to clash, since a clash mostly is a small one.

        Tried with money and people: each of the first few rules that the best plan breaks, then all of them; then all
        of them with whatever only forbids.
        """
        means = [part for part in self.parts if part.rule.row == EVERYTHING]
        whole = self.problem(self.parts)
        cost = _cost(self.compiled, whole, plan)
        wanted = [part for part in self.parts if part not in means and part.asks]
        missed = [part for part in wanted if _cost(self.compiled, part.drop(whole), plan) < cost - NOISE]
        self.missed = missed
        shut = [part for part in self.parts if part not in wanted]
        alone = [[part, *means] for part in missed[:MOST_ALONE]] if len(missed) > 1 else []
        for few in (*alone, [*missed, *means], [*missed, *shut]):
            if not missed or self.clock.late():
                return
            self.clock.tell()
            verdict = self.judge(few, proof_only=True)
            if verdict is not None and verdict.none:
                self.kept, self.proven = few, True
                return


_Choices = tuple[Ints, Ints, Ints]
"""Option and start of every project, and cohorts."""


def _carried(c: Compiled, out: Outcome, to: Compiled) -> _Choices:
    """The plan of one problem in the numbers of another that has more projects."""
    x = np.full(len(to.projects), -1, dtype=np.int64)
    s, cohorts = np.zeros_like(x), np.zeros((len(to.trainings), to.problem.T), dtype=np.int64)
    projects, options = ({name: i for i, name in enumerate(names)} for names in (to.projects, to.options))
    for project, option, start in c.picks(out.x, out.s):
        x[projects[project]], s[projects[project]] = options[option], start
    for k, name in enumerate(c.trainings):
        cohorts[to.trainings.index(name)] = out.cohorts[k]
    return x, s, cohorts


def _cost(c: Compiled, p: Problem, plan: _Choices) -> float:
    """What a plan's broken rules cost under a problem."""
    st = state.new_state(p)
    state.rebuild(p, st, *plan)
    return float(state.broken(p, st)) + missed(c.with_problem(p), st.level)


@dataclass
class _Clock:
    """How long the search for a smallest set may take, and who is told how it goes on."""

    seconds: float
    progress: Callable[[Progress], None] | None
    began: float = field(default_factory=time.perf_counter)

    def left(self) -> float:
        return self.began + self.seconds - time.perf_counter()

    def late(self) -> bool:
        return self.left() <= 0

    def part(self) -> float:
        """When one question has to be answered."""
        return time.perf_counter() + SHARE * max(0.0, self.left())

    def tell(self) -> None:
        if self.progress is not None:
            self.progress(Progress(time.perf_counter() - self.began, None, math.inf, None, "clash"))


def rescued(
    c: Compiled, out: Outcome, seconds: float = math.inf, progress: Callable[[Progress], None] | None = None
) -> Outcome:
    """A plan that keeps every rule, which the search had missed; else raises NoPlan with one irreducible set of rules.

    Rules are dropped, many at once and then one by one, and stay out where the rest still has no plan. What is left
    is certain if it is proven to have none: that every smaller set has one is known from the plans that were found.
    After `seconds`, or Ctrl-C, the set that is left by then is named, and that it may not be the smallest.
    """
    clock = _Clock(seconds, progress)
    plain = c if not c.facts.settings.scenarios else compile_programme(
        c.facts.programme, dataclasses.replace(c.facts.settings, scenarios=0)
    )  # fmt: skip
    clock.tell()
    whole = judged(rules_only(plain.problem, list(plain.promises.values())), SHARE * seconds)
    if whole.plan is not None:
        x, s, cohorts = whole.plan.x, whole.plan.s, whole.plan.cohorts
        st = state.new_state(c.problem)
        state.rebuild(c.problem, st, x, s, cohorts)
        value = float(st.value[0]) - state.tail_loss(c.problem, st)
        return dataclasses.replace(out, x=x, s=s, cohorts=cohorts, value=value, penalty=0.0)
    court = _court(plain, clock)
    court.proven = whole.none
    try:
        court.begin_small(_carried(plain, out, court.compiled))
        for half in _halves(court.kept):
            court.reduce(half)
    except KeyboardInterrupt:
        court.smallest = False
    kept, missed = ([part.rule for part in parts] for parts in (court.kept, court.missed))
    raise NoPlan(kept, court.proven, court.smallest, missed)


def _halves(parts: list[_Part]) -> list[list[_Part]]:
    middle = len(parts) // 2
    return [half for half in (parts[:middle], parts[middle:]) if half]


def _court(c: Compiled, clock: _Clock) -> _Court:
    """What is forbidden is let in and shut again, money and people are set free and limited again."""
    programme = c.facts.programme
    shut = programme.projects.filter((pl.col("status") == "candidate") & (pl.col("pin") == "must_not"))
    names = shut["id"].to_list()[:MOST_FORBIDDEN]
    pin = pl.when(pl.col("id").is_in(names)).then(None).otherwise(pl.col("pin")).alias("pin")
    frames = {**programme.frames, "projects": programme.projects.with_columns(pin)}
    loose = {}
    for money in (False, True):
        for people in (False, True):
            free = frames | ({"money": _rich(programme)} if money else {})
            free |= {"skill_supply": _crowded(programme)} if people else {}
            opened = compile_programme(Programme(programme.settings, free, programme.findings), c.facts.settings)
            loose[money, people] = opened.problem
            c = opened if not (money or people) else c
    parts = [*_parts(c), *(_forbidden(c, name) for name in names)]
    return _Court(c, loose, parts, c.facts.settings.seed, clock)


def _rich(programme: Programme) -> pl.DataFrame:
    """Money for everything, in every year."""
    cost = int(programme.options["cost_high_mvnd"].sum() or 0) + int(programme.training["cost_mvnd"].sum() or 0)
    much = 10 * cost + abs(programme.settings.reserve_mvnd) + int(programme.obligations["cost_mvnd"].sum() or 0)
    first, last = (quarter_number(q) // 4 for q in (programme.settings.first_quarter, programme.settings.last_quarter))
    rows = [{"year": y, "source": EVERYTHING, "amount_mvnd": much} for y in range(first, last + 1)]
    return pl.concat([programme.money, pl.DataFrame(rows, schema=programme.money.schema)])


def _crowded(programme: Programme) -> pl.DataFrame:
    """People for everything, from the first year on."""
    much = int(programme.efforts["people"].sum() or 0) + int(programme.obligations["people"].sum() or 0)
    first = quarter_number(programme.settings.first_quarter) // 4
    rows = [{"skill": s, "from_year": first, "people": much} for s in programme.skills["id"].to_list()]
    return pl.DataFrame(rows, schema=programme.skill_supply.schema)


def _parts(c: Compiled) -> Iterator[_Part]:
    p, facts = c.problem, c.facts
    for i in np.flatnonzero(p.must).tolist():
        yield _Part(rule("plan_clash_pin", "projects", c.projects[i]), _without_must(i))
    limits = {r["id"]: r for r in facts.programme.limits.to_dicts()}
    for row, name in enumerate(c.rows):
        kind = limits[name]["kind"]
        words = {lang: t(f"plan_clash_{kind}_word", lang) for lang in ("vi", "en")}
        vi, en = (t("plan_clash_limit", lang, row=name, kind=words[lang]) for lang in ("vi", "en"))
        yield _Part(Rule(vi, en, "limits", name), _without_row(row), asks=limits[name]["kind"] == "floor")
    for name, a in c.promises.items():
        yield _Part(rule("plan_clash_promise", "obligations", name), _without_goals(a))
    for block, year in enumerate(c.floor_years):
        yield _Part(rule("plan_clash_reliance", "settings", str(year)), _without_floor(block))
    for block, year in enumerate(c.survival_years, len(c.floor_years)):
        yield _Part(rule("plan_clash_survival", "settings", str(year)), _without_floor(block))
    # Which problem to start from says what is dropped: the money and people of `_Court.loose`.
    yield _Part(rule("plan_clash_money", "money", EVERYTHING), asks=False)
    yield _Part(rule("plan_clash_people", "skill_supply", EVERYTHING), asks=False)


def _forbidden(c: Compiled, name: str) -> _Part:
    """Shuts a project; to drop the rule is to leave it open."""
    i = c.projects.index(name)

    def shut(p: Problem) -> Problem:
        allow = p.allow.copy()
        allow[p.opt_ptr[i] : p.opt_ptr[i + 1]] = 0
        return p._replace(allow=allow)

    return _Part(rule("plan_clash_forbid", "projects", name), keep=shut, asks=False)


def _without_must(i: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        must = p.must.copy()
        must[i] = 0
        return p._replace(must=must)

    return drop


def _without_row(i: int) -> Callable[[Problem], Problem]:
    def drop(p: Problem) -> Problem:
        rhs = p.row_rhs.copy()
        rhs[i] = 0
        return p._replace(row_rhs=rhs, or_mult=np.where(p.or_row == i, 0, p.or_mult))

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
