"""What is wrong with observations, a file of a feed or a store: findings with texts of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from khien.programme.findings import Finding, Findings, ProgrammeError, Severity
from khien.words import t


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ERRORS: Final = _words(
    """
    column-missing column-type required indicator-unknown indicator-changed indicator-row place-unknown
    place-ambiguous place-gone unit not-finite too-large valid-future issued-future received-future
    valid-after-issued issued-after-received conflict text time number record-conflict
    file-missing file-unreadable file-too-large file-empty encoding csv parquet too-many-rows json json-deep json-form
    xml xml-doctype xml-deep gzip kind-unknown mapping mapping-file
    cap-root cap-order cap-unknown cap-missing cap-repeated cap-value cap-empty cap-time cap-number cap-text
    cap-references cap-attribute
    signature-missing signature-bad signature-key signature-extra
    feed-root kev-id stix-id hub-columns hub-target hub-issued geometry
    fetch url fetch-too-large
    nowcast-columns nowcast-count
    """
)
WARNINGS: Final = _words(
    """
    more reference-unknown reference-foreign reference-unsigned place-torn place-twice place-part-missing indicator-gap
    cap-blank cap-reference cap-polygon cap-circle cap-expired
    skipped nothing
    nowcast-empty nowcast-few nowcast-lowered nowcast-no-case nowcast-not-live nowcast-nothing
    nowcast-pairs nowcast-step
    """
)
WATCH_CODES: Final[dict[str, Severity]] = {
    **dict.fromkeys(ERRORS, "error"),
    **dict.fromkeys(WARNINGS, "warning"),
}
"""Code to severity; the texts of a code are ``watch_bad_CODE`` and ``watch_way_CODE``."""


@dataclass(frozen=True)
class WatchFinding(Finding):
    """A finding about observations or a feed; `table` names the file or table, `row` its line (the header is 1)."""

    @property
    def severity(self) -> Severity:
        """An error keeps what it is about out of the store."""
        return WATCH_CODES[self.code]

    def message(self, lang: str | None = None) -> str:
        """What is wrong, in one language."""
        return t(f"watch_bad_{self.code}", lang, **self._fields(lang))

    def way_out(self, lang: str | None = None) -> str:
        """What to do about it, in one language."""
        text = t(f"watch_way_{self.code}", lang, **self._fields(lang))
        if near := self.fields.get("guess"):
            text = t("way.did-you-mean", lang, guess=near) + " " + text
        return text

    def _fields(self, lang: str | None) -> dict[str, Any]:
        words = self._words(lang)
        if str(reason := words.get("reason", "")).startswith("watch_why_"):
            words["reason"] = t(str(reason), lang)
        return words


class WatchFindings(Findings):
    """A list of watch findings that is filled while reading on."""

    kind = WatchFinding

    @property
    def errors(self) -> list[Finding]:
        """Those that keep something out of the store."""
        return [finding for finding in self if finding.severity == "error"]


class BatchRefused(ProgrammeError):
    """Nothing of a batch was stored; `findings` says everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding], refused: int = 0) -> None:
        super().__init__(findings)
        self.refused = refused


class StoreError(Exception):
    """A folder that is no store, is of another version, or is damaged; says so in both languages."""

    def __init__(self, key: str, **fields: Any) -> None:
        self.message_vi = t(key, "vi", **fields)
        self.message_en = t(key, "en", **fields)
        super().__init__(t(key, None, **fields))
