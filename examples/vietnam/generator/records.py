"""Indicators, and where every value comes from: public facts by row, all else illustrative."""

from generator.dice import SEED
from generator.files import Row, Tables, content
from generator.subjects import strategic_id

OWN = f"examples/vietnam/generate.py, seed {SEED}"
DERIVED = "Diễn giải của tác giả từ luật, Nghị quyết 147/NQ-CP và Quyết định 21/2026/QĐ-TTg"
PLACES = (
    "Nghị quyết 202/2025/QH15, Quyết định 19/2025/QĐ-TTg; thanglequoc/vietnamese-provinces-database (MIT)"
)
CENSUS = "Tổng điều tra dân số 2019, theo gói vietnamadminunits 1.0.4 (MIT)"
STRATEGIC = "Quyết định 21/2026/QĐ-TTg (bản tóm lược; tên tiếng Việt do tác giả viết lại)"
NOT_PUBLIC = "Chưa thấy công bố tỷ lệ trích lợi nhuận, vốn điều lệ hay trần của quỹ; con số là giả định"
ILLUSTRATIVE = (
    "cascades", "requirements", "maturity", "yields", "items", "inputs", "organisations", "sites",
    "supplies", "projects", "options", "efforts", "precedences", "skills", "skill_supply", "training",
    "agreements", "shocks", "links", "depots", "stocks", "forces", "vehicles", "limits", "money",
    "obligations",
)  # fmt: skip


def records(tables: Tables) -> Tables:
    """The last two tables."""
    return {
        "indicators": [_indicator(r) for r in content("indicators")],
        "sources_of_facts": _sources(tables),
    }


def _indicator(row: dict[str, str]) -> Row:
    return {
        "id": row["id"],
        "name_vi": row["vi"],
        "name_en": row["en"],
        "unit": row["unit"],
        "frequency": row["frequency"],
        "place_level": row["level"],
        "feed": row["feed"],
        "threat": row["threat"],
        "level_rule": row["rule"] or None,
        "owner": row["owner"],
    }


def _fact(table: str, row: str, column: str, source: str, status: str) -> Row:
    return {"table": table, "row": row, "column": column, "source": source, "status": status}


def _sources(tables: Tables) -> list[Row]:
    rows = [_fact(name, "*", "*", OWN, "illustrative") for name in ILLUSTRATIVE]
    rows += [
        _fact("capabilities", "*", "*", DERIVED, "illustrative"),
        _fact("products", "*", "*", DERIVED, "illustrative"),
    ]
    rows += [
        _fact(
            "indicators",
            "*",
            "*",
            "Nghị quyết 147/NQ-CP yêu cầu một bộ chỉ số; tên chỉ số chưa công bố, danh sách này là giả định",
            "illustrative",
        )
    ]
    rows += [
        _fact(
            "stages", "*", "*", "Luật 38/2024/QH15, Điều 2 (chuỗi dài hơn bảy công đoạn), rút gọn", "claimed"
        )
    ]
    rows += [_fact("countries", "*", "*", "ISO 3166-1", "verified")]
    rows += [
        _fact("money", "*", "amount_mvnd", NOT_PUBLIC, "illustrative"),
        _fact("limits", "*", "*", NOT_PUBLIC, "illustrative"),
    ]
    rows += [_fact("groups", r["id"], "*", r["source"], r["status"]) for r in content("groups")]
    rows += [_fact("threats", r["id"], "*", r["source"], r["status"]) for r in content("threats")]
    rows += [_fact("technologies", r["id"], "*", OWN, "illustrative") for r in content("technologies")]
    for r in content("strategic"):
        rows.append(_fact("technologies", strategic_id(r), "*", STRATEGIC, "claimed"))
        if r["trl"]:
            rows.append(_fact("technologies", strategic_id(r), "trl", OWN, "illustrative"))
            rows.append(_fact("technologies", strategic_id(r), "group", DERIVED, "illustrative"))
    return rows + _places(tables) + _obligations()


def _places(tables: Tables) -> list[Row]:
    rows = [_fact("places", "*", "*", PLACES, "claimed"), _fact("place_changes", "*", "*", PLACES, "claimed")]
    rows.append(_fact("places", "*", "vulnerability", OWN, "illustrative"))
    for row in tables["places"]:
        if str(row["id"]).startswith("old-"):
            rows.append(_fact("places", str(row["id"]), "people", CENSUS, "claimed"))
    rows.append(_fact("places", "75", "note", "Nghị quyết 30/2026/QH16 (14/4/2026)", "claimed"))
    return rows


def _obligations() -> list[Row]:
    return [
        _fact(
            "obligations",
            "indicator-set",
            "due",
            "Nghị quyết 147/NQ-CP: hoàn thành bộ chỉ số đến 2030",
            "claimed",
        ),
        _fact(
            "obligations",
            "early-warning-2030",
            "due",
            "Nghị quyết 147/NQ-CP: hạ tầng cảnh báo sớm đến 2030",
            "claimed",
        ),
        _fact(
            "obligations", "fund-reports", "body", "Nghị định 73/2026; Thông tư 26/2026/TT-BTC", "verified"
        ),
        _fact(
            "obligations",
            "incident-reporting",
            "body",
            "Luật 116/2025/QH15, Điều 31.2.d: trong 24 giờ và 72 giờ",
            "claimed",
        ),
        _fact(
            "obligations", "independent-audit", "body", "Đề nghị của đại biểu, không phải quy định", "claimed"
        ),
    ]
