"""A new programme to start from: the smallest one that is valid and can be planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import polars as pl

from khien.programme.checking import checked_programme
from khien.programme.document import Programme
from khien.programme.settings import Fact, Settings
from khien.programme.tables import TABLES
from khien.programme.writing import write, write_file

_STAGES: Final = (
    ("idea", "Ý tưởng", "Idea"),
    ("research", "Nghiên cứu cơ bản", "Basic research"),
    ("design", "Thiết kế", "Design"),
    ("manufacture", "Chế tạo", "Manufacture"),
    ("production", "Sản xuất", "Production"),
    ("assurance", "Bảo đảm kỹ thuật", "Technical assurance"),
    ("upgrade", "Cải tiến, nâng cấp", "Upgrade"),
)
_SOURCE: Final = "khien new"


def new(path: str | Path) -> Programme:
    """Write a new programme with one row of each table that planning needs; every figure is illustrative.

    Raises:
        FileExistsError: there is something at the path already.
        OSError: the place may not be written.
    """
    if Path(path).exists():
        raise FileExistsError(f"{path} exists already")
    programme = skeleton()
    write(programme, path)
    return programme


def template(path: str | Path, lang: str = "en") -> None:
    """Write an empty XLSX workbook with drop-downs, units, comments and help, to be filled in.

    Args:
        path: where the workbook goes.
        lang: language of the comments, "vi" or "en"; the help sheet has both.

    Raises:
        OSError: the place may not be written.
    """
    from khien.programme.workbook_out import write_template  # slow to import

    write_file(Path(path).absolute(), lambda place: write_template(place, lang))


def skeleton() -> Programme:
    """The smallest programme that can be planned: one capability, one product, one project, one option."""
    values: dict[str, Any] = {
        "title_vi": "Chương trình mới",
        "title_en": "New programme",
        "base_year": 2026,
        "first_quarter": "2026Q1",
        "last_quarter": "2045Q4",
    }
    values |= {
        n: i.default
        for n, i in Settings.model_fields.items()
        if not i.is_required() and n not in ("rates", "facts")
    }
    fact = Fact(source=_SOURCE, status="illustrative")
    settings = Settings(**values, facts=dict.fromkeys(values, fact))
    rows = _rows()
    facts = [
        {"table": table, "row": "*", "column": "*", "source": _SOURCE, "status": "illustrative"}
        for table in rows
    ]
    rows["sources_of_facts"] = facts
    return checked_programme(settings, {name: pl.DataFrame(rows[name]) for name in TABLES if name in rows})


def _named(id: str, vi: str, en: str, **columns: Any) -> dict[str, Any]:
    return {"id": id, "name_vi": vi, "name_en": en, **columns}


def _rows() -> dict[str, list[dict[str, Any]]]:
    stages = [
        _named(*names, order=order, service=names[0] == "production", assurance=names[0] == "assurance")
        for order, names in enumerate(_STAGES, 1)
    ]
    option = {
        "id": "p1-own",
        "project": "p1",
        "form": "own",
        "success_share": 0.8,
        "level": 0.8,
        "domestic_share": 0.9,
        "duration_low_quarters": 6,
        "duration_mode_quarters": 8,
        "duration_high_quarters": 12,
        "cost_low_mvnd": 40_000,
        "cost_mode_mvnd": 50_000,
        "cost_high_mvnd": 80_000,
    }
    return {
        "groups": [_named("g1", "Nhóm sản phẩm 1", "Product group 1")],
        "capabilities": [_named("c1", "Năng lực 1", "Capability 1", group="g1", unit="units", weight=1.0)],
        "requirements": [{"capability": "c1", "from_year": 2030, "level": 10.0}],
        "stages": stages,
        "products": [_named("product1", "Sản phẩm 1", "Product 1", group="g1")],
        "yields": [{"product": "product1", "capability": "c1", "amount": 10.0}],
        "countries": [_named("vn", "Việt Nam", "Viet Nam")],
        "projects": [
            _named(
                "p1",
                "Sản xuất sản phẩm 1",
                "Produce product 1",
                subject="product1",
                to_stage="production",
                risk_class="medium",
                status="candidate",
            )
        ],
        "options": [option],
        "skills": [_named("engineers", "Kỹ sư", "Engineers")],
        "efforts": [{"option": "p1-own", "skill": "engineers", "people": 20}],
        "skill_supply": [{"skill": "engineers", "from_year": 2026, "people": 100}],
        "money": [{"year": year, "source": "budget", "amount_mvnd": 20_000} for year in range(2026, 2046)],
        "maturity": [{"subject": "product1", "stage": "manufacture", "level": 0.7}],
    }
