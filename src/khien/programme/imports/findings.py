"""What an import found: rows that were skipped or repaired, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from khien.programme.codes import CODES
from khien.programme.findings import Finding, Findings, Severity

IMPORT_CODES: Final[dict[str, Severity]] = {
    "import-column-missing": "error",
    "import-nothing": "error",
    "import-target": "error",
    "import-setting": "error",
    "import-setting-range": "error",
    "import-column-absent": "warning",
    "import-row-short": "warning",
    "import-row-empty": "warning",
    "import-number": "warning",
    "import-date": "warning",
    "import-duplicate": "warning",
    "import-skipped": "warning",
    "import-cost-repaired": "warning",
    "import-duration-repaired": "warning",
    "import-dates-backwards": "warning",
    "import-topic-unknown": "warning",
    "import-topics-several": "warning",
    "import-scheme-unknown": "warning",
    "import-funder-unknown": "warning",
    "import-status-unknown": "warning",
    "import-status-stale": "warning",
    "import-stopped": "warning",
    "import-country-unknown": "warning",
    "import-activity-unknown": "warning",
    "import-contribution-mismatch": "warning",
    "import-no-participants": "warning",
    "import-single-participant": "warning",
    "import-coordinators": "warning",
    "import-participant-orphan": "warning",
    "import-trl-missing": "warning",
    "import-trl-range": "warning",
    "import-trl-no-step": "warning",
    "import-not-finished": "warning",
}
"""Code to severity. An error means that nothing was written."""


@dataclass(frozen=True)
class ImportFinding(Finding):
    """A finding about a file from outside; `table` names the file, `row` its record (the header is 1)."""

    @property
    def severity(self) -> Severity:
        """Errors keep the import from being made; warnings tell what was skipped or repaired."""
        return IMPORT_CODES[self.code] if self.code in IMPORT_CODES else CODES[self.code]


class ImportFindings(Findings):
    """A list of import findings that is filled while reading on."""

    kind = ImportFinding
