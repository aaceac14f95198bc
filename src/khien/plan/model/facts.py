"""What the three files of the model read of a programme, looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.programme.planned import charged_spend, planning_values
from khien.programme.quarters import quarter_number
from khien.reliance import Horizon, dependencies, horizon, option_partners, service_needs, transfer

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """A programme (what-ifs applied) with its rows as plain dicts."""

    programme: Programme
    settings: PlanSettings
    pools: dict[str, int] = field(default_factory=dict)

    @cached_property
    def when(self) -> Horizon:
        return horizon(self.programme)

    @cached_property
    def first(self) -> int:
        return quarter_number(self.programme.settings.first_quarter)

    def index(self, quarter: str | None, default: int) -> int:
        """Quarter text as an index of the horizon; `default` where there is none."""
        return default if quarter is None else quarter_number(quarter) - self.first

    @cached_property
    def projects(self) -> dict[str, Row]:
        return {r["id"]: r for r in self.programme.projects.to_dicts()}

    @cached_property
    def options(self) -> dict[str, Row]:
        """Options with planning values, partner facts and completeness of transfer."""
        frame = self.programme.options.drop("partner")
        extra = (
            planning_values(self.programme.options, self.programme.settings)
            .drop("project")
            .join(option_partners(self.programme), on="option")
            .join(transfer(self.programme).select("option", "completeness"), on="option")
        )
        rows = frame.join(extra, left_on="id", right_on="option", how="left").to_dicts()
        return {r["id"]: r for r in rows}

    @cached_property
    def of_project(self) -> dict[str, list[Row]]:
        out: dict[str, list[Row]] = {name: [] for name in self.projects}
        for o in self.options.values():
            out[o["project"]].append(o)
        return out

    @cached_property
    def of_subject(self) -> dict[str, list[Row]]:
        """Projects of every subject, in the order of the table."""
        out: dict[str, list[Row]] = {}
        for p in self.projects.values():
            out.setdefault(p["subject"], []).append(p)
        return out

    @cached_property
    def candidates(self) -> list[str]:
        """Projects that may be chosen, in the order of the table."""
        return [p["id"] for p in self.projects.values() if p["status"] == "candidate" and p["pin"] != "must_not"]

    @cached_property
    def fixed(self) -> list[tuple[Row, Row, int]]:
        """(project, option, start) of what is committed or running."""
        return [
            (p, self.options[p["option"]], self.index(p["start"], 0))
            for p in self.projects.values()
            if p["status"] in ("committed", "running")
        ]

    @cached_property
    def done(self) -> list[tuple[Row, Row]]:
        return [(p, self.options[p["option"]]) for p in self.projects.values() if p["status"] == "done"]

    @cached_property
    def order(self) -> dict[str, int]:
        return {s["id"]: s["order"] for s in self.programme.stages.to_dicts()}

    @cached_property
    def service_order(self) -> int:
        return next(int(s["order"]) for s in self.programme.stages.to_dicts() if s["service"])

    @cached_property
    def group_of(self) -> dict[str, str]:
        tables = (self.programme.technologies, self.programme.products)
        return {r["id"]: r["group"] for frame in tables for r in frame.to_dicts()}

    @cached_property
    def efforts(self) -> dict[str, dict[str, int]]:
        out: dict[str, dict[str, int]] = {}
        for r in self.programme.efforts.to_dicts():
            need = out.setdefault(r["option"], {})
            need[r["skill"]] = need.get(r["skill"], 0) + r["people"]
        return out

    @cached_property
    def needs(self) -> list[Row]:
        """What every product needs to serve, through all levels."""
        return service_needs(self.programme).to_dicts()

    @cached_property
    def depends(self) -> list[Row]:
        """What every product loses by under a cut."""
        return dependencies(self.programme).to_dicts()

    def obligation_years(self, row: Row) -> list[int]:
        """Years in which an obligation costs money and people."""
        due = (quarter_number(row["due"])) // 4
        begin = row["from_year"] if row["from_year"] is not None else self.when.years[0]
        return [y for y in self.when.years if begin <= y <= due]

    @cached_property
    def fixed_charges(self) -> list[tuple[Row, Row, dict[int, int]]]:
        """(project, option, spend by quarter inside the horizon) of what is fixed."""
        out = []
        for p, o, start in self.fixed:
            first, amounts = charged_spend(
                o["cost_mvnd"], o["duration_quarters"], o["spend_profile"], start, p["spent_mvnd"]
            )
            inside = {first + i: a for i, a in enumerate(amounts) if first + i < self.when.quarters}
            out.append((p, o, inside))
        return out
