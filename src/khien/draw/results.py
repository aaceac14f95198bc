"""Everything a report shows, gathered once from a programme and a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

NAMED = (
    "groups",
    "capabilities",
    "stages",
    "technologies",
    "products",
    "items",
    "organisations",
    "countries",
    "skills",
    "places",
    "obligations",
)
"""Tables whose rows have a name in both languages."""


@dataclass(frozen=True)
class Results:
    """A plan's frames beside the programme they stand on.

    Attributes
    ----------
    programme, plan
        What the frames were made from.
    frames
        Frame by name: roadmap, money_by_year, people_by_quarter, coverage_by_year, spend_by,
        refused, in_service, choices, training, history.
    names
        language, then table, then id: the name.
    """

    programme: Any
    plan: Any
    frames: Mapping[str, pl.DataFrame]
    names: Mapping[str, Mapping[str, Mapping[str, str]]] = field(repr=False)

    def frame(self, name: str) -> pl.DataFrame:
        """Return a result frame by name."""
        return self.frames[name]

    def called(self, table: str, lang: str) -> Mapping[str, str]:
        """Return the names of one table's ids in a language."""
        return self.names[lang].get(table, {})

    def parties(self, lang: str) -> dict[str, str]:
        """Return the names of organisations and countries together (they share no id)."""
        return {**self.called("countries", lang), **self.called("organisations", lang)}

    def subjects(self, lang: str) -> dict[str, str]:
        """Return the names of all that a project may raise or need."""
        return {
            **self.called("items", lang),
            **self.called("technologies", lang),
            **self.called("products", lang),
        }

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the horizon."""
        settings = self.programme.settings
        return int(settings.first_quarter[:4]), int(settings.last_quarter[:4])

    @property
    def short_hash(self) -> str:
        """First twelve letters of the programme version, as printed under every figure."""
        return str(self.plan.programme_hash)[:12]


def collect(programme: Any, plan: Any) -> Results:
    """Make every result frame of a plan.

    Parameters
    ----------
    programme
        The :class:`khien.Programme` that was planned.
    plan
        The plan that :func:`khien.plan_programme` or :func:`khien.load_plan` returned.

    Raises
    ------
    ValueError
        When the plan was made from another version of the programme.
    """
    from khien.plan import frames as make

    if programme.hash != plan.programme_hash:
        raise ValueError(
            f"the plan stands on programme version {plan.programme_hash[:12]}, this is {programme.hash[:12]}"
        )
    made = {name: getattr(make, name)(programme, plan) for name in MADE}
    kept = {"choices": plan.choices, "training": plan.training, "history": plan.history}
    return Results(programme, plan, made | kept, names_of(programme))


MADE = (
    "roadmap",
    "money_by_year",
    "people_by_quarter",
    "coverage_by_year",
    "spend_by",
    "refused",
    "in_service",
)
"""Frames that :mod:`khien.plan.frames` makes, by function name."""


def names_of(programme: Any) -> dict[str, dict[str, dict[str, str]]]:
    """Return language, table, id: name, for every table that has names."""
    return {
        lang: {
            table: dict(getattr(programme, table).select("id", f"name_{lang}").drop_nulls().iter_rows())
            for table in NAMED
        }
        for lang in ("vi", "en")
    }
