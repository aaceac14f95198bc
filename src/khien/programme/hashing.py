"""The content hash of a programme."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import polars as pl
import polars.selectors as cs

from khien.programme.settings import Settings
from khien.programme.tables import TABLES

_FORM = b"khien programme 1\n"


def content_hash(settings: Settings, frames: Mapping[str, pl.DataFrame]) -> str:
    """SHA-256 in hex of settings (with their sources) and tables.

    Rows are put in order first, numbers go in as their bits, and what is empty (tables, and columns that hold
    nothing but their default) is left out, so that a column added to the product later changes no hash.
    """
    digest = hashlib.sha256(_FORM)
    digest.update(_settings_bytes(settings))
    for name in sorted(frames):
        if frames[name].height:
            digest.update(f"\n{name}\n".encode())
            digest.update(table_bytes(name, frames[name]))
    return digest.hexdigest()


def table_bytes(name: str, frame: pl.DataFrame) -> bytes:
    """The content of a table in a canonical form: sorted CSV, floats as their bits."""
    table = TABLES[name]
    said = [c for c in sorted(table.schema) if not _says_nothing(frame[c], table.columns[c].default)]
    plain = frame.select(said).with_columns(cs.float().map_batches(_bits, return_dtype=pl.Int64))
    return plain.sort(said).write_csv(quote_style="non_numeric", null_value="").encode()


def _says_nothing(values: pl.Series, default: object) -> bool:
    if default is None:
        return values.null_count() == len(values)
    return bool((values == default).all())


def _bits(values: pl.Series) -> pl.Series:
    """Float bits as whole numbers; -0.0 counts as 0.0 and missing stays missing."""
    bits = (values.fill_null(0.0).to_numpy() + 0.0).view(np.int64)
    return pl.select(
        pl.when(values.is_not_null()).then(pl.Series(values.name, bits)).alias(values.name)
    ).to_series()


def _settings_bytes(settings: Settings) -> bytes:
    plain = {name: float(v) if isinstance(v, float) else v for name, v in settings.values().items()}
    facts = {name: [f.source, f.status] for name, f in settings.facts.items() if f.source or f.status}
    return json.dumps([plain, facts], sort_keys=True, ensure_ascii=True).encode()
