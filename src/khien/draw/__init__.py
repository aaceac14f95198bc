"""Pictures and reports: what a plan says, for people.

``write_report`` writes a whole report; the chart functions draw one picture from one frame.
"""

from khien.draw.charts import (
    capability_heat,
    concentration,
    coverage_by_year,
    failures,
    flows,
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
)
from khien.draw.paper import PaperError
from khien.draw.report import write_report, write_results
from khien.draw.results import Results, collect
from khien.draw.stills import png, svg

__all__ = [
    "PaperError",
    "Results",
    "capability_heat",
    "collect",
    "concentration",
    "coverage_by_year",
    "failures",
    "flows",
    "history",
    "income_by_source",
    "money_by_year",
    "people",
    "people_load",
    "png",
    "provinces",
    "roadmap",
    "roadmap_overview",
    "spend_by",
    "spend_by_form",
    "stage_heat",
    "svg",
    "write_report",
    "write_results",
]
