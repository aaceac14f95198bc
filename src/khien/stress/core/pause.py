"""How long a project really runs when partners stop while it does."""

from __future__ import annotations

from khien.stress.core.kernel import kernel

FAR = 1 << 20
"""A quarter that does not come."""


@kernel()
def windows(hit_by, first, last, pause, on, begin, low, high):
    """Quarters in which a project stands still, in order of their begin; returns how many windows there are.

    `hit_by[first:last]` are the shocks that stop its partner.
    """
    n = 0
    for x in range(first, last):
        s = hit_by[x]
        if not on[s] or not pause[s]:
            continue
        a = n
        while a > 0 and low[a - 1] > begin[s]:
            low[a], high[a] = low[a - 1], high[a - 1]
            a -= 1
        low[a], high[a] = begin[s], begin[s] + pause[s]
        n += 1
    return n


@kernel()
def run_from(start, time, fixed, n, low, high):
    """First quarter from `start` on in which it can start, and the end if it starts then.

    It does not start while it would stand still, unless its start is fixed; every quarter in which it stands
    still makes it run a quarter longer.
    """
    if not fixed:
        for a in range(n):
            if low[a] <= start < high[a]:
                start = high[a]
    end, told = start + time, start
    for a in range(n):
        since = max(low[a], told)
        if since < end and high[a] > since:
            end += high[a] - since
            told = high[a]
    return start, end
