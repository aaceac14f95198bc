"""Agreements, obligations and shocks: illustrative unless a row of sources_of_facts says otherwise."""

from functools import cache

from generator.chain import MAIN_PARTNERS, partners
from generator.dice import pick, some, unit, whole
from generator.files import Row, Tables, content
from generator.needs import named

GROUPS = ("p1", "p2", "p3", "p4", "p5", "p6")
NUMBERS = (("cost_mvnd", "cost"), ("people", "people"), ("from_year", "from"))
NARROW = dict.fromkeys(("la", "kh", "mm", "bn", "tl"), ("joint", ("p4",))) | {
    "cu": ("joint;licence", ("p5",))
}
"""Countries whose invented agreements cover one group only, so that the example does not look absurd."""
LONG_ENOUGH = "2036"
"""An agreement that ends earlier is not relied on when options are drawn up."""


@cache
def agreements() -> tuple[Row, ...]:
    """One framework per country, and a wider one with the countries that have two partners."""
    rows: list[Row] = []
    for country in [r["id"] for r in content("countries") if r["id"] != "vn"]:
        wide = country in MAIN_PARTNERS
        forms = (
            "joint;licence;purchase"
            if wide or unit("forms", country) < 0.4
            else pick(("joint;purchase", "joint;licence"), "two", country)
        )
        groups = some(GROUPS, whole(2, 4, "groups", country), "which", country)
        if country in NARROW:
            forms, groups = NARROW[country]
        for group in (None,) if wide else groups:
            until = (
                f"{whole(2034, 2045, 'until', country, group)}Q4"
                if unit("ends", country, group) < 0.5
                else None
            )
            name = "frame" if group is None else group
            rows.append(
                {"id": f"{country}-{name}", "party": country, "group": group, "forms": forms, "until": until}
            )
    for organisation in ("partner-jp-01", "partner-fr-01", "partner-in-02"):
        rows.append(
            {
                "id": f"{organisation}-transfer",
                "party": organisation,
                "group": None,
                "forms": "licence",
                "until": "2040Q4",
            }
        )
    return tuple(rows)


def allows(row: Row, country: str, organisation: str, group: str, form: str) -> bool:
    """Does the agreement cover the form with this party in this group, for long enough?"""
    covers = row["party"] in (country, organisation) and row["group"] in (None, group)
    lasts = row["until"] is None or str(row["until"]) >= LONG_ENOUGH
    return covers and lasts and form in str(row["forms"]).split(";")


def promises() -> Tables:
    """The three tables."""
    return {"agreements": list(agreements()), "obligations": _obligations(), "shocks": _shocks()}


def _obligations() -> list[Row]:
    need = {r["id"]: float(r["need"]) for r in content("capabilities")}
    out: list[Row] = []
    for r in content("obligations"):
        amount = round(float(r["need_share"]) * need[r["capability"]], 3) if r["capability"] else None
        row: Row = named(r) | {"body": r["body"], "capability": r["capability"] or None, "amount": amount}
        numbers: Row = {name: int(r[key]) if r[key] else None for name, key in NUMBERS}
        row |= {"cost_mvnd": numbers["cost_mvnd"], "skill": r["skill"] or None, "people": numbers["people"]}
        out.append(row | {"from_year": numbers["from_year"], "due": r["due"], "firm": r["firm"] == "yes"})
    return out


def _shocks() -> list[Row]:
    names = {r["id"]: (r["vi"], r["en"]) for r in content("countries")}
    rows: list[Row] = []
    for country in MAIN_PARTNERS:
        vi, en = names[country]
        start = f"{whole(2027, 2038, 'cut', country)}Q{whole(1, 4, 'cut quarter', country)}"
        rows.append(
            _shock(
                f"cut-{country}",
                f"Đứt nguồn từ {vi}",
                f"Supply from {en} stops",
                "country",
                country,
                start,
                whole(2, 8, "long", country),
            )
        )
    for organisation, _country in some(partners(), 4, "failing partners"):
        rows.append(
            _shock(
                f"fail-{organisation}",
                f"{organisation} ngừng hợp tác",
                f"{organisation} withdraws",
                "partner",
                organisation,
                "2029Q1",
                12,
            )
        )
    for place, vi, en in (
        ("31", "Siêu bão vào Hải Phòng", "Super storm hits Hai Phong"),
        ("22", "Siêu bão vào Quảng Ninh", "Super storm hits Quang Ninh"),
        ("48", "Lũ lịch sử ở Đà Nẵng", "Historic flood in Da Nang"),
        ("79", "Ngập lụt diện rộng ở TP Hồ Chí Minh", "Wide flooding in Ho Chi Minh City"),
    ):
        rows.append(_shock(f"disaster-{place}", vi, en, "place", place, "2028Q3", 3))
    for n in (1, 2):
        rows.append(
            _shock(
                f"plant-{n}",
                f"Cháy cơ sở nòng cốt {n:02d}",
                f"Fire at nucleus facility {n:02d}",
                "site",
                f"nucleus-{n:02d}-site-1",
                "2030Q2",
                6,
            )
        )
    rows.append(
        _shock("budget-cut", "Cắt giảm ngân sách", "Budget cut", "budget", "state-support", "2031Q1", 8)
    )
    rows.append(
        _shock(
            "profit-drop",
            "Lợi nhuận sau thuế sụt giảm",
            "After-tax profit falls",
            "budget",
            "after-tax-profit",
            "2029Q1",
            6,
        )
    )
    for skill, vi, en in (
        ("cyber", "Chảy máu chất xám an ninh mạng", "Drain of cyber engineers"),
        ("biotech", "Chảy máu chất xám sinh học", "Drain of biotechnologists"),
    ):
        rows.append(_shock(f"drain-{skill}", vi, en, "skill", skill, "2028Q1", 8))
    lost = {"disaster": 0.6, "plant": 0.8, "budget": 0.3, "profit": 0.5, "drain": 0.2}
    rows = [row | {"loss_share": lost.get(str(row["id"]).partition("-")[0])} for row in rows]
    together = {"disaster-22": "disaster-31", "profit-drop": "budget-cut", "plant-1": "disaster-31"}
    return [row | {"correlated_with": together.get(str(row["id"]))} for row in rows]


def _shock(i: str, vi: str, en: str, kind: str, key: str, start: str, quarters: int) -> Row:
    chance = round(0.05 + 0.3 * unit("chance", i), 2)
    row: Row = {"id": i, "name_vi": vi, "name_en": en, "kind": kind, "key": key}
    return row | {"from_quarter": start, "duration_quarters": quarters, "chance_share": chance}
