"""The columns of a store, written once; what is kept in it beside observations; moments in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final

import polars as pl

UTC_TIME: Final = pl.Datetime("us", "UTC")
TEXT: Final = pl.String()

OBSERVATIONS: Final = pl.Schema(
    {
        "indicator": TEXT,
        "place": TEXT,
        "valid": UTC_TIME,
        "issued": UTC_TIME,
        "received": UTC_TIME,
        "value": pl.Float64(),
        "unit": TEXT,
        "source": TEXT,
    }
)
"""One value: which series, where, for when, when it was published, when we got it, how much, of what, from whom.

All times are UTC; a date is its first moment. A missing value means "published as not known".
"""

KEY: Final = ("indicator", "place", "valid")
"""What a value is about. Rows with the same key are vintages of one value."""

ALERTS: Final = pl.Schema(
    {
        "identifier": TEXT,
        "sender": TEXT,
        "sent": UTC_TIME,
        "received": UTC_TIME,
        "source": TEXT,
        "version": TEXT,
        "status": TEXT,
        "msgType": TEXT,
        "scope": TEXT,
        "info": pl.Int32(),
        "language": TEXT,
        "category": TEXT,
        "event": TEXT,
        "responseType": TEXT,
        "severity": TEXT,
        "urgency": TEXT,
        "certainty": TEXT,
        "effective": UTC_TIME,
        "onset": UTC_TIME,
        "expires": UTC_TIME,
        "senderName": TEXT,
        "headline": TEXT,
        "description": TEXT,
        "instruction": TEXT,
        "web": TEXT,
        "area": TEXT,
        "areas": TEXT,
        "parameters": TEXT,
        "event_codes": TEXT,
        "resources": TEXT,
        "references": TEXT,
        "incidents": TEXT,
        "signed": pl.Boolean(),
        "signature": TEXT,
        "sha256": TEXT,
    }
)
"""One `info` block (a language) of a CAP message; a message without any has one row with `info` missing.

`areas` is a JSON list of `{desc, polygons, circles, geocodes, altitude, ceiling}`, `parameters` and `event_codes` are
JSON lists of pairs, `resources` a JSON list of `{desc, mime, size, uri}` (what is embedded is not kept).
`signed` says that a signature stands in the message. `signature` says what is known of it: "unchecked", or ``sha256:``
and the hash of the trusted key that signed; missing where there is none, and in rows of stores older than the column.
"""

EVENTS: Final = pl.Schema(
    {
        "id": TEXT,
        "kind": TEXT,
        "time": UTC_TIME,
        "until": UTC_TIME,
        "issued": UTC_TIME,
        "received": UTC_TIME,
        "source": TEXT,
        "title": TEXT,
        "lat": pl.Float64(),
        "lon": pl.Float64(),
        "depth_km": pl.Float64(),
        "magnitude": pl.Float64(),
        "magnitude_unit": TEXT,
        "level": TEXT,
        "country": TEXT,
        "status": TEXT,
        "link": TEXT,
        "sha256": TEXT,
    }
)
"""One version of one natural event; `issued` tells versions apart, `level` is the publisher's own alert level."""

THREATS: Final = pl.Schema(
    {
        "id": TEXT,
        "kind": TEXT,
        "created": UTC_TIME,
        "issued": UTC_TIME,
        "received": UTC_TIME,
        "source": TEXT,
        "name": TEXT,
        "description": TEXT,
        "labels": TEXT,
        "pattern": TEXT,
        "valid_from": UTC_TIME,
        "valid_until": UTC_TIME,
        "due": UTC_TIME,
        "confidence": pl.Int64(),
        "revoked": pl.Boolean(),
        "from_ref": TEXT,
        "to_ref": TEXT,
        "relationship": TEXT,
        "external": TEXT,
        "sha256": TEXT,
    }
)
"""One version of one STIX object or one known exploited vulnerability; `issued` is when it was last modified."""

RECORDS: Final[Mapping[str, pl.Schema]] = {"alerts": ALERTS, "events": EVENTS, "threats": THREATS}
"""Tables that are kept beside the observations, append-only as they are."""

RECORD_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "alerts": ("sender", "identifier", "sent"),
    "events": ("source", "id", "issued"),
    "threats": ("id", "issued"),
}
"""What identifies one version of one record."""


def schema_of(table: str) -> pl.Schema:
    """The columns of a table of the store."""
    return OBSERVATIONS if table == "observations" else RECORDS[table]


def moment(when: date | datetime | str) -> datetime:
    """A moment in UTC; a date without time means its last moment, so that "as of a day" counts that day whole."""
    if isinstance(when, str):
        when = date.fromisoformat(when) if len(when) == 10 else datetime.fromisoformat(when)
    if isinstance(when, datetime):
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return datetime.combine(when, time.max, UTC)


def start(when: date | datetime | str) -> datetime:
    """A moment in UTC; a date without time means its first moment."""
    if isinstance(when, str) and len(when) == 10:
        when = date.fromisoformat(when)
    if isinstance(when, date) and not isinstance(when, datetime):
        return datetime.combine(when, time.min, UTC)
    return moment(when)


def microseconds(when: datetime) -> int:
    """Microseconds since 1970, as the store's log keeps times."""
    return round((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
