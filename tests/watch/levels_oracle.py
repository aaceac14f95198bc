"""The tables of Decision 18/2021 once more, written as plain code from the text: the second path that must agree.

Nothing here knows the data files. Each function takes exact decimals and ids of choices and gives 0 to 5.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

NORTHERN = ("coastal", "northeast", "red-river-delta", "north-central", "mid-central")


def storm(beaufort: Decimal, area: str) -> int:
    if beaufort < 6:
        return 0
    if beaufort < 8:
        return 3
    if area == "east-sea":
        return 3 if beaufort <= 13 else 4
    if area in NORTHERN:
        return 3 if beaufort <= 11 else 4 if beaufort <= 15 else 5
    if area == "south":
        return 3 if beaufort <= 9 else 4 if beaufort <= 11 else 5
    return 3 if beaufort <= 11 else 4 if beaufort <= 13 else 5


def surge(total_m: Decimal, coast: str) -> int:
    ladder: dict[str, list[tuple[int, str, bool]]] = {
        "quang-ninh-thanh-hoa": [(2, "3", False), (3, "4", False), (4, "5", False), (5, "6", False)],
        "nghe-an-ha-tinh": [(2, "2", False), (3, "3", False), (4, "4", False), (5, "6", False)],
        "quang-binh-hue": [(2, "1", True), (3, "2", False), (4, "3", False), (5, "5", False)],
        "da-nang-binh-dinh": [(2, "1", True), (3, "2", False), (4, "3", False)],
        "phu-yen-ninh-thuan": [(2, "2", False), (3, "3", False)],
        "binh-thuan-ca-mau": [(2, "2", False), (3, "3", False), (4, "4", False)],
        "ca-mau-kien-giang": [(2, "1", True), (3, "2", False), (4, "3", False)],
    }
    level = 0
    for step, from_m, itself in ladder[coast]:
        if total_m > Decimal(from_m) or (itself and total_m == Decimal(from_m)):
            level = step
    return level


def rain(rain_24h_mm: Decimal, days: Decimal, terrain: str) -> int:
    if rain_24h_mm < 100:
        return 0
    mountain = terrain == "mountain"
    if rain_24h_mm <= 200:
        if days <= 2:
            return 1
        return 3 if mountain and days > 4 else 2
    if rain_24h_mm <= 400:
        if days <= 2:
            return 2
        return 4 if mountain and days > 4 else 3
    if mountain:
        return 3 if days <= 2 else 4
    return 3 if days <= 4 else 4


def flood(
    stage_m: Decimal,
    alarm1_m: Decimal,
    alarm2_m: Decimal,
    alarm3_m: Decimal,
    historic_m: Decimal,
    zone: str,
    basins: str,
) -> int:
    one, two, three = stage_m >= alarm1_m, stage_m >= alarm2_m, stage_m >= alarm3_m
    a_metre_over = stage_m >= alarm3_m + 1
    if not one:
        return 0
    if zone == "1":
        single = 3 if a_metre_over else 2 if three else 1
        wide = 3 if three else 2
    elif zone == "2":
        single = 3 if a_metre_over else 2 if two else 1
        wide = 3 if two else 2
    elif zone == "3":
        single = 3 if three else 2 if two else 1
        wide = 3 if two else 2
    else:
        single = 2
        if two:
            single = 3
        if stage_m >= alarm3_m + Decimal("0.3"):
            single = 4
        if stage_m > historic_m:
            single = 5
        wide = 3
    return max(single, wide) if basins == "several" else single


def flash_flood(rain_24h_mm: Decimal, zone: str, susceptibility: str) -> int:
    place = ("low", "medium", "high", "very-high").index(susceptibility)
    if rain_24h_mm < 100:
        return 0
    if rain_24h_mm <= 200:
        return {"1": (1, 1, 2, 3), "2": (0, 1, 2, 3), "3": (0, 0, 1, 2), "4": (0, 0, 1, 1)}[zone][place]
    if rain_24h_mm <= 400:
        return {"1": (1, 2, 3, 3), "2": (1, 2, 3, 3), "3": (0, 1, 2, 3), "4": (0, 0, 1, 2)}[zone][place]
    return {"1": (2, 2, 3, 3), "2": (2, 2, 3, 3), "3": (1, 2, 2, 3), "4": (0, 1, 2, 2)}[zone][place]


def heat(tmax_c: Decimal, days: Decimal, region: str) -> int:
    if tmax_c < 35 or days < 3:
        return 0
    if tmax_c <= 37:
        return 1
    south = region == "south"
    if tmax_c <= 39:
        if not south:
            return 1 if days <= 25 else 2
        return 1 if days <= 10 else 2 if days <= 25 else 3
    if tmax_c <= 41:
        if not south:
            return 1 if days <= 5 else 2 if days <= 25 else 3
        return 2 if days <= 10 else 3 if days <= 25 else 4
    if south:
        return 2 if days <= 5 else 3 if days <= 10 else 4
    if days <= 5:
        return 1 if region == "central" else 2
    return 2 if days <= 10 else 3 if days <= 25 else 4


def drought(rain_short_pct: Decimal, months: Decimal, water_short_pct: Decimal, region: str) -> int:
    if rain_short_pct <= 50 or months < 2 or water_short_pct < 20:
        return 0
    place = ("north", "central", "south").index(region)
    row = 0 if months <= 3 else 1 if months <= 5 else 2
    column = 0 if water_short_pct <= 50 else 1 if water_short_pct <= 70 else 2
    table = [
        [(0, 1, 1), (1, 2, 2), (3, 3, 3)],
        [(1, 1, 2), (2, 3, 3), (4, 4, 4)],
        [(2, 2, 3), (3, 3, 4), (4, 4, 4)],
    ]
    return table[row][column][place]


def salinity(km_1permille: Decimal, km_4permille: Decimal, region: str) -> int:
    one = 3 if km_1permille > 90 else 2 if km_1permille > 50 else 1 if km_1permille > 25 else 0
    km = km_4permille
    if region == "north":
        four = 4 if km > 50 else 3 if km > 25 else 2 if km >= 15 else 0
    elif region == "central":
        four = 4 if km > 90 else 3 if km > 50 else 2 if km > 25 else 1 if km >= 15 else 0
    else:
        four = 4 if km > 90 else 3 if km > 50 else 2 if km > 25 else 0
    return max(one, four)


def sea_wind(beaufort: Decimal, waters: str) -> int:
    if waters == "coastal":
        return 0 if beaufort < 6 else 2 if beaufort == 6 else 3
    return 0 if beaufort < 7 else 2 if beaufort <= 8 else 3


def fog(visibility_m: Decimal, where: str) -> int:
    if where in ("motorway", "airport"):
        return 2 if visibility_m < 50 else 1 if visibility_m < 1000 else 0
    return 1 if visibility_m < 50 else 0


def tornado(communes_share: Decimal) -> int:
    return 0 if communes_share <= 0 else 1 if communes_share < Decimal("0.5") else 2


def cold(tavg_c: Decimal, days: Decimal, region: str) -> int:
    if tavg_c > 13:
        return 0
    if region == "plains":
        if tavg_c > 8:
            return 2 if days > 10 else 1 if days > 5 else 0
        return 3 if days > 10 else 2 if days > 5 else 1 if days >= 3 else 0
    if tavg_c > 8:
        return 1 if days > 10 else 0
    if tavg_c > 4:
        return 2 if days > 10 else 1 if days > 5 else 0
    if tavg_c >= 0:
        return 3 if days > 10 else 2 if days > 5 else 1 if days >= 3 else 0
    return 3 if days > 5 else 2 if days >= 3 else 0


def wildfire(hot_days: Decimal, zone: str, dried_out: str) -> int:
    if hot_days < 1:
        return 0
    if zone == "1":
        return 2 if hot_days > 35 and dried_out == "yes" else 0
    if zone == "2":
        return 1 if hot_days <= 15 else 3
    if hot_days <= 10:
        return 1
    if hot_days <= 15:
        return 2
    if hot_days <= 25:
        return 3
    if hot_days <= 35:
        return 4
    return 4 if zone == "3" else 5


def earthquake(intensity: Decimal, setting: str) -> int:
    if intensity < 5:
        return 0
    if intensity == 5:
        return 1
    if intensity == 6:
        return 3 if setting == "reservoir" else 2
    if intensity <= 8:
        return 3 if setting == "rural" else 4
    return 5


def tsunami(wave_m: Decimal) -> int:
    if wave_m <= 0:
        return 0
    return 1 if wave_m < 2 else 2 if wave_m < 4 else 3 if wave_m < 8 else 4 if wave_m < 16 else 5


def edges(*numbers: str, step: str = "0.001") -> list[Decimal]:
    """Each number, just below and just above it."""
    return sorted({Decimal(n) + d * Decimal(step) for n in numbers for d in (-1, 0, 1)})


def whole(*numbers: int) -> list[Decimal]:
    """Each whole number with its neighbours, from 0 up."""
    return sorted({Decimal(n + d) for n in numbers for d in (-1, 0, 1) if n + d >= 0})


ZONES = ["1", "2", "3", "4"]
REGIONS = ["north", "central", "south"]
LAND = [*NORTHERN, "northwest", "viet-bac", "south-central", "highlands", "south", "east-sea"]
COASTS = [
    "quang-ninh-thanh-hoa", "nghe-an-ha-tinh", "quang-binh-hue", "da-nang-binh-dinh", "phu-yen-ninh-thuan",
    "binh-thuan-ca-mau", "ca-mau-kien-giang",
]  # fmt: skip

GRIDS: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "storm": (storm, {"beaufort": [Decimal(n) for n in range(18)], "area": LAND}),
    "surge": (surge, {"total_m": edges("1", "2", "3", "4", "5", "6"), "coast": COASTS}),
    "rain": (
        rain,
        {
            "rain_24h_mm": edges("100", "200", "400"),
            "days": [Decimal(1), *edges("2", "4"), Decimal(9)],
            "terrain": ["mountain", "plain"],
        },
    ),
    "flood": (
        flood,
        {
            "stage_m": edges("9.5", "10.5", "11.5", "11.8", "12.5", "13.4"),
            "alarm1_m": [Decimal("9.5")],
            "alarm2_m": [Decimal("10.5")],
            "alarm3_m": [Decimal("11.5")],
            "historic_m": [Decimal("13.4")],
            "zone": ZONES,
            "basins": ["one", "several"],
        },
    ),
    "flash-flood": (
        flash_flood,
        {
            "rain_24h_mm": edges("100", "200", "400"),
            "zone": ZONES,
            "susceptibility": ["low", "medium", "high", "very-high"],
        },
    ),
    "heat": (heat, {"tmax_c": edges("35", "37", "39", "41"), "days": whole(3, 5, 10, 25), "region": REGIONS}),
    "drought": (
        drought,
        {
            "rain_short_pct": edges("50"),
            "months": edges("2", "3", "5"),
            "water_short_pct": edges("20", "50", "70"),
            "region": REGIONS,
        },
    ),
    "salinity": (
        salinity,
        {
            "km_1permille": [*edges("25", "50", "90"), Decimal(200)],
            "km_4permille": edges("15", "25", "50", "90"),
            "region": REGIONS,
        },
    ),
    "sea-wind": (sea_wind, {"beaufort": [Decimal(n) for n in range(18)], "waters": ["coastal", "offshore"]}),
    "fog": (
        fog,
        {
            "visibility_m": [Decimal(0), *edges("50", "1000")],
            "where": ["motorway", "airport", "sea", "river", "pass"],
        },
    ),
    "tornado": (tornado, {"communes_share": [Decimal(0), Decimal("0.001"), *edges("0.5"), Decimal(1)]}),
    "cold": (
        cold,
        {"tavg_c": edges("0", "4", "8", "13"), "days": whole(3, 5, 10), "region": ["plains", "mountains"]},
    ),
    "wildfire": (
        wildfire,
        {"hot_days": whole(1, 10, 15, 25, 35), "zone": ZONES, "dried_out": ["yes", "no"]},
    ),
    "earthquake": (
        earthquake,
        {"intensity": [Decimal(n) for n in range(1, 13)], "setting": ["rural", "urban", "reservoir"]},
    ),
    "tsunami": (tsunami, {"wave_m": [Decimal(0), Decimal("0.001"), *edges("2", "4", "8", "16")]}),
}
"""Hazard to its function and, for every input, the values around every bound of the table."""
