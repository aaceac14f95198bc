"""Places (facts), and links, depots, stocks, forces and vehicles (illustrative)."""

from math import asin, cos, radians, sin, sqrt

from generator.dice import between, near, pick, unit, whole
from generator.files import Row, Tables, content

MERGED_ON = "2025-07-01"
LAST_DAY_BEFORE = "2025-06-30"
GOODS = (
    ("rice", 15.0, 20, "tấn"),
    ("drinking-water", 12.0, 6, "nghìn lít"),
    ("life-jacket", 900.0, 1, "chiếc"),
    ("family-tent", 260.0, 4, "bộ"),
    ("blanket", 1200.0, 1, "chiếc"),
    ("water-treatment-tablet", 40.0, 3, "nghìn viên"),
    ("medicine-set", 150.0, 8, "cơ số"),
    ("fuel", 30.0, 24, "nghìn lít"),
    ("sand-bag", 9.0, 5, "nghìn bao"),
)
"""Goods of the four on the spot: id, amount per million people, price, unit."""
EXPIRES = ("rice", "drinking-water", "water-treatment-tablet", "medicine-set")
FORCES = (
    ("shock-team", 5200),
    ("militia", 3800),
    ("fire-police", 260),
    ("medical", 900),
    ("border-and-coast", 240),
)
VEHICLES = (
    ("fire-truck", 16),
    ("truck", 55),
    ("bus", 40),
    ("ambulance", 30),
    ("rescue-boat", 26),
    ("excavator", 14),
)


def ground() -> Tables:
    """The tables of places and of what lies there."""
    provinces = content("provinces")
    depots = [d for r in provinces for d in _depots(r)]
    return {
        "places": [
            _country(),
            *map(_province, provinces),
            *map(_zone, content("zones")),
            *map(_old, content("old_provinces")),
        ],
        "place_changes": [
            {"before": f"old-{r['code']}", "after": r["after"], "on_date": MERGED_ON, "people_share": 1.0}
            for r in content("old_provinces")
        ],
        "links": [_link(r["mode"], pair) for r in content("links") for pair in r["pairs"].split()],
        "depots": depots,
        "stocks": [s for d in depots for s in _stocks(d)],
        "forces": [f for r in provinces for f in _forces(r)],
        "vehicles": [v for r in provinces for v in _vehicles(r)],
    }


def _country() -> Row:
    return {"id": "vn", "name_vi": "Việt Nam", "name_en": "Viet Nam", "level": "country"}


def _province(row: dict[str, str]) -> Row:
    note = f"{row['communes']} đơn vị hành chính cấp xã"
    if row["kind"] == "city":
        note = f"Thành phố trực thuộc trung ương; {note}"
    if row["code"] == "75":
        note += "; là thành phố từ 30/4/2026 (Nghị quyết 30/2026/QH16)"
    danger = 0.25 + 0.2 * int(row["slope"]) + 0.2 * int(row["coast"])
    return {
        "id": row["code"],
        "name_vi": row["vi"],
        "name_en": row["en"],
        "level": "province",
        "parent": "vn",
        "region": row["region"],
        "people": int(row["people"]),
        "area_km2": float(row["area"]),
        "vulnerability": near(0.01, danger + between(0, 0.2, "danger", row["code"])),
        "lat": float(row["lat"]),
        "lon": float(row["lon"]),
        "valid_from": MERGED_ON if row["old"] else None,
        "note": note,
    }


def _zone(row: dict[str, str]) -> Row:
    region = next(p["region"] for p in content("provinces") if p["code"] == row["parent"])
    return {
        "id": row["code"],
        "name_vi": row["vi"],
        "name_en": row["en"],
        "level": "commune",
        "parent": row["parent"],
        "region": region,
        "lat": float(row["lat"]),
        "lon": float(row["lon"]),
        "valid_from": MERGED_ON,
    }


def _old(row: dict[str, str]) -> Row:
    """A province of the list of 63 that was merged; its people are those of the 2019 census."""
    return {
        "id": f"old-{row['code']}",
        "name_vi": row["vi"],
        "name_en": f"Former unit {row['code']}: {row['vi']}",
        "level": "province",
        "parent": "vn",
        "people": int(row["people"]),
        "valid_to": LAST_DAY_BEFORE,
    }


def _link(mode: str, pair: str) -> Row:
    a, b = pair.split("-")
    spot = {
        r["code"]: (float(r["lat"]), float(r["lon"]))
        for name in ("provinces", "zones")
        for r in content(name)
    }
    straight = _kilometres(spot[a], spot[b])
    detour = between(1.2, 1.5, "road", pair) if mode == "road" else between(1.02, 1.15, "boat", pair)
    capacity = whole(8, 60, "capacity", pair) * (100 if mode == "road" else 15)
    return {
        "from_place": a,
        "to_place": b,
        "mode": mode,
        "length_km": float(round(straight * detour)),
        "capacity": float(capacity),
    }


def _kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance on a sphere of 6,371 km."""
    (p, q), (r, s) = ([radians(x) for x in point] for point in (a, b))
    h = sin((r - p) / 2) ** 2 + cos(p) * cos(r) * sin((s - q) / 2) ** 2
    return 2 * 6371 * asin(sqrt(h))


def _depots(row: dict[str, str]) -> list[Row]:
    return [
        {
            "id": f"depot-{row['code']}-{n}",
            "name_vi": f"Kho dự trữ {n}, {row['vi']}",
            "name_en": f"Reserve depot {n}, {row['en']}",
            "place": row["code"],
            "capacity": float(whole(10, 90, "depot", row["code"], n) * 50),
        }
        for n in (1, 2)
    ]


def _stocks(depot: Row) -> list[Row]:
    people = next(int(r["people"]) for r in content("provinces") if r["code"] == depot["place"]) / 1e6
    rows: list[Row] = []
    for item, per_million, price, _unit in GOODS:
        if unit("has", depot["id"], item) < 0.15:
            continue
        expiry = None
        if item in EXPIRES:
            lot = (depot["id"], item)
            expiry = f"{whole(2026, 2029, 'year', *lot)}-{whole(1, 12, 'month', *lot):02d}-28"
        rows.append(
            {
                "depot": depot["id"],
                "item": item,
                "amount": float(
                    max(1, round(people * per_million * between(0.3, 1.2, "amount", depot["id"], item)))
                ),
                "price_mvnd": price,
                "expiry": expiry,
            }
        )
    return rows


def _forces(row: dict[str, str]) -> list[Row]:
    people = int(row["people"]) / 1e6
    rows: list[Row] = []
    for kind, per_million in FORCES:
        if (
            kind == "border-and-coast"
            and row["coast"] == "0"
            and row["region"] not in ("northeast", "northwest")
        ):
            continue
        month = whole(1, 12, "trained", row["code"], kind)
        rows.append(
            {
                "place": row["code"],
                "kind": kind,
                "people": int(
                    near(10, people**0.7 * per_million * between(0.7, 1.3, "force", row["code"], kind))
                ),
                "trained_on": f"{pick((2024, 2025), 'when', row['code'], kind)}-{month:02d}-15",
            }
        )
    return rows


def _vehicles(row: dict[str, str]) -> list[Row]:
    people = int(row["people"]) / 1e6
    return [
        {
            "place": row["code"],
            "kind": kind,
            "count": max(
                2, round(people**0.7 * per_million * between(0.6, 1.3, "vehicle", row["code"], kind))
            ),
        }
        for kind, per_million in VEHICLES
    ]
