"""Shocks as arrays: whom they hit, what they take, and how they come together."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from khien.plan.frames.replay import Replay
from khien.programme import TABLES, Programme, ProgrammeError
from khien.programme.cells import typed_table
from khien.programme.findings import Findings
from khien.programme.text_files import read_csv_table
from khien.reliance import controlling_country, partner_countries
from khien.stress.chances import places_of
from khien.stress.core.model import LUCK_BITS, TIME_BITS, pointers
from khien.stress.effects_in import Supply
from khien.stress.projects_in import flat, ints

Row = dict[str, Any]


class ShocksError(ProgrammeError):
    """Shocks that were given beside the programme do not fit it; `khien check` knows nothing of them."""


def read_shocks(programme: Programme, source: pl.DataFrame | str | os.PathLike[str] | None) -> pl.DataFrame:
    """Shocks of the programme, of a frame with the columns of its table `shocks`, or of a CSV file of that form.

    Raises
    ------
    ShocksError
        A shock does not fit the programme (an unknown partner, say); it carries all findings.
    """
    if source is None:
        return programme.shocks
    if isinstance(source, pl.DataFrame):
        return _fitting(programme, source)
    findings = Findings()
    raw = read_csv_table(Path(source), "shocks", findings)
    frame = None if raw is None else typed_table(TABLES["shocks"], raw, findings)
    if frame is None or any(f.severity == "error" for f in findings):
        raise ShocksError(findings)
    return _fitting(programme, frame)


def _fitting(programme: Programme, frame: pl.DataFrame) -> pl.DataFrame:
    try:
        return programme.replace(shocks=frame).shocks
    except ProgrammeError as error:
        mine = [f for f in error.findings if f.table == "shocks"]
        raise ShocksError(mine or error.findings) from None


def in_order(shocks: pl.DataFrame) -> list[Row]:
    """Shocks as rows with `stream`, their row in the table; what others come with stands before them."""
    rows = {row["id"]: row | {"stream": i} for i, row in enumerate(shocks.iter_rows(named=True))}
    found: dict[str, Row] = {}

    def lay(name: str) -> None:
        parent = rows[name]["correlated_with"]
        if parent in rows and parent not in found:
            lay(parent)
        found.setdefault(name, rows[name])

    for name in rows:
        lay(name)
    return list(found.values())


def leaving_for_good(replay: Replay, kind: str, keys: list[str]) -> list[Row]:
    """What-ifs in which a partner or country is away through the whole horizon; they never come by chance."""
    return [
        {
            "id": key,
            "kind": kind,
            "key": key,
            "from_quarter": replay.programme.settings.first_quarter,
            "latest_quarter": None,
            "duration_quarters": replay.when.quarters,
            "chance_share": 0.0,
            "loss_share": None,
            "correlated_with": None,
            "together_share": None,
            "stream": 1 << 20,
        }
        for key in keys
    ]


class Hits:
    """Whom each shock hits."""

    def __init__(self, replay: Replay) -> None:
        programme = replay.programme
        self.programme = programme
        self.country, self.control = partner_countries(programme), controlling_country(programme)
        self.site = {row["id"]: row for row in programme.sites.iter_rows(named=True)}
        self.parent = dict(programme.places.select("id", "parent").iter_rows())

    def organisation(self, shock: Row, name: str | None) -> bool:
        """Whether the shock stops an organisation."""
        if name is None:
            return False
        if shock["kind"] == "partner":
            return bool(name == shock["key"])
        return shock["kind"] == "country" and shock["key"] in (self.country[name], self.control[name])

    def supply(self, shock: Row, site: str) -> bool:
        """Whether the shock stops what comes from a site (or, for technical assurance, from a partner)."""
        if site not in self.site:
            return self.organisation(shock, site.removeprefix("@"))
        if shock["kind"] == "site":
            return bool(site == shock["key"])
        if shock["kind"] == "place":
            place, seen = self.site[site]["place"], set()
            while place is not None and place not in seen:
                if place == shock["key"]:
                    return True
                seen.add(place)
                place = self.parent.get(place)
            return False
        return self.organisation(shock, self.site[site]["organisation"])


def hits_of(replay: Replay, rows: list[Row], shocks: list[Row]) -> list[list[int]]:
    """For every chosen project the shocks that stop its partner."""
    hits = Hits(replay)
    return [[s for s, shock in enumerate(shocks) if hits.organisation(shock, row["partner"])] for row in rows]


def supplies_of(replay: Replay, rows: list[Row]) -> dict[str, list[Supply]]:
    """Site, share and months of stock of every item; and of every subject not held at home who keeps it going.

    The technical assurance of a subject comes from the partner of the project that makes it available first
    as planned, written "@partner"; where nothing but maturity made it available it is nobody's.
    """
    programme = replay.programme
    found: dict[str, list[Supply]] = defaultdict(list)
    for item, site, share, months in programme.supplies.select("item", "site", "share", "stock_months").iter_rows():
        if share > 0:
            found[item].append((site, float(share), float(months or 0.0)))
    assurance = float(programme.settings.assurance_months)
    for subject, partner in _keepers(replay, rows).items():
        found[subject].append((f"@{partner}", 1.0, assurance))
    return dict(found)


def _keepers(replay: Replay, rows: list[Row]) -> dict[str, str]:
    from khien.plan.frames.replay import Replay as Laid
    from khien.plan.frames.replay import held

    already = held(Laid(replay.programme, replay.picks.head(0), replay.training.head(0))).available
    service = int(replay.programme.stages.filter("service")["order"][0])
    threshold = replay.programme.settings.mastery_threshold
    first: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: (r["end"], r["stream"])):
        if row["order"] >= service and row["level"] >= threshold:
            first.setdefault(row["subject"], row)
    return {subject: row["partner"] for subject, row in first.items() if row["foreign"] and already.get(subject, 1) > 0}


def shock_arrays(
    replay: Replay, shocks: list[Row], supplies: Mapping[str, list[Supply]], drawn: bool
) -> dict[str, Any]:
    """All arrays of the shocks, by name."""
    programme, hits = replay.programme, Hits(replay)
    at = {shock["id"]: i for i, shock in enumerate(shocks) if shock["stream"] < 1 << 20}
    skills = {name: i for i, name in enumerate(programme.skills["id"].sort().to_list())}
    losses = [Fraction(Decimal(str(1 if s["loss_share"] is None else s["loss_share"]))) for s in shocks]
    begins = [programme.quarter(s["from_quarter"]) for s in shocks]
    last = [programme.quarter(s["latest_quarter"] or s["from_quarter"]) for s in shocks]
    sites = [site for part in supplies.values() for site, _, _ in part]
    money = [_money(replay, shock) for shock in shocks]
    taken = [[j for j, site in enumerate(sites) if hits.supply(shock, site)] for shock in shocks]
    parents = [at.get(s["correlated_with"] or "", -1) for s in shocks]
    return dict(
        shock_stream=ints(s["stream"] for s in shocks),
        chance=ints(places_of(s["chance_share"] if drawn else None, LUCK_BITS) for s in shocks),
        parent=ints(parents),
        together=ints(
            places_of(1.0 if s["together_share"] is None else s["together_share"], TIME_BITS) for s in shocks
        ),
        first_begin=ints(begins),
        choices=ints(1 + max(0, b - a) for a, b in zip(begins, last, strict=True)),
        length=(length := ints(s["duration_quarters"] for s in shocks)),
        lasts=length,
        pause=ints(
            -(-s["duration_quarters"] * f.numerator // f.denominator) for s, f in zip(shocks, losses, strict=True)
        ),
        loss=np.array([float(f) for f in losses], dtype=np.float64),
        skill=ints(skills.get(s["key"], -1) if s["kind"] == "skill" else -1 for s in shocks),
        skill_all=ints(s["kind"] == "skill" and s["key"] is None for s in shocks),
        money_ptr=pointers(money),
        money_year=flat([[y for y, _ in part] for part in money]),
        money_amount=flat([[amount for _, amount in part] for part in money]),
        loss_num=ints(f.numerator for f in losses),
        loss_den=ints(f.denominator for f in losses),
        **_takes(supplies, taken, [float(f) for f in losses]),
    )


def _takes(supplies: Mapping[str, list[Supply]], taken: list[list[int]], losses: list[float]) -> dict[str, Any]:
    """For every shock the items it takes supplies of: how much is missing, and how long stocks last."""
    places = [(i, share, months) for i, part in enumerate(supplies.values()) for _, share, months in part]
    whole = [sum(share for _, share, _ in part) for part in supplies.values()]
    rows: list[tuple[int, int, float, float, list[int]]] = []
    for s, (loss, hit) in enumerate(zip(losses, taken, strict=True)):
        by_item: dict[int, list[int]] = defaultdict(list)
        for j in hit if loss > 0 else ():
            by_item[places[j][0]].append(j)
        for i, part in by_item.items():
            left = whole[i] - sum(places[j][1] * loss for j in part)
            missing = 1 - max(0.0, min(1.0, left)) / min(1.0, whole[i])
            rows.append((s, i, missing if missing > 1e-12 else 0.0, min(places[j][2] for j in part), part))
    return {
        "takes_ptr": np.searchsorted([s for s, *_ in rows], np.arange(len(losses) + 1)).astype(np.int64),
        "takes_item": ints(item for _, item, *_ in rows),
        "takes_shock": ints(s for s, *_ in rows),
        "takes_share": np.array([missing for _, _, missing, *_ in rows], dtype=np.float64),
        "takes_after": ints(math.floor(months / 3) for *_, months, _ in rows),
        "takes_stocked": np.array([months / 3 - math.floor(months / 3) for *_, months, _ in rows], dtype=np.float64),
        "taken_ptr": pointers([part for *_, part in rows]),
        "taken": flat([part for *_, part in rows]),
    }


def _money(replay: Replay, shock: Row) -> list[tuple[int, int]]:
    """Year index and amount of every row of money that the shock cuts."""
    if shock["kind"] != "budget":
        return []
    years = replay.when.years
    rows = replay.programme.money.select("year", "source", "amount_mvnd").iter_rows()
    return [(y - years[0], amount) for y, source, amount in rows if y in years and shock["key"] in (None, source)]
