"""Findings: what is wrong with a programme, where, and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from khien.programme.codes import CODES
from khien.words import default_language, t

Severity = Literal["error", "warning"]
_SHOWN: Final = 20
_LONGEST_VALUE: Final = 80


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or doubtful.

    Attributes:
        code: what kind of finding; each has a section in docs/reference/findings.md.
        table: name of the table, "settings", or None when the whole programme is meant.
        row: 1-based line as a spreadsheet shows it, the header being line 1; None for none.
        column: name of the column or setting.
        value: the offending value as text.
        fields: further values that the message names.
    """

    code: str
    table: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def severity(self) -> Severity:
        """Errors keep a programme from being used; warnings do not."""
        return CODES[self.code]

    def message(self, lang: str | None = None) -> str:
        """What is wrong, in one language."""
        return t(f"finding.{self.code}", lang, **self._words(lang))

    def way_out(self, lang: str | None = None) -> str:
        """What to do about it, in one language."""
        text = t(f"way.{self.code}", lang, **self._words(lang))
        if guess := self.fields.get("guess"):
            text = t("way.did-you-mean", lang, guess=guess) + " " + text
        return text

    @property
    def message_vi(self) -> str:
        """What is wrong, in Vietnamese."""
        return self.message("vi")

    @property
    def message_en(self) -> str:
        """What is wrong, in English."""
        return self.message("en")

    @property
    def way_out_vi(self) -> str:
        """What to do about it, in Vietnamese."""
        return self.way_out("vi")

    @property
    def way_out_en(self) -> str:
        """What to do about it, in English."""
        return self.way_out("en")

    @property
    def place(self) -> str:
        """Where it is: table, row and column, as far as known."""
        row = None if self.row is None else str(self.row)
        return ":".join(part for part in (self.table, row, self.column) if part)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the texts in both languages."""
        return {
            "code": self.code,
            "severity": self.severity,
            "table": self.table,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "message_vi": self.message_vi,
            "message_en": self.message_en,
            "way_out_vi": self.way_out_vi,
            "way_out_en": self.way_out_en,
        }

    def line(self, lang: str | None = None) -> str:
        """One line for a terminal."""
        severity = t(f"severity.{self.severity}", lang)
        place = f" {self.place}" if self.place else ""
        return f"{severity} {self.code}{place}: {self.message(lang)} {self.way_out(lang)}"

    def _words(self, lang: str | None) -> dict[str, Any]:
        known = {"table": self.table, "row": self.row, "column": self.column, "value": self.value}
        words = {**known, **self.fields}
        if str(reason := words.get("reason")).startswith("reason."):
            words["reason"] = t(str(reason), lang, **{k: v for k, v in words.items() if k != "reason"})
        return words


class Findings(list[Finding]):
    """A list of findings that is filled while reading on; lists of other kinds only name their kind."""

    kind: ClassVar[type[Finding]] = Finding

    def note(
        self,
        code: str,
        table: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        **fields: Any,
    ) -> None:
        """Add one finding; long values are cut for showing."""
        shown = None if value is None else str(value)
        if shown is not None and len(shown) > _LONGEST_VALUE:
            shown = shown[: _LONGEST_VALUE - 1] + "…"
        self.append(self.kind(code, table, row, column, shown, fields))


class ProgrammeError(Exception):
    """A programme cannot be used; `findings` says everything that is wrong with it, `path` where it was read from."""

    def __init__(self, findings: Iterable[Finding], path: Path | None = None) -> None:
        self.findings, self.path = list(findings), path
        errors = [f for f in self.findings if f.severity == "error"]
        lang = default_language()
        lines = [f.line(lang) for f in errors[:_SHOWN]]
        if len(errors) > _SHOWN:
            lines.append(t("findings.more", lang, count=len(errors) - _SHOWN))
        super().__init__("\n".join(lines))
