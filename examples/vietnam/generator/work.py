"""Projects: one per subject and stage that is still ahead, until there are three hundred."""

from collections import Counter
from functools import cache

from generator.dice import between, near, pick, unit, whole
from generator.files import Row, content, pairs
from generator.subjects import SERVICE, STAGES, size, standing, strategic_id

COUNT = 300
LAST_STAGE = {"product": 6, "technology": 5}
COST_BY_STAGE = {3: 30, 4: 60, 5: 120, 6: 45}
"""Usual cost of an own project of size 1, thousand million VND, by stage reached."""
RISK = {3: "very_high", 4: "high", 5: "medium", 6: "low"}
STATUS_COUNTS = (("done", 8), ("running", 14), ("committed", 8), ("stopped", 3))
VERB = {
    3: ("Thiết kế", "Design"),
    4: ("Chế tạo thử", "Trial manufacture"),
    5: ("Sản xuất", "Production"),
    6: ("Bảo đảm kỹ thuật", "Technical assurance"),
}


def kind_of(subject: str) -> str:
    """`product` or `technology`."""
    return "product" if subject in {r["id"] for r in content("products")} else "technology"


@cache
def names() -> dict[str, tuple[str, str]]:
    """Subject to its Vietnamese and English name."""
    out = {r["id"]: (r["vi"], r["en"]) for n in ("products", "technologies") for r in content(n)}
    return out | {strategic_id(r): (r["vi"], r["en"]) for r in content("strategic")}


@cache
def group_of(subject: str) -> str:
    """The product group of a subject."""
    rows = {r["id"]: r["group"] for n in ("products", "technologies") for r in content(n)}
    return (rows | {strategic_id(r): r["group"] for r in content("strategic")})[subject]


@cache
def steps() -> tuple[tuple[str, int], ...]:
    """(subject, stage number) of every project: all that is ahead, thinned to COUNT from the far end."""
    out: list[tuple[str, int]] = []
    for subject, stage in standing().items():
        kind = kind_of(subject)
        last = LAST_STAGE[kind] if stage < LAST_STAGE[kind] else min(6, stage + 1)
        out += [(subject, n) for n in range(max(stage, 2) + 1, last + 1)]
    spare = [s for s in out if s[1] == 6 and standing()[s[0]] < 5]
    spare += [s for s in out if s[1] == 6 and standing()[s[0]] >= 5]
    drop = set(
        sorted(spare, key=lambda s: (standing()[s[0]] >= 5, unit("spare", *s)))[: max(0, len(out) - COUNT)]
    )
    return tuple(s for s in out if s not in drop)


def project_id(subject: str, stage: int) -> str:
    """Id of the project that brings a subject to a stage."""
    return f"{subject}-{STAGES[stage - 1][0].split('-')[-1]}"


def first_steps() -> list[tuple[str, int]]:
    """The first project of every subject: it stands on nothing but what is mastered today."""
    seen: dict[str, int] = {}
    for subject, stage in steps():
        seen.setdefault(subject, stage)
    return list(seen.items())


@cache
def statuses() -> dict[tuple[str, int], str]:
    """Which projects are no longer candidates."""
    ranked = sorted((s for s in first_steps() if s[1] < 6), key=lambda s: unit("status", *s))
    out: dict[tuple[str, int], str] = {}
    single = {s for s, n in Counter(s for s, _ in steps()).items() if n == 1}
    for status, count in STATUS_COUNTS:
        # A project that was stopped must not leave a later one of its subject hanging in the air.
        able = [s for s in ranked if s not in out and (status != "stopped" or s[0] in single)]
        out |= dict.fromkeys(able[:count], status)
    return out


def projects(options: list[Row]) -> list[Row]:
    """The table of projects; the options tell which one a running project took."""
    first_option = {}
    for o in options:
        first_option.setdefault(o["project"], o)
    pins = _pins()
    rows: list[Row] = []
    for subject, stage in steps():
        step, name = (subject, stage), names()[subject]
        status = statuses().get(step, "candidate")
        row: Row = {
            "id": project_id(*step),
            "name_vi": f"{VERB[stage][0]}: {name[0]}",
            "name_en": f"{VERB[stage][1]}: {name[1]}",
            "subject": subject,
            "to_stage": STAGES[stage - 1][0],
            "risk_class": RISK[stage]
            if unit("risk", *step) < 0.75
            else pick(tuple(RISK.values()), "other risk", *step),
            "earliest": None,
            "latest": None,
            "status": status,
            "option": None,
            "start": None,
            "spent_mvnd": None,
            "pin": pins.get(step),
        }
        if status == "candidate":
            row |= _window(step)
        elif status != "stopped":
            row |= _begun(step, status, first_option[row["id"]])
        rows.append(row)
    return rows


def _window(step: tuple[str, int]) -> Row:
    dice = unit("window", *step)
    if dice < 0.3:
        return {"earliest": f"{whole(2026, 2030, 'earliest', *step)}Q{whole(1, 4, 'quarter', *step)}"}
    if dice < 0.4:
        return {"earliest": "2026Q2", "latest": f"{whole(2034, 2040, 'latest', *step)}Q4"}
    return {}


def _begun(step: tuple[str, int], status: str, option: Row) -> Row:
    """Chosen option, start and what is spent of a done, running or committed project."""
    mode, cost = int(str(option["duration_mode_quarters"])), int(str(option["cost_mode_mvnd"]))
    if status == "done":
        start, spent = -mode - whole(2, 8, "done", *step), cost
    elif status == "running":
        start = -whole(1, max(1, mode - 2), "running", *step)
        spent = int(near(100, cost * -start / mode))
    else:
        start, spent = whole(1, 7, "committed", *step), None
    year, quarter = divmod(2026 * 4 + start, 4)
    return {"option": option["id"], "start": f"{year}Q{quarter + 1}", "spent_mvnd": spent}


def _pins() -> dict[tuple[str, int], str]:
    free = sorted(
        (s for s in first_steps() if s not in statuses() and s[1] >= SERVICE), key=lambda s: unit("pin", *s)
    )
    return dict.fromkeys(free[:3], "must") | dict.fromkeys(free[3:5], "must_not")


def precedences() -> list[Row]:
    """Production of a product waits for the trial of the technology that it cannot do without."""
    known = set(steps())
    rows: list[Row] = []
    for row in content("products"):
        after = (row["id"], SERVICE)
        if after not in known or statuses().get(after, "candidate") != "candidate":
            continue
        for need, mark in pairs(row["needs"]):
            before = next(((need, n) for n in (4, 5) if (need, n) in known), None)
            if mark == "s" and before and statuses().get(before) != "stopped":
                lag = whole(0, 2, "lag", row["id"], need)
                rows.append({"before": project_id(*before), "after": project_id(*after), "lag_quarters": lag})
    return rows


def cost_factor(subject: str, stage: int) -> float:
    """Usual own cost of the project, million VND."""
    noise = between(0.75, 1.3, "cost", subject, stage)
    return (
        1000 * COST_BY_STAGE[stage] * size(subject) * noise * (1.0 if kind_of(subject) == "product" else 0.7)
    )
