"""Saved answers of other commands in the report: read, refused where they belong elsewhere, and drawn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import khien
from khien.cli import main
from khien.draw import Aside, AsideError, read_frontier, read_reasons, read_stress
from khien.draw.asides import binned
from khien.draw.blocks import Fold, Section, Table, Text, figures
from khien.draw.content import sections
from khien.draw.results import Results, collect
from khien.plan import Plan, PlanSettings, plan_programme
from khien.programme import Programme
from khien.stress import stress

Reader = Callable[[Path, Programme, Plan], Aside]
READERS: dict[str, Reader] = {"stress": read_stress, "frontier": read_frontier, "reasons": read_reasons}


@pytest.fixture(scope="module")
def programme() -> Programme:
    return khien.read("examples/island")


@pytest.fixture(scope="module")
def plan(programme: Programme) -> Plan:
    return plan_programme(programme, PlanSettings(work=200))


@pytest.fixture(scope="module")
def saved(programme: Programme, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that other commands can say about one plan, written by those commands."""
    folder = tmp_path_factory.mktemp("saved")
    file = plan.save(folder / "plan.json")
    stress(programme, plan, draws=300, seed=0, paired=64).write(folder)
    assert main(["explain", str(file), "examples/island", "--steps", "20", "--out", str(folder)]) == 0
    settings = ["--points", "3", "--work", "300", "--out", str(folder)]
    assert main(["frontier", "examples/island", *settings]) == 0
    return folder


@pytest.fixture(scope="module")
def asides(saved: Path, programme: Programme, plan: Plan) -> list[Aside]:
    return [read(saved, programme, plan) for read in READERS.values()]


@pytest.fixture(scope="module")
def results(programme: Programme, plan: Plan, asides: list[Aside]) -> Results:
    return collect(programme, plan, None, asides)


def chapter(results: Results, name: str, lang: str = "en") -> Section:
    return next(found for found in sections(results, lang) if found.id == name)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [960, 340])
def test_every_picture_of_the_saved_answers_can_be_drawn(results: Results, lang: str, width: int) -> None:
    for name in ("stress", "frontier"):
        found = figures(chapter(results, name, lang).blocks)
        assert found
        for figure in found:
            if figure.draw is not None:
                figure.draw(width).to_dict()


def test_without_saved_answers_one_quiet_line_names_the_commands(programme: Programme, plan: Plan) -> None:
    plain = collect(programme, plan)
    assert {"stress", "frontier", "why"}.isdisjoint(found.id for found in sections(plain, "en"))
    quiet = [block for block in chapter(plain, "survives").blocks if isinstance(block, Text) and block.quiet]
    assert len(quiet) == 1
    for command in ("khien stress", "khien frontier", "khien explain"):
        assert command in quiet[0].text


def test_with_all_of_them_the_line_is_gone(results: Results) -> None:
    assert not [block for block in chapter(results, "survives").blocks if isinstance(block, Text) and block.quiet]


def test_the_dark_part_of_the_distribution_is_the_worst_twentieth() -> None:
    values = np.random.default_rng(1).normal(size=1010)
    found = binned(values)
    assert found["draws"].sum() == 1010
    assert found["worst"].sum() == 51
    threshold = np.sort(values)[50]
    above = found.filter(pl.col("from") > threshold)
    assert above["worst"].sum() == 0
    assert (found["worst"] <= found["draws"]).all()


def test_values_that_are_all_the_same_still_have_a_picture() -> None:
    found = binned(np.full(7, 2.5))
    assert (found["draws"].sum(), found["worst"].sum()) == (7, 1)


def test_the_tail_of_the_page_is_that_of_the_test(results: Results, saved: Path) -> None:
    told = json.loads((saved / "stress.json").read_text(encoding="utf-8"))
    figure = next(f for f in figures(chapter(results, "stress").blocks) if f.id == "tail")
    assert figure.draw is not None
    text = json.dumps(figure.draw(960).to_dict(), ensure_ascii=False)
    assert f"CVaR 5 %: {told['tail_value']:.2f}" in text
    assert f"As planned: {told['planned_value']:.2f}" in text


def test_the_table_of_the_frontier_has_a_row_for_every_promise(results: Results, saved: Path) -> None:
    points = pl.read_csv(saved / "points.csv")
    tables = [block for block in chapter(results, "frontier").blocks if isinstance(block, Table)]
    assert len(tables[0].rows) == len(points)
    assert len(tables[1].rows) == points["reached"].sum() - 1


