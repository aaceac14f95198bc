"""A plan, its programme and the shocks as arrays: all that the compiled replay reads.

Index letters: P chosen projects in the order in which they are replayed, Y years, T quarters, S skills,
L limits, K shocks, J supplies, I items, U subjects, Q products, C capabilities. `x_ptr` cuts a flat list
into one part per row: row i has the places x_ptr[i] to x_ptr[i+1]. Money is whole million VND.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

LUCK_BITS, TIME_BITS, COST_BITS = 24, 20, 20
"""The 64 random bits of a project in a draw: success, duration, cost (a shock: luck, begin, together)."""

COST_STEPS = 128
"""Steps of the table by which a cost is drawn; straight lines between them."""


class Horizon(NamedTuple):
    """The quarters of the programme."""

    quarters: int
    year_of: Ints  # [T]
    year_start: Ints  # [Y + 1]


class Chances(NamedTuple):
    """How a project is drawn."""

    stream: Ints  # [P]: row of the project in its table
    success: Ints  # succeeds when its 24 bits are below
    settled: Ints  # planned to have ended before the horizon: neither time nor cost is drawn
    duration: Ints  # as planned
    cost: Ints
    low: Ints
    time_ptr: Ints
    time_at: Ints  # duration = low + how many of these its 20 bits reach
    cost_table: Reals  # [P, COST_STEPS + 1]


class Order(NamedTuple):
    """When a project may start; nothing waits for what stands further down."""

    planned: Ints  # [P]: start as planned
    fixed: Ints
    idle: Ints  # 1 where it has ended before the horizon, so that no shock hits it
    latest: Ints
    wait_ptr: Ints
    wait_for: Ints
    wait_lag: Ints
    stage_ptr: Ints
    stage_by: Ints  # one of these must have ended
    hit_group: Ints  # [P]: projects that the same shocks stop
    hit_ptr: Ints
    hit_by: Ints  # shocks that stop a group


class Charges(NamedTuple):
    """What a project is charged when."""

    spent: Ints  # [P]: before the horizon; -1 where it is not known, and for candidates
    spend_ptr: Ints
    spend_parts: Ints  # cumulated parts of the spend profile, beginning with 0


class Takes(NamedTuple):
    """People that a project takes, and the limits that count it."""

    effort_ptr: Ints
    effort_skill: Ints
    effort_people: Ints
    limit_ptr: Ints
    limit: Ints
    cap_ptr: Ints
    cap: Ints  # those of them that are ceilings with an amount


class Brings(NamedTuple):
    """What a project brings when it ends."""

    subject: Ints  # [P]
    brings: Ints  # 0 nothing, 1 makes its subject available, 2 makes it held at home as well
    foreign: Ints
    after_cut: Ints  # [T + 1]: from when an end counts where the year may be cut


class Means(NamedTuple):
    """Money and people."""

    income: Ints  # [Y]
    charged: Ints  # [Y]: training and obligations
    reserve: int
    carry_over: int
    free: Ints  # [S, T]: people beside training and obligations
    there: Ints  # [S, T]: people by skill_supply alone


class Limits(NamedTuple):
    """Ceilings and floors."""

    ceiling: Ints  # [L]: 1 a ceiling, 0 a floor
    bar: Ints  # [L]: -1 where it is a share
    share_num: Ints
    share_den: Ints
    first_year: Ints
    last_year: Ints


class Luck(NamedTuple):
    """How a shock is drawn; parents stand before their children."""

    shock_stream: Ints  # [K]
    chance: Ints  # happens when its 24 bits are below
    parent: Ints
    together: Ints  # shares the numbers of its parent when its 20 bits are below
    first_begin: Ints
    choices: Ints  # how many quarters it may begin in


class Blows(NamedTuple):
    """What a shock takes of progress, people and money."""

    length: Ints  # [K]
    pause: Ints  # quarters that a project loses
    loss_num: Ints
    loss_den: Ints
    skill: Ints
    skill_all: Ints
    money_ptr: Ints
    money_year: Ints
    money_amount: Ints


class Strikes(NamedTuple):
    """What a shock takes of supplies, and who uses them."""

    lasts: Ints  # [K]: its length
    loss: Reals
    takes_ptr: Ints  # items that lose supplies
    takes_item: Ints
    takes_shock: Ints
    takes_share: Reals  # share of the item that is missing once stocks have run out
    takes_after: Ints  # quarters after the begin from which on stocks do not last a whole quarter
    takes_stocked: Reals  # how much of the first of them they last
    taken_ptr: Ints  # the supplies that are taken
    taken: Ints
    item_ptr: Ints  # [I + 1]: supplies stand in order of their items
    item_share: Reals  # [I]: sum of all supplies
    item_freed_by: Ints  # [I]: subject, -1 never
    meets: Ints  # [I]: 1 where two shocks may take supplies of it at the same time
    met: Ints  # what shocks take of such items
    used_ptr: Ints  # [I + 1]
    used_product: Ints
    used_lost: Reals
    supply_share: Reals  # [J]
    supply_months: Reals


class Services(NamedTuple):
    """From subjects to products."""

    available: Ints  # [U] without any project
    at_home: Ints
    need_ptr: Ints  # [Q + 1]
    need_subject: Ints
    need_home: Ints
    service: Ints  # [Q]: from what never changes


class Yields(NamedTuple):
    """From products to coverage. Two of [2, ...]: for coverage, where all quarters are one chain, and for
    self-reliance, where the first quarters of all years are one, the second ones another, and so on."""

    alive: Ints  # products that can come into service
    serves: Ints  # [Q]: 1 where it serves from the first day whatever happens
    steady: Ints  # [Q]: 1 where nothing changes what it retains under a cut either
    keep: Reals  # [Q, 4]: retained in the first, second, ... quarter of a cut in the end
    fade_ptr: Ints  # [Q, 5]: rows of each product and quarter of a cut, those that retain least first
    fade_subject: Ints  # no more than the level is retained until this subject is held at home
    fade_level: Reals
    yielded_ptr: Ints  # [Q + 1]
    yielded_capability: Ints
    yielded_amount: Reals
    base: Reals  # [2, C, 4]: yields of what serves from the first day and of the steady ones under a cut
    rises: Ints  # [2, T]: 1 where weight or level is another than the quarter before in the chain
    weight: Reals  # [T, C]: share of the capability in the coverage of the programme
    per_unit: Reals  # [T, C]: what one unit of it brings to that share, 0 without requirement
    step_of: Ints  # [2, T]: which chain a quarter belongs to: for self-reliance quarters since the first of its year
    before: Ints  # [2, T]: the quarter before in the chain, -1 where there is none
    again: Ints  # [T]: the quarter after in the chain of self-reliance, T where there is none
    first_at: Ints  # [4, T + 1]: first of the chain of self-reliance from a quarter on, T where there is none
    every: Ints  # [T + 1]: the same for coverage: the quarter itself


class Worths(NamedTuple):
    """From coverage to the value."""

    starts: Ints  # [Y + 1]: first quarter of each year
    year_weight: Reals  # [T]: 1 / quarters of the year with a requirement
    discount: Reals  # [T]
    discount_cut: Reals  # [T]: times the weight of self-reliance


class Dues(NamedTuple):
    """Firm obligations."""

    due_quarter: Ints
    due_amount: Reals
    due_ptr: Ints
    due_product: Ints
    due_yield: Reals


class Model(NamedTuple):
    """All of it, in the parts that the steps of a replay take: a compiled function is given what it reads."""

    horizon: Horizon
    chances: Chances
    order: Order
    charges: Charges
    takes: Takes
    brings: Brings
    means: Means
    limits: Limits
    luck: Luck
    blows: Blows
    strikes: Strikes
    services: Services
    yields: Yields
    worths: Worths
    dues: Dues


def model_of(arrays: dict[str, Any]) -> Model:
    """The parts, each field by its name."""
    kinds = get_type_hints(Model)
    return Model(**{name: kind(**{f: arrays[f] for f in kind._fields}) for name, kind in kinds.items()})


class Twist(NamedTuple):
    """What is forced in every draw: -1 as drawn, 0 no, 1 yes."""

    success: Ints  # [P]
    delay: Ints  # [P]: quarters added to the duration
    shock: Ints  # [K]


def no_twist(model: Model) -> Twist:
    """Everything as drawn."""
    projects, shocks = len(model.order.planned), len(model.blows.length)
    return Twist(
        np.full(projects, -1, dtype=np.int64),
        np.zeros(projects, dtype=np.int64),
        np.full(shocks, -1, dtype=np.int64),
    )


def pointers(parts: list[list[Any]]) -> Ints:
    """Where each part begins and ends once they are laid end to end."""
    return np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)
