"""Every table of the programme, each defined once by its row class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from khien.programme.columns import Row, Table, table_of
from khien.programme.tables import chain, ground, means, needs, promises, records, subjects, work

ROWS: tuple[type[Row], ...] = (
    *needs.ROWS,
    *subjects.ROWS,
    *chain.ROWS,
    *work.ROWS,
    *means.ROWS,
    *promises.ROWS,
    *ground.ROWS,
    *records.ROWS,
)

TABLES: Mapping[str, Table] = MappingProxyType({row.TABLE: table_of(row) for row in ROWS})
"""Name of the table to the table, in reading order."""
