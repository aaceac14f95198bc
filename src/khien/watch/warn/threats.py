"""Names of what can be warned of: hazards of Decision 18/2021, other threats, and whatever an office names itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from khien.watch.levels.tables import HAZARDS, hazard


@cache
def rules() -> Mapping[str, Any]:
    """How levels and threats are said in CAP, and names of threats (data/cap.toml)."""
    return tomllib.loads((resources.files(__package__) / "data" / "cap.toml").read_text(encoding="utf-8"))


def known_threats() -> list[str]:
    """Every id that has a name in both languages."""
    return [*HAZARDS, *rules()["names"]]


def threat_name(id: str, lang: str) -> str | None:
    """Name of a hazard or threat; None for an id that is not known."""
    if id in HAZARDS:
        return hazard(id).words.of(lang)
    names = rules()["names"].get(id)
    return None if names is None else str(names[0 if lang == "vi" else 1])
