"""The run that asks what is left of a plan when somebody is cut off."""

from __future__ import annotations

from typing import Any

from khien.office.jobs.kinds import Work
from khien.office.jobs.told import both, figure, table
from khien.plan import load_plan
from khien.plan.standing import stand_under
from khien.programme import Programme
from khien.reliance import country_cut, everything_foreign, named_cut, partner_cut, reliance, site_cut
from khien.reliance.cuts import Cut
from khien.words import t

MOST = 12
WHO = ("countries", "organisations", "sites")


def do(work: Work) -> dict[str, Any]:
    """Ask, write the tables, return what is left, for how long, and who it hangs on."""
    programme, plan = work.programme, load_plan(work.inputs["plan.json"])
    first = _first(programme, work.settings["year"])
    cut, months = _cut(programme, work.settings)

    def tell(measure: str, done: int, of: int) -> None:
        work.tell(done / max(1, of), f"{measure} {done}/{of}")

    found = reliance(programme, stand_under(programme, plan, first), first=first, cut=cut, months=months, progress=tell)
    found.write_xlsx(work.folder / "reliance.xlsx")
    frames = {name: frame.to_dicts() for name, frame in found.frames.items()}
    names = {row["id"]: both(row) for row in programme.capabilities.iter_rows(named=True)}
    known = {row["id"]: both(row) for who in WHO for row in programme.frames[who].iter_rows(named=True)}
    sites = [row | {"site": known.get(row["site"], row["site"])} for row in frames["sites"][:MOST]]
    names["all"] = {lang: t("office_told_all", lang) for lang in ("vi", "en")}
    left = [row | {"name": names[row["capability"]]} for row in frames["capabilities"]]
    left.sort(key=lambda row: (row["capability"] != "all", row["worst"] - row["coverage"]))
    hang = [row | {"by": _by(row["by"]), "key": known.get(row["key"], row["key"])} for row in frames["dependence"]]
    hang = [row for row in hang if row["lost_worst"] > 0 and row["key"] != "foreign"]
    hang.sort(key=lambda row: -row["lost_worst"])
    return {
        "figures": [
            figure("coverage", found.coverage, "share"),
            figure("worst", found.worst, "share"),
            figure("best", found.best, "share"),
            figure("months", found.months, "whole"),
            figure("not_known", found.frames["not_known"].height, "whole"),
        ],
        "tables": [
            table("left", "name/capability:text coverage:share worst:share best:share", left[: MOST + 1]),
            table("hangs", "key/who:text by:text lost_known:share lost_worst:share lost_best:share", hang[: 2 * MOST]),
            table("sites", "site:text loss_worst/loss:number spend_share/spend:share", sites),
        ],
    }


def _by(name: str) -> dict[str, str]:
    return {lang: t(f"office_by_{name}", lang) for lang in ("vi", "en")}


def _first(programme: Programme, year: int | None) -> int:
    """The first quarter of the year; the last year of the programme when none, or one outside, is asked."""
    years = programme.years
    asked = year if year in years else years[-1]
    return next(q for q in range(programme.n_quarters) if programme.year(q) == asked)


def _cut(programme: Programme, settings: Any) -> tuple[Cut, float | None]:
    """Who is cut, and for how many months (None: by the settings of the programme)."""
    what, who = settings["what"], settings["who"]
    if what == "shock":
        cut, _, months = named_cut(programme, who)
        return cut, months
    if what == "country":
        return country_cut(programme, who), None
    if what == "partner":
        return partner_cut(programme, who), None
    return (site_cut(programme, who) if what == "site" else everything_foreign(programme)), None
