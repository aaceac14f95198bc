"""Right-shift repair: in the order of the plan, each project starts as soon as it fits, or not at all."""

from __future__ import annotations

import numpy as np

from khien.stress.core.kernel import kernel
from khien.stress.core.pause import FAR, run_from, windows
from khien.stress.core.spend import add_spend, cut_income


@kernel()
def ready_from(planned, wait_ptr, wait_for, wait_lag, stage_ptr, stage_by, i, end):
    """First quarter in which project i may start as far as others are concerned; FAR or later if never."""
    ready = planned[i]
    for x in range(wait_ptr[i], wait_ptr[i + 1]):
        ready = max(ready, end[wait_for[x]] + wait_lag[x])
    if stage_ptr[i] < stage_ptr[i + 1]:
        first = FAR
        for x in range(stage_ptr[i], stage_ptr[i + 1]):
            first = min(first, end[stage_by[x]])
        ready = max(ready, first)
    return ready


@kernel()
def prepare(year_start, g, k, on, begin, free, slack, least):
    """People and money there are in this future before any project: drains and cuts taken off."""
    for skill in range(len(free)):
        for t in range(free.shape[1]):
            free[skill, t] = g.free[skill, t]
    there, quarters = g.there, free.shape[1]
    for s in range(len(on)):
        if on[s] and (k.skill[s] >= 0 or k.skill_all[s]):
            for skill in range(len(free)):
                if k.skill[s] == skill or k.skill_all[s]:
                    for t in range(begin[s], min(begin[s] + k.length[s], quarters)):
                        free[skill, t] -= there[skill, t] * k.loss_num[s] // k.loss_den[s]
    for y in range(len(slack)):
        slack[y] = g.income[y] - g.charged[y]
    for s in range(len(on)):
        if on[s]:
            cut_income(year_start, k, s, begin[s], slack)
    before = 0.0
    for y in range(len(slack)):
        before = slack[y] + (before if g.carry_over else 0.0)
        slack[y] = before - g.reserve
    least[:] = np.inf
    remember(slack, least, len(slack))


@kernel()
def people_clash(skills, people, first, last, start, end, free):
    """Last quarter of the run in which a skill is short; -1 if none is."""
    worst = start - 1
    for x in range(first, last):
        skill, heads = skills[x], people[x]
        t = end - 1
        while t > worst and free[skill, t] >= heads:
            t -= 1
        worst = max(worst, t)
    return worst if worst >= start else -1


@kernel()
def money_fits(carry_over, row, y0, y1, slack, least):
    """Whether what is charged leaves the reserve in every year to which it adds something."""
    so_far = 0.0
    for y in range(y0, y1):
        so_far = so_far + row[y] if carry_over else row[y]
        if so_far > 0 and so_far > slack[y]:
            return False
    return not carry_over or so_far <= max(least[y1], 0.0)


@kernel()
def limits_fit(from_year, to_year, cap, first, last, row, y0, y1, room):
    """Whether every ceiling that is an amount still holds."""
    for x in range(first, last):
        one, adds = cap[x], 0.0
        for y in range(max(y0, from_year[one]), min(y1, to_year[one] + 1)):
            adds += row[y]
        if adds > 0 and adds > room[one]:
            return False
    return True


@kernel()
def remember(slack, least, since):
    """Fill the least slack of every year and all later ones, after it has changed from a year on."""
    for y in range(len(slack) - 1, -1, -1):
        now = min(slack[y], least[y + 1])
        if y < since and now == least[y]:
            return
        least[y] = now


@kernel()
def book(p, from_year, to_year, carry_over, i, sign, start, end, row, y0, y1, free, slack, least, room):
    """Take (1) or give back (-1) people, money and room under limits for a run charged in years y0 to before y1."""
    for x in range(p.effort_ptr[i], p.effort_ptr[i + 1]):
        heads, skill = sign * p.effort_people[x], p.effort_skill[x]
        for t in range(max(start, 0), min(end, free.shape[1])):
            free[skill, t] -= heads
    so_far = 0.0
    for y in range(y0, y1):
        so_far = so_far + row[y] if carry_over else row[y]
        slack[y] -= sign * so_far
    if carry_over:
        for y in range(y1, len(slack)):
            slack[y] -= sign * so_far
    remember(slack, least, y0)
    for x in range(p.limit_ptr[i], p.limit_ptr[i + 1]):
        one = p.limit[x]
        for y in range(max(y0, from_year[one]), min(y1, to_year[one] + 1)):
            room[one] -= sign * row[y]


