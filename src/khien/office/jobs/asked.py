"""From what a form or a program asks to the full, plain settings of a run; what makes no sense is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from khien.office.acts.trouble import Trouble

LONGEST_SEARCH: Final = 3600
MOST_DRAWS: Final = 1_000_000
Asked = Mapping[str, Any]


def plan(asked: Asked) -> dict[str, Any]:
    """Settings of a search: every one of `PlanSettings` but the seed, which the run carries itself."""
    from khien.plan import PlanSettings, SettingsError

    try:
        plain = PlanSettings(**_said(asked)).to_dict()
    except SettingsError as error:
        raise Trouble("office_trouble_setting", why={"vi": error.message_vi, "en": error.message_en}) from None
    except (TypeError, ValueError):
        raise Trouble("office_trouble_settings") from None
    plain.pop("seed", None)
    if plain["time_limit"] > LONGEST_SEARCH:
        raise Trouble("office_trouble_long_search", most=LONGEST_SEARCH)
    return plain


def whatif(asked: Asked) -> dict[str, Any]:
    """What changes from the plan that the run starts from: only what was said; the plan's own settings hold else."""
    wishes = _said(asked)
    full = plan({"time_limit": 10.0, **wishes})
    return {"time_limit": full["time_limit"], **{name: full[name] for name in sorted(wishes)}}


def stress(asked: Asked) -> dict[str, Any]:
    """Settings of a stress test: how many futures, whether delays are repaired, and which shocks (all unless named)."""
    from khien.stress import StressError, StressSettings

    wishes = _said(asked)
    shocks = wishes.pop("shocks", None)
    if shocks is not None and not (isinstance(shocks, list | tuple) and all(isinstance(s, str) for s in shocks)):
        raise Trouble("office_trouble_settings")
    try:
        plain = StressSettings(**{"draws": 10_000, **wishes}).to_dict()
    except StressError as error:
        raise Trouble("office_trouble_setting", why={"vi": error.message_vi, "en": error.message_en}) from None
    except (TypeError, ValueError):
        raise Trouble("office_trouble_settings") from None
    plain.pop("seed", None)
    if plain["draws"] > MOST_DRAWS:
        raise Trouble("office_trouble_many_draws", most=MOST_DRAWS)
    return plain if shocks is None else {**plain, "shocks": sorted(set(shocks))}


def reliance(asked: Asked) -> dict[str, Any]:
    """In which year who is cut: everything foreign, unless one country, partner, site or shock is named."""
    wishes = _said(asked)
    targets = [name for name in ("country", "partner", "site", "shock") if name in wishes]
    if set(wishes) - {"year", "country", "partner", "site", "shock"} or len(targets) > 1:
        raise Trouble("office_trouble_one_cut")
    what = targets[0] if targets else "all"
    return {"year": wishes.get("year"), "what": what, "who": str(wishes[what]).lower() if targets else None}


def frontier(asked: Asked) -> dict[str, Any]:
    """Which promise rises, in how many steps, within how many seconds in all."""
    wishes = {"measure": "reliance", "points": 8, "time_limit": 120.0, **_said(asked)}
    measure, points, seconds = (wishes.pop(name) for name in ("measure", "points", "time_limit"))
    if wishes or measure not in ("reliance", "survival") or not 2 <= int(points) <= 30 or not seconds > 0:
        raise Trouble("office_trouble_settings")
    if seconds > LONGEST_SEARCH:
        raise Trouble("office_trouble_long_search", most=LONGEST_SEARCH)
    return {"measure": measure, "points": int(points), "time_limit": float(seconds)}


def import_(asked: Asked) -> dict[str, Any]:
    """Which stored file, and what it was called. Only the act that stores it can ask."""
    wishes = _said(asked)
    if set(wishes) != {"file", "name"}:
        raise Trouble("office_trouble_no_file")
    return {"file": str(wishes["file"]), "name": str(wishes["name"])}


def nothing(asked: Asked) -> dict[str, Any]:
    """No settings at all."""
    if asked:
        raise Trouble("office_trouble_settings")
    return {}


def _said(asked: Asked) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value not in (None, "", (), [])}
