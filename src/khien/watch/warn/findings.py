"""What keeps a warning from being proposed, changed or sent out: findings, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from khien.words import t


@dataclass(frozen=True)
class WarnFinding:
    """One thing that is wrong: code, the warning or file, the field, the value, and what the texts name."""

    code: str
    table: str | None = None
    column: str | None = None
    value: str | None = None
    row: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def message(self, lang: str | None = None) -> str:
        """What is wrong."""
        return t(f"warn_finding.{self.code}", lang, **self._words())

    def way_out(self, lang: str | None = None) -> str:
        """What to do about it."""
        text = t(f"warn_way.{self.code}", lang, **self._words())
        near = self.fields.get("guess")
        return f"{t('way.did-you-mean', lang, guess=near)} {text}" if near else text

    @property
    def place(self) -> str:
        """Where it is, as far as known."""
        row = None if self.row is None else str(self.row)
        return ":".join(part for part in (self.table, row, self.column) if part)

    def line(self, lang: str | None = None) -> str:
        """One line for a terminal; the place stands in front unless the message names it."""
        message = self.message(lang)
        named = not self.place or (self.row is None and self.table is not None and self.table in message)
        return ("" if named else f"{self.place}: ") + f"{message} {self.way_out(lang)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the texts in both languages."""
        told = {"code": self.code, "severity": "error", "table": self.table, "row": self.row}
        told |= {"column": self.column, "value": self.value}
        told |= {f"message_{lang}": self.message(lang) for lang in ("vi", "en")}
        return told | {f"way_out_{lang}": self.way_out(lang) for lang in ("vi", "en")}

    def _words(self) -> dict[str, Any]:
        known = {"table": self.table, "column": self.column, "value": self.value, "row": self.row}
        return {**known, **self.fields}


class WarnError(Exception):
    """Nothing was done; `findings` says everything that is wrong."""

    def __init__(self, findings: Iterable[WarnFinding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(finding.line("en") for finding in self.findings))


def refuse(
    code: str, table: str | None = None, column: str | None = None, value: object = None, **fields: Any
) -> WarnError:
    """An error with one finding."""
    shown = None if value is None else str(value)[:80]
    return WarnError([WarnFinding(code, table, column, shown, fields=fields)])
