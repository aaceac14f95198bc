"""The kinds of run: what each takes, how long it may take, and which function does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from khien.office.acts.trouble import Trouble
from khien.programme import Programme

Tell = Callable[[float | None, str], None]
"""Progress: share done (None when it cannot be said) and a short text."""

LONGEST_SEARCH: Final = 3600


@dataclass(frozen=True)
class Work:
    """What a piece of work is given.

    Attributes:
        programme: the programme of the version.
        settings: as the kind's `settings` made them.
        seed: of everything random.
        folder: where the files go that it makes.
        inputs: the files of the run it starts from, by name.
        tell: how far it is.
    """

    programme: Programme
    settings: Mapping[str, Any]
    seed: int
    folder: Path
    inputs: Mapping[str, Path]
    tell: Tell


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    Attributes:
        name: its key.
        settings: makes full, plain settings out of what was asked; raises `Trouble` when they are wrong.
        limit: seconds after which the work is stopped from outside.
        do: does it; returns the figures that pages show.
        source: kind of the run that it starts from, if any.
    """

    name: str
    settings: Callable[[Mapping[str, Any]], dict[str, Any]]
    limit: Callable[[Mapping[str, Any]], int]
    do: Callable[[Work], dict[str, Any]]
    source: str | None = None


def _do_plan(work: Work) -> dict[str, Any]:
    from khien.office.jobs.plan import do

    return do(work)


def _do_report(work: Work) -> dict[str, Any]:
    from khien.office.jobs.report import do

    return do(work)


def _plan_settings(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the search; every one of `PlanSettings` but the seed, which the run carries itself."""
    from khien.plan import PlanSettings, SettingsError

    wishes = {name: value for name, value in asked.items() if value not in (None, "", (), [])}
    try:
        plain = PlanSettings(**wishes).to_dict()
    except SettingsError as error:
        raise Trouble("office_trouble_setting", why={"vi": error.message_vi, "en": error.message_en}) from None
    except (TypeError, ValueError):
        raise Trouble("office_trouble_settings") from None
    plain.pop("seed", None)
    if plain["time_limit"] > LONGEST_SEARCH:
        raise Trouble("office_trouble_long_search", most=LONGEST_SEARCH)
    return plain


def _report_settings(asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked:
        raise Trouble("office_trouble_settings")
    return {}


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("plan", _plan_settings, lambda settings: int(settings["time_limit"]) + 300, _do_plan),
        Kind("report", _report_settings, lambda settings: 1800, _do_report, source="plan"),
    )
}
