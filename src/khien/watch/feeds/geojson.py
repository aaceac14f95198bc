"""GeoJSON of events (USGS earthquakes, GDACS), and any other GeoJSON as far as its form goes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from khien.watch.feeds.bounded import json_of
from khien.watch.feeds.cap_check import parsed_time
from khien.watch.feeds.events import KINDS, from_events
from khien.watch.feeds.hashing import content_hash
from khien.watch.feeds.reading import Reading
from khien.watch.observe.schema import EVENTS

SHAPES: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""Kind of geometry to how deeply its positions are nested."""
LONGEST_MS: Final = 4_102_444_800_000
"""Milliseconds of the year 2100: no event is later."""
TOLD: Final = 20


def read_geojson(data: bytes, name: str, source: str | None = None) -> Reading:
    """Read a feature collection. Features with a magnitude and a time, or with GDACS's event type, become events.

    Other features, and TopoJSON, are looked at and give nothing.

    Args:
        data: UTF-8, at most 64 MB.
        name: for findings.
        source: who publishes it; left out, "usgs" or "gdacs" by the form of the features.
    """
    reading = Reading("geojson", name)
    top = json_of(data, name, reading.findings)
    if top is None:
        return reading
    if isinstance(top, dict) and top.get("type") == "Topology":
        return _topology(top, reading)
    features = top.get("features") if isinstance(top, dict) and top.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        shown = top.get("type") if isinstance(top, dict) else type(top).__name__
        reading.findings.note("json-form", name, value=shown, wanted="FeatureCollection")
        return reading
    rows = []
    for number, feature in enumerate(features, 1):
        if (why := _trouble(feature)) is not None:
            _note(reading, number, feature, why)
        elif (row := _event(feature, number, reading, source)) is not None:
            rows.append(row | {"sha256": content_hash(row)})
    reading.counts = {"features": len(features), "events": len(rows)}
    reading.records["events"] = pl.DataFrame(rows, schema=EVENTS).unique(maintain_order=True)
    from_events(reading)
    return reading


def _topology(top: dict[str, Any], reading: Reading) -> Reading:
    """TopoJSON holds shapes for maps and no events; its layers and arcs are looked at."""
    layers, arcs = top.get("objects"), top.get("arcs")
    if not isinstance(layers, dict) or not isinstance(arcs, list):
        reading.findings.note("json-form", reading.name, value="Topology", wanted="TopoJSON")
        return reading
    shapes = [len(layer.get("geometries", [0])) for layer in layers.values() if isinstance(layer, dict)]
    reading.counts = {"layers": len(layers), "features": sum(shapes), "events": 0}
    if len(shapes) < len(layers):
        reading.findings.note("json-form", reading.name, value="objects", wanted="TopoJSON")
    return reading


def _note(reading: Reading, number: int, feature: Any, why: str) -> None:
    known = sum(f.code == "geometry" for f in reading.findings)
    if known < TOLD:
        shown = feature.get("id", number) if isinstance(feature, dict) else number
        reading.findings.note("geometry", reading.name, number, None, shown, reason=why)


def _trouble(feature: Any) -> str | None:
    """What is wrong with a feature's form; None for nothing."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "type"
    if not isinstance(feature.get("properties") or {}, dict):
        return "properties"
    geometry = feature.get("geometry")
    if geometry is None:
        return None
    return _geometry_trouble(geometry)


def _geometry_trouble(geometry: Any) -> str | None:
    if not isinstance(geometry, dict):
        return "geometry"
    if geometry.get("type") == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            return "geometries"
        return next((why for part in parts if (why := _geometry_trouble(part))), None)
    depth = SHAPES.get(str(geometry.get("type")))
    if depth is None:
        return f"geometry {geometry.get('type')}"
    return _position_trouble(geometry.get("coordinates"), depth)


def _position_trouble(value: Any, depth: int) -> str | None:
    if not isinstance(value, list):
        return "coordinates"
    if depth:
        return next((why for part in value if (why := _position_trouble(part, depth - 1))), None)
    numbers = [x for x in value if isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x)]
    if len(value) < 2 or len(numbers) != len(value):
        return str(value)[:60]
    return None if -180 <= value[0] <= 180 and -90 <= value[1] <= 90 else str(value)[:60]


def _event(feature: dict[str, Any], number: int, reading: Reading, source: str | None) -> dict[str, Any] | None:
    """A feature as an event; None for a feature that is none. A broken time or magnitude is a finding."""
    told = feature.get("properties") or {}
    if "mag" in told and "time" in told:
        row = _usgs(feature, told)
    elif "eventtype" in told and "eventid" in told:
        row = _gdacs(told)
    else:
        return None
    for column in ("time", "issued"):
        if row[column] is None:
            reading.findings.note("time", reading.name, number, column, told.get("time", told.get("fromdate")))
            return None
    if isinstance(row["magnitude"], str):
        reading.findings.note("number", reading.name, number, "mag", row["magnitude"])
        return None
    geometry = feature.get("geometry") or {}
    if geometry.get("type") == "Point":
        position = geometry["coordinates"]
        row |= {"lon": float(position[0]), "lat": float(position[1])}
        if len(position) > 2 and row["kind"] == "earthquake":
            row["depth_km"] = float(position[2])
    if source is not None:
        row["source"] = source
    return row


def _usgs(feature: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    time = _epoch(told.get("time"))
    return {
        "id": str(feature.get("id") or told.get("code") or told.get("ids")),
        "kind": str(told.get("type") or "earthquake"),
        "time": time,
        "issued": _epoch(told.get("updated")) or time,
        "source": "usgs",
        "title": _text(told.get("title") or told.get("place")),
        "magnitude": _magnitude(told.get("mag")),
        "magnitude_unit": "M",
        "level": _text(told.get("alert")),
        "status": _text(told.get("status")),
        "link": _text(told.get("url")),
    }


def _gdacs(told: dict[str, Any]) -> dict[str, Any]:
    severity = told.get("severitydata") if isinstance(told.get("severitydata"), dict) else {}
    begins = parsed_time(_text(told.get("fromdate")))
    return {
        "id": f"{told['eventtype']}{told['eventid']}",
        "kind": KINDS.get(str(told["eventtype"]), str(told["eventtype"]).lower()),
        "time": begins,
        "until": parsed_time(_text(told.get("todate"))),
        "issued": parsed_time(_text(told.get("datemodified"))) or begins,
        "source": "gdacs",
        "title": _text(told.get("name") or told.get("description")),
        "magnitude": _magnitude(severity.get("severity")),  # type: ignore[union-attr]
        "magnitude_unit": _text(severity.get("severityunit")),  # type: ignore[union-attr]
        "level": _text(told.get("alertlevel")),
        "country": _text(told.get("iso3") or told.get("country")),
        "status": _text(told.get("iscurrent")),
        "link": _text(told.get("link")),
    }


def _text(value: Any) -> str | None:
    return str(value)[:2000] if isinstance(value, str | int | float | bool) and value != "" else None


def _magnitude(value: Any) -> float | str | None:
    """A magnitude, None for not known, or the text of what is none."""
    if value is None or value == "":
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else str(value)


def _epoch(value: Any) -> datetime | None:
    """A time given in milliseconds since 1970."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < LONGEST_MS:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
