"""Findings of a check as lines that can be read and searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit
from khien.cli.output import number
from khien.words import t

if TYPE_CHECKING:
    from khien.programme import Finding

SHOWN = 200
"""Findings printed as text; all of them are in ``--json`` and with ``--all``."""


def describe_findings(
    findings: Sequence[Finding], lang: str, *, path: Any = None, shocks: bool = False
) -> tuple[Exit, str, dict[str, Any]]:
    """Exit code, message and details for a programme (or a file of shocks) that a command could not use."""
    errors = [finding for finding in findings if finding.severity == "error"]
    key = "cli_shocks_have_errors" if shocks else "cli_programme_has_errors"
    message = t(key, lang, count=number(len(errors), lang), path="PATH" if path is None else path)
    details = {"findings": [finding.to_dict() for finding in findings]}
    return Exit.INPUT_ERRORS, message, {**details, "lines": list(finding_lines(errors, lang, limit=20))}


def refusal(head: str, findings: Sequence[Any], lang: str) -> tuple[str, dict[str, Any]]:
    """Message and details of what was refused: all on one line where one thing is wrong, else a line for each."""
    lines = [finding.line(lang) for finding in findings]
    message, lines = (f"{head} {lines[0]}", []) if len(lines) == 1 else (head, lines[:20])
    return message, {"findings": [finding.to_dict() for finding in findings], "lines": lines}


def finding_lines(findings: Sequence[Finding], lang: str, limit: int | None = SHOWN) -> Iterator[str]:
    """``error share-range options:14:success_share: what is wrong``, and below it the way out."""
    for finding in findings[:limit]:
        severity = t("cli_error" if finding.severity == "error" else "cli_warning", lang)
        place = f" {finding.place}" if finding.place else ""
        yield f"{severity} {finding.code}{place}: {finding.message(lang)}"
        yield f"    → {finding.way_out(lang)}"
    if limit is not None and len(findings) > limit:
        yield t("cli_more_findings", lang, count=number(len(findings) - limit, lang))
