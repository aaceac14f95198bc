"""Small files of the CORDIS form: newer years, and everything that may be wrong with a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import khien
from khien.programme.imports import IMPORT_CODES, Imported, import_cordis

PROJECT = {
    "project_id": "101",
    "acronym": "DIKE",
    "title": "Watching dikes",
    "framework": "H2020",
    "programme": "H2020-EU.3.7.",
    "topic_code": "DRS-01-2015",
    "funding_scheme": "RIA",
    "status": "CLOSED",
    "start_date": "2016-05-01",
    "end_date": "2019-04-30",
    "duration_months": "36.0",
    "total_cost_eur": "4000000",
    "ec_contribution_eur": "3000000",
    "coordinator_name": "ONE",
    "coordinator_country": "NL",
    "participant_countries": "NL;DE;EL",
    "teaser": "water",
}
LEAD = {"project_id": "101", "role": "coordinator", "activity_type": "REC", "country": "NL"}
PARTICIPANTS = [
    LEAD | {"ec_contribution_eur": "1200000"},
    LEAD | {"role": "participant", "activity_type": "PRC", "country": "DE", "ec_contribution_eur": "1500000"},
    LEAD | {"role": "participant", "activity_type": "HES", "country": "EL", "ec_contribution_eur": "300000"},
]
OTHER = PROJECT | {
    "project_id": "202",
    "acronym": "OTHER",
    "topic_code": "DS-01-2016",
    "start_date": "2017-01-01",
    "end_date": "2019-12-31",
}
OTHERS = [p | {"project_id": "202"} for p in PARTICIPANTS]


def text(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def run(tmp_path: Path, projects: list[dict[str, str]], participants: list[dict[str, str]], **more: object) -> Imported:
    (tmp_path / "projects.csv").write_text(text(projects), encoding="utf-8")
    (tmp_path / "people.csv").write_text(text(participants), encoding="utf-8")
    return import_cordis(tmp_path / "projects.csv", tmp_path / "people.csv", tmp_path / "out", more or None)


def codes(result: Imported) -> set[str]:
    return {f.code for f in result.findings}


def test_a_clean_file_has_no_finding(tmp_path: Path) -> None:
    result = run(tmp_path, [PROJECT, OTHER], PARTICIPANTS + OTHERS)
    assert [f.line("en") for f in result.findings] == []
    assert result.programme == khien.read(tmp_path / "out")


def test_one_project_by_hand(tmp_path: Path) -> None:
    result = run(tmp_path, [PROJECT, OTHER], PARTICIPANTS + OTHERS)
    assert result.programme is not None
    options = {r["id"]: r for r in result.programme.options.to_dicts()}
    own, joint = options["p101-own"], options["p101-joint"]
    # 36 months are 12 quarters; alone 12 × 1.3 = 15.6, so 16. 4 M€ × 0.028 = 112,000 million VND; × 1.15.
    assert (joint["duration_mode_quarters"], own["duration_mode_quarters"]) == (12, 16)
    assert (joint["cost_mode_mvnd"], own["cost_mode_mvnd"]) == (112_000, 128_800)
    assert joint["partner"] == "partners-de"
    assert joint["domestic_share"] == 0.4  # 1.2 of 3.0 million went to the coordinator
    assert own["partner"] is None
    (amount,) = [r["amount"] for r in result.programme.yields.to_dicts() if r["product"] == "rp101"]
    assert amount == round(0.65 * 3.0**0.8, 3)
    efforts = {(r["option"], r["skill"]): r["people"] for r in result.programme.efforts.to_dicts()}
    assert efforts["p101-joint", "research"] == 1
    assert {k: v for k, v in efforts.items() if k[0] == "p101-own"} == {
        ("p101-own", "company"): 1,
        ("p101-own", "research"): 1,
        ("p101-own", "university"): 1,
    }
    projects = {r["id"]: r for r in result.programme.projects.to_dicts()}
    assert projects["p101"]["earliest"] == "2026Q2"  # 2016 is the first year and becomes 2026
    assert projects["p202"]["earliest"] == "2027Q1"


CHANGES: list[tuple[Mapping[str, str], str]] = [
    ({"project_id": ""}, "import-skipped"),
    ({"project_id": "202"}, "import-duplicate"),
    ({"start_date": ""}, "import-skipped"),
    ({"start_date": "spring"}, "import-date"),
    ({"end_date": "2014-01-01"}, "import-dates-backwards"),
    ({"end_date": "", "duration_months": ""}, "import-skipped"),
    ({"duration_months": "12"}, "import-duration-repaired"),
    ({"duration_months": ""}, "import-duration-repaired"),
    ({"total_cost_eur": ""}, "import-cost-repaired"),
    ({"total_cost_eur": "0"}, "import-cost-repaired"),
    ({"total_cost_eur": "1000"}, "import-cost-repaired"),
    ({"total_cost_eur": "-5"}, "import-number"),
    ({"total_cost_eur": "1.2.3"}, "import-number"),
    ({"ec_contribution_eur": ""}, "import-cost-repaired"),
    ({"total_cost_eur": "", "ec_contribution_eur": ""}, "import-skipped"),
    ({"ec_contribution_eur": "3200000"}, "import-contribution-mismatch"),
    ({"topic_code": "HORIZON-NEW-2031-XYZ"}, "import-topic-unknown"),
    ({"topic_code": ""}, "import-topic-unknown"),
    ({"topic_code": "DS-01-2016;DRS-01-2015"}, "import-topics-several"),
    ({"funding_scheme": "HORIZON-NEVER"}, "import-scheme-unknown"),
    ({"funding_scheme": ""}, "import-scheme-unknown"),
    ({"framework": "FP10", "programme": "FP10.1"}, "import-funder-unknown"),
    ({"status": "DREAMING"}, "import-status-unknown"),
    ({"status": "TERMINATED"}, "import-stopped"),
    ({"status": "SIGNED", "end_date": "2016-12-31", "duration_months": "8"}, "import-status-stale"),
    ({"project_id": "404"}, "import-no-participants"),
    ({"project_id": "404"}, "import-participant-orphan"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES)
def test_every_flaw_of_a_project_is_told_and_the_rest_comes_in(
    tmp_path: Path, change: Mapping[str, str], code: str
) -> None:
    result = run(tmp_path, [OTHER, PROJECT | dict(change)], PARTICIPANTS + OTHERS)
    assert code in codes(result)
    assert all(f.row == 3 or f.code == "import-participant-orphan" for f in result.findings)
    assert result.programme is not None
    assert "p202" in set(result.programme.projects["id"])
    assert all(f.message_vi and f.message_en and f.way_out_vi and f.way_out_en for f in result.findings)


PEOPLE: list[tuple[list[dict[str, str]], str]] = [
    ([PARTICIPANTS[0] | {"ec_contribution_eur": "3000000"}], "import-single-participant"),
    ([p | {"role": "participant"} for p in PARTICIPANTS], "import-coordinators"),
    ([p | {"role": "coordinator"} for p in PARTICIPANTS], "import-coordinators"),
    ([p | {"activity_type": "???"} for p in PARTICIPANTS], "import-activity-unknown"),
    ([PARTICIPANTS[0], PARTICIPANTS[1] | {"country": "QQ"}, PARTICIPANTS[2]], "import-country-unknown"),
    ([PARTICIPANTS[0], PARTICIPANTS[1] | {"country": "Germany"}, PARTICIPANTS[2]], "import-country-unknown"),
    ([PARTICIPANTS[0], PARTICIPANTS[1] | {"ec_contribution_eur": "x"}, PARTICIPANTS[2]], "import-number"),
]


@pytest.mark.parametrize(("participants", "code"), PEOPLE)
def test_every_flaw_of_the_participants_is_told(tmp_path: Path, participants: list[dict[str, str]], code: str) -> None:
    result = run(tmp_path, [PROJECT, OTHER], participants + OTHERS)
    assert code in codes(result)
    assert result.programme is not None


def test_a_newer_framework_with_other_column_names_comes_in(tmp_path: Path) -> None:
    project = {
        "id": "101070000",
        "acronym": "NEXT",
        "title": "Next",
        "frameworkProgramme": "HORIZON",
        "legalBasis": "HORIZON.2.3",
        "topics": "HORIZON-CL3-2024-DRS-01-03",
        "fundingScheme": "HORIZON-IA",
        "status": "SIGNED",
        "startDate": "2024-10-01",
        "endDate": "2027-09-30",
        "totalCost": "5000000,5",
        "ecMaxContribution": "4000000",
    }
    people = {"projectID": "101070000", "role": "coordinator", "activityType": "PRC", "country": "FR"}
    people |= {"ecContribution": "4000000"}
    (tmp_path / "p.csv").write_text(text([project], ";"), encoding="utf-8-sig")
    (tmp_path / "q.csv").write_text(text([people], ";"), encoding="utf-8")
    result = import_cordis(tmp_path / "p.csv", tmp_path / "q.csv", tmp_path / "out.xlsx")
    assert result.programme is not None
    assert result.programme == khien.read(tmp_path / "out.xlsx")
    assert set(result.programme.money["source"]) == {"horizon-civil-security"}
    assert result.programme.yields["capability"].to_list() == ["crisis-respond"]
    assert not {"import-topic-unknown", "import-scheme-unknown", "import-funder-unknown"} & codes(result)


def test_without_the_needed_columns_nothing_is_written(tmp_path: Path) -> None:
    short = {k: v for k, v in PROJECT.items() if k != "start_date"}
    result = run(tmp_path, [short], PARTICIPANTS)
    assert [f.column for f in result.errors] == ["start_date"]
    assert result.programme is None
    assert not (tmp_path / "out").exists()


def test_files_that_were_mixed_up_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text([PROJECT]), encoding="utf-8")
    (tmp_path / "b.csv").write_text(text(PARTICIPANTS), encoding="utf-8")
    result = import_cordis(tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / "out")
    assert "import-column-missing" in {f.code for f in result.errors}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty-file"),
        (text([PROJECT]).encode("utf-16"), "encoding"),
        (text([PROJECT | {"title": "Thử nghiệm đê"}]).encode("utf-8")[:-40] + b"\xe1\xbb\n", "encoding"),
        (text([PROJECT]).split("\n")[0].encode(), "import-nothing"),
        (b"\n\n\n,,,\n", "import-column-missing"),
        (None, "file-unreadable"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, raw: bytes | None, code: str) -> None:
    if raw is not None:
        (tmp_path / "p.csv").write_bytes(raw)
    (tmp_path / "q.csv").write_text(text(PARTICIPANTS), encoding="utf-8")
    result = import_cordis(tmp_path / "p.csv", tmp_path / "q.csv", tmp_path / "out")
    assert code in {f.code for f in result.errors}
    assert not (tmp_path / "out").exists()


def test_a_short_row_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(text([PROJECT, OTHER]) + "303,SHORT\n\n", encoding="utf-8")
    (tmp_path / "q.csv").write_text(text(PARTICIPANTS + OTHERS), encoding="utf-8")
    result = import_cordis(tmp_path / "p.csv", tmp_path / "q.csv", None)
    assert codes(result) == {"import-row-short"}


def test_an_unknown_setting_stops_the_import(tmp_path: Path) -> None:
    result = run(tmp_path, [PROJECT], PARTICIPANTS, money_shar=0.3, base_year=0, home_country="Vietnam")
    assert sorted(str(f.column) for f in result.errors) == ["base_year", "home_country", "money_shar"]
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    result = run(tmp_path, [PROJECT], PARTICIPANTS)
    assert "import-target" in {f.code for f in result.errors}
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_ids_that_fall_together_stay_apart(tmp_path: Path) -> None:
    first, second = PROJECT | {"project_id": "A/1"}, PROJECT | {"project_id": "A 1"}
    result = run(tmp_path, [first, second], [p | {"project_id": "A/1"} for p in PARTICIPANTS])
    assert result.programme is not None
    assert result.programme.projects["id"].n_unique() == 2


def test_the_page_names_every_finding_and_setting(root: Path) -> None:
    page = (root / "docs" / "reference" / "import-cordis.md").read_text(encoding="utf-8")
    method = (root / "docs" / "methods" / "techport-calibration.md").read_text(encoding="utf-8")
    from khien.programme.imports.cordis_rules import RANGES

    assert [code for code in IMPORT_CODES if f"`{code}`" not in page + method] == []
    assert [name for name in RANGES if f"`{name}`" not in page] == []


junk = st.one_of(
    st.sampled_from(["", "0", "-1", "1e400", "nan", "9" * 40, "2016-13-45", "0001-01-01", "\u202e", "a;b", "Đê", "🙂"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(changes=st.dictionaries(st.sampled_from(sorted(PROJECT)), junk, max_size=6), people=st.data())
def test_no_row_raises(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, str], people: st.DataObject
) -> None:
    tmp_path = tmp_path_factory.mktemp("junk")
    strange = [p | people.draw(st.dictionaries(st.sampled_from(sorted(LEAD)), junk, max_size=3)) for p in PARTICIPANTS]
    result = run(tmp_path, [OTHER, PROJECT | changes], strange + OTHERS)
    assert result.programme is not None or result.errors
    assert (tmp_path / "out").exists() == (result.programme is not None)
