"""The kinds of run: what each takes, how long it may take, and which function does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any, Final

from khien.office.jobs import asked
from khien.programme import Programme

Tell = Callable[[float | None, str], None]
"""Progress: share done (None when it cannot be said) and a short text."""


@dataclass(frozen=True)
class Work:
    """What a piece of work is given.

    Attributes:
        programme: the programme of the version.
        settings: as the kind's `settings` made them.
        seed: of everything random.
        folder: where the files go that it makes.
        inputs: the files of the run it starts from, by name; of an import, `sent` is what somebody sent.
        tell: how far it is.
    """

    programme: Programme
    settings: Mapping[str, Any]
    seed: int
    folder: Path
    inputs: Mapping[str, Path]
    tell: Tell


class NoAnswer(Exception):
    """The work ended with a clear answer that is no result, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


@dataclass(frozen=True)
class Kind:
    """A kind of run. The function `do` of the module of its name does the work and returns what pages show.

    Attributes:
        name: its key.
        settings: makes full, plain settings out of what was asked; raises `Trouble` when they are wrong.
        limit: seconds after which the work is stopped from outside.
        sources: kinds of run that it starts from; none when it starts from the programme alone.
    """

    name: str
    settings: Callable[[Mapping[str, Any]], dict[str, Any]]
    limit: Callable[[Mapping[str, Any]], int]
    sources: tuple[str, ...] = ()

    def do(self, work: Work) -> dict[str, Any]:
        """Do the work. The rooms that it needs take seconds to import, so only then.

        Raises:
            NoAnswer: there is a clear answer that is no result.
        """
        room = import_module(f"khien.office.jobs.{self.name}{'_' * iskeyword(self.name)}")
        headline: dict[str, Any] = room.do(work)
        return headline


def _search(settings: Mapping[str, Any]) -> int:
    return int(settings.get("time_limit") or 0) + 600


PLANS: Final = ("plan", "whatif")
KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("plan", asked.plan, _search),
        Kind("whatif", asked.whatif, _search, PLANS),
        Kind("stress", asked.stress, lambda settings: 3600, PLANS),
        Kind("reliance", asked.reliance, lambda settings: 3600, PLANS),
        Kind("frontier", asked.frontier, _search),
        Kind("import", asked.import_, lambda settings: 1800),
        Kind("explain", asked.nothing, lambda settings: 3600, PLANS),
        Kind("report", asked.nothing, lambda settings: 1800, PLANS),
    )
}
