"""``khien verify``: check every rule on a plan, with code that shares nothing with the solver."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan.verify import Violation


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "verify",
        run,
        lang,
        says=t("cli_verify_says", lang),
        example="khien verify out/vietnam/plan.json examples/vietnam",
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print every rule that the plan breaks; any gives exit code 1."""
    import khien
    from khien.cli.paths import existing
    from khien.plan.verify import RULES, recomputed_value, verify
    from khien.plan.verify.bound import verify_bound

    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang), edited=True)
    violations = verify(programme, plan)
    # A plan of another programme breaks everything at once; that it is another one is what there is to say.
    violations = [one for one in violations if one.rule == "programme"] or violations
    if not violations:  # a broken plan's bound says nothing, and its settings may not even apply
        violations = verify_bound(programme, plan)
    lines = [f"{t('cli_verify_broken', args.lang)} {one.rule}: {one.message(args.lang)}" for one in violations]
    value = None
    if violations:
        lines.append(t("cli_verify_bad", args.lang, count=number(len(violations), args.lang)))
    else:
        value = recomputed_value(programme, plan)
        shown = number(value, args.lang, 4)
        lines.append(t("cli_verify_good", args.lang, rules=number(len(RULES), args.lang), value=shown))
    payload = {
        "plan": str(args.plan),
        "path": str(args.path),
        "verified": not violations,
        "value": value,
        "violations": [_record(one) for one in violations],
    }
    answer(args, payload, lines)
    return Exit.INPUT_ERRORS if violations else Exit.DONE


def _record(one: Violation) -> dict[str, Any]:
    amounts = {name: float(x) if isinstance(x, Fraction) else x for name, x in one.amounts.items()}
    return {**vars(one), "rows": list(one.rows), "amounts": amounts}
