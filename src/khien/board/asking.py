"""From what a form says to what a run is asked; what a field leaves empty keeps its default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.http import QueryDict

from khien.office.acts.trouble import Trouble

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_SEARCH: Final = {
    "number": ("time_limit", "budget_factor", "min_reliance", "reliance_weight"),
    "whole": ("min_reliance_from",),
    "ids": ("without_country", "without_partner", "pins", "forbids"),
}
_FIELDS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "plan": _SEARCH,
    "whatif": _SEARCH,
    "stress": {"whole": ("draws",)},
    "reliance": {"whole": ("year",)},
    "frontier": {"number": ("time_limit",), "whole": ("points",), "text": ("measure",)},
}


def wishes(kind: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The settings that a form for a kind of run asks for.

    Raises:
        Trouble: a field that must hold a number holds none.
    """
    readers = {"number": number, "whole": whole, "ids": ids, "text": str.strip}
    fields = _FIELDS.get(kind, {})
    said = {name: readers[how](form.get(name, "")) for how, names in fields.items() for name in names}  # type: ignore[operator]
    if kind == "reliance" and (cut := form.get("cut", "")):
        what, _, who = cut.partition(":")
        if what not in ("country", "partner", "site", "shock") or not who:
            raise Trouble("office_trouble_one_cut")
        said[what] = who
    return {name: value for name, value in said.items() if value not in (None, "", ())}


def flat(form: QueryDict) -> dict[str, str]:
    """A form in which of a list all that was marked stands together, with blanks between."""
    return {name: " ".join(form.getlist(name)) for name in form}


def whole(text: str) -> int | None:
    """A whole number; None when the field is empty."""
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Trouble("office_trouble_number", value=text[:40])
    return int(text) if text else None


def number(text: str) -> float | None:
    """A number with point or comma; None when the field is empty."""
    text = text.strip().replace(",", ".")
    if text and not _NUMBER.fullmatch(text):
        raise Trouble("office_trouble_number", value=text[:40])
    return float(text) if text else None


def ids(text: str) -> tuple[str, ...]:
    """Ids with blanks or commas between them."""
    return tuple(text.lower().replace(",", " ").split())
