"""Self-reliance: technologies by stage of the value chain, who hangs on whom, and what leaves with a partner."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse

from khien.board.charts import show
from khien.board.charts.memo import Memo
from khien.board.charts.sight import Sight, sight_of
from khien.board.choices import Choice, cuts
from khien.board.http import actor_of, lang_of, page
from khien.board.views.plan import HEAVY, by_link, plan_of, said_of, shown
from khien.office.models import Run

SMALL = 5e-4
_ranked: Memo[list[dict[str, Any]]] = Memo(8)
_cuts: Memo[list[tuple[str, list[Choice]]]] = Memo(8)


@page("GET")
def newest(request: HttpRequest) -> HttpResponse:
    """Under the plan that holds."""
    return by_link(request, "reliance-run", "pages_reliance")


@page("GET")
def chain(request: HttpRequest, pk: int) -> HttpResponse:
    """The value chain under a plan, and the partners by how much hangs on them."""
    sight = sight_of(plan_of(actor_of(request), pk))
    asked = Run.objects.filter(kind="reliance", source=sight.plan).select_related("version", "asked_by")
    lang = lang_of(request)
    ready = show.is_ready(sight, "reliance")
    partners = _ranked.of((sight.key, lang), lambda: _partners(sight, lang)) if ready else []
    more: dict[str, Any] = {"partners": partners, "runs": list(asked.defer(*HEAVY)[:10])}
    more["last_year"] = sight.programme().years[-1]
    more["cuts"] = _cuts.of((sight.plan.version.hash, lang), lambda: cuts(sight.programme(), lang))
    more |= said_of(sight, lang, "partners")
    return shown(request, "board/reliance.html", sight, "reliance", more)


def _partners(sight: Sight, lang: str) -> list[dict[str, Any]]:
    """Partners by the coverage lost in the last year when they leave; those on whom nothing hangs are left out."""
    from khien.draw.numbers import percent

    results = sight.deep()
    rows = results.frame("dependence").filter(pl.col("by") == "partner")
    rows = rows.sort("lost_known", "lost_worst", "key", descending=[True, True, False])
    names, countries = results.called("organisations", lang), results.called("countries", lang)
    where = dict(sight.programme().organisations.select("id", "country").iter_rows())
    with_them = dict(results.frame("roadmap").drop_nulls("partner").group_by("partner").len().iter_rows())
    found = [
        {
            "id": row["key"],
            "name": names.get(row["key"], row["key"]),
            "country": countries.get(where.get(row["key"], ""), "–"),
            "known": percent(row["lost_known"], lang, 1),
            "worst": percent(row["lost_worst"], lang, 1),
            "hangs": (row["lost_worst"] or 0) > SMALL,
            "projects": with_them.get(row["key"], 0),
        }
        for row in rows.iter_rows(named=True)
    ]
    return [row for row in found if row["hangs"] or row["projects"]]


@page("GET")
def partner(request: HttpRequest, pk: int, partner: str) -> HttpResponse:
    """What leaves with one partner."""
    sight = sight_of(plan_of(actor_of(request), pk))
    rows = sight.programme().organisations.filter(pl.col("id") == partner).to_dicts()
    if not rows:
        raise Http404
    lang = lang_of(request)
    countries = sight.results().called("countries", lang)
    row = rows[0]
    more = {
        "partner": row,
        "name": row[f"name_{lang}"],
        "country": countries.get(row["country"], row["country"]),
        "controlled_by": {**sight.results().called("organisations", lang), **countries}.get(
            row["controlled_by"], row["controlled_by"]
        ),
        "last_year": sight.programme().years[-1],
    }
    return shown(request, "board/partner.html", sight, f"partner:{partner}", more)
