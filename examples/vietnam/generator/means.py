"""People, training, money and limits, scaled so that a little over half of all projects can be afforded."""

from math import ceil

from generator.dice import between, near
from generator.files import Row, Tables, content
from generator.options import efforts, options
from generator.promises import GROUPS, promises
from generator.work import group_of, project_id, statuses, steps

AFFORDABLE = 0.55
"""Money of the whole horizon over the mean planning cost of all candidate projects."""
FIRST_STAFF = 1.2
"""People on hand in 2026 over what the affordable part would need if it were spread evenly."""
SPARE_STAFF = 1.15
"""People on hand in 2026, at least, over the most that work already promised takes."""
YEARS = range(2026, 2046)
SKILLS = (
    ("cyber", "Kỹ sư an ninh mạng", "Cyber-security engineer"),
    ("software", "Kỹ sư phần mềm", "Software engineer"),
    ("data", "Chuyên gia dữ liệu, trí tuệ nhân tạo", "Data and AI specialist"),
    ("electronics", "Kỹ sư điện tử, viễn thông", "Electronics and telecommunication engineer"),
    ("optics", "Kỹ sư quang, cảm biến", "Optics and sensor engineer"),
    ("mechanical", "Kỹ sư cơ khí, ô tô", "Mechanical and vehicle engineer"),
    ("marine-aero", "Kỹ sư tàu thủy, hàng không", "Marine and aeronautical engineer"),
    ("materials", "Kỹ sư vật liệu", "Materials engineer"),
    ("chemistry", "Chuyên gia hóa học", "Chemist"),
    ("biotech", "Chuyên gia công nghệ sinh học", "Biotechnologist"),
    ("medical", "Chuyên gia y tế", "Medical specialist"),
    ("geophysics", "Chuyên gia địa vật lý, khí tượng thủy văn", "Geophysicist and hydrometeorologist"),
    ("testing", "Kỹ sư thử nghiệm, tiêu chuẩn", "Test and standards engineer"),
)
SOURCES = (
    ("state-support", 0.40),
    ("after-tax-profit", 0.22),
    ("member-capital", 0.20),
    ("science-programme", 0.13),
    ("voluntary", 0.05),
)


def means() -> Tables:
    """The five tables."""
    return {
        "skills": [{"id": i, "name_vi": vi, "name_en": en} for i, vi, en in SKILLS],
        "skill_supply": [row for i, _, _ in SKILLS for row in _supply(i)],
        "training": [_training(i) for i, _, _ in SKILLS],
        "money": _money(),
        "limits": _limits(),
    }


def _usual_cost(option: Row) -> float:
    """Rough planning cost: a little above the most likely one."""
    return 0.8 * float(str(option["cost_mode_mvnd"])) + 0.2 * float(str(option["cost_high_mvnd"]))


def candidate_cost() -> float:
    """Sum over candidate projects of the mean cost of their options, million VND."""
    ids = {project_id(*s) for s in steps() if statuses().get(s, "candidate") == "candidate"}
    total = 0.0
    for project in ids:
        costs = [_usual_cost(o) for o in options() if o["project"] == project]
        total += sum(costs) / len(costs)
    return total


def _promised_cost() -> float:
    """What running and committed projects still take, roughly."""
    ids = {project_id(*s): v for s, v in statuses().items() if v in ("running", "committed")}
    total, seen = 0.0, set()
    for option in options():
        project = str(option["project"])
        if project in ids and project not in seen:
            seen.add(project)
            total += _usual_cost(option) * (0.5 if ids[project] == "running" else 1.0)
    return total


def _money() -> list[Row]:
    total = AFFORDABLE * candidate_cost() + _promised_cost() + 25000 * len(YEARS)
    slope = {year: 1 + 0.035 * (year - 2026) for year in YEARS}
    rows: list[Row] = []
    for year in YEARS:
        of_year = total * slope[year] / sum(slope.values())
        for source, share in SOURCES:
            amount = of_year * share * between(0.88, 1.12, "money", year, source)
            rows.append({"year": year, "source": source, "amount_mvnd": int(near(500, amount))})
    return rows