def test_a_frontier_that_was_stopped_says_so(saved: Path, tmp_path: Path, programme: Programme, plan: Plan) -> None:
    folder = shutil.copytree(saved, tmp_path / "saved")
    told = collect(programme, plan, asides=[read_frontier(folder, programme, plan)])
    assert "stopped" not in chapter(told, "frontier").lead
    (folder / "searches.json").touch()
    for lang, says in (("en", "stopped before the end"), ("vi", "dừng giữa chừng")):
        told = collect(programme, plan, asides=[read_frontier(folder, programme, plan)])
        assert says in chapter(told, "frontier", lang).lead


def test_every_project_has_a_page_with_its_reason_and_what_the_test_says(results: Results) -> None:
    groups = [block for block in chapter(results, "why").blocks if isinstance(block, Fold)]
    pages = {page.id: page for group in groups for page in group.blocks if isinstance(page, Fold)}
    reasons = dict(results.frame("reasons").select("project", "reason_en").iter_rows())
    assert set(pages) == {f"why-project-{project}" for project in reasons}
    tested = set(results.frame("stress_worth")["project"])
    for project, said in reasons.items():
        texts = [block.text for block in pages[f"why-project-{project}"].blocks if isinstance(block, Text)]
        names = results.called("projects", "en")
        assert any(text[:12] == said[:12] for text in texts)
        assert not [key for key in names if "-" in key and any(key in text for text in texts[1:])]
        assert any("In many futures" in text for text in texts) == (project in tested)


@pytest.mark.parametrize("name", READERS)
def test_an_answer_about_another_programme_is_refused_with_both_hashes(
    name: str, saved: Path, programme: Programme, plan: Plan
) -> None:
    money = programme.money.with_columns(pl.col("amount_mvnd") + 1)
    other = Programme(programme.settings, {**programme.frames, "money": money}, programme.findings)
    with pytest.raises(AsideError) as refused:
        READERS[name](saved, other, plan)
    assert programme.hash[:12] in refused.value.message_vi
    assert other.hash[:12] in refused.value.message_en


@pytest.mark.parametrize("name", ["stress", "reasons"])
def test_an_answer_about_another_plan_is_refused(name: str, saved: Path, programme: Programme, plan: Plan) -> None:
    other = plan_programme(programme, PlanSettings(work=50, budget_factor=0.4))
    assert other.choices.height != plan.choices.height
    with pytest.raises(AsideError, match="made from plan"):
        READERS[name](saved, programme, other)


@pytest.mark.parametrize(
    ("name", "file", "text", "said"),
    [
        ("stress", "stress.json", "{", "damaged"),
        ("stress", "stress.json", "{}", "khien-stress-1"),
        ("reasons", "reasons.json", '{"format": "khien-stress-1"}', "khien-reasons-1"),
        ("frontier", "points.csv", "promise\n1\n", "damaged"),
    ],
)
def test_a_damaged_file_is_named(
    name: str, file: str, text: str, said: str, saved: Path, tmp_path: Path, programme: Programme, plan: Plan
) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    if name == "frontier":
        plan.save(tmp_path / "01" / "plan.json")
    with pytest.raises(AsideError, match=said) as refused:
        READERS[name](tmp_path, programme, plan)
    assert file in refused.value.message_vi


def test_a_folder_without_its_tables_or_plans_is_refused(
    saved: Path, tmp_path: Path, programme: Programme, plan: Plan
) -> None:
    (tmp_path / "stress.json").write_bytes((saved / "stress.json").read_bytes())
    with pytest.raises(AsideError, match=r"stress_coverage\.parquet"):
        read_stress(tmp_path, programme, plan)
    with pytest.raises(AsideError, match="holds no plans"):
        read_frontier(tmp_path, programme, plan)


def test_the_command_refuses_before_it_draws(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stress.json").write_text("{}", encoding="utf-8")
    asked = ["report", str(saved / "plan.json"), "examples/island", "--stress", str(tmp_path), "--lang", "en"]
    assert main(asked) == 1
    assert "khien-stress-1" in capsys.readouterr().err
    assert not list(saved.glob("report.*"))
