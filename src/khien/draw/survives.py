"""What a report says about self-reliance beyond the plan's own frames."""

from __future__ import annotations

import polars as pl

from khien.plan.result import Plan
from khien.programme import Programme
from khien.reliance import mastery


def survival_frames(programme: Programme, plan: Plan) -> dict[str, pl.DataFrame]:
    """Return the frames of the chapter on self-reliance, by name.

    The cuts begin with the last year of the plan, or with its first quarter where it is shorter.

    Returns
    -------
    dict
        ``mastery`` (what is mastered today): see :func:`khien.reliance.mastery`.
    """
    return {"mastery": mastery(programme)}
