"""Who is foreign: by country of registration, or controlled from abroad."""

from __future__ import annotations

from typing import Final

import polars as pl

CONTROL_SHARE: Final = 0.5
"""Above this share the owner controls an organisation. An unknown share is no proof of control."""


def foreign_organisations(organisations: pl.DataFrame, home: str) -> set[str]:
    """Ids of organisations registered abroad, or held from abroad at any step of ownership."""
    rows = {
        row[0]: row[1:]
        for row in organisations.select("id", "country", "controlled_by", "control_share").iter_rows()
    }
    return {name for name in rows if name is not None and _foreign(name, rows, home)}


def _foreign(name: str, rows: dict[str, tuple[str, str | None, float | None]], home: str) -> bool:
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        country, owner, share = rows[name]
        if country is not None and country != home:
            return True
        if owner is None or (share or 0.0) <= CONTROL_SHARE:
            return False
        if owner not in rows:
            return owner != home
        name = owner
    return False