@kernel()
def place(h, c, p, lim, carry_over, i, latest, ready, time, cost, n, low, high, free, slack, least, room, row):
    """First start from `ready` on that keeps every rule, its end (FAR: there is none), and the years it is charged."""
    year_of, year_start, quarters = h.year_of, h.year_start, h.quarters
    parts, first_part, last_part = c.spend_parts, c.spend_ptr[i], c.spend_ptr[i + 1]
    skills, people, e0, e1 = p.effort_skill, p.effort_people, p.effort_ptr[i], p.effort_ptr[i + 1]
    cap, l0, l1, from_year, to_year = p.cap, p.cap_ptr[i], p.cap_ptr[i + 1], lim.first_year, lim.last_year
    if carry_over and cost > 0:
        if least[len(slack) - 1] < cost:
            return FAR, FAR, 0, 0
        y = year_of[min(ready + time, quarters) - 1]
        while n == 0 and least[y] < cost:  # it ends in the year in which it can be paid, or later
            y += 1
            ready = max(ready, year_start[y] + 1 - time)
    at = ready
    while True:
        at, end = run_from(at, time, 0, n, low, high)
        if at > latest or end > quarters:
            return FAR, FAR, 0, 0
        clash = people_clash(skills, people, e0, e1, at, end, free)
        if clash >= 0:
            at = clash + 1
            continue
        row[:] = 0.0
        y0, y1 = add_spend(year_of, year_start, parts, first_part, last_part, -1, at, end, cost, row)
        if money_fits(carry_over, row, y0, y1, slack, least) and limits_fit(
            from_year, to_year, cap, l0, l1, row, y0, y1, room
        ):
            return at, end, y0, y1
        at += 1


@kernel()
def place_fixed(
    h, o, c, p, lim, pause, carry_over, on, begin, time, cost, start, end, spend, free, slack, least, room, low, high
):  # fmt: skip
    """What is committed or running keeps its start and takes what it needs first."""
    for i in range(len(o.planned)):
        if o.fixed[i]:
            g = o.hit_group[i]
            n = 0 if o.idle[i] else windows(o.hit_by, o.hit_ptr[g], o.hit_ptr[g + 1], pause, on, begin, low, high)
            start[i], end[i] = run_from(o.planned[i], time[i], 1, n, low, high)
            a, b, row = c.spend_ptr[i], c.spend_ptr[i + 1], spend[i]
            y0, y1 = add_spend(h.year_of, h.year_start, c.spend_parts, a, b, c.spent[i], start[i], end[i], cost[i], row)
            book(
                p, lim.first_year, lim.last_year, carry_over, i, 1, start[i], end[i], row, y0, y1, free, slack, least,
                room,
            )  # fmt: skip


