"""What mends red sites, as ``khien reliance --fixes`` says it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from khien.cli.output import number
from khien.words import t

if TYPE_CHECKING:
    from khien.plan.ask.fixes import Fixes
    from khien.plan.result import Plan
    from khien.programme import Programme
    from khien.reliance import Reliance


def mended(programme: Programme, plan: Plan, found: Reliance, lang: str) -> tuple[Reliance, list[str]]:
    """The answer with three tables more (`fix_nodes`, `fix_lacks`, `fixes`), and what is said of them."""
    from khien.plan.ask.fixes import fixes

    def tell(done: int, of: int) -> None:
        fields = {"done": number(done, lang), "of": number(of, lang)}
        print(t("reliance_stage_fixes", lang, **fields), file=sys.stderr, flush=True)

    told = fixes(programme, plan, first=found.first, progress=tell)
    more = {"fix_nodes": told.nodes, "fix_lacks": told.lacks, "fixes": told.fixes}
    return dataclasses.replace(found, frames={**found.frames, **more}), list(_lines(told, lang))


def _lines(told: Fixes, lang: str) -> Iterator[str]:
    """One line a red site: its cheapest fix, or why there is none."""
    yield ""
    yield t("reliance_fixes_head", lang, count=number(told.nodes.height, lang))
    rows = told.fixes.to_dicts()
    lacks = told.lacks.to_dicts()
    for node in told.nodes.to_dicts():
        months = {name: number(node[f"{name}_months"], lang, 1) for name in ("survive", "recover")}
        yield t("reliance_fix_node", lang, node=node["node"], **months)
        mine = [row for row in rows if row["node"] == node["node"] and row["mended"]]
        short = [row for row in lacks if row["node"] == node["node"]]
        if node["answer"] == "plan":
            yield "  " + t("reliance_fix_plan", lang)
        elif mine:
            yield "  " + _fix(mine[0], lang)
            if len(mine) > 1:
                yield "  " + t("reliance_fix_next", lang, count=number(len(mine) - 1, lang), next=_fix(mine[1], lang))
        else:
            yield "  " + t(f"reliance_fix_{node['answer']}", lang, tried=number(node["tried"], lang))
            yield from (f"    {_needed(row, lang)}" for row in short)
    if told.nodes.height:
        yield t("reliance_fixes_note", lang)


def _fix(row: dict[str, Any], lang: str) -> str:
    """One fix with what it costs."""
    what = " + ".join(_way(text, lang) for text in row["fix"])
    figures = {name: number(row[name], lang, 4) for name in ("lost", "least", "most")}
    return t("reliance_fix", lang, what=what, cost=number(row["cost_mvnd"], lang), **figures)


def _way(text: str, lang: str) -> str:
    kind, what = text.split(" ", 1)
    words = {
        "stock": t("reliance_fix_stock", lang, what=what), "own": t("reliance_fix_own", lang, what=what),
        "joint": t("reliance_fix_joint", lang, what=what), "licence": t("reliance_fix_licence", lang, what=what),
        "purchase": t("reliance_fix_purchase", lang, what=what),
    }  # fmt: skip
    return words[kind]


def _needed(row: dict[str, Any], lang: str) -> str:
    """What would be enough for one item, and which cells keep its cost unknown."""
    fields = {"item": row["item"], "months": number(row["stock_more_months"], lang, 1)}
    fields["share"] = number(100 * row["source_more_share"], lang, 0)
    if row["unknown"]:
        return t("reliance_fix_needs_unknown", lang, cells=", ".join(row["unknown"]), **fields)
    return t("reliance_fix_needs", lang, cost=number(row["stock_more_mvnd"], lang), **fields)
