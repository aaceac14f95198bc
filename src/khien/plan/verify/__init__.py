"""Check a plan against every rule, without a line of the code that made it.

Method page: docs/methods/verifier.md.
"""

from __future__ import annotations

from khien.plan.result import Plan, fixed_picks
from khien.plan.settings import SettingsError, apply
from khien.plan.verify import futures, means, picks, promises
from khien.plan.verify.book import Book, Chosen
from khien.plan.verify.violation import Violation, violation
from khien.plan.verify.worth import Worth
from khien.programme import Programme

RULES = (
    "programme",
    "settings",
    "choice",
    "fixed",
    "window",
    "pin",
    "precedence",
    "stage",
    "agreement",
    "training",
    "replan",
    "money",
    "people",
    "limit",
    "obligation",
    "reliance_floor",
    "survival_floor",
    "futures",
    "value",
    "nothing",
    "bound",
)
"""Every rule a violation can name."""

__all__ = ["RULES", "Violation", "nothing_value", "recomputed_value", "verify"]


def verify(programme: Programme, plan: Plan) -> list[Violation]:
    """Everything that is wrong with a plan; an empty list is a good plan.

    Parameters
    ----------
    programme : Programme
        The programme that the plan was made from, before the plan's own what-ifs.
    plan : Plan

    Returns
    -------
    list of Violation
        In the order of `RULES`. All rules are checked, also after the first one is found broken.
        Choices that cannot be understood are named and then left out.
    """
    found: list[Violation] = []
    if programme.hash != plan.programme_hash:
        found.append(
            violation(
                "programme",
                "verify_programme",
                "plan",
                [],
                plan=plan.programme_hash[:12],
                programme=programme.hash[:12],
            )
        )
    try:
        book = Book(apply(programme, plan.settings))
    except SettingsError as error:
        both = (error.message_vi, error.message_en)
        return [*found, Violation("settings", "plan", (), {}, *both)]
    chosen, broken = picks.read_choices(book, plan)
    found += broken
    for rule in (
        picks.fixed_stay,
        picks.windows,
        picks.pins,
        picks.precedences,
        picks.stages,
        picks.agreements,
    ):
        found += rule(book, chosen)
    cohorts, broken = picks.training(book, plan)
    found += broken
    found += means.money(book, chosen, cohorts)
    found += means.people(book, chosen, cohorts)
    found += means.limits(book, chosen)
    worth = Worth(book, chosen)
    found += promises.obligations(book, worth)
    found += promises.reliance_floor(book, worth, plan)
    found += promises.survival_floor(book, worth, plan)
    found += futures.statements(book, chosen, plan)
    value = futures.value(book, chosen, plan)
    found += promises.statements(plan, value, futures.value(book, _nothing(book), plan))
    return found


def recomputed_value(programme: Programme, plan: Plan) -> float:
    """Value of a plan by the verifier's own reading of the rule book."""
    book = Book(apply(programme, plan.settings))
    return futures.value(book, picks.read_choices(book, plan)[0], plan)


def nothing_value(programme: Programme, plan: Plan) -> float:
    """Value of carrying out only what is committed, running or done, under the plan's what-ifs."""
    book = Book(apply(programme, plan.settings))
    return futures.value(book, _nothing(book), plan)


def _nothing(book: Book) -> list[Chosen]:
    return [
        Chosen(book.projects[project], book.options[option], start, start + book.duration[option])
        for project, option, start in fixed_picks(book.programme)
    ]
