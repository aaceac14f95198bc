"""From ends and successes to subjects and products: since when each can be counted on."""

from __future__ import annotations

import numpy as np
from numba import njit

from khien.stress.core.kernel import kernel
from khien.stress.core.pause import FAR


@njit(cache=True, nogil=True)
def follow(quarters, p, e, ok, end, subjects, service):
    """Fill from when subjects and products can be counted on, [., draws].

    `subjects[0]` is available, `[1]` held at home, `[2]` and `[3]` the same where the year of the end may be cut;
    `service[0]` and `service[1]` the same for products.
    """
    for u in range(len(e.available)):
        subjects[0, u, :] = e.available[u]
        subjects[1, u, :] = e.at_home[u]
        subjects[2, u, :] = e.available[u]
        subjects[3, u, :] = e.at_home[u]
    brings, foreign, subject, after_cut = p.brings, p.foreign, p.subject, p.after_cut
    there = np.empty(ok.shape[1], dtype=np.int32)
    for i in range(len(brings)):
        if brings[i]:
            u = subject[i]
            arrive(quarters, ok[i], end[i], there)
            for row in range(brings[i]):
                earlier(subjects[row, u], there)
            if foreign[i]:
                for n in range(len(there)):
                    if there[n] < quarters:
                        there[n] = after_cut[there[n]]
            for row in range(brings[i]):
                earlier(subjects[row + 2, u], there)
    always, need_ptr, need_home, need_subject = e.service, e.need_ptr, e.need_home, e.need_subject
    for q in range(len(always)):
        service[0, q, :] = always[q]
        service[1, q, :] = always[q]
        for x in range(need_ptr[q], need_ptr[q + 1]):
            for cut in range(2):
                since, other = service[cut, q], subjects[need_home[x] + 2 * cut, need_subject[x]]
                later(since, other)


@kernel()
def arrive(quarters, ok, end, there):
    """Fill from when on a project has brought what it brings; never where it fails or ends after the horizon."""
    last, start, never = np.int32(quarters), np.int32(0), np.int32(FAR)
    for n in range(len(there)):
        there[n] = max(end[n], start) if ok[n] != 0 and end[n] < last else never


@kernel()
def earlier(since, other):
    """The earlier of both."""
    for n in range(len(since)):
        since[n] = min(since[n], other[n])


@kernel()
def later(since, other):
    """The later of both."""
    for n in range(len(since)):
        since[n] = max(since[n], other[n])


@kernel()
def promises_broken(e, service, broken):
    """Count the draws in which the amount of a firm obligation is not in service when it is due."""
    for x in range(len(broken)):
        due = e.due_quarter[x]
        for n in range(service.shape[2]):
            amount = 0.0
            for y in range(e.due_ptr[x], e.due_ptr[x + 1]):
                if service[0, e.due_product[y], n] <= due:
                    amount += e.due_yield[y]
            if amount < e.due_amount[x] - 1e-9 * max(1.0, e.due_amount[x]):
                broken[x] += 1
