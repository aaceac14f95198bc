"""The security-industry complex: organisations by role, products by group, last year's list beside this one."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from khien.board.charts.memo import Memo
from khien.board.http import actor_of, csv_answer, lang_of, page
from khien.board.tables import plain
from khien.draw.numbers import percent
from khien.office import reads
from khien.office.acts.programme_store import programme_of
from khien.office.acts.proposals import adopted
from khien.office.acts.record import Actor
from khien.office.models import Version
from khien.programme import Programme
from khien.words import t

ROLES: Final = ("nucleus", "member", "participant", "partner", "supplier")
COMPARED: Final = ("role", "country", "controlled_by", "control_share")
"""What of an organisation is compared from one year to the next."""
LISTED: Final = dict.fromkeys(("id", "name", "role", "country", "control"), pl.String) | {
    "sites": pl.Int64, "places": pl.String, "items": pl.String, "projects": pl.Int64,
}  # fmt: skip
"""Columns of the list as it is handed in."""


_lists: Memo[list[dict[str, Any]]] = Memo(8)
_facts: Memo[dict[str, Any]] = Memo(8)
_made: Memo[list[tuple[str, list[dict[str, Any]]]]] = Memo(8)


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """Of what holds, else of the newest version."""
    actor = actor_of(request)
    version = adopted() or reads.versions(actor).first()
    if version is None:
        return render(request, "board/complex.html", {"version": None})
    return redirect("complex-version", pk=version.pk)


@page("GET")
def organisations(request: HttpRequest, pk: int) -> HttpResponse:
    """Organisations by role, products by group, and what changed since the end of last year."""
    actor, lang = actor_of(request), lang_of(request)
    version = reads.version(actor, pk)
    programme = programme_of(version)
    before = _before(request, actor, version)
    wanted = request.GET.get("q", "")[:200]
    listed_ = [row for row in _lists.of((version.hash, lang), lambda: _listed(programme, lang)) if _holds(row, wanted)]
    return render(request, "board/complex.html", {
        "version": version, "before": before, "q": wanted,
        "roles": [(role, [row for row in listed_ if row["role"] == role]) for role in ROLES],
        "products": _made.of((version.hash, lang), lambda: _products(programme, lang)),
        "changes": [] if before is None else changes(programme_of(before), programme, lang),
        "versions": [v for v in reads.versions(actor)[:100] if v.pk != pk],
        "about": _facts.of(version.hash, lambda: _about(programme)),
        "year": timezone.localtime(version.created).year,
    })  # fmt: skip


@page("GET")
def listed(request: HttpRequest, pk: int) -> HttpResponse:
    """The list of a version as CSV: what is handed in once a year."""
    programme = programme_of(reads.version(actor_of(request), pk))
    rows = _listed(programme, lang_of(request))  # the whole list, whatever is searched on the page
    return csv_answer(pl.DataFrame(rows, schema=LISTED), f"khien-complex-{pk}.csv")


def _before(request: HttpRequest, actor: Actor, version: Version) -> Version | None:
    """The version that is asked for; else the last one before the year of this version began; else the first of all."""
    chosen = request.GET.get("before", "")
    if chosen.isdigit() and len(chosen) < 19:
        return reads.version(actor, int(chosen))
    saved = timezone.localtime(version.created)
    began = saved.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    earlier = reads.versions(actor).exclude(pk=version.pk).filter(created__lt=version.created)
    return earlier.filter(created__lt=began).first() or earlier.last()


def _holds(row: dict[str, Any], wanted: str) -> bool:
    text = plain(" ".join(str(value) for value in row.values()))
    return all(word in text for word in plain(wanted).split())


def _listed(programme: Programme, lang: str) -> list[dict[str, Any]]:
    """Every organisation with who controls it, its sites, what it supplies, and the projects that name it."""
    frames = programme.frames
    tables = ("countries", "organisations", "places", "items")
    countries, firms, places, items = (_names(frames[name], lang) for name in tables)
    sites: dict[str, list[str]] = {}
    where: dict[str, list[str]] = {}
    for row in programme.sites.iter_rows(named=True):
        sites.setdefault(row["organisation"], []).append(row["id"])
        if row["place"]:
            where.setdefault(row["organisation"], []).append(places.get(row["place"], row["place"]))
    supplied: dict[str, list[str]] = {}
    for item, site in programme.supplies.select("item", "site").iter_rows():
        supplied.setdefault(site, []).append(items.get(item, item))
    named = programme.options.drop_nulls("partner").group_by("partner").agg(pl.col("project").n_unique())
    projects = dict(named.iter_rows())
    rows = []
    for row in programme.organisations.iter_rows(named=True):
        mine = sites.get(row["id"], [])
        rows.append({
            "id": row["id"], "name": row[f"name_{lang}"], "role": row["role"],
            "country": countries.get(row["country"], row["country"]),
            "control": _control(row, {**countries, **firms}, lang),
            "sites": len(mine), "places": ", ".join(sorted(set(where.get(row["id"], [])))),
            "items": ", ".join(sorted({name for site in mine for name in supplied.get(site, [])})),
            "projects": projects.get(row["id"], 0),
        })  # fmt: skip
    return rows


def _names(frame: pl.DataFrame, lang: str) -> dict[str, str]:
    return dict(frame.select("id", f"name_{lang}").drop_nulls().iter_rows())


def _control(row: dict[str, Any], names: dict[str, str], lang: str) -> str:
    if not row["controlled_by"]:
        return ""
    share = "" if row["control_share"] is None else f" ({percent(row['control_share'], lang)})"
    return f"{names.get(row['controlled_by'], row['controlled_by'])}{share}"


def _products(programme: Programme, lang: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Products by group, each with what it brings to how many capabilities and how many projects raise it."""
    groups = _names(programme.groups, lang)
    serves = dict(programme.yields.group_by("product").agg(pl.col("capability").n_unique()).iter_rows())
    raised = dict(programme.projects.group_by("subject").len().iter_rows())
    found: dict[str, list[dict[str, Any]]] = {}
    for row in programme.products.iter_rows(named=True):
        told = {"id": row["id"], "name": row[f"name_{lang}"], "dual": row["dual_use"], "price": row["price_mvnd"]}
        told |= {"serves": serves.get(row["id"], 0), "projects": raised.get(row["id"], 0)}
        found.setdefault(groups.get(row["group"], row["group"] or "–"), []).append(told)
    return sorted(found.items())


