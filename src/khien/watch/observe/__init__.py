"""Observations with vintages: an append-only dataset, read as it was known on any day.

One observation is `indicator, place, valid, issued, received, value, unit, source`. Nothing is ever changed in
place: a later value for the same time is a revision, and stands beside the earlier one.
"""

from khien.watch.observe.findings import BatchRefused, StoreError, WatchFinding, WatchFindings
from khien.watch.observe.guard import Guard
from khien.watch.observe.schema import OBSERVATIONS, RECORDS
from khien.watch.observe.store import Batch, Compaction, Receipt, Store

__all__ = [
    "OBSERVATIONS",
    "RECORDS",
    "Batch",
    "BatchRefused",
    "Compaction",
    "Guard",
    "Receipt",
    "Store",
    "StoreError",
    "WatchFinding",
    "WatchFindings",
]
