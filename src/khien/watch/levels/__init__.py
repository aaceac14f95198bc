"""Levels with legal meaning: hazards under Decision 18/2021, epidemics under Circular 15/2026, reporting clocks.

The tables are data (``data/``); one evaluator answers from them with article, band, reason and every doubt about the
text. Facts that were not read in the legal text say so in every answer.
"""

from khien.watch.levels.answer import Answer, Note, UnitLevel
from khien.watch.levels.clocks import VIET_NAM, Due, clocks
from khien.watch.levels.compound import Compound, compound, highest
from khien.watch.levels.evaluate import evaluate
from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.tables import HAZARDS, Hazard, hazard

__all__ = [
    "HAZARDS",
    "VIET_NAM",
    "Answer",
    "Compound",
    "Due",
    "Hazard",
    "LevelError",
    "LevelFinding",
    "Note",
    "UnitLevel",
    "clocks",
    "compound",
    "evaluate",
    "hazard",
    "highest",
]
