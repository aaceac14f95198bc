"""Pictures as functions of frames: one definition for the page, SVG, PNG and PDF."""

from khien.draw.charts.common import Chart, Names
from khien.draw.charts.coverage import capability_heat, coverage_by_year, weakest_first
from khien.draw.charts.failures import failures
from khien.draw.charts.flows import flows
from khien.draw.charts.frontier import frontier
from khien.draw.charts.history import history
from khien.draw.charts.money import income_by_source, money_by_year
from khien.draw.charts.partners import concentration, spend_by, spend_by_form
from khien.draw.charts.people import people, people_load
from khien.draw.charts.provinces import provinces
from khien.draw.charts.roadmap import roadmap, roadmap_overview
from khien.draw.charts.stages import stage_heat
from khien.draw.charts.stress import fan, tail

__all__ = [
    "Chart",
    "Names",
    "capability_heat",
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
    "provinces",
    "roadmap",
    "roadmap_overview",
    "spend_by",
    "spend_by_form",
    "stage_heat",
    "tail",
    "weakest_first",
]
