"""Outlines of provinces from a GeoJSON file, in the order of coordinates that CAP wants."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from khien.watch.warn.content import provinces
from khien.watch.warn.findings import refuse

LARGEST_FILE: Final = 64 * 2**20
Ring = list[tuple[float, float]]


def read_shapes(path: Path) -> dict[str, list[Ring]]:
    """Outer rings of the 34 provinces, by code.

    The file is a GeoJSON FeatureCollection of Polygons or MultiPolygons in WGS 84; a feature's code stands in its `id`
    or in the property `code`. Features with other codes are left alone. Holes are left out: CAP has none.

    Returns:
        Code to closed rings of (latitude, longitude), the largest first.

    Raises:
        WarnError: it is no such file, or none of the 34 provinces is in it.
        OSError: it cannot be read.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise refuse("shapes-wrong", path.name, value=">64 MB")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        features = found["features"]
        shapes = {code: rings for code, rings in (_feature(feature) for feature in features) if code is not None}
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, AttributeError) as error:
        raise refuse("shapes-wrong", path.name, value=f"{type(error).__name__}: {error}") from None
    if not shapes:
        raise refuse("shapes-without-provinces", path.name)
    return shapes


def _feature(feature: Mapping[str, Any]) -> tuple[str | None, list[Ring]]:
    code = str(feature.get("id") or (feature.get("properties") or {}).get("code") or "")
    if code not in provinces():
        return None, []
    rings = [list(_ring(polygon[0])) for polygon in _polygons(feature["geometry"])]
    return code, sorted(rings, key=lambda ring: -_extent(ring))


def _polygons(geometry: Mapping[str, Any]) -> Iterator[Any]:
    if geometry["type"] == "Polygon":
        yield geometry["coordinates"]
    elif geometry["type"] == "MultiPolygon":
        yield from geometry["coordinates"]
    else:
        raise ValueError(f"geometry {geometry['type']!r}")


def _ring(coordinates: Any) -> Iterator[tuple[float, float]]:
    points = [(float(lat), float(lon)) for lon, lat, *_ in coordinates]
    for lat, lon in points:
        if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError(f"coordinate {lat}, {lon}")
    if points[0] != points[-1]:
        points.append(points[0])
    if len(points) < 4:
        raise ValueError("a ring of fewer than four points")
    return iter(points)


def _extent(ring: Ring) -> float:
    lats, lons = [lat for lat, _ in ring], [lon for _, lon in ring]
    return (max(lats) - min(lats)) * (max(lons) - min(lons))
