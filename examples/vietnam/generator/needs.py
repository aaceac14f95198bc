"""Groups, threats, capabilities and how much of each is needed until 2045."""

from generator.dice import between, near
from generator.files import Row, Tables, content

LEVEL_BY_YEAR = {2026: 0.70, 2030: 0.80, 2035: 0.90, 2040: 0.95, 2045: 1.0}
"""Share of the need of 2045 that is required from a year on, before a little noise."""


def needs() -> Tables:
    """The tables about what may happen and what must be possible."""
    capabilities = content("capabilities")
    return {
        "groups": [named(r) for r in content("groups")],
        "threats": [named(r) | {"domain": r["domain"]} for r in content("threats")],
        "cascades": [
            {"cause": r["cause"], "effect": r["effect"], "note": r["note"] or None}
            for r in content("cascades")
        ],
        "capabilities": [
            named(r) | {"group": r["group"], "unit": r["unit_vi"], "weight": int(r["weight"])}
            for r in capabilities
        ],
        "requirements": [row for r in capabilities for row in _requirements(r)],
    }


def named(row: dict[str, str]) -> Row:
    """Id and both names."""
    return {"id": row["id"], "name_vi": row["vi"], "name_en": row["en"]}


def amount(value: float) -> float:
    """A figure with about three digits."""
    step = 10.0 ** (len(str(int(value))) - 3)
    return near(step, value) or step


def _requirements(row: dict[str, str]) -> list[Row]:
    need, last, out = float(row["need"]), 0.0, []
    for year, share in LEVEL_BY_YEAR.items():
        level = max(last, amount(need * min(1.0, share * between(0.94, 1.03, "need", row["id"], year))))
        if level > last:
            because = row["because"] or f"Mức cần có giả định cho năm {year}"
            out.append(
                {
                    "capability": row["id"],
                    "from_year": year,
                    "level": level,
                    "threat": row["threat"],
                    "because": because,
                }
            )
        last = level
    return out
