"""``khien reliance``: what can still be done when supply is cut, and where it hurts most."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number, percent
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.programme import Programme
    from khien.reliance import Cut, Reliance

CAPABILITIES, PARTNERS, SITES, PAIRS = 12, 4, 10, 5
"""Rows of each table printed as text; ``--json`` and ``--out`` have them all."""

EVERY_SECONDS = 5.0
"""Progress is said at most this often."""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "reliance",
        run,
        lang,
        says=t("reliance_says", lang),
        example=(
            "khien reliance examples/vietnam --plan out/vietnam --year 2035\n"
            "khien reliance examples/vietnam --plan out/vietnam --shock cut-jp --out out/cut-jp.xlsx\n"
            "khien reliance examples/vietnam --country cn --months 18 --level 0.5\n"
            "khien reliance examples/vietnam --plan out/vietnam --year 2035 --fixes"
        ),
    )
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("--plan", metavar="PLAN", help=t("reliance_plan_help", lang))
    parser.add_argument("--year", type=int, metavar="YEAR", help=t("reliance_year_help", lang))
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--shock", metavar="ID", help=t("reliance_shock_help", lang))
    what.add_argument("--country", metavar="XX", help=t("reliance_country_help", lang))
    what.add_argument("--partner", metavar="ID", help=t("reliance_partner_help", lang))
    what.add_argument("--site", metavar="ID", help=t("reliance_site_help", lang))
    parser.add_argument("--months", type=float, metavar="N", help=t("reliance_months_help", lang))
    parser.add_argument("--level", type=float, metavar="X", help=t("reliance_level_help", lang))
    parser.add_argument("--fixes", action="store_true", help=t("reliance_fixes_help", lang))
    parser.add_argument("--out", metavar="PLACE", help=t("reliance_out_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print what is left, for how long, who it hangs on and which failures hurt most."""
    _check_use(args)

    import khien
    from khien.cli.paths import existing, writable
    from khien.plan.standing import stand_under
    from khien.reliance import reliance

    out = None if args.out is None else Path(args.out)
    if out is not None:
        writable(out.parent if out.suffix == ".xlsx" else out)
    programme = khien.read(existing(args.path, args.lang))
    plan = None if args.plan is None else khien.load_plan(existing(args.plan, args.lang))
    cut, first, months = _asked(args, programme)
    stand = stand_under(programme, plan, first)
    told = judging(args.lang)
    found = reliance(programme, stand, first=first, cut=cut, months=months, level=args.level, progress=told)
    lines = [*_head(found, programme, plan is None, args.lang), *_tables(found, programme, args.lang)]
    if plan is not None and args.fixes:
        from khien.cli.fixes import mended

        found, more = mended(programme, plan, found, args.lang)
        lines += more
    if out is not None:
        _ = found.write_xlsx(out) if out.suffix == ".xlsx" else found.write_csv(out)
        lines.append(t("reliance_written", args.lang, path=out))
    answer(args, {"path": str(args.path), "plan": args.plan, **found.to_dict()}, lines)
    return Exit.DONE


def judging(lang: str) -> Callable[[str, int, int], None]:
    """Says on standard error how many cuts or pairs are judged, every few seconds if that takes long."""
    last = [time.monotonic()]

    def tell(measure: str, done: int, of: int) -> None:
        if time.monotonic() - last[0] >= EVERY_SECONDS:
            last[0] = time.monotonic()
            fields = {"done": number(done, lang), "of": number(of, lang)}
            print(t(f"reliance_stage_{measure}", lang, **fields), file=sys.stderr, flush=True)

    return tell


def _check_use(args: argparse.Namespace) -> None:
    if args.fixes and args.plan is None:
        raise Stop(Exit.WRONG_USE, t("reliance_fixes_need_plan", args.lang))
    if args.level is not None and not 0.0 < args.level <= 1.0:
        raise Stop(Exit.WRONG_USE, t("reliance_level_outside", args.lang, level=args.level))
    if args.months is not None and not 0.0 < args.months <= 1200.0:
        raise Stop(Exit.WRONG_USE, t("reliance_months_outside", args.lang, months=args.months))


def _asked(args: argparse.Namespace, programme: Programme) -> tuple[Cut, int, float | None]:
    """What is cut, from which quarter, for how many months (None: by the settings)."""
    from khien.reliance import country_cut, everything_foreign, named_cut, partner_cut, site_cut

    years = programme.years
    if args.year is not None and args.year not in years:
        fields = {"year": args.year, "first": years[0], "last": years[-1]}
        raise Stop(Exit.WRONG_USE, t("reliance_year_outside", args.lang, **fields))
    year = args.year or (years[0] if args.plan is None else years[-1])
    first = next(q for q in range(programme.n_quarters) if programme.year(q) == year)
    if args.shock is not None:
        cut, begins, months = named_cut(programme, args.shock)
        begins = min(max(begins, 0), programme.n_quarters - 1)
        return cut, begins if args.year is None else first, args.months or months
    if args.country is not None:
        return country_cut(programme, args.country), first, args.months
    if args.partner is not None:
        return partner_cut(programme, args.partner), first, args.months
    if args.site is not None:
        return site_cut(programme, args.site), first, args.months
    return everything_foreign(programme), first, args.months


