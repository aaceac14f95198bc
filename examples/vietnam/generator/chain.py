"""Items, what goes into what, organisations, sites and who supplies what. All of it is illustrative."""

from generator.dice import between, near, pick, some, unit, whole
from generator.files import Row, Tables, content, pairs
from generator.needs import named

MAIN_PARTNERS = ("jp", "kr", "cn", "in", "sg", "us", "fr", "de", "it", "ru", "il", "gb")
"""Countries with two partners instead of one, only so that the example has enough of them."""
SUPPLIERS_ABROAD = ("jp", "kr", "cn", "us", "de", "sg", "th", "my", "in", "fr")
HOME_PLACES = ("01", "31", "48", "79", "75", "24", "19", "92", "22", "33", "56", "40")


def chain() -> Tables:
    """The tables of the value chain."""
    organisations = _organisations()
    sites = _sites(organisations)
    return {
        "items": [_item(r) for r in content("items")],
        "inputs": [row for name in ("products", "technologies") for r in content(name) for row in _inputs(r)],
        "countries": [named(r) | {"bloc": r["bloc"] or None} for r in content("countries")],
        "organisations": organisations,
        "sites": sites,
        "supplies": [row for r in content("items") for row in _supplies(r["id"], sites)],
    }


def partners() -> list[tuple[str, str]]:
    """Foreign partners as (organisation, country)."""
    out = []
    for r in content("countries"):
        if r["id"] != "vn":
            for n in range(1, 3 if r["id"] in MAIN_PARTNERS else 2):
                out.append((f"partner-{r['id']}-{n:02d}", r["id"]))
    return out


def _item(row: dict[str, str]) -> Row:
    return named(row) | {
        "kind": row["kind"],
        "unit": row["unit"],
        "price_mvnd": int(row["price"]),
        "replaced_by": row["replaced_by"] or None,
    }


def _inputs(row: dict[str, str]) -> list[Row]:
    out: list[Row] = []
    items = {r["id"] for r in content("items")}
    for name, mark in pairs(row["needs"]):
        words = {"s": "stops", "d": "degrades", "c": "convenience"}
        out.append(
            {
                "subject": row["id"],
                "input": name,
                "quantity": float(whole(1, 12, "quantity", row["id"], name)) if name in items else None,
                "criticality": words[mark[0]],
                "lost_share": float(mark[1:]) if mark[0] == "d" else None,
            }
        )
    return out


def _organisations() -> list[Row]:
    kinds = (
        ("nucleus", "nucleus", "Cơ sở nòng cốt", "Nucleus facility", 8),
        ("member", "member", "Doanh nghiệp thành viên", "Member enterprise", 24),
        ("participant", "participant", "Đơn vị tham gia", "Participating institute", 16),
        ("supplier", "supplier", "Nhà cung cấp trong nước", "Domestic supplier", 14),
    )
    rows: list[Row] = []
    for slug, role, vi, en, count in kinds:
        for n in range(1, count + 1):
            row = {"id": f"{slug}-{n:02d}", "name_vi": f"{vi} {n:02d}", "name_en": f"{en} {n:02d}"}
            rows.append(row | {"role": role, "country": "vn"})
    # Three domestic suppliers belong to owners abroad: what they supply is not domestic.
    for n, owner in ((12, "partner-kr-01"), (13, "partner-jp-01"), (14, "partner-cn-01")):
        next(r for r in rows if r["id"] == f"supplier-{n}").update(
            controlled_by=owner, control_share=0.6 + n / 100
        )
    names = {r["id"]: (r["vi"], r["en"]) for r in content("countries")}
    for organisation, country in partners():
        vi, en = names[country]
        number = organisation[-2:]
        row = {"id": organisation, "name_vi": f"Đối tác {vi} {number}", "name_en": f"Partner {en} {number}"}
        rows.append(row | {"role": "partner", "country": country})
    for country in SUPPLIERS_ABROAD:
        vi, en = names[country]
        row = {"id": f"supplier-{country}", "name_vi": f"Nhà cung cấp {vi}", "name_en": f"Supplier {en}"}
        rows.append(row | {"role": "supplier", "country": country})
    return rows


def _sites(organisations: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for row in organisations:
        if row["role"] == "partner":
            continue
        home = row["country"] == "vn"
        for n in range(1, 3 if row["role"] == "nucleus" else 2):
            place = pick(HOME_PLACES, "site", row["id"], n) if home else None
            rows.append(
                {
                    "id": f"{row['id']}-site-{n}",
                    "name_vi": f"{row['name_vi']}, cơ sở {n}",
                    "name_en": f"{row['name_en']}, site {n}",
                    "organisation": row["id"],
                    "place": place,
                    "capacity": float(whole(2, 60, "capacity", row["id"], n) * 50),
                }
            )
    return rows


def _supplies(item: str, sites: list[Row]) -> list[Row]:
    """One to three sites abroad, and sometimes one at home; a tenth of the stocks are not known."""
    abroad = [str(s["id"]) for s in sites if str(s["organisation"])[-2:].isalpha()]
    home = [
        str(s["id"])
        for s in sites
        if str(s["organisation"]).startswith("supplier-") and s["id"] not in abroad
    ]
    domestic = near(0.05, between(0.15, 0.9, "domestic", item)) if unit("home", item) < 0.62 else 0.0
    rows: list[Row] = []
    if domestic:
        rows.append(_supply(item, pick(home, "at", item), domestic))
    chosen = some(abroad, whole(1, 3, "abroad", item), "suppliers", item)
    left = round(1 - domestic, 6)
    parts = [0.2 + unit("part", item, s) for s in chosen]
    shares = [near(0.01, left * part / sum(parts)) for part in parts]
    shares[-1] = round(left - sum(shares[:-1]), 6)
    rows += [_supply(item, site, share) for site, share in zip(chosen, shares, strict=True)]
    return rows


def _supply(item: str, site: str, share: float) -> Row:
    known = unit("known", item, site) > 0.1
    return {
        "item": item,
        "site": site,
        "share": share,
        "capacity": float(whole(1, 40, "supply", item, site) * 25),
        "recover_months": float(whole(2, 15, "recover", item, site)),
        "stock_months": float(whole(2, 14, "stock", item, site)) if known else None,
    }
