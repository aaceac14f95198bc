"""Stages, technologies, products, what they yield, and where each stands today."""

from generator.dice import between, near, unit, whole
from generator.files import Row, Tables, content, pairs
from generator.needs import amount, named

STAGES = [
    ("idea", "Ý tưởng", "Idea"),
    ("basic-research", "Nghiên cứu cơ bản", "Basic research"),
    ("design", "Thiết kế", "Design"),
    ("manufacture", "Chế tạo, thử nghiệm", "Manufacture and trial"),
    ("production", "Sản xuất, hoàn thiện", "Production"),
    ("technical-assurance", "Bảo đảm kỹ thuật, sửa chữa", "Technical assurance"),
    ("upgrade", "Cải tiến, hiện đại hóa", "Upgrade"),
]
SERVICE, ASSURANCE = 5, 6


def strategic_id(row: dict[str, str]) -> str:
    """Id of one of the thirty strategic technology products."""
    return f"s{int(row['no']):02d}"


def standing() -> dict[str, int]:
    """Every subject that takes part to the stage at which it stands today."""
    out = {r["id"]: int(r["start"]) for name in ("products", "technologies") for r in content(name)}
    return out | {strategic_id(r): int(r["start"]) for r in content("strategic") if r["start"]}


def size(subject: str) -> float:
    """How large an undertaking the subject is; 1 is usual."""
    return _sizes()[subject]


def _sizes() -> dict[str, float]:
    out = {r["id"]: float(r["size"]) for name in ("products", "technologies") for r in content(name)}
    return out | {strategic_id(r): 1.3 * float(r["size"]) for r in content("strategic") if r["size"]}


def subjects() -> Tables:
    """The tables about what is to be mastered."""
    need = {r["id"]: float(r["need"]) for r in content("capabilities")}
    yields: list[Row] = [
        {"product": r["id"], "capability": capability, "amount": amount(float(share) * need[capability])}
        for r in content("products")
        for capability, share in pairs(r["yields"])
    ]
    return {
        "stages": [
            {
                "id": i,
                "name_vi": vi,
                "name_en": en,
                "order": n,
                "service": n == SERVICE,
                "assurance": n == ASSURANCE,
            }
            for n, (i, vi, en) in enumerate(STAGES, 1)
        ],
        "technologies": [_technology(r) for r in content("technologies")]
        + [_strategic(r) for r in content("strategic")],
        "products": [_product(r) for r in content("products")],
        "yields": yields,
        "maturity": [row for subject, stage in standing().items() for row in _maturity(subject, stage)],
    }


def _technology(row: dict[str, str]) -> Row:
    return named(row) | {"group": row["group"], "kind": row["kind"], "trl": int(row["trl"])}


def _strategic(row: dict[str, str]) -> Row:
    trl = int(row["trl"]) if row["trl"] else None
    names = {"id": strategic_id(row), "name_vi": row["vi"], "name_en": row["en"]}
    return names | {"group": row["group"], "kind": "strategic", "trl": trl}


def _product(row: dict[str, str]) -> Row:
    price = near(5, 40 * float(row["size"]) ** 3 * between(0.5, 2.0, "price", row["id"])) or 5
    told = unit("units told", row["id"]) > 0.15
    return named(row) | {
        "group": row["group"],
        "price_mvnd": int(price),
        "units_per_year": float(whole(10, 160, "units", row["id"])) if told else None,
        "dual_use": row["dual"] == "1",
        "hs_code": row["hs"],
    }


def _maturity(subject: str, stage: int) -> list[Row]:
    """Mastered up to its stage, begun at the next one. Only what stands at assurance is also held at home."""
    rows: list[Row] = []
    for n in range(max(2, stage - 1), min(len(STAGES), stage + 1) + 1):
        if n <= stage:
            level = between(0.72, 0.92, "level", subject, n)
        else:
            level = between(0.1, 0.5, "begun", subject, n)
        rows.append(
            {
                "subject": subject,
                "stage": STAGES[n - 1][0],
                "level": near(0.01, level),
                "domestic_share": _domestic(subject, stage, n),
            }
        )
    return rows


def _domestic(subject: str, stage: int, n: int) -> float | None:
    if unit("unknown", subject, n) < 0.06 and n != ASSURANCE:
        return None
    high = stage >= ASSURANCE
    return near(
        0.01,
        between(0.62, 0.9, "domestic", subject, n) if high else between(0.2, 0.55, "domestic", subject, n),
    )