def changes(before: Programme, after: Programme, lang: str) -> list[dict[str, Any]]:
    """Organisations that came, went or changed in role or control, from one version to another."""
    old, new = ({r["id"]: r for r in p.organisations.iter_rows(named=True)} for p in (before, after))
    names = {k: v for table in ("countries", "organisations") for k, v in _names(after.frames[table], lang).items()}
    rows = []
    for key in sorted(old | new):
        a, b = old.get(key), new.get(key)
        row = b or a or {}
        told = {"id": key, "name": row[f"name_{lang}"], "before": a and a["role"], "after": b and b["role"]}
        if a is None or b is None:
            rows.append(told | {"change": "came" if a is None else "went", "cells": []})
        elif cells := [(n, *(_told(n, r[n], names, lang) for r in (a, b))) for n in COMPARED if a[n] != b[n]]:
            rows.append(told | {"change": "changed", "cells": cells})
    return rows


def _told(column: str, value: Any, names: dict[str, str], lang: str) -> str:
    """A cell of an organisation in words."""
    if value is None:
        return "–"
    if column == "role":
        return t(f"pages_role_{value}", lang)
    return percent(value, lang) if column == "control_share" else names.get(value, str(value))


def _about(programme: Programme) -> dict[str, Any]:
    """Where the list comes from, by the tables that it stands on."""
    facts = programme.sources_of_facts.filter(pl.col("table").is_in(["organisations", "sites", "products", "supplies"]))
    newest_ = facts["date"].max()
    return {"sources": facts.select("table", "source", "status").unique(maintain_order=True).to_dicts()[:12],
            "dated": newest_}  # fmt: skip
