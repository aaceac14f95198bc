"""Rules on each choice and on the order of projects."""

from __future__ import annotations

from collections import Counter, defaultdict

from khien.plan.result import Plan
from khien.plan.verify.book import Book, Chosen
from khien.plan.verify.violation import Violation, violation


def read_choices(book: Book, plan: Plan) -> tuple[list[Chosen], list[Violation]]:
    """The choices that can be understood, and what is wrong with the rest.

    Each names a known project once, one of its options, an end that is start plus duration, and
    labels that fit. Choices of done projects are allowed and mean nothing.
    """
    chosen: list[Chosen] = []
    broken: list[Violation] = []
    seen: set[str] = set()
    for row in plan.choices.to_dicts():
        project, option = book.projects.get(row["project"]), book.options.get(row["option"])
        if project is None or option is None or row["start"] is None or row["end"] is None:
            broken.append(
                violation(
                    "choice",
                    "verify_choice_unknown",
                    "projects",
                    [str(row["project"])],
                    option=str(row["option"]),
                )
            )
            continue
        name = project["id"]
        if name in seen:
            broken.append(violation("choice", "verify_choice_twice", "projects", [name]))
            continue
        seen.add(name)
        if option["project"] != name or project["status"] == "stopped":
            broken.append(
                violation("choice", "verify_choice_not_its_own", "options", [option["id"]], project=name)
            )
            continue
        end = row["start"] + book.duration[option["id"]]
        labels = (book.label(row["start"]), book.label(end - 1))
        fixed = project["status"] in ("committed", "running", "done")
        if row["end"] != end or (row["start_quarter"], row["end_quarter"]) != labels or row["fixed"] != fixed:
            broken.append(
                violation(
                    "choice",
                    "verify_choice_times",
                    "options",
                    [option["id"]],
                    {"start": row["start"], "end": row["end"], "expected": end},
                    project=name,
                )
            )
        if project["status"] != "done":
            chosen.append(Chosen(project, option, row["start"], end))
    return chosen, broken


