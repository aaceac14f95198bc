"""Pictures and reports: what a plan says, for people.

``write_report`` writes a whole report; the chart functions draw one picture from one frame.
"""

from khien.draw.asides import Aside, AsideError, read_frontier, read_reasons, read_stress
from khien.draw.charts import (
    capability_heat,
    concentration,
    coverage_by_year,
    failures,
    fan,
    flows,
    frontier,
    history,
    income_by_source,
    money_by_year,
    people,
    people_load,
    provinces,
    roadmap,
    roadmap_overview,
    spend_by,
    spend_by_form,
    stage_heat,
    tail,
)
from khien.draw.paper import PaperError
from khien.draw.report import write_report, write_results
from khien.draw.results import Results, collect
from khien.draw.stills import png, svg

__all__ = [
    "Aside",
    "AsideError",
    "PaperError",
    "Results",
    "capability_heat",
    "collect",
    "concentration",
    "coverage_by_year",
    "failures",
    "fan",
    "flows",
    "frontier",
    "history",
    "income_by_source",
    "money_by_year",
    "people",
    "people_load",
    "png",
    "provinces",
    "read_frontier",
    "read_reasons",
    "read_stress",
    "roadmap",
    "roadmap_overview",
    "spend_by",
    "spend_by_form",
    "stage_heat",
    "svg",
    "tail",
    "write_report",
    "write_results",
]
