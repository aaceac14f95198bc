"""A set of rules that cannot hold together, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import NoPlan


def describe_clash(error: NoPlan, lang: str) -> tuple[Exit, str, dict[str, Any]]:
    """Exit code, message and details: the rules of one irreducible clash and where they come from."""
    rules = error.told
    if not rules:
        message = t("cli_no_plan_unknown", lang)
    elif not error.smallest:
        message = t("cli_no_plan_not_smallest", lang)
    else:
        message = t("cli_no_plan", lang) if error.certain else t("cli_no_plan_likely", lang)
    details = {
        "clash": [_record(rule) for rule in error.clash], "certain": error.certain, "smallest": error.smallest,
        "missed": [_record(rule) for rule in error.missed], "lines": list(_lines(rules, lang)),
    }  # fmt: skip
    return Exit.NO_PLAN, message, details


def _lines(rules: list[Any], lang: str) -> Iterator[str]:
    for rule in rules:
        yield f"  • {_words(rule, lang)}"


def _words(rule: Any, lang: str) -> str:
    """The rule in words: it may be a text, a mapping by language or an object with a field per language."""
    if isinstance(rule, str):
        return rule
    if isinstance(rule, dict):
        return str(rule.get(lang) or rule.get(f"words_{lang}") or rule)
    return str(getattr(rule, lang, None) or getattr(rule, f"words_{lang}", None) or rule)


def _record(rule: Any) -> Any:
    if isinstance(rule, str | dict):
        return rule
    return {name: value for name, value in vars(rule).items() if not name.startswith("_")}
