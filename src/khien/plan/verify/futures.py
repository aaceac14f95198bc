"""Plans over sampled futures: what they are worth in each, worked out a second time.

Which choices succeed is read from the plan and drawn anew from its seed; the two must agree.
Method page: docs/methods/scenarios.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from khien.plan.result import Plan
from khien.plan.verify.book import Book, Chosen
from khien.plan.verify.promises import TOLERANCE
from khien.plan.verify.violation import Violation, violation
from khien.plan.verify.worth import Worth


def value(book: Book, chosen: list[Chosen], plan: Plan) -> float:
    """Value of choices: as they are meant to go, or over the sampled futures that the plan was made for."""
    if not plan.settings.scenarios:
        return Worth(book, chosen).value
    return weighed(of_futures(book, chosen, drawn(book, plan)), plan.settings.tail_weight)


def drawn(book: Book, plan: Plan) -> dict[str, list[bool]]:
    """Whether each option succeeds in each future, by the seed: one number per project and future."""
    dice, found = np.random.default_rng(plan.settings.seed), {}
    for project in book.projects:
        luck = dice.random(plan.settings.scenarios).tolist()
        for name, option in book.options.items():
            if option["project"] == project:
                found[name] = [number < option["success_share"] for number in luck]
    return found


def of_futures(book: Book, chosen: list[Chosen], success: dict[str, list[bool]]) -> list[float]:
    """Value in every future: what fails brings nothing, and everything else goes on as planned."""
    known: dict[tuple[str, ...], float] = {}
    values = []
    for fate in zip(*success.values(), strict=True):
        lucky = {name for name, good in zip(success, fate, strict=True) if good}
        kept = [c for c in chosen if c.option["id"] in lucky]
        names = tuple(c.project["id"] for c in kept)
        if names not in known:
            known[names] = Worth(book, kept).value
        values.append(known[names])
    return values


def weighed(values: list[float], weight: float) -> float:
    """The mean, and with its weight the mean of the worst twentieth."""
    return (1.0 - weight) * sum(values) / len(values) + weight * _tail(values)


def _tail(values: list[float]) -> float:
    worst = sorted(values)[: max(1, math.ceil(len(values) / 20))]
    return sum(worst) / len(worst)


def statements(book: Book, chosen: list[Chosen], plan: Plan) -> list[Violation]:
    """The successes that the plan saved are those of its seed, and mean and tail are what it says."""
    if not plan.settings.scenarios:
        return []
    seeded, count = drawn(book, plan), plan.settings.scenarios
    saved = {c.option["id"]: _saved(plan, c.project["id"], count) for c in chosen}
    broken = []
    wrong = [c.project["id"] for c in chosen if saved[c.option["id"]] != seeded[c.option["id"]]]
    if wrong:
        broken.append(violation("futures", "verify_futures_drawn", "projects", wrong))
    values = of_futures(book, chosen, seeded | {name: fate for name, fate in saved.items() if fate})
    found = {"expected_value": sum(values) / len(values), "tail_value": _tail(values)}
    for name, amount in found.items():
        stated = plan.details.get(name)
        if not _close(stated, amount):
            key = "verify_futures_mean" if name == "expected_value" else "verify_futures_tail"
            broken.append(violation("futures", key, "plan", [], {"found": amount}, stated=stated))
    return broken


def _saved(plan: Plan, project: str, count: int) -> list[bool] | None:
    """Successes that a plan carries: hexadecimal digits, the first future being the highest bit."""
    try:
        digits = plan.details["successes"][project]
        bits = "".join(f"{int(digit, 16):04b}" for digit in digits)
    except (KeyError, TypeError, ValueError):
        return None
    return [bit == "1" for bit in bits[:count]] if len(bits) == 8 * math.ceil(count / 8) else None


def _close(stated: Any, found: float) -> bool:
    return isinstance(stated, int | float) and math.isclose(
        stated, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE
    )
