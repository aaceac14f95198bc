"""Natural events of any feed: their kinds, and what of them is a measured value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from khien.watch.feeds.reading import Reading, observed
from khien.watch.indicators import Indicators
from khien.watch.places import seats

KINDS: Final = {
    "EQ": "earthquake",
    "TC": "cyclone",
    "FL": "flood",
    "DR": "drought",
    "VO": "volcano",
    "WF": "wildfire",
    "TS": "tsunami",
}
"""Codes of GDACS to kinds."""

WORLD: Final = "world"
NEAR_KM: Final = 200.0
"""An event so near to the centre of a province is told of that province; every other one of the world."""

MEASURED: Final[Mapping[tuple[str, str], tuple[str, str, str, str]]] = {
    ("earthquake", "M"): ("quake-magnitude", "M", "Độ lớn động đất", "Earthquake magnitude"),
    ("cyclone", "km/h"): ("cyclone-wind", "km/h", "Gió mạnh nhất của xoáy thuận", "Strongest wind of a cyclone"),
    ("drought", "km2"): ("drought-area", "km²", "Diện tích hạn hán", "Area in drought"),
    ("wildfire", "ha"): ("wildfire-area", "ha", "Diện tích cháy rừng", "Area burnt"),
}
"""Kind and unit of an event to the indicator that its magnitude is a value of: id, unit, names."""


def from_events(reading: Reading) -> None:
    """Make observations of a reading's events: the largest magnitude at a place and time, as each version tells it."""
    largest: dict[tuple[str, str, datetime, datetime], tuple[float, int]] = {}
    declared: dict[str, tuple[str, str, str, str]] = {}
    events = reading.records["events"]
    for number, event in enumerate(events.iter_rows(named=True), 1):
        made = MEASURED.get((event["kind"], event["magnitude_unit"] or ""))
        if made is None or event["magnitude"] is None or event["time"] is None:
            continue
        declared[made[0]] = made
        key = (made[0], place_at(event["lat"], event["lon"]), event["time"], event["issued"])
        largest[key] = max(largest.get(key, (-math.inf, 0)), (event["magnitude"], -number))
    sources = events["source"].to_list()
    reading.observations = observed(
        [
            {
                "indicator": indicator,
                "place": place,
                "valid": time,
                "issued": issued,
                "value": value,
                "unit": declared[indicator][1],
                "source": sources[-number - 1],
                "row": -number,
            }
            for (indicator, place, time, issued), (value, number) in largest.items()
        ]
    )
    reading.lie_in = frozenset(reading.observations["place"])
    reading.indicators = Indicators.from_rows(_row(made) for made in declared.values())


def _row(made: tuple[str, str, str, str]) -> dict[str, Any]:
    same = {"frequency": "hour", "place_level": "country", "feed": "GDACS, USGS", "owner": "-"}
    return {"id": made[0], "unit": made[1], "name_vi": made[2], "name_en": made[3], **same}


def place_at(lat: float | None, lon: float | None) -> str:
    """The province of today whose centre is nearest, when that is near; else the world."""
    if lat is None or lon is None:
        return WORLD
    found, best = WORLD, NEAR_KM
    for province, (there_lat, there_lon) in seats().items():
        east = math.radians(lon - there_lon) * math.cos(math.radians((lat + there_lat) / 2))
        distance = 6371.0 * math.hypot(math.radians(lat - there_lat), east)
        if distance < best:
            found, best = province, distance
    return found