def fixed_stay(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """What is committed or running keeps its option and its start."""
    found = {c.project["id"]: c for c in chosen}
    broken = []
    for name, project in book.projects.items():
        if project["status"] not in ("committed", "running"):
            continue
        kept, start = found.get(name), book.index(project["start"])
        if kept is None or kept.option["id"] != project["option"] or kept.start != start:
            broken.append(
                violation(
                    "fixed",
                    "verify_fixed",
                    "projects",
                    [name],
                    {"start": start},
                    option=project["option"],
                    quarter=project["start"],
                )
            )
    return broken


def windows(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """A candidate starts inside its window and ends inside the horizon."""
    broken = []
    for project, _, start, end in _candidates(chosen):
        low = book.index(project["earliest"]) if project["earliest"] else 0
        high = book.index(project["latest"]) if project["latest"] else book.quarters - 1
        low, high = max(0, low), min(book.quarters - 1, high)
        if not low <= start <= high or end > book.quarters:
            amounts = {"start": start, "earliest": low, "latest": high, "end": end, "horizon": book.quarters}
            broken.append(
                violation(
                    "window", "verify_window", "projects", [project["id"]], amounts, quarter=book.label(start)
                )
            )
    return broken


def pins(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """What a person pinned is chosen, what a person ruled out is not (candidates only)."""
    names = {c.project["id"] for c in chosen}
    broken = []
    for name, project in book.projects.items():
        if project["status"] != "candidate":
            continue
        if project["pin"] == "must" and name not in names:
            broken.append(violation("pin", "verify_pin_must", "projects", [name]))
        if project["pin"] == "must_not" and name in names:
            broken.append(violation("pin", "verify_pin_must_not", "projects", [name]))
    return broken


def precedences(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """A candidate waits for the projects before it. What is fixed was judged with the programme."""
    found = {c.project["id"]: c for c in chosen}
    broken = []
    for row in book.programme.precedences.to_dicts():
        before, after = book.projects[row["before"]], found.get(row["after"])
        if after is None or after.project["status"] != "candidate" or before["status"] == "done":
            continue
        first = found.get(row["before"])
        rows, lag = [f"{row['before']}|{row['after']}"], row["lag_quarters"] or 0
        if first is None:
            broken.append(
                violation(
                    "precedence",
                    "verify_precedence_missing",
                    "precedences",
                    rows,
                    before=row["before"],
                    after=row["after"],
                )
            )
        elif first.end + lag > after.start:
            amounts = {"end": first.end, "lag": lag, "start": after.start}
            broken.append(
                violation(
                    "precedence",
                    "verify_precedence_early",
                    "precedences",
                    rows,
                    amounts,
                    before=row["before"],
                    after=row["after"],
                )
            )
    return broken


def stages(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """A candidate to a stage starts only when its subject stands at the stage just below."""
    threshold = book.settings.mastery_threshold
    mature: dict[str, list[int]] = defaultdict(list)
    for row in book.programme.maturity.to_dicts():
        if row["level"] >= threshold:
            mature[row["subject"]].append(book.stage_order[row["stage"]])
    ladder: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in book.projects.values():
        ladder[row["subject"]].append((row["status"], book.stage_order[row["to_stage"]]))
    broken = []
    for pick in _candidates(chosen):
        subject, order = pick.project["subject"], book.stage_order[pick.project["to_stage"]]
        lower = [o for o in book.stage_order.values() if o < order]
        planned = [o for status, o in ladder[subject] if status in ("candidate", "committed", "running")]
        if not lower or not any(o < order for o in planned):
            continue  # nothing below, or a leap
        if max(lower) <= max(mature[subject], default=-1):
            continue
        if not _stands(book, chosen, subject, max(lower), order, pick.start):
            broken.append(
                violation(
                    "stage",
                    "verify_stage",
                    "projects",
                    [pick.project["id"]],
                    {"start": pick.start},
                    subject=subject,
                    stage=pick.project["to_stage"],
                )
            )
    return broken


def _stands(book: Book, chosen: list[Chosen], subject: str, below: int, order: int, start: int) -> bool:
    """Has a done project, or a chosen one that ended by `start`, brought the subject to `below`?"""
    threshold = book.settings.mastery_threshold
    for project in book.projects.values():
        if project["subject"] == subject and project["status"] == "done":
            level = book.options[project["option"]]["level"]
            if book.stage_order[project["to_stage"]] >= below and level >= threshold:
                return True
    for pick in chosen:
        reached = book.stage_order[pick.project["to_stage"]]
        if (
            pick.project["subject"] == subject
            and below <= reached < order
            and pick.option["level"] >= threshold
        ) and pick.end <= start:
            return True
    return False


def agreements(book: Book, chosen: list[Chosen]) -> list[Violation]:
    """Where agreements bind, a candidate with a foreign partner starts under one that covers it."""
    if not book.settings.agreements_bind:
        return []
    rows = book.programme.agreements.to_dicts()
    broken = []
    for project, option, start, _ in _candidates(chosen):
        if not book.is_foreign(option["partner"]):
            continue
        parties = (option["partner"], book.country(option))
        group = book.group_of[project["subject"]]
        if not any(
            row["party"] in parties
            and option["form"] in [form.strip() for form in row["forms"].split(";")]
            and row["group"] in (None, group)
            and (row["until"] is None or start <= book.index(row["until"]))
            for row in rows
        ):
            broken.append(
                violation(
                    "agreement",
                    "verify_agreement",
                    "options",
                    [option["id"]],
                    {"start": start},
                    project=project["id"],
                    partner=option["partner"],
                    form=option["form"],
                )
            )
    return broken


def training(book: Book, plan: Plan) -> tuple[list[tuple[str, int, int]], list[Violation]]:
    """The cohorts that can be understood, and what breaks the rules of training."""
    courses = {row["skill"]: row for row in book.programme.training.to_dicts()}
    good: list[tuple[str, int, int]] = []
    broken = []
    for row in plan.training.to_dicts():
        skill, start, cohorts = row["skill"], row["start"], row["cohorts"]
        known = skill in courses and start is not None and cohorts is not None and cohorts > 0
        if not known or not 0 <= start < book.quarters or row["start_quarter"] != book.label(start):
            broken.append(
                violation(
                    "training",
                    "verify_training_unknown",
                    "training",
                    [str(skill)],
                    {"start": start, "cohorts": cohorts},
                )
            )
            continue
        good.append((skill, start, cohorts))
    per_year: Counter[tuple[str, int]] = Counter()
    for skill, start, cohorts in good:
        per_year[skill, book.year(start)] += cohorts
    for (skill, year), cohorts in sorted(per_year.items()):
        if cohorts > courses[skill]["max_cohorts_per_year"]:
            amounts = {"cohorts": cohorts, "most": courses[skill]["max_cohorts_per_year"], "year": year}
            broken.append(violation("training", "verify_training_many", "training", [skill], amounts))
    return good, broken + _kept_training(book, plan, good)


def _kept_training(book: Book, plan: Plan, cohorts: list[tuple[str, int, int]]) -> list[Violation]:
    """In a re-plan, the cohorts before its first quarter are those that were kept."""
    if plan.settings.from_quarter is None:
        return []
    begins = book.index(plan.settings.from_quarter)
    past, kept = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for skill, start, number_of in cohorts:
        if start < begins:
            past[skill, start] += number_of
    for skill, quarter, number_of in plan.settings.kept_training:
        kept[skill, book.index(quarter)] += number_of
    return [
        violation(
            "replan",
            "verify_replan_training",
            "training",
            [skill],
            {"cohorts": past[skill, start], "kept": kept[skill, start]},
            quarter=book.label(start),
        )
        for skill, start in sorted(past | kept)
        if past[skill, start] != kept[skill, start]
    ]


def _candidates(chosen: list[Chosen]) -> list[Chosen]:
    return [c for c in chosen if c.project["status"] == "candidate"]
