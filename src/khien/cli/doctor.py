"""``khien doctor``: what this machine lacks, and how to get it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from khien.cli.exits import Exit
from khien.cli.output import answer, number
from khien.cli.parser import Parser, add_command
from khien.words import t


@dataclass(frozen=True)
class Symptom:
    """One thing looked at: is it well, and if not, must it be (needed) and what mends it."""

    what: str
    found: str
    well: bool
    needed: bool
    way_out: str = ""


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    add_command(places, "doctor", run, lang, says=t("cli_doctor_says", lang), example="khien doctor --json")


def run(args: argparse.Namespace) -> Exit:
    """Look at everything, print it, and return 1 when something that is needed is missing."""
    symptoms = [
        *_python(args.lang), *_packages(args.lang), *_machine(args.lang), *_extras(args.lang), *_office(args.lang)
    ]  # fmt: skip
    lacking = [symptom for symptom in symptoms if symptom.needed and not symptom.well]
    lines = []
    for symptom in symptoms:
        if symptom.well:
            mark = t("cli_doctor_well", args.lang)
        else:
            mark = t("cli_doctor_missing" if symptom.needed else "cli_doctor_wanting", args.lang)
        lines.append(f"{mark:<10} {symptom.what:<28} {symptom.found}")
        if not symptom.well:
            lines.append(f"{'':<10} → {symptom.way_out}")
    lines.append(t("cli_doctor_ill" if lacking else "cli_doctor_healthy", args.lang, count=len(lacking)))
    answer(args, {"healthy": not lacking, "symptoms": [asdict(symptom) for symptom in symptoms]}, lines)
    return Exit.INPUT_ERRORS if lacking else Exit.DONE


def _python(lang: str) -> Iterator[Symptom]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    yield Symptom("Python", found, sys.version_info >= (3, 11), True, t("cli_doctor_python", lang))


def _packages(lang: str) -> Iterator[Symptom]:
    """Every package that Khiên's own metadata asks for."""
    way_out = t("cli_doctor_packages", lang)
    for line in requires("khien") or []:
        name = line.split(";")[0].split("[")[0]
        for mark in "<>=!~ ":
            name = name.split(mark)[0]
        try:
            yield Symptom(name, version(name), True, True)
        except PackageNotFoundError:
            yield Symptom(name, "–", False, True, way_out)


def _machine(lang: str) -> Iterator[Symptom]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Symptom(t("cli_doctor_cores", lang), str(cores), cores >= 2, False, t("cli_doctor_cores_way", lang))
    memory = _memory_gb()
    if memory is not None:
        found = number(memory, lang, 1) + " GB"
        yield Symptom(t("cli_doctor_memory", lang), found, memory >= 2, False, t("cli_doctor_memory_way", lang))
    space = shutil.disk_usage(Path.cwd()).free / 1e9
    found = number(space, lang, 1) + " GB"
    yield Symptom(t("cli_doctor_disk", lang), found, space >= 0.5, True, t("cli_doctor_disk_way", lang))
    encoding = sys.stdout.encoding or "?"
    well = encoding.lower().replace("-", "") == "utf8"
    yield Symptom(t("cli_doctor_encoding", lang), encoding, well, False, t("cli_doctor_encoding_way", lang))
    here = os.access(Path.cwd(), os.W_OK)
    yield Symptom(t("cli_doctor_writable", lang), str(Path.cwd()), here, False, t("cli_doctor_writable_way", lang))


def _extras(lang: str) -> Iterator[Symptom]:
    """Programs that only the tests of the report need."""
    for program, package in (("chromium", "chromium"), ("pdftotext", "poppler-utils")):
        path = shutil.which(program)
        yield Symptom(program, path or "–", path is not None, False, t("cli_doctor_extra", lang, package=package))


def _office(lang: str) -> Iterator[Symptom]:
    """The settings of the office, when the environment holds any: wrong ones would stop `khien serve`."""
    from khien.office.config import ConfigError, from_environment

    named = sorted(name for name in os.environ if name.startswith("KHIEN_") or name == "DATABASE_URL")
    if not named:
        return
    what = t("cli_doctor_office", lang)
    try:
        # A key is named, so that looking makes none in the data folder.
        from_environment({"KHIEN_SECRET_KEY": "-", **os.environ})
    except ConfigError as wrong:
        yield Symptom(what, "–", False, True, wrong.message_vi if lang == "vi" else wrong.message_en)
    else:
        yield Symptom(what, ", ".join(named), True, True)


def _memory_gb() -> float | None:
    """Memory that is free for use now; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1e6
    except OSError:
        pass
    return None
