"""How fast a large programme is read, checked and hashed.

    python -m bench.checking            3,000 projects, 12,000 options, about 100,000 rows
    python -m bench.checking --small    the same a hundred times smaller, as CI runs it
    python -m bench.checking --json

The programme is made from a seed and is valid. Every phase is timed in a process of its own, so that the
peak of memory belongs to it alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

SEED = 7
FULL, SMALL = 3000, 30


def make(projects: int, seed: int) -> dict[str, pl.DataFrame]:
    """Tables of a valid programme with four options per project; everything else grows with it."""
    rng = np.random.default_rng(seed)
    made = _subjects(projects, rng) | _supply(projects, rng) | _work(projects, rng) | _means(projects)
    rows = [f"p{i}" for i in range(projects)]
    columns = (
        "id",
        "name_vi",
        "name_en",
        "subject",
        "to_stage",
        "risk_class",
        "earliest",
        "latest",
        "status",
        "option",
        "note",
        "pin",
    )
    made["sources_of_facts"] = pl.DataFrame(
        {
            "table": ["projects"] * (len(rows) * len(columns)),
            "row": [row for row in rows for _ in columns],
            "column": list(columns) * len(rows),
            "source": ["bench"] * (len(rows) * len(columns)),
            "status": ["illustrative"] * (len(rows) * len(columns)),
        }
    )
    return made


def _named(prefix: str, count: int, vi: str, en: str) -> dict[str, list[str]]:
    ids = [f"{prefix}{i}" for i in range(count)]
    return {"id": ids, "name_vi": [f"{vi} {i}" for i in ids], "name_en": [f"{en} {i}" for i in ids]}


def _subjects(n: int, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    products, technologies, capabilities = max(4, n // 3), max(4, n // 3), max(4, n // 30)
    stages = ("idea", "research", "design", "manufacture", "production", "assurance", "upgrade")
    required = [(f"c{i}", year) for i in range(capabilities) for year in (2030, 2035, 2040)]
    yields = sorted({(f"s{p}", f"c{(p + 7 * k) % capabilities}") for p in range(products) for k in range(3)})
    mature = [(s, stage) for s in (f"s{i}" for i in range(products)) for stage in stages[:3]]
    return {
        "groups": pl.DataFrame(_named("g", 6, "Nhóm", "Group")),
        "capabilities": pl.DataFrame(_named("c", capabilities, "Năng lực", "Capability")).with_columns(
            group=pl.lit("g1"), unit=pl.lit("đơn vị"), weight=pl.Series(rng.uniform(0.1, 5, capabilities))
        ),
        "requirements": pl.DataFrame(required, schema=["capability", "from_year"], orient="row").with_columns(
            level=pl.Series(rng.uniform(10, 90, len(required)))
        ),
        "stages": pl.DataFrame({"id": stages, "name_vi": stages, "name_en": stages, "order": range(1, 8)}).with_columns(
            service=pl.col("id") == "production", assurance=pl.col("id") == "assurance"
        ),
        "products": pl.DataFrame(_named("s", products, "Sản phẩm", "Product")).with_columns(
            group=pl.lit("g2"), price_mvnd=pl.Series(rng.integers(10, 10_000, products))
        ),
        "technologies": pl.DataFrame(_named("t", technologies, "Công nghệ", "Technology")).with_columns(
            group=pl.lit("g3"), kind=pl.lit("core"), trl=pl.Series(rng.integers(1, 10, technologies))
        ),
        "yields": pl.DataFrame(yields, schema=["product", "capability"], orient="row").with_columns(
            amount=pl.Series(rng.uniform(1, 9, len(yields)))
        ),
        "maturity": pl.DataFrame(mature, schema=["subject", "stage"], orient="row").with_columns(
            level=pl.Series(rng.uniform(0.7, 1, len(mature)))
        ),
    }


def _supply(n: int, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    products, items, sites = max(4, n // 3), max(8, 2 * n // 3), max(4, n // 10)
    needs = sorted({(f"s{p}", f"i{(5 * p + 11 * k) % items}") for p in range(products) for k in range(6)})
    supplies = sorted({(f"i{i}", f"site{(3 * i + 13 * k) % sites}") for i in range(items) for k in range(2)})
    return {
        "countries": pl.DataFrame(
            {
                "id": ["vn", "jp", "kr"],
                "name_vi": ["Việt Nam", "Nhật Bản", "Hàn Quốc"],
                "name_en": ["VN", "JP", "KR"],
            }
        ),
        "organisations": pl.DataFrame(_named("o", sites, "Tổ chức", "Organisation")).with_columns(
            role=pl.lit("partner"), country=pl.lit("jp")
        ),
        "sites": pl.DataFrame(_named("site", sites, "Cơ sở", "Site")).with_columns(
            organisation=pl.Series([f"o{i}" for i in range(sites)])
        ),
        "items": pl.DataFrame(_named("i", items, "Linh kiện", "Part")).with_columns(kind=pl.lit("part")),
        "inputs": pl.DataFrame(needs, schema=["subject", "input"], orient="row").with_columns(
            quantity=pl.Series(rng.uniform(1, 9, len(needs))), criticality=pl.lit("stops")
        ),
        "supplies": pl.DataFrame(supplies, schema=["item", "site"], orient="row").with_columns(
            share=pl.Series(rng.uniform(0, 0.5, len(supplies))),
            stock_months=pl.Series(rng.uniform(0, 9, len(supplies))),
        ),
        "agreements": pl.DataFrame({"id": ["a1"], "party": ["jp"], "forms": ["joint;licence;purchase"]}),
    }


def _work(n: int, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    products, sites = max(4, n // 3), max(4, n // 10)
    forms = ("own", "joint", "licence", "purchase")
    option = {
        "id": [f"p{p}-{form}" for p in range(n) for form in forms],
        "project": [f"p{p}" for p in range(n) for _ in forms],
        "form": list(forms) * n,
        "partner": [None if form == "own" else f"o{p % sites}" for p in range(n) for form in forms],
    }
    low, cost = rng.integers(2, 9, 4 * n), rng.integers(1_000, 90_000, 4 * n)
    efforts = [(o, f"k{k}") for i, o in enumerate(option["id"]) for k in {i % 20, (i * 7 + 3) % 20}]
    shares = {name: pl.Series(rng.uniform(0, 1, 4 * n)) for name in ("success_share", "level", "domestic_share")}
    before = [(f"p{i}", f"p{i + 1 + (i % 9)}") for i in range(n - 10)]
    return {
        "projects": pl.DataFrame(_named("p", n, "Dự án", "Project")).with_columns(
            subject=pl.Series([f"s{i % products}" for i in range(n)]),
            to_stage=pl.Series([("manufacture", "production", "assurance")[i // products % 3] for i in range(n)]),
            risk_class=pl.lit("medium"),
            earliest=pl.Series([f"{2026 + i % 10}Q{1 + i % 4}" for i in range(n)]),
            status=pl.lit("candidate"),
        ),
        "options": pl.DataFrame(option).with_columns(
            duration_low_quarters=pl.Series(low),
            duration_mode_quarters=pl.Series(low + 2),
            duration_high_quarters=pl.Series(low + 6),
            cost_low_mvnd=pl.Series(cost),
            cost_mode_mvnd=pl.Series(cost * 2),
            cost_high_mvnd=pl.Series(cost * 3),
            spend_profile=pl.lit("0.2;0.5;0.3"),
            **shares,
        ),
        "efforts": pl.DataFrame(efforts, schema=["option", "skill"], orient="row").with_columns(
            people=pl.Series(rng.integers(1, 30, len(efforts)))
        ),
        "precedences": pl.DataFrame(before, schema=["before", "after"], orient="row"),
    }


def _means(n: int) -> dict[str, pl.DataFrame]:
    years = list(range(2026, 2046))
    return {
        "skills": pl.DataFrame(_named("k", 20, "Chuyên môn", "Skill")),
        "skill_supply": pl.DataFrame(
            {"skill": [f"k{i}" for i in range(20)], "from_year": [2026] * 20, "people": [10 * n] * 20}
        ),
        "money": pl.DataFrame({"year": years, "source": ["budget"] * 20, "amount_mvnd": [5_000 * n] * 20}),
    }


def phase(name: str, path: Path) -> dict[str, float]:
    """One timed phase in this process."""
    begin = time.perf_counter()
    from khien.programme import check

    imported = time.perf_counter()
    checked = check(path)
    done = time.perf_counter()
    assert checked.programme is not None, [f.line("en") for f in checked.errors[:5]]
    digest = checked.programme.hash
    end = time.perf_counter()
    rows = sum(frame.height for frame in checked.programme.frames.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "form": name,
        "rows": rows,
        "import_s": imported - begin,
        "check_s": done - imported,
        "hash_s": end - done,
        "total_s": end - begin,
        "peak_mib": peak,
        "warnings": len(checked.findings),
        "hash": digest[:12],
    }  # type: ignore[dict-item]


def run(projects: int) -> list[dict[str, float]]:
    """Make the programme, write it in both forms, and time each in a fresh process."""
    from khien.programme import Settings, checked_programme, write

    settings = Settings(title_vi="Đo", title_en="Bench", base_year=2026, first_quarter="2026Q1", last_quarter="2045Q4")
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        programme = checked_programme(settings, make(projects, SEED))
        checked = time.perf_counter()
        results = [
            {
                "form": "frames",
                "rows": sum(f.height for f in programme.frames.values()),
                "check_s": checked - begin,
            }
        ]
        for name, path in (("csv", Path(place, "csv")), ("xlsx", Path(place, "book.xlsx"))):
            begin = time.perf_counter()
            write(programme, path)
            written = time.perf_counter() - begin
            command = [sys.executable, "-m", "bench.checking", "--phase", name, str(path)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results.append(json.loads(said) | {"write_s": written})
    assert len({r["hash"] for r in results[1:]}) == 1
    return results  # type: ignore[return-value]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help=f"{SMALL} projects instead of {FULL}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--phase", nargs=2, metavar=("FORM", "PATH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.phase:
        print(json.dumps(phase(args.phase[0], Path(args.phase[1]))))
        return
    results = run(SMALL if args.small else FULL)
    if args.json:
        print(json.dumps(results, indent=1))
        return
    heads = ("form", "rows", "import_s", "check_s", "hash_s", "total_s", "write_s", "peak_mib", "warnings")
    print(" ".join(f"{head:>9}" for head in heads))
    for result in results:
        cells = (result.get(head, "") for head in heads)
        print(" ".join(f"{cell:>9.2f}" if isinstance(cell, float) else f"{cell:>9}" for cell in cells))


if __name__ == "__main__":
    main()
