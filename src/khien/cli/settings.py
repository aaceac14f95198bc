"""From the options of ``khien plan`` to the settings of the search."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import PlanSettings


def check_use(args: argparse.Namespace) -> None:
    """Refuse options that make no sense without each other, before anything is read."""
    check_floors(args)
    if args.tail_weight is not None and not args.scenarios:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--tail-weight", other="--scenarios"))
    if args.replan_from is not None and args.previous is None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--replan-from", other="--previous"))
    if args.previous is not None and args.replan_from is None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--previous", other="--replan-from"))


def check_floors(args: argparse.Namespace) -> None:
    """The same for floors on self-reliance and survival."""
    if args.from_year is not None and args.min_reliance is None and args.min_months is None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--from", other="--min-reliance"))
    if args.level is not None and args.min_months is None:
        raise Stop(Exit.WRONG_USE, t("cli_plan_needs", args.lang, one="--level", other="--min-months"))


def plan_settings(args: argparse.Namespace) -> PlanSettings:
    """The settings of the search; whatever was not said keeps its default.

    Raises:
        SettingsError: a value is out of range. Ids are checked against the programme when planning starts.
    """
    from khien.plan import PlanSettings

    wishes = {
        "time_limit": args.time_limit,
        "work": args.work,
        "scenarios": args.scenarios,
        "tail_weight": args.tail_weight,
    }
    return PlanSettings(**{name: value for name, value in wishes.items() if value is not None}, **changes(args))


def changes(args: argparse.Namespace) -> dict[str, Any]:
    """What was asked of the programme, and the seed; nothing that was not said."""
    wishes = {
        "budget_factor": args.budget_factor,
        "reliance_weight": args.reliance_weight,
        "min_reliance": args.min_reliance,
        "min_reliance_from": args.from_year,
        "min_survival_months": args.min_months,
        "survival_level": args.level,
        "without_country": tuple(country.lower() for country in args.without_country),
        "without_partner": tuple(args.without_partner),
        "pins": tuple(args.pin),
        "forbids": tuple(args.forbid),
        "limits": _limits(args),
        "seed": args.seed,
    }
    return {name: value for name, value in wishes.items() if value is not None and value != ()}


def _limits(args: argparse.Namespace) -> tuple[tuple[str, float], ...]:
    """The limits that were given another number."""
    pairs = []
    for text in args.limit_change:
        name, sign, figure = text.partition("=")
        try:
            pairs.append((name, float(figure)))
        except ValueError:
            sign = ""
        if not sign:
            raise Stop(Exit.WRONG_USE, t("cli_whatif_limit_wrong", args.lang, text=text))
    return tuple(pairs)
