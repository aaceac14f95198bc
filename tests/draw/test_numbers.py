from __future__ import annotations

from datetime import date

import pytest

from khien.draw.numbers import day, money, number, percent, quarter, year_of


@pytest.mark.parametrize(
    ("value", "digits", "vi", "en"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (1234567, 0, "1.234.567", "1,234,567"),
        (-0.04, 1, "0,0", "0.0"),
        (-12.25, 2, "−12,25", "−12.25"),
        (None, 0, "–", "–"),
        (float("nan"), 0, "–", "–"),
    ],
)
def test_numbers_are_written_as_readers_of_each_language_do(value: float | None, digits: int, vi: str, en: str) -> None:
    assert number(value, "vi", digits) == vi
    assert number(value, "en", digits) == en


@pytest.mark.parametrize(
    ("mvnd", "vi", "en"),
    [
        (0, "0 tỷ đồng", "0 bn VND"),
        (12_345_678, "12.346 tỷ đồng", "12,346 bn VND"),
        (45_600, "45,6 tỷ đồng", "45.6 bn VND"),
        (132_000_000, "132 nghìn tỷ đồng", "132 trn VND"),
        (None, "–", "–"),
    ],
)
def test_money_takes_the_unit_that_keeps_it_short(mvnd: int | None, vi: str, en: str) -> None:
    assert money(mvnd, "vi").replace("\N{NO-BREAK SPACE}", " ") == vi
    assert money(mvnd, "en").replace("\N{NO-BREAK SPACE}", " ") == en


def test_shares_quarters_and_days() -> None:
    assert percent(0.456, "vi", 1) == "45,6\N{NO-BREAK SPACE}%"
    assert percent(None, "en") == "–"
    assert quarter("2027Q3", "vi") == "Q3/2027"
    assert quarter("2027Q3", "en") == "Q3\N{NO-BREAK SPACE}2027"
    assert quarter(None, "en") == "–"
    assert year_of("2027Q3") == 2027.5
    assert day(date(2026, 9, 3), "vi") == "03/09/2026"
    assert day(date(2026, 9, 3), "en") == "3 September 2026"
    assert day(None, "vi") == "–"


def test_halves_go_away_from_zero_as_in_pictures() -> None:
    told = [percent(0.925, "en"), percent(0.125, "vi"), percent(-0.125, "en")]
    assert [text[:-2] for text in told] == ["93", "13", "−13"]
    assert [number(0.5, "en"), number(2.5, "en"), number(0.0, "en"), number(2, "en")] == ["1", "3", "0", "2"]
