"""What keeps a level from being given, in the shape of a programme's findings, without its heavy imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from khien.words import t


@dataclass(frozen=True)
class LevelFinding:
    """One thing that is wrong or missing: code, the input or column, the value, and what the texts name.

    Attributes:
        table: the hazard, or the file that was read.
        row: 1-based line of a file, the header being line 1; None for none.
    """

    code: str
    table: str
    column: str | None = None
    value: str | None = None
    row: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def message(self, lang: str | None = None) -> str:
        """What is wrong."""
        return t(f"level_finding.{self.code}", lang, **self._words(lang))

    def way_out(self, lang: str | None = None) -> str:
        """What to do about it."""
        text = t(f"level_way.{self.code}", lang, **self._words(lang))
        near = self.fields.get("guess")
        return f"{t('way.did-you-mean', lang, guess=near)} {text}" if near else text

    @property
    def place(self) -> str:
        """Where it is, as far as known."""
        row = None if self.row is None else str(self.row)
        return ":".join(part for part in (self.table, row, self.column) if part)

    def line(self, lang: str | None = None) -> str:
        """One line for a terminal."""
        return f"{self.place}: {self.message(lang)} {self.way_out(lang)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the texts in both languages."""
        told = {"code": self.code, "severity": "error", "table": self.table, "row": self.row}
        told |= {"column": self.column, "value": self.value}
        told |= {f"message_{lang}": self.message(lang) for lang in ("vi", "en")}
        return told | {f"way_out_{lang}": self.way_out(lang) for lang in ("vi", "en")}

    def _words(self, lang: str | None) -> dict[str, Any]:
        """Fields whose name ends in the language win over those without (texts of the tables)."""
        lang = "vi" if lang == "vi" else "en"
        words = {"table": self.table, "column": self.column, "value": self.value, "row": self.row, **self.fields}
        return words | {k[: -len(lang) - 1]: v for k, v in self.fields.items() if k.endswith(f"_{lang}")}


class LevelError(Exception):
    """No level can be given; `findings` says everything that is wrong or missing."""

    def __init__(self, findings: Iterable[LevelFinding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(finding.line("en") for finding in self.findings))
