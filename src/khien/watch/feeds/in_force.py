"""Which alerts hold at a moment: updates and cancels taken into account, each only where it may speak."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl

from khien.watch.feeds.cap_check import reference
from khien.watch.feeds.signature import UNCHECKED
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.schema import moment

Key = tuple[str, str, datetime]
KEY: Final = ("sender", "identifier", "sent")
UNSURE: Final = pl.col("signature").fill_null(UNCHECKED) == UNCHECKED
"""Whether nobody checked the signature of a row, or it has none; see `records.SURE`."""
ENDLESS: Final = timedelta(days=7)
REPLACES: Final = {"Update": "superseded", "Cancel": "cancelled"}


def alert_states(
    alerts: pl.DataFrame,
    at: date | datetime | str,
    *,
    known_at: date | datetime | str | None = None,
    endless: timedelta = ENDLESS,
    findings: WatchFindings | None = None,
) -> pl.DataFrame:
    """Every message sent by a moment, with what became of it.

    An update supersedes, a cancel ends the messages that its `references` name, whatever order they came in; it does
    so only for messages of the same sender or from the same source, so that nobody silences another's warning; and one
    whose signature was checked is only ended by one whose signature was checked too.

    Args:
        alerts: rows of the table `alerts`.
        at: messages sent later are left out; alerts that expired by then are `expired`.
        known_at: only messages received by then.
        endless: how long an alert that names no end holds after it was sent; CAP leaves that to whoever receives it.
        findings: references that lead nowhere, or to another's message, are told here.

    Returns:
        The rows (one for each `info`) with `state`: active, expired, superseded, cancelled, or `none` for messages that
        warn of nothing (Cancel, Ack, Error, drafts), and `by`, the identifier of the message that ended it.
    """
    when = moment(at)
    rows = alerts.filter(pl.col("sent") <= when)
    if known_at is not None:
        rows = rows.filter(pl.col("received") <= moment(known_at))
    # Of a message that came in several ways, or that somebody imitated, the one whose signature was checked counts.
    rows = rows.filter(~UNSURE | UNSURE.all().over(KEY))
    rows = rows.unique([*KEY, "info"], keep="first", maintain_order=True)
    ended = _ended(rows, findings)
    keys = rows.select(KEY).iter_rows()
    fates = [ended.get(key, (None, None)) for key in keys]
    fate = pl.Series("_fate", [f[0] for f in fates], dtype=pl.String)
    by = pl.Series("by", [f[1] for f in fates], dtype=pl.String)
    warns = pl.col("msgType").is_in(["Alert", "Update"]) & (pl.col("status") != "Draft")
    return (
        rows.with_columns(fate, by)
        .with_columns(
            state=pl.when(~warns)
            .then(pl.lit("none"))
            .when(pl.col("_fate").is_not_null())
            .then("_fate")
            .when(pl.coalesce("expires", pl.col("sent") + endless) <= when)
            .then(pl.lit("expired"))
            .otherwise(pl.lit("active"))
        )
        .drop("_fate")
    )


def _ended(rows: pl.DataFrame, findings: WatchFindings | None) -> dict[Key, tuple[str, str]]:
    """Message to what ended it and by whose identifier; a cancel outweighs an update."""
    heads = rows.unique(KEY, keep="first", maintain_order=True).sort("sent")
    sources = {_key(row): row["source"] for row in heads.iter_rows(named=True)}
    checked = {_key(row) for row in heads.iter_rows(named=True) if _checked(row)}
    ended: dict[Key, tuple[str, str]] = {}
    for row in heads.iter_rows(named=True):
        fate = REPLACES.get(row["msgType"])
        if fate is None or not row["references"] or row["status"] == "Draft":
            continue
        for text in row["references"].split():
            target = reference(text)
            if target is None:
                continue
            if target not in sources:
                _note(findings, "reference-unknown", row["identifier"], text)
            elif row["sender"] != target[0] and row["source"] != sources[target]:
                _note(findings, "reference-foreign", row["identifier"], text)
            elif target in checked and _key(row) not in checked:
                _note(findings, "reference-unsigned", row["identifier"], text)
            elif target != _key(row) and ended.get(target, ("",))[0] != "cancelled":
                ended[target] = (fate, row["identifier"])
    return ended


def _checked(row: Mapping[str, Any]) -> bool:
    """Whether the message's signature was checked when it came."""
    return (row.get("signature") or UNCHECKED) != UNCHECKED


def _key(row: Mapping[str, Any]) -> Key:
    return row["sender"], row["identifier"], row["sent"]


def _note(findings: WatchFindings | None, code: str, identifier: str, text: str) -> None:
    if findings is not None:
        findings.note(code, "alerts", None, "references", text, id=identifier)
