"""Everything a report shows, gathered once from a programme and a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from khien.draw.asides import Aside
from khien.draw.limits import limit_names
from khien.draw.survives import survival_frames
from khien.plan.frames import all_frames
from khien.plan.result import Plan
from khien.programme import TABLES, Programme

Names = Mapping[str, str]


@dataclass(frozen=True)
class Results:
    """A plan's frames beside the programme they stand on.

    Attributes
    ----------
    programme, plan
        What the frames were made from.
    frames
        Frame by name: roadmap, money_by_year, people_by_quarter, coverage_by_year, spend_by,
        refused, in_service, choices, training, history; those of `khien.draw.survives`;
        those of saved answers, see `khien.draw.asides`; and reasons when they were given.
    names
        language, then table, then id: the name.
    told
        Figures of saved answers by their name: stress, frontier, reasons; only of those that were given.
    """

    programme: Programme
    plan: Plan
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    names: Mapping[str, Mapping[str, Names]] = field(repr=False)
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def frame(self, name: str) -> pl.DataFrame:
        """Return a result frame by name."""
        return self.frames[name]

    def called(self, table: str, lang: str) -> Names:
        """Return the names of one table's ids in a language."""
        return self.names[lang].get(table, {})

    def parties(self, lang: str) -> Names:
        """Return the names of organisations and countries together."""
        return {**self.called("countries", lang), **self.called("organisations", lang)}

    def subjects(self, lang: str) -> Names:
        """Return the names of all that a project may raise."""
        return {**self.called("technologies", lang), **self.called("products", lang)}

    def reasons(self, lang: str) -> Mapping[str, str]:
        """Return why each project was chosen or refused, in words; empty when nobody gave reasons."""
        frame = self.frames.get("reasons")
        if frame is None:
            return {}
        said = [column for column in frame.columns if column.endswith(f"_{lang}")]
        joined = pl.concat_str([pl.col(column) for column in said], separator=" · ", ignore_nulls=True)
        return dict(frame.select("project", joined).iter_rows())

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the horizon."""
        return self.programme.years[0], self.programme.years[-1]

    @property
    def short_hash(self) -> str:
        """First twelve letters of the programme version, as printed under every figure."""
        return self.plan.programme_hash[:12]


def collect(
    programme: Programme, plan: Plan, reasons: pl.DataFrame | None = None, asides: Sequence[Aside] = ()
) -> Results:
    """Make every result frame of a plan.

    Parameters
    ----------
    reasons
        project, and texts in columns that end in ``_vi`` and ``_en``: why it was chosen or refused.
    asides
        Saved answers of other commands about the same plan; reasons among them stand in place of ``reasons``.

    Raises
    ------
    PlanMismatch
        When the plan was made from another version of the programme.
    """
    frames = all_frames(programme, plan)
    kept = {"choices": plan.choices, "training": plan.training, "history": plan.history}
    given = {} if reasons is None else {"reasons": reasons}
    for aside in asides:
        given |= aside.frames
    frames = frames | kept | given | survival_frames(programme, plan)
    return Results(programme, plan, frames, names_of(programme), {aside.name: aside.figures for aside in asides})


def names_of(programme: Programme) -> dict[str, dict[str, Names]]:
    """Return language, table, id: name, for every table that has names, and for limits, which are named by what they
    are counted over."""
    tables = [name for name, table in TABLES.items() if {"id", "name_vi"} <= set(table.columns)]
    found: dict[str, dict[str, Names]] = {}
    for lang in ("vi", "en"):
        rows = {table: programme.frames[table].select("id", f"name_{lang}").drop_nulls() for table in tables}
        found[lang] = {table: dict(frame.iter_rows()) for table, frame in rows.items()}
        found[lang]["limits"] = limit_names(programme, found[lang], lang)
    return found