def _needed(skill: str) -> float:
    """People of a skill, on average over the horizon, if the affordable part is carried out in a mean mix."""
    quarters = {o["id"]: float(str(o["duration_mode_quarters"])) for o in options()}
    project = {o["id"]: o["project"] for o in options()}
    by_project: dict[object, list[float]] = {}
    for row in efforts():
        if row["skill"] == skill:
            by_project.setdefault(project[row["option"]], []).append(
                float(str(row["people"])) * quarters[row["option"]]
            )
    return AFFORDABLE * sum(sum(v) / len(v) for v in by_project.values()) / 80


def _promised(skill: str) -> float:
    """Most people of a skill that running, committed and obligatory work may take at once."""
    begun = {project_id(*s) for s, v in statuses().items() if v in ("running", "committed")}
    first: dict[object, object] = {}
    for option in options():
        first.setdefault(option["project"], option["id"])
    taken = {first[p] for p in begun}
    total = sum(float(str(r["people"])) for r in efforts() if r["skill"] == skill and r["option"] in taken)
    return total + sum(int(str(r["people"] or 0)) for r in promises()["obligations"] if r["skill"] == skill)


def _supply(skill: str) -> list[Row]:
    base = max(FIRST_STAFF * _needed(skill), SPARE_STAFF * _promised(skill))
    rows: list[Row] = []
    for year, growth in ((2026, 1.0), (2030, 1.15), (2035, 1.3), (2040, 1.4)):
        people = ceil(near(5, base * growth * between(1.0, 1.05, "supply", skill, year)))
        rows.append({"skill": skill, "from_year": year, "people": people})
    return rows


def _training(skill: str) -> Row:
    people = max(4, round(_needed(skill) * 0.12))
    return {
        "skill": skill,
        "people_per_cohort": people,
        "cost_mvnd": int(near(100, people * between(350, 650, "training", skill))),
        "duration_quarters": 4 if between(0, 1, "length", skill) < 0.6 else 6,
        "max_cohorts_per_year": 2,
    }


def _limits() -> list[Row]:
    rows: list[Row] = []
    by_group = dict.fromkeys(GROUPS, 0.0)
    stage_of = {project_id(*s): s for s in steps()}
    for option in options():
        if option["form"] == "own":
            by_group[group_of(stage_of[str(option["project"])][0])] += _usual_cost(option)
    for group in GROUPS:
        amount = int(near(1000, 0.12 * by_group[group]))
        rows.append(
            {
                "id": f"floor-{group}",
                "kind": "floor",
                "over": "group",
                "key": group,
                "from_year": 2026,
                "to_year": 2035,
                "amount_mvnd": amount,
                "because": "Không nhóm nào bị bỏ lại trong mười năm đầu",
            }
        )
    for row in content("countries"):
        if row["id"] != "vn":
            rows.append(
                {
                    "id": f"ceiling-{row['id']}",
                    "kind": "ceiling",
                    "over": "country",
                    "key": row["id"],
                    "share": 0.15,
                    "because": "Không phụ thuộc quá mức vào một nước; tỷ lệ chưa được quy định",
                }
            )
    rows.append(
        {
            "id": "ceiling-very-high-risk",
            "kind": "ceiling",
            "over": "risk_class",
            "key": "very_high",
            "share": 0.25,
            "because": "Chấp nhận rủi ro có kiểm soát; tỷ lệ chưa được quy định",
        }
    )
    rows.append(
        {
            "id": "ceiling-purchase",
            "kind": "ceiling",
            "over": "form",
            "key": "purchase",
            "share": 0.2,
            "because": "Mua sắm không thay cho làm chủ; tỷ lệ chưa được quy định",
        }
    )
    rows.append(
        {
            "id": "floor-own",
            "kind": "floor",
            "over": "form",
            "key": "own",
            "share": 0.3,
            "because": "Tự lực là nguyên tắc của Luật 38/2024/QH15, Điều 5; tỷ lệ chưa được quy định",
        }
    )
    return rows