@kernel()
def schedule(
    h, o, c, p, lim, pause, carry_over, on, begin, time, cost, start, end, spend, total, free, slack, least, room, low,
    high,
):  # fmt: skip
    """Fill starts, ends (FAR for what is left out) and what is charged by year, by project and in all."""
    for one in range(len(room)):
        room[one] = max(lim.bar[one], 0)
    spend[:, :] = 0.0
    place_fixed(
        h, o, c, p, lim, pause, carry_over, on, begin, time, cost, start, end, spend, free, slack, least, room, low,
        high,
    )  # fmt: skip
    planned, fixed, latest, quarters = o.planned, o.fixed, o.latest, h.quarters
    wait_ptr, wait_for, wait_lag, stage_ptr, stage_by = o.wait_ptr, o.wait_for, o.wait_lag, o.stage_ptr, o.stage_by
    hit_group, hit_ptr, hit_by, from_year, to_year = o.hit_group, o.hit_ptr, o.hit_by, lim.first_year, lim.last_year
    for i in range(len(planned)):
        if fixed[i]:
            continue
        ready = ready_from(planned, wait_ptr, wait_for, wait_lag, stage_ptr, stage_by, i, end)
        start[i], end[i] = FAR, FAR
        if ready < quarters:
            g = hit_group[i]
            n = windows(hit_by, hit_ptr[g], hit_ptr[g + 1], pause, on, begin, low, high)
            row = spend[i]
            start[i], end[i], y0, y1 = place(
                h, c, p, lim, carry_over, i, latest[i], ready, time[i], cost[i], n, low, high, free, slack, least, room,
                row,
            )  # fmt: skip
            if start[i] < FAR:
                book(p, from_year, to_year, carry_over, i, 1, start[i], end[i], row, y0, y1, free, slack, least, room)
            else:
                row[:] = 0.0
    total[:] = 0.0
    for i in range(len(spend)):
        for y in range(len(total)):
            total[y] += spend[i, y]
    keep_shares(o, p, lim, carry_over, start, end, spend, total, free, slack, least, room)


@kernel()
def share_broken(g, one, total, room):
    """Whether a limit that is a share is exceeded (a ceiling) or missed (a floor); `room` began at nought."""
    whole = 0.0
    for y in range(g.first_year[one], g.last_year[one] + 1):
        whole += total[y]
    left, right = np.int64(-room[one]) * g.share_den[one], np.int64(whole) * g.share_num[one]
    return left > right if g.ceiling[one] else left < right


@kernel()
def keep_shares(o, p, g, carry_over, start, end, spend, total, free, slack, least, room):
    """Leave out, from the last on, what puts a ceiling that is a share over it; and what waits for it."""
    ceiling, amount = g.ceiling, g.bar
    again = True
    while again:
        again = False
        for one in range(len(ceiling)):
            if ceiling[one] and amount[one] < 0:
                while share_broken(g, one, total, room):
                    out = last_of(o.fixed, p, g, one, start, spend)
                    if out < 0:
                        break
                    leave_out(o, p, g, carry_over, out, start, end, spend, total, free, slack, least, room)
                    again = True


@kernel()
def last_of(fixed, p, g, one, start, spend):
    """The candidate that starts last among those that count towards a limit; -1 if there is none."""
    best, when = -1, -1
    for i in range(len(start)):
        if fixed[i] or start[i] >= FAR or start[i] < when:
            continue
        for x in range(p.limit_ptr[i], p.limit_ptr[i + 1]):
            if p.limit[x] == one:
                counts = 0.0
                for y in range(g.first_year[one], g.last_year[one] + 1):
                    counts += spend[i, y]
                if counts > 0:
                    best, when = i, start[i]
    return best


@kernel()
def leave_out(o, p, g, carry_over, out, start, end, spend, total, free, slack, least, room):
    """Do not carry out a project, nor what waited for it."""
    for i in range(out, len(start)):
        if o.fixed[i] or start[i] >= FAR:
            continue
        if i == out or not still_allowed(o, i, start, end):
            row = spend[i]
            book(
                p, g.first_year, g.last_year, carry_over, i, -1, start[i], end[i], row, 0, len(row), free, slack, least,
                room,
            )  # fmt: skip
            for y in range(len(row)):
                total[y] -= row[y]
            spend[i, :] = 0
            start[i], end[i] = FAR, FAR


@kernel()
def still_allowed(o, i, start, end):
    """Whether all that project i waits for is still carried out in time."""
    for x in range(o.wait_ptr[i], o.wait_ptr[i + 1]):
        if end[o.wait_for[x]] + o.wait_lag[x] > start[i]:
            return False
    for x in range(o.stage_ptr[i], o.stage_ptr[i + 1]):
        if end[o.stage_by[x]] <= start[i]:
            return True
    return bool(o.stage_ptr[i] == o.stage_ptr[i + 1])
