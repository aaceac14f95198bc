"""What a page looks at: a finished plan with the answers of other runs about it, read once and kept."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import logging
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from khien.board.charts import shelf
from khien.office.acts.programme_store import programme_of
from khien.office.code_version import code_version
from khien.office.models import Artefact, Run

if TYPE_CHECKING:
    import polars as pl

    from khien.draw.asides import Aside
    from khien.draw.results import Results
    from khien.plan import Plan
    from khien.programme import Programme

log = logging.getLogger("khien.board")

PLANS: Final = ("plan", "whatif")
ASIDES: Final = ("stress", "explain", "frontier")
FRAMES: Final = "frames.bin"
_KEPT: Final = 8
_read: OrderedDict[str, Results] = OrderedDict()
_making: dict[str, Lock] = {}
_lock = Lock()


@dataclass(frozen=True, eq=False)
class Sight:
    """A plan and what was asked about it.

    Attributes:
        plan: the finished run of the plan.
        asides: finished runs about it (stress, explain, frontier), at most one of a kind.
    """

    plan: Run
    asides: tuple[Run, ...] = ()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sight) and other.key == self.key

    @property
    def key(self) -> str:
        """A hash over all that decides what the page shows."""
        parts: list[Any] = [code_version(), board_version(), self.plan.version.hash]
        for run in (self.plan, *self.asides):
            parts.append([run.kind, run.pk, run.request_key, run.attempt])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def only(self, kinds: Iterable[str]) -> Sight:
        """The same plan with the answers of these kinds alone: others need not be made again when they change."""
        kinds = set(kinds)
        return Sight(self.plan, tuple(run for run in self.asides if run.kind in kinds))

    def aside(self, kind: str) -> Run | None:
        """The run of a kind that stands beside the plan."""
        return next((run for run in self.asides if run.kind == kind), None)

    def programme(self) -> Programme:
        """The programme that the plan was made from."""
        return programme_of(self.plan.version)

    def load(self) -> Plan:
        """The plan itself."""
        from khien.plan import Plan

        return Plan.from_dict(json.loads(_file(self.plan, "plan.json")))

    def results(self) -> Results:
        """All frames but those of self-reliance; the last few are kept in memory."""
        return self._kept(self.key, self._collect)

    def deep(self) -> Results:
        """All frames, those of self-reliance too, which take seconds (for thousands of projects: minutes) once."""
        return self._kept(f"{self.key}-deep", self._collect_deep)

    def makes_deep(self) -> tuple[str, str, Callable[[], bytes]]:
        """Key, name and maker of the file of those frames, for whoever lets it be made behind a page.

        The words and templates of pages are no part of the key: an upgrade of them costs no minute of computing.
        """
        run = self.plan
        parts = [code_version(), run.version.hash, run.kind, run.pk, run.request_key, run.attempt]
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        return key, FRAMES, lambda: _packed(self._survival())

    def _kept(self, key: str, make: Callable[[], Results]) -> Results:
        if (found := _known(key)) is not None:
            return found
        with _lock:
            making = _making.setdefault(key, Lock())
        with making:
            if (found := _known(key)) is not None:
                return found
            found = make()
            with _lock:
                _read[key] = found
                _making.pop(key, None)
                while len(_read) > _KEPT:
                    _read.popitem(last=False)
        return found

    def _collect(self) -> Results:
        from khien.draw.results import Results, names_of
        from khien.plan.frames import all_frames

        programme, plan = self.programme(), self.load()
        frames = dict(all_frames(programme, plan))
        frames |= {"choices": plan.choices, "training": plan.training, "history": plan.history}
        told = {}
        for aside in filter(None, (_readable(run, programme, plan) for run in self.asides)):
            frames |= aside.frames
            told[aside.name] = aside.figures
        return Results(programme, plan, frames, names_of(programme), told)

    def _collect_deep(self) -> Results:
        results, (key, name, make) = self.results(), self.makes_deep()
        return dataclasses.replace(results, frames={**results.frames, **_unpacked(shelf.kept(key, name, make))})

    def _survival(self) -> dict[str, pl.DataFrame]:
        from khien.draw.survives import survival_frames

        results = self.results()
        return survival_frames(results.programme, results.plan)


def _known(key: str) -> Results | None:
    with _lock:
        if key in _read:
            _read.move_to_end(key)
        return _read.get(key)


def sight_of(plan: Run, stress: Run | None = None) -> Sight:
    """A plan with the newest answers about it; another stress test than the newest when one is named."""
    done = Run.objects.filter(state=Run.State.DONE).defer("headline", "log").order_by("-pk")
    beside = [stress or done.filter(kind="stress", source=plan).first()]
    beside.append(done.filter(kind="explain", source=plan).first())
    beside.append(done.filter(kind="frontier", version__hash=plan.version.hash).first())
    return Sight(plan, tuple(run for run in beside if run is not None))


def forget() -> None:
    """Let go of what is kept in memory."""
    with _lock:
        _read.clear()


@cache
def board_version() -> str:
    """A hash over words, templates and code of the pages: after an upgrade nothing old is shown."""
    digest = hashlib.sha256()
    for room in ("khien.words", "khien.board"):
        for path in sorted(Path(str(resources.files(room))).rglob("*")):
            if path.suffix in (".toml", ".html", ".py"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _file(run: Run, name: str) -> bytes:
    return bytes(Artefact.objects.select_related("blob").get(run=run, name=name).blob.content)


def _packed(frames: dict[str, pl.DataFrame]) -> bytes:
    """Frames as one file: how long each is, then Arrow files one after another."""
    parts = []
    for name, frame in frames.items():
        out = io.BytesIO()
        frame.write_ipc(out)
        parts.append((name, out.getvalue()))
    head = json.dumps([[name, len(content)] for name, content in parts]).encode()
    return len(head).to_bytes(8, "big") + head + b"".join(content for _, content in parts)


def _unpacked(content: bytes) -> dict[str, pl.DataFrame]:
    import polars as pl

    frames = {}
    start = 8 + int.from_bytes(content[:8], "big")
    for name, size in json.loads(content[8:start]):
        frames[name] = pl.read_ipc(io.BytesIO(content[start : start + size]))
        start += size
    return frames


def _readable(run: Run, programme: Programme, plan: Plan) -> Aside | None:
    """The same, or None when an answer of an earlier release cannot be read any more: the plan is shown without it."""
    from polars.exceptions import PolarsError

    from khien.draw.asides import AsideError

    try:
        return _aside(run, programme, plan)
    except (AsideError, PolarsError, OSError, Artefact.DoesNotExist):
        log.exception("run %s cannot be shown beside plan %s", run.pk, run.source_id)
        return None


def _aside(run: Run, programme: Programme, plan: Plan) -> Aside:
    """What a run about the plan found, as a report takes it."""
    from khien.draw.asides import read_reasons, read_stress

    if run.kind == "frontier":
        return _frontier(run, programme)
    with tempfile.TemporaryDirectory(prefix="khien-shown-") as place:
        for artefact in run.artefacts.select_related("blob"):
            if artefact.name.endswith((".json", ".parquet")) and "/" not in artefact.name:
                (Path(place) / artefact.name).write_bytes(bytes(artefact.blob.content))
        read = read_stress if run.kind == "stress" else read_reasons
        return read(Path(place), programme, plan)


def _frontier(run: Run, programme: Programme) -> Aside:
    import polars as pl

    from khien.draw.asides import Aside
    from khien.plan import PlanSettings
    from khien.plan.ask.frontier import BOUGHT, POINTS

    points, bought = (
        pl.read_csv(io.BytesIO(_file(run, name)), schema_overrides=dict(schema)).select(list(schema))
        for name, schema in (("points.csv", POINTS), ("bought.csv", BOUGHT))
    )
    survival = run.settings["measure"] == "survival"
    year = programme.years[len(programme.years) // 2]
    level = PlanSettings().survival_level if survival else None
    figures = {"measure": run.settings["measure"], "from_year": year, "level": level}
    return Aside("frontier", {"frontier": points, "frontier_bought": bought}, figures)
