"""Projects that no plan of a programme can gain by: nothing counts what they bring, and nothing waits for them."""

from __future__ import annotations

from khien.plan.ask.trials import followers, units
from khien.plan.core.problem import NEVER
from khien.plan.model import Compiled


def idle(c: Compiled, project: int) -> bool:
    """Whether neither a project nor any that may wait for it has a part in something that counts."""
    p, seen, waiting = c.problem, {project}, [project]
    while waiting:
        i = waiting.pop()
        if units(p, i) or p.val[p.opt_ptr[i] : p.opt_ptr[i + 1]].any():
            return False
        more = [j for j in followers(p, i) if j not in seen]
        seen.update(more)
        waiting += more
    return True


def lacks(c: Compiled, project: int) -> list[str]:
    """What the products that a project is for lose by under a cut, and no project can mend."""
    subject = c.facts.projects[c.projects[project]]["subject"]
    mine = {subject} | {r["product"] for r in c.facts.depends if r["removed_by"] == subject}
    rows = [r for r in c.facts.depends if r["product"] in mine and r["lost_share"] > 0]
    return list(dict.fromkeys(r["id"] for r in rows if not _mendable(c, r["removed_by"]))) if rows else []


def _mendable(c: Compiled, subject: str | None) -> bool:
    """Whether a subject is, or can come to be, held at home."""
    if subject is None:
        return False
    p, known = c.problem, c.parts[0].conditions.get((subject, "home", True))
    return known is None or p.co_ptr[known + 1] > p.co_ptr[known] or bool(p.cond_init[known] < NEVER)
