"""``khien explain``: why a project was chosen or refused, or why for all of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import t

if TYPE_CHECKING:
    from khien.plan import Plan
    from khien.plan.ask.reasons import Reasons
    from khien.programme import Programme


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places,
        "explain",
        run,
        lang,
        says=t("cli_explain_says", lang),
        example=(
            "khien explain out/island examples/island boat-make\n"
            "khien explain out/island examples/island\n"
            "khien explain out/island examples/island --out out/island\n"
            "khien explain out/vietnam examples/vietnam --quick"
        ),
    )
    parser.add_argument("plan", metavar="PLAN", help=t("cli_plan_file_help", lang))
    parser.add_argument("path", metavar="PATH", help=t("cli_path_help", lang))
    parser.add_argument("project", metavar="PROJECT", nargs="?", help=t("cli_explain_project_help", lang))
    parser.add_argument("--out", metavar="DIR", help=t("cli_explain_out_help", lang))
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help=t("cli_explain_quick_help", lang))
    depth.add_argument("--steps", type=int, metavar="N", help=t("cli_explain_steps_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Print the reason for one project, or one line for each."""
    import khien
    from khien.cli.paths import existing, unknown_id, writable

    if args.out is not None and (args.project is not None or args.quick):
        raise Stop(Exit.WRONG_USE, t("cli_explain_out_all", args.lang))
    out = None if args.out is None else writable(Path(args.out))
    programme = khien.read(existing(args.path, args.lang))
    plan = khien.load_plan(existing(args.plan, args.lang))
    known = programme.projects["id"].to_list()
    if args.project is not None and args.project not in known:
        raise Stop(Exit.WRONG_USE, unknown_id("PROJECT", args.project, known, args.lang))
    if args.steps is not None and args.steps < 1:
        raise Stop(Exit.WRONG_USE, t("cli_explain_steps_wrong", args.lang, steps=args.steps))
    payload: dict[str, Any] = {"plan": str(args.plan), "project": args.project}
    if args.quick:
        from khien.plan.explain import explain

        payload["reasons"] = explain(programme, plan, args.project).to_dicts()
        answer(args, payload, [line for row in payload["reasons"] for line in _lines(row, args.lang)])
        return Exit.DONE
    told = _searched(args, programme, plan, out)
    figures = {name: getattr(told, name) for name in ("value", "bound", "better", "steps", "seconds", "interrupted")}
    payload |= {**figures, "reasons": told.projects.to_dicts(), "flips": told.flips.to_dicts()}
    lines = [_head(told, args.lang), *_reason_lines(told, args.lang)]
    if out is not None:
        lines += ["", t("cli_explain_written", args.lang, path=_saved(payload, plan, out))]
    if told.interrupted:
        key = "cli_explain_interrupted" if out is None else "cli_explain_goes_on"
        lines.append(t(key, args.lang, done=told.projects.height, of=len(known)))
    answer(args, payload, lines)
    return Exit.INTERRUPTED if told.interrupted else Exit.DONE


def _saved(payload: Mapping[str, Any], plan: Plan, out: Path) -> Path:
    """All reasons, and the hashes of what they stand on; searches are kept only of what is not finished."""
    from khien.plan.ask.kept import REASONS_FILE
    from khien.plan.result import plan_hash
    from khien.programme.writing import write_text

    hashes = {"programme_hash": plan.programme_hash, "plan_hash": plan_hash(plan)}
    figures = {name: value for name, value in payload.items() if name not in ("plan", "project")}
    path = out / "reasons.json"
    text = json.dumps({"format": "khien-reasons-1", **hashes, **figures}, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(path, text + "\n")
    if not payload["interrupted"]:
        (out / REASONS_FILE).unlink(missing_ok=True)
    return path


def _searched(args: argparse.Namespace, programme: Programme, plan: Plan, out: Path | None) -> Reasons:
    """All searches; with a folder they are kept as they go, and those of a run that was stopped are not repeated."""
    from khien.cli.plan import compile_once
    from khien.plan.ask.kept import REASONS_FILE, load_reasons, reasons_asked_of, save_reasons
    from khien.plan.ask.reasons import STEPS, Told, reasons

    steps = args.steps or STEPS
    asked, file = reasons_asked_of(plan, steps), None if out is None else out / REASONS_FILE
    kept = load_reasons(file, asked) if file is not None and file.exists() else {}
    if kept:
        print(t("cli_explain_resumed", args.lang, done=len(kept)), file=sys.stderr, flush=True)

    def keep(told: dict[str, Told]) -> None:
        if file is not None:
            save_reasons(file, asked, told)

    def progress(done: int, of: int) -> None:
        if done % 20 == 0 or done == of:
            print(t("cli_explain_progress", args.lang, done=done, of=of), file=sys.stderr, flush=True)

    compile_once(args.lang)
    names = None if args.project is None else [args.project]
    return reasons(programme, plan, names, steps, progress if names is None else None, kept, keep)


def _head(told: Reasons, lang: str) -> str:
    fields = {
        "value": number(told.value, lang, 4), "bound": number(told.bound, lang, 4),
        "seconds": number(told.seconds, lang, 1),
    }  # fmt: skip
    if told.better > 1e-9:
        return t("cli_explain_better", lang, better=number(told.better, lang, 4), **fields)
    return t("cli_explain_head", lang, **fields)


def _reason_lines(told: Reasons, lang: str) -> Iterator[str]:
    for row in told.projects.to_dicts():
        yield f"{row['project']}: {row[f'reason_{lang}']}"


def _lines(row: Mapping[str, Any], lang: str) -> Iterator[str]:
    """A reason as text: the id, then what is said in the chosen language, then the figures behind it."""
    said = [str(value) for name, value in row.items() if name.endswith(f"_{lang}") and value]
    words = {"worth": t("cli_explain_worth", lang), "price": t("cli_explain_price", lang)}
    figures = [f"{says}: {number(row[name], lang, 4)}" for name, says in words.items() if row[name] is not None]
    yield f"{row['project']}: " + " · ".join(said)
    if figures:
        yield "    " + " · ".join(figures)
