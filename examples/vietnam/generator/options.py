"""Options: two to four ways for each project; faster with a foreign partner, but not always ours then."""

from collections.abc import Sequence
from functools import cache

from generator.chain import MAIN_PARTNERS, partners
from generator.dice import between, near, pick, some, unit, whole
from generator.files import Row
from generator.promises import agreements, allows
from generator.subjects import size
from generator.work import cost_factor, group_of, kind_of, project_id, statuses, steps

QUARTERS = {3: (6, 11), 4: (7, 13), 5: (7, 14), 6: (4, 8)}
FORMS = {
    # time, cost, success, level, domestic share, transfer
    "own": (1.0, 1.0, (0.6, 0.8), (0.74, 0.9), (0.78, 0.95), None),
    "joint": (0.8, 1.15, (0.7, 0.86), (0.76, 0.92), (0.55, 0.82), (0.6, 1.0)),
    "licence": (0.6, 1.05, (0.8, 0.92), (0.78, 0.94), (0.42, 0.75), (0.35, 1.0)),
    "purchase": (0.35, 0.85, (0.92, 0.98), (0.84, 0.95), (0.08, 0.3), (0.0, 0.35)),
}
PEOPLE = 32
"""People of its first profession that an own project of size 1 takes."""
ELEMENTS = ("design", "experts", "processes", "documents", "rights")
PROFILES = ("0.2;0.3;0.3;0.2", "0.35;0.4;0.25", "0.15;0.35;0.35;0.15")
SKILLS_BY_GROUP = {
    "p1": ("cyber", "software", "electronics"),
    "p2": ("data", "software", "electronics"),
    "p3": ("electronics", "optics", "mechanical", "marine-aero", "materials", "chemistry"),
    "p4": ("mechanical", "geophysics", "electronics", "materials", "marine-aero"),
    "p5": ("biotech", "medical", "chemistry"),
    "p6": ("optics", "electronics", "mechanical", "software"),
}


def forms_of(subject: str, stage: int) -> list[str]:
    """The forms in question for a project; two at least."""
    forms = ["own", "joint"]
    if stage in (4, 5) and unit("licence", subject, stage) < 0.75:
        forms.append("licence")
    if stage == 5 and kind_of(subject) == "product" and unit("purchase", subject) < 0.7:
        forms.append("purchase")
    if stage >= 5 and unit("second joint", subject, stage) < 0.15 and len(forms) < 4:
        forms.append("joint")
    begun = statuses().get((subject, stage))
    if begun in ("running", "committed", "done") and unit("begun with", subject, stage) < 0.4:
        forms[0], forms[1] = forms[1], forms[0]
    return forms


@cache
def options() -> tuple[Row, ...]:
    """The table of options."""
    rows: list[Row] = []
    for subject, stage in steps():
        used: set[str] = set()
        forms = forms_of(subject, stage)
        for n, form in enumerate(forms):
            name = form if forms.index(form) == n else f"{form}-2"
            row = _option(subject, stage, form, name, used)
            if row:
                rows.append(row)
    return tuple(rows)


def _option(subject: str, stage: int, form: str, name: str, used: set[str]) -> Row | None:
    project = project_id(subject, stage)
    key = (project, name)
    time, cost, success, level, domestic, transfer = FORMS[form]
    partner = None
    if form != "own":
        partner = _partner(subject, form, key, used)
        if partner is None:
            return None
        used.add(partner)
    usual = whole(*QUARTERS[stage], "time", subject, stage) * (0.75 + 0.25 * min(size(subject), 2.2))
    mode = max(1, round(usual * time))
    money = near(500, cost_factor(subject, stage) * cost * between(0.9, 1.1, "price", *key))
    wide = between(1.15, 1.6, "wide", *key)
    return {
        "id": f"{project}-{name}",
        "project": project,
        "form": form,
        "partner": partner,
        "duration_low_quarters": max(1, round(mode * 0.85)),
        "duration_mode_quarters": mode,
        "duration_high_quarters": max(mode, round(mode * (1 + (wide - 1) * 1.5))),
        "cost_low_mvnd": int(near(500, money * 0.88)),
        "cost_mode_mvnd": int(money),
        "cost_high_mvnd": int(near(500, money * wide)),
        "spend_profile": pick(PROFILES, "profile", *key) if unit("profiled", *key) < 0.4 else None,
        "success_share": near(0.01, between(*success, "success", *key)),
        "level": near(0.01, between(*level, "reached", *key)),
        "domestic_share": near(0.01, between(*domestic, "held", *key)),
        **_transfer(transfer, key),
    }


def _transfer(bounds: tuple[float, float] | None, key: tuple[str, str]) -> Row:
    """The five elements; none are said for own projects, and one in twenty is unknown."""
    if bounds is None:
        return {}
    return {
        f"transfer_{e}": None
        if unit("unknown", *key, e) < 0.05
        else near(0.05, between(*bounds, "transfer", *key, e))
        for e in ELEMENTS
    }


def _partner(subject: str, form: str, key: tuple[str, str], used: set[str]) -> str | None:
    """A partner with whom an agreement allows the form in this group for long enough."""
    rows = agreements()
    able = [
        o
        for o, c in partners()
        if o not in used and any(allows(a, c, o, group_of(subject), form) for a in rows)
    ]
    able += 2 * [o for o in able if o.split("-")[1] in MAIN_PARTNERS]  # these are drawn three times as often
    return pick(able, "partner", *key) if able else None


def efforts() -> list[Row]:
    """The table of efforts: own work takes most people, a purchase few."""
    share = {"own": 1.0, "joint": 0.75, "licence": 0.55, "purchase": 0.2}
    rows: list[Row] = []
    stage_of = {project_id(*s): s for s in steps()}
    for option in options():
        subject, stage = stage_of[str(option["project"])]
        for n, skill in enumerate(skills_of(subject, stage)):
            people = PEOPLE * size(subject) ** 0.8 * share[str(option["form"])] * (1.0, 0.6, 0.4)[n]
            rows.append(
                {
                    "option": option["id"],
                    "skill": skill,
                    "people": max(1, round(people * between(0.7, 1.35, "people", option["id"], skill))),
                }
            )
    return rows


def skills_of(subject: str, stage: int) -> Sequence[str]:
    """Two professions of the group, and testing once something is made."""
    chosen = some(SKILLS_BY_GROUP[group_of(subject)], 2, "skills", subject)
    return [*chosen, "testing"] if stage >= 4 else chosen
