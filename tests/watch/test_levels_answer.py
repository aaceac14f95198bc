"""What an answer says: article, reason, command, colour, how sure; places of today and of before July 2025."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.data import data_path

from khien.watch.levels import HAZARDS, LevelError, evaluate, hazard
from khien.watch.levels.places import column_status, names, units
from khien.watch.levels.tables import clocks_table, level_facts, rows


def test_an_answer_names_article_band_reason_command_and_colour() -> None:
    told = evaluate("storm", {"beaufort": 12, "area": "coastal"}).to_dict()
    assert (told["level"], told["article_number"]) == (4, "42")
    assert told["article_en"] == "Art 42, Decision 18/2021/QĐ-TTg"
    assert "12–15" in told["band_en"]
    assert "coastal waters" in told["band_en"]
    assert told["reason_vi"].startswith("cấp gió mạnh nhất: 12 Beaufort; vùng: vùng biển ven bờ")
    assert "Thủ tướng" in told["commands_vi"]
    assert told["colour_en"] == "red"
    assert (told["verified"], told["commands_verified"]) == (True, False)
    assert "not verified" in told["commands_source_en"]
    json.dumps(told, allow_nan=False)


def test_below_the_scale_is_level_0_and_says_so() -> None:
    told = evaluate("tsunami", {"wave_m": 0}).to_dict()
    assert (told["level"], told["band_en"], told["name_en"]) == (0, "–", "below the scale")
    assert "below the scale" in told["reason_en"]


def test_only_the_two_colours_that_the_text_gives_in_numbers_have_numbers() -> None:
    assert [level_facts(level).get("rgb") for level in range(6)] == [
        None, [175, 225, 255], [250, 245, 140], None, None, None,
    ]  # fmt: skip


def test_a_fact_that_was_not_read_in_the_text_shows() -> None:
    answer = evaluate("flash-flood", {"rain_24h_mm": 150, "susceptibility": "high"}, place="14")
    assert (answer.level, answer.verified) == (2, False)
    assert answer.statuses == {"table": "text", "place:slide_zone": "press"}
    flood = evaluate("flood", {"stage_m": "2.4", "zone": "2", "basins": "one"}, at_station="Cẩm Lệ")
    assert (flood.level, flood.station, flood.verified) == (2, "Cẩm Lệ", False)
    assert flood.statuses["station"] == "press"


@pytest.mark.parametrize("name", ["48", "Đà Nẵng", "da nang", "DA-NANG"])
def test_a_place_is_found_by_code_or_name_with_or_without_marks(name: str) -> None:
    assert [unit.id for unit in units(name)] == ["old-48", "old-49"]


def test_an_old_province_is_found_by_its_id_or_its_name() -> None:
    assert [unit.id for unit in units("old-49")] == ["old-49"]
    assert [unit.id for unit in units("Quảng Nam")] == ["old-49"]


def test_a_province_of_several_old_ones_takes_the_highest_level() -> None:
    answer = evaluate("storm", {"beaufort": 14}, place="Gia Lai")  # the old Gia Lai and Bình Định
    assert {unit.name: unit.high for unit in answer.units} == {"Gia Lai": 5, "Bình Định": 5}
    mixed = evaluate("storm", {"beaufort": 12}, place="Lâm Đồng")
    assert mixed.level == 4
    slide = evaluate("flash-flood", {"rain_24h_mm": 150, "susceptibility": "medium"}, place="Quảng Ngãi")
    assert {unit.name: unit.high for unit in slide.units} == {"Quảng Ngãi": 1, "Kon Tum": 0}
    assert slide.level == 1


def test_a_place_that_the_text_names_twice_takes_the_higher_with_a_note() -> None:
    answer = evaluate("surge", {"total_m": "2.5"}, place="old-96")
    assert answer.level == 3
    assert "names Cà Mau in two rows" in answer.notes[0].en
    assert evaluate("surge", {"total_m": "0.5"}, place="old-96").notes == ()


def test_an_inland_place_is_not_on_the_coast_table() -> None:
    with pytest.raises(LevelError) as error:
        evaluate("surge", {"total_m": 3}, place="Lai Châu")
    assert error.value.findings[0].code == "place-not-named"
    assert evaluate("surge", {"total_m": 3, "coast": "quang-binh-hue"}, place="Lai Châu").level == 3


def test_an_unknown_place_or_station_names_the_nearest() -> None:
    with pytest.raises(LevelError, match="Quảng Nam"):
        evaluate("storm", {"beaufort": 9}, place="Quảng Namm")
    with pytest.raises(LevelError, match="Ái Nghĩa"):
        evaluate("flood", {"stage_m": 9}, at_station="nowhere")
    with pytest.raises(LevelError, match="floods only"):
        evaluate("storm", {"beaufort": 9}, at_station="Hà Nội")
    assert len(names()) > 150


def test_all_63_old_provinces_lie_in_the_34_of_today() -> None:
    official = data_path("watch", "vietnam", "vn_provinces_63.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {(r["old"], r["code"]) for r in rows("places.csv")} == {
        (f"old-{cells[0]}", cells[3]) for cells in (line.split(",") for line in official)
    }


def test_regions_of_places_are_choices_of_their_tables() -> None:
    for name in HAZARDS:
        for asked in hazard(name).inputs.values():
            if asked.place_column:
                used = {part for row in rows("places.csv") for part in row[asked.place_column].split(";") if part}
                assert used <= set(asked.choices), (name, asked.name)
                assert column_status(asked.place_column) in ("text", "press", "assumed")


def test_every_text_of_the_tables_is_there_in_both_languages() -> None:
    for name in HAZARDS:
        table = hazard(name)
        texts = [table.words, *table.notes.values()]
        texts += [i.words for i in table.inputs.values()]
        texts += [c for i in table.inputs.values() for c in i.choices.values() if i.name != "coast"]
        assert all(text.vi and text.en for text in texts)
        assert not [text.vi for text in texts if text.vi == text.en]


STATIONS = "station,name,alarm1_m,alarm2_m,alarm3_m,status,note_vi,note_en\nkim-long,Kim Long,1,2,3.5,text,,\n"


def test_an_office_may_bring_its_own_stations_and_clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHIEN_LEVELS", str(tmp_path))
    (tmp_path / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (tmp_path / "storm.toml").write_text("nonsense", encoding="utf-8")  # hazard tables are not replaced
    given = {"stage_m": 4, "zone": "3", "basins": "one"}
    found = evaluate("flood", given, at_station="Kim Long")
    assert (found.level, found.verified) == (3, True)
    with pytest.raises(LevelError):
        evaluate("flood", given, at_station="Hà Nội")
    assert evaluate("storm", {"beaufort": 12}, place="48").level == 4
    ours = clocks_table()
    own = 'group = "cyber"\nid = "x"\nhours = 6\nvi = "a"\nen = "b"\nsource_vi = "c"\nsource_en = "d"\nstatus = "text"'
    (tmp_path / "clocks.toml").write_text("[[clock]]\n" + own, encoding="utf-8")
    assert [row["hours"] for row in clocks_table()] == [6]
    monkeypatch.delenv("KHIEN_LEVELS")
    assert clocks_table() == ours


@pytest.mark.parametrize(
    "name, text",
    [
        ("stations.csv", "station,name\na,b\n"),
        ("stations.csv", ""),
        ("clocks.toml", "clock = 3"),
        ("clocks.toml", "[[clock]]\ngroup = 'cyber'\n"),
        ("clocks.toml", "["),
    ],
)
def test_an_own_file_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv("KHIEN_LEVELS", str(tmp_path))
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(LevelError) as error:
        _ = clocks_table() if name == "clocks.toml" else evaluate("flood", {"stage_m": 1}, at_station="Hà Nội")
    assert error.value.findings[0].code == "own-table"
    assert name in error.value.findings[0].line("vi")
