"""What a frontier, or reasons, have found so far, as a file: enough to go on as if they had never stopped.

Method page: docs/methods/frontier.md, "Stopped and gone on with".
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import khien
from khien.plan.core.branch import Prices, Proof, Question
from khien.plan.core.solve import Outcome
from khien.plan.result import Plan, plan_hash
from khien.plan.settings import PlanSettings
from khien.programme import Programme
from khien.programme.writing import write_text
from khien.words import LANGUAGES, t

FORMAT = "khien-frontier-searches-1"
FILE = "searches.json"
REASONS_FORMAT = "khien-reasons-searches-1"
REASONS_FILE = "reasons-searches.json"
LONGEST = 1 << 31
"""Bytes of one array that no problem fits; no file is asked to unfold to more."""
KINDS = {"i": "<i8", "f": "<f8"}


class KeptError(ValueError):
    """Kept searches that cannot be gone on with; says which file, and what is wrong with it."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = (t(key, lang, **fields) for lang in LANGUAGES)
        super().__init__(self.message_en)


@dataclass
class Kept:
    """Finished searches of one frontier, in the order in which they are made.

    Parameters
    ----------
    asked : mapping
        What the frontier was asked: it goes on only where all of it is the same. A time limit may differ.
    free : Plan, optional
        The plan without a promise.
    top : Outcome, optional
        The plan that keeps most of what is promised.
    points : list of Outcome
        Those of the promises, from the greatest down.
    seconds : float
        Wall clock until the last of them.
    """

    asked: Mapping[str, Any]
    free: Plan | None = None
    top: Outcome | None = None
    points: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many searches are done."""
        return (self.free is not None) + (self.top is not None) + len(self.points)

    def save(self, path: Path) -> None:
        """Write it; the file appears whole or not at all."""
        plain: dict[str, Any] = {"format": FORMAT, "asked": dict(self.asked), "seconds": self.seconds}
        plain["free"] = None if self.free is None else self.free.to_dict()
        plain["top"] = None if self.top is None else _written(self.top)
        plain["points"] = [_written(out) for out in self.points]
        write_text(path, json.dumps(plain, ensure_ascii=False) + "\n")


def asked_of(programme: Programme, measure: str, points: int, settings: PlanSettings) -> dict[str, Any]:
    """What has to be the same for a frontier to go on: the programme, the question, the settings, this version."""
    plain = {name: value for name, value in settings.to_dict().items() if name != "time_limit"}
    own = {"programme": programme.hash, "measure": measure, "points": points, "version": khien.__version__}
    told: dict[str, Any] = json.loads(json.dumps(own | plain))
    return told


def load_kept(path: Path, asked: Mapping[str, Any]) -> Kept:
    """Read what `Kept.save` wrote.

    Raises
    ------
    KeptError
        It is damaged, or belongs to another question; what differs is named.
    """
    plain = _opened(path, FORMAT, asked)
    try:
        return Kept(
            asked, None if plain["free"] is None else Plan.from_dict(plain["free"]),
            None if plain["top"] is None else _read(plain["top"]), [_read(p) for p in plain["points"]],
            float(plain["seconds"]),
        )  # fmt: skip
    except _DAMAGE as error:
        raise KeptError("kept_damaged", path=path) from error


def reasons_asked_of(plan: Plan, steps: int) -> dict[str, Any]:
    """What has to be the same for reasons to go on."""
    return {"programme": plan.programme_hash, "plan": plan_hash(plan), "steps": steps, "version": khien.__version__}


def save_reasons(path: Path, asked: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Write row and flips of the projects that were asked about."""
    plain = {"format": REASONS_FORMAT, "asked": dict(asked), "told": dict(told)}
    write_text(path, json.dumps(plain, ensure_ascii=False) + "\n")


def load_reasons(path: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `save_reasons` wrote. Raises KeptError."""
    plain = _opened(path, REASONS_FORMAT, asked)
    try:
        return {
            str(name): (tuple(row), [tuple(flip) for flip in flips]) for name, (row, flips) in plain["told"].items()
        }
    except _DAMAGE as error:
        raise KeptError("kept_damaged", path=path) from error


_DAMAGE = (AttributeError, KeyError, TypeError, ValueError, RecursionError, pl.exceptions.PolarsError)


def _opened(path: Path, form: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The plain content of a file that belongs to this question."""
    try:
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] != form:
            raise ValueError(plain["format"])
        differs = sorted(k for k in {*asked, *plain["asked"]} if asked.get(k) != plain["asked"].get(k))
    except _DAMAGE as error:
        raise KeptError("kept_damaged", path=path) from error
    if differs:
        raise KeptError("kept_other", path=path, differs=", ".join(differs))
    return plain


def _written(out: Outcome) -> dict[str, Any]:
    plain = {f.name: getattr(out, f.name) for f in dataclasses.fields(out)}
    plain |= {name: _packed(plain[name]) for name in ("x", "s", "cohorts", "theta")}
    if out.proof is not None:
        plain["proof"] = _proof_written(out.proof)
    return plain


def _read(plain: Mapping[str, Any]) -> Outcome:
    arrays = {name: _unpacked(plain[name]) for name in ("x", "s", "cohorts", "theta")}
    proof = None if plain["proof"] is None else _proof_read(plain["proof"])
    history = [(float(a), float(b), float(c)) for a, b, c in plain["history"]]
    return Outcome(**{**plain, **arrays, "proof": proof, "history": history})


def _proof_written(proof: Proof) -> dict[str, Any]:
    """Prices, each once, and parts: [prices, question or null, part of yes, part of no]."""
    number: dict[int, int] = {}
    prices: list[list[dict[str, Any]]] = []
    parts: list[list[Any]] = []
    for mine, question, yes, no in proof:
        if id(mine) not in number:
            number[id(mine)] = len(prices)
            prices.append([_packed(mine.at), _packed(mine.price)])
        parts.append([number[id(mine)], None if question is None else [int(v) for v in question], int(yes), int(no)])
    return {"prices": prices, "parts": parts}


def _proof_read(plain: Mapping[str, Any]) -> Proof:
    prices = [Prices(_unpacked(at), _unpacked(price)) for at, price in plain["prices"]]
    return [
        (prices[k], None if question is None else Question(*question), yes, no)
        for k, question, yes, no in plain["parts"]
    ]


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    """An array with every bit, as text."""
    kind = array.dtype.kind
    text = base64.b64encode(zlib.compress(array.astype(KINDS[kind]).tobytes())).decode()
    return {"kind": kind, "shape": list(array.shape), "packed": text}


def _unpacked(plain: Mapping[str, Any]) -> NDArray[Any]:
    kind, shape = KINDS[plain["kind"]], [int(n) for n in plain["shape"]]
    wanted = 8 * int(np.prod(shape))
    if min(shape, default=0) < 0 or wanted > LONGEST:
        raise ValueError(f"array of {shape}")
    try:
        raw = zlib.decompressobj().decompress(base64.b64decode(plain["packed"], validate=True), wanted + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"packed array: {error}") from error
    if len(raw) != wanted:
        raise ValueError(f"packed array: {len(raw)} bytes instead of {wanted}")
    return np.frombuffer(raw, dtype=kind).reshape(shape).astype(kind[1:])
