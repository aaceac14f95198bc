"""Every kind of finding with its severity.

Texts stand in `words/programme.toml`; each code has a section in docs/reference/findings.md.
"""

from __future__ import annotations

from typing import Final, Literal


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "files": _words(
        """
        path-missing file-unreadable settings-missing settings-unreadable table-missing unknown-table encoding
        empty-file delimiter csv-broken unknown-column duplicate-column missing-column nameless-column
        row-too-long workbook-unreadable workbook-too-large too-many-rows merged-cells formula cell-error
        duplicate-table
        """
    ),
    "settings": _words(
        """
        setting-missing unknown-setting setting-invalid horizon-backwards horizon-too-long home-country
        """
    ),
    "cells": _words(
        """
        not-a-number not-whole not-finite number-ambiguous mixed-decimal-marks not-a-date not-a-quarter
        not-a-bool not-a-slug not-a-choice out-of-range negative-value text-too-long control-character
        required-empty
        """
    ),
    "keys": ("duplicate-key", "name-clash", "dangling-reference", "fact-without-target"),
    "meaning": _words(
        """
        stage-order service-stage assurance-stage requirement-without-product lost-share-missing input-self
        shares-over-one control-cycle place-cycle country-code project-without-option chosen-option-missing
        start-missing option-of-other-project pin-clash window-backwards window-outside-horizon
        start-outside-horizon partner-missing duration-order cost-order spend-profile list-invalid
        precedence-self precedence-cycle precedence-violated limit-amount limit-key years-backwards
        commitment-breaks-limit commitment-breaks-share commitment-breaks-floor commitments-exceed-money
        commitments-exceed-people pair-incomplete shock-key shock-backwards shock-cycle dates-backwards
        bounds-backwards
        """
    ),
    "warnings": _words(
        """
        setting-default setting-without-source nothing-to-plan capability-without-requirement input-cycle
        partner-not-needed window-too-short stage-leap stage-gap stage-not-reached skill-without-supply
        year-without-money outside-horizon option-without-agreement candidate-has-choice running-not-begun
        precedence-never
        control-share-unknown control-share-alone nucleus-held-abroad stocks-unknown recovery-unknown
        """
    ),
}
"""Codes by family, in the order of checking."""

CODES: Final[dict[str, Literal["error", "warning"]]] = {
    code: "warning" if family == "warnings" else "error" for family, codes in FAMILIES.items() for code in codes
}
"""Code to severity."""
