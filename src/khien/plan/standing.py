"""How a programme stands under a plan when somebody abroad is cut off: what `khien.reliance` is told."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import polars as pl

from khien.plan.frames.replay import Replay, held, picked
from khien.plan.result import Plan, choices_frame, fixed_picks, training_frame
from khien.programme import Programme
from khien.reliance import foreign_organisations, option_partners
from khien.reliance.standing import Stand, Standing


def stand_under(programme: Programme, plan: Plan | None, first: int) -> Stand:
    """How things stand from a quarter on, given who is cut off on its first day.

    Parameters
    ----------
    programme : Programme
    plan : Plan or None
        Without one only what is done, committed or running counts.
    first : int
        Index of the quarter. A project with a partner who is cut off counts only if it has ended by then.

    Raises
    ------
    PlanMismatch
        The plan was made from another programme.
    """
    if plan is None:
        choices = choices_frame(programme, fixed_picks(programme))
        replay = Replay(programme, picked(programme, choices), training_frame(programme, []))
    else:
        replay = Replay.of(programme, plan)
    partners = _partners(replay)
    open_ = replay.picks.filter("foreign", pl.col("end") > first)
    known: dict[frozenset[str], Standing] = {}

    def stand(organisations: frozenset[str]) -> Standing:
        stopped = frozenset(open_["partner"].drop_nulls().to_list()) & organisations
        if stopped not in known:
            out = (pl.col("end") > first) & pl.col("partner").is_in(list(stopped)).fill_null(False)
            kept = held(dataclasses.replace(replay, picks=replay.picks.filter(~out)))
            known[stopped] = Standing(kept.service, kept.at_home, partners)
        return known[stopped]

    return stand


def _partners(replay: Replay) -> dict[str, frozenset[str]]:
    """Foreign partners of everything that is picked or done, by subject."""
    foreign = foreign_organisations(replay.programme)
    projects = replay.programme.projects
    done = (
        projects.filter(pl.col("status") == "done")
        .select("subject", "option")
        .join(option_partners(replay.programme).select("option", "partner"), on="option")
    )
    rows = pl.concat([replay.picks.select("subject", "partner"), done.select("subject", "partner")]).drop_nulls()
    found: dict[str, set[str]] = defaultdict(set)
    for subject, partner in rows.iter_rows():
        if partner in foreign:
            found[subject].add(partner)
    return {subject: frozenset(names) for subject, names in found.items()}