def _head(found: Reliance, programme: Programme, planless: bool, lang: str) -> Iterator[str]:
    from khien.programme.quarters import quarter_text

    title = programme.settings.title_vi if lang == "vi" else programme.settings.title_en
    cut = t("reliance_everything", lang) if found.cut == "foreign" else found.cut
    months = number(found.months, lang, 0 if found.months == int(found.months) else 1)
    when = quarter_text(programme.settings.first + found.first)
    yield t("reliance_head", lang, title=title, cut=cut, months=months, when=when)
    if planless:
        yield t("reliance_without_plan", lang)
    shares = {name: percent(getattr(found, name), lang) for name in ("coverage", "worst", "best")}
    yield t("reliance_left", lang, **shares)
    yield ""


def _tables(found: Reliance, programme: Programme, lang: str) -> Iterator[str]:
    frames = found.frames
    yield from _capabilities(found, programme, lang)
    yield from _dependence(frames["dependence"].to_dicts(), lang)
    yield from _sites(frames["sites"].to_dicts(), lang)
    yield from _pairs(frames["pairs"].to_dicts(), lang)
    yield t("reliance_damage_note", lang)
    red, single = frames["sites"], frames["single_sources"]
    counts = {
        "red": red["red_worst"].sum(),
        "certain": red["red_best"].sum(),
        "single": single.height,
        "hidden": single["hidden"].sum(),
        "pairs": frames["pairs"]["hidden"].sum(),
        "unknown": frames["not_known"].height,
    }
    yield t("reliance_counts", lang, **{name: number(int(count), lang) for name, count in counts.items()})


def _capabilities(found: Reliance, programme: Programme, lang: str) -> Iterator[str]:
    """The programme, then the capabilities that lose most."""
    names = dict(programme.capabilities.select("id", f"name_{lang}").iter_rows())
    names["all"] = t("reliance_all", lang)
    months = {row["capability"]: row for row in found.frames["survived"].to_dicts()}
    rows = found.frames["capabilities"].to_dicts()
    rows.sort(key=lambda row: (row["capability"] != "all", row["worst"] - row["coverage"]))
    heads = ("reliance_peace", "reliance_worst", "reliance_best", "reliance_months")
    body = [
        [
            names[row["capability"]],
            *(percent(row[name], lang) for name in ("coverage", "worst", "best")),
            _range(months.get(row["capability"]), lang),
        ]
        for row in rows[: CAPABILITIES + 1]
    ]
    yield from aligned([t("reliance_capability", lang), *(t(head, lang) for head in heads)], body)
    if len(rows) > CAPABILITIES + 1:
        yield t("cli_more_rows", lang, count=number(len(rows) - CAPABILITIES - 1, lang))
    yield ""


def _range(row: dict[str, Any] | None, lang: str) -> str:
    """Months from the worst to the best case; one figure where they agree, ∞ where there is no end."""
    if row is None:
        return "–"
    worst, best = _months(row["worst"], lang), _months(row["best"], lang)
    return worst if worst == best else f"{worst} … {best}"


def _months(months: float | None, lang: str) -> str:
    from khien.reliance.under_shock import LONGEST_MONTHS

    return "∞" if months is not None and months >= LONGEST_MONTHS else number(months, lang, 1)


def _dependence(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    words = {
        "partner": t("reliance_by_partner", lang),
        "registration": t("reliance_by_registration", lang),
        "control": t("reliance_by_control", lang),
    }
    heads = [t("reliance_who", lang), *(t(f"reliance_{head}", lang) for head in ("lost", "worst", "best"))]
    body = []
    for by, word in words.items():
        own = [row for row in rows if row["by"] == by and row["lost_worst"] > 0]
        for row in own[:PARTNERS]:
            shares = (percent(row[name], lang) for name in ("lost_known", "lost_worst", "lost_best"))
            body.append([f"{word} {row['key']}", *shares])
    if body:
        yield from aligned(heads, body)
        yield ""


def _sites(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    red = {
        (True, True): t("reliance_red_yes", lang),
        (True, False): t("reliance_red_maybe", lang),
        (False, False): "–",
    }
    heads = ("damage", "survive", "recover", "spend", "red")
    body = [
        [
            f"{row['site']} ({row['control']})",
            number(row["loss_worst"], lang, 3),
            _months(row["survive_worst"], lang),
            _months(row["recover_months"], lang),
            percent(row["spend_share"], lang),
            red[row["red_worst"], row["red_worst"] and row["red_best"]],
        ]
        for row in rows[:SITES]
        if row["loss_worst"] > 0
    ]
    if body:
        yield from aligned([t("reliance_sites", lang), *(t(f"reliance_{head}", lang) for head in heads)], body)
        yield ""


def _pairs(rows: list[dict[str, Any]], lang: str) -> Iterator[str]:
    body = [
        [f"{row['a']} + {row['b']}", number(row["loss_worst"], lang, 3)]
        for row in rows[:PAIRS]
        if row["loss_worst"] > 0
    ]
    if body:
        yield from aligned([t("reliance_pairs", lang), t("reliance_damage", lang)], body)
        yield ""


def aligned(heads: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table of text: the first column to the left, figures to the right."""
    wide = [max(len(row[i]) for row in [heads, *body]) for i in range(len(heads))]
    for row in [heads, *body]:
        first = f"{row[0]:<{wide[0]}}"
        yield first + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], wide[1:], strict=True))
