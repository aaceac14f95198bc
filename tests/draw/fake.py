"""A made-up programme and plan of realistic size, so that pictures can be tested without a solver."""

from __future__ import annotations

import math
import random
from datetime import date

import polars as pl

from khien.draw.charts.tiles import TILES
from khien.draw.results import Results, names_of
from khien.plan.result import TRAINING, Plan
from khien.plan.settings import PlanSettings
from khien.programme import TABLES, Fact, Programme, Settings

GROUPS = [
    ("uav", "Phương tiện bay không người lái", "Unmanned aerial vehicles"),
    ("radar", "Ra-đa, quang điện tử và cảm biến biển", "Radar, electro-optics and marine sensors"),
    ("cyber", "An ninh mạng và mật mã", "Cybersecurity and cryptography"),
    ("space", "Viễn thám và vệ tinh tầm thấp", "Earth observation and low-orbit satellites"),
    ("rescue", "Cứu hộ, cứu nạn và phòng cháy", "Search, rescue and fire protection"),
    ("health", "Y tế dự phòng và sinh phẩm", "Preventive health and biologicals"),
    ("chips", "Vi mạch chuyên dụng", "Dedicated integrated circuits"),
    ("comms", "Thông tin liên lạc khẩn cấp", "Emergency communications"),
    ("water", "An ninh nguồn nước", "Water security"),
    (
        "energy",
        "Nguồn năng lượng dự phòng và lưới điện vi mô cho địa bàn xa",
        "Backup energy and microgrids for remote areas",
    ),
    ("forensic", "Kỹ thuật hình sự và giám định", "Forensics and examination"),
    ("materials", "Vật liệu tiên tiến", "Advanced materials"),
]
CAPS_VI = [
    "Cảnh báo lũ quét",
    "Giám sát vùng biển",
    "Phát hiện mã độc",
    "Liên lạc khi mất lưới",
    "Cứu nạn trên không",
    "Xét nghiệm nhanh",
    "Nước sạch khẩn cấp",
    "Dự phòng điện cho bệnh viện",
]
CAPS_EN = [
    "Flash-flood warning",
    "Maritime surveillance",
    "Malware detection",
    "Off-grid communication",
    "Air rescue",
    "Rapid testing",
    "Emergency clean water",
    "Hospital backup power",
]
SKILLS = [
    ("radio", "Kỹ sư vô tuyến", "Radio engineers"),
    ("soft", "Kỹ sư phần mềm", "Software engineers"),
    ("crypto", "Chuyên gia mật mã", "Cryptographers"),
    ("mech", "Kỹ sư cơ khí chính xác", "Precision mechanical engineers"),
    ("aero", "Kỹ sư hàng không", "Aerospace engineers"),
    ("chip", "Kỹ sư thiết kế vi mạch", "Chip designers"),
    ("bio", "Chuyên gia sinh học phân tử", "Molecular biologists"),
    ("chem", "Kỹ sư hóa vật liệu", "Materials chemists"),
    ("test", "Kỹ sư thử nghiệm và đánh giá", "Test and evaluation engineers"),
    ("pm", "Quản lý chương trình", "Programme managers"),
    ("data", "Chuyên gia dữ liệu", "Data scientists"),
    ("hydro", "Kỹ sư thủy văn", "Hydrologists"),
]
COUNTRIES = [
    ("vn", "Việt Nam", "Viet Nam"),
    ("jp", "Nhật Bản", "Japan"),
    ("kr", "Hàn Quốc", "Republic of Korea"),
    ("in", "Ấn Độ", "India"),
    ("fr", "Pháp", "France"),
    ("de", "Đức", "Germany"),
    ("il", "I-xra-en", "Israel"),
    ("us", "Hoa Kỳ", "United States"),
    ("cz", "Séc", "Czechia"),
    ("fi", "Phần Lan", "Finland"),
]
FORMS = ("own", "joint", "licence", "purchase")
FIRST, YEARS = 2026, 20
QUARTERS = YEARS * 4


def label(i: int) -> str:
    """Quarter text of an index."""
    n = FIRST * 4 + i
    return f"{n // 4}Q{n % 4 + 1}"


def named(rows: list[tuple[str, str, str]], **more: list[object]) -> pl.DataFrame:
    """A table with id and both names."""
    return pl.DataFrame(
        {"id": [r[0] for r in rows], "name_vi": [r[1] for r in rows], "name_en": [r[2] for r in rows], **more}
    )


def _roadmap(rng: random.Random, n: int, partners: list[str], groups: int) -> pl.DataFrame:
    rows = []
    for i in range(n):
        group = rng.choice(GROUPS[:groups])
        form = rng.choices(FORMS, [5, 3, 2, 1])[0]
        status = rng.choices(["candidate", "committed", "running"], [8, 1, 1])[0]
        length = rng.randint(3, 22)
        start = -rng.randint(1, 6) if status == "running" else min(rng.randint(0, 62), QUARTERS - length)
        partner = None if form == "own" else rng.choice(partners)
        rows.append(
            {
                "project": f"p{i:03d}",
                "name_vi": f"{rng.choice(['Nghiên cứu, chế tạo', 'Thiết kế', 'Làm chủ công nghệ', 'Sản xuất loạt nhỏ'])} {group[1].lower()} thế hệ {i % 4 + 1}",
                "name_en": f"{rng.choice(['Develop', 'Design', 'Master', 'Produce in small series'])} {group[2].lower()}, generation {i % 4 + 1}",
                "group": group[0],
                "subject": f"s{i % 90}",
                "to_stage": rng.choice(["design", "make", "assure"]),
                "risk_class": rng.choice(["low", "medium", "high", "very_high"]),
                "form": form,
                "partner": partner,
                "country": "vn" if partner is None else partner.split("-")[0],
                "start": start,
                "end": start + length,
                "start_quarter": label(start),
                "end_quarter": label(start + length - 1),
                "cost_mvnd": rng.randint(8_000, 900_000),
                "success_share": round(rng.uniform(0.4, 0.98), 2),
                "fixed": status != "candidate",
                "status": status,
            }
        )
    return pl.DataFrame(rows)


def _money(rng: random.Random, roadmap: pl.DataFrame) -> pl.DataFrame:
    spend = [0] * YEARS
    for s, e, c in roadmap["start", "end", "cost_mvnd"].iter_rows():
        for q in range(max(s, 0), min(e, QUARTERS)):
            spend[q // 4] += c // (e - s)
    rows, cash = [], 0
    for y in range(YEARS):
        income = {
            "state-budget": 5_200_000 + 150_000 * y,
            "fund": 1_400_000 + 60_000 * y,
            "firms": 700_000 + 90_000 * y,
        }
        training, duty = rng.randint(0, 60_000), 40_000
        cash += sum(income.values()) - spend[y] - training - duty
        rows += [(FIRST + y, "income", k, v) for k, v in income.items()]
        rows += [
            (FIRST + y, "spend", None, spend[y]),
            (FIRST + y, "training", None, training),
            (FIRST + y, "obligation", None, duty),
            (FIRST + y, "cash_end", None, cash),
        ]
    return pl.DataFrame(rows, schema=["year", "kind", "source", "amount_mvnd"], orient="row")


def _spend_by(roadmap: pl.DataFrame) -> pl.DataFrame:
    total: dict[tuple[str, str | None, int], int] = {}
    for row in roadmap.iter_rows(named=True):
        for q in range(max(row["start"], 0), min(row["end"], QUARTERS)):
            for kind in ("partner", "country", "form", "group", "risk_class"):
                key = (kind, row[kind], FIRST + q // 4)
                total[key] = total.get(key, 0) + row["cost_mvnd"] // (row["end"] - row["start"])
    rows = [(*key, amount) for key, amount in sorted(total.items(), key=str)]
    return pl.DataFrame(
        rows,
        schema={"kind": pl.String, "key": pl.String, "year": pl.Int64, "amount_mvnd": pl.Int64},
        orient="row",
    )


def _coverage(rng: random.Random, capabilities: list[str]) -> pl.DataFrame:
    rows = []
    for i, cap in enumerate(["all", *capabilities]):
        base, speed = rng.uniform(0, 0.3), rng.uniform(0.01, 0.06)
        for y in range(YEARS):
            if i % 9 == 5 and y < 4:
                rows.append((FIRST + y, cap, None, None, None, None))
                continue
            cov = min(1.0, base + speed * y + rng.uniform(0, 0.03))
            rows.append((FIRST + y, cap, cov, cov * (0.35 + 0.028 * y), 100.0, 100 * cov))
    return pl.DataFrame(
        rows,
        schema={
            "year": pl.Int64,
            "capability": pl.String,
            "coverage": pl.Float64,
            "self_reliance": pl.Float64,
            "required": pl.Float64,
            "yield_amount": pl.Float64,
        },
        orient="row",
    )


def _people(rng: random.Random) -> pl.DataFrame:
    rows = []
    for skill, *_ in SKILLS:
        supply = rng.randint(60, 600)
        for q in range(QUARTERS):
            people = supply + supply * q // 90
            need = min(people, int(people * rng.uniform(0.35, 1.12)))
            rows.append((skill, q, label(q), need, people))
    return pl.DataFrame(rows, schema=["skill", "quarter", "quarter_label", "need", "supply"], orient="row")


def fake_programme(rng: random.Random) -> Programme:
    """Tables that a report reads, with 40 partners and 40 capabilities."""
    partners = [
        (f"{c}-{k}", f"Viện Công nghệ {n} số {k}", f"{e} Institute of Technology {k}")
        for c, n, e in COUNTRIES[1:]
        for k in range(1, 6)
    ][:40]
    caps = [
        (f"c{i:02d}", f"{CAPS_VI[i % 8]} cấp {i // 8 + 1}", f"{CAPS_EN[i % 8]}, tier {i // 8 + 1}") for i in range(40)
    ]
    places = pl.DataFrame(
        {
            "id": [x.code for x in TILES if not x.parent],
            "name_vi": [x.name for x in TILES if not x.parent],
            "name_en": [x.name for x in TILES if not x.parent],
            "level": "province",
            "parent": "vn",
            "vulnerability": [round(rng.random(), 2) for x in TILES if not x.parent],
        }
    )
    sites = pl.DataFrame(
        [(f"site{i}", rng.choice(places["id"].to_list()[:28])) for i in range(120)],
        schema=["id", "place"],
        orient="row",
    )
    settings = Settings(
        title_vi="Công nghiệp an ninh Việt Nam đến 2045",
        title_en="Viet Nam's security industry to 2045",
        base_year=2026,
        first_quarter="2026Q1",
        last_quarter="2045Q4",
        reserve_mvnd=500_000,
        facts={
            "discount_rate": Fact(source="Minh họa", status="illustrative"),
            "first_quarter": Fact(source="Nghị quyết", status="accepted"),
        },
    )
    projects = pl.DataFrame({"id": [f"p{i:03d}" for i in range(360)]})
    sources = [
        ("projects", f"p{i:03d}", "*", "Bộ sinh số liệu minh họa", date(2026, 9, 3), "illustrative") for i in range(300)
    ]
    sources += [("groups", g[0], "*", "Luật sửa đổi", date(2025, 12, 10), "accepted") for g in GROUPS]
    stages = [
        ("design", "Thiết kế", "Design"),
        ("make", "Chế tạo", "Manufacture"),
        ("assure", "Bảo đảm kỹ thuật", "Technical assurance"),
    ]
    frames = {
        "groups": named(GROUPS),
        "capabilities": named(caps),
        "skills": named(SKILLS),
        "countries": named(COUNTRIES),
        "organisations": named(partners),
        "places": places,
        "sites": sites,
        "projects": projects,
        "stages": named(stages),
        "sources_of_facts": pl.DataFrame(
            sources, schema=["table", "row", "column", "source", "date", "status"], orient="row"
        ),
    }
    full = {
        name: pl.concat([pl.DataFrame(schema=TABLES[name].schema), frame], how="diagonal_relaxed")
        for name, frame in frames.items()
    }
    return Programme(settings, full)


def fake_survival(rng: random.Random, groups: int) -> dict[str, pl.DataFrame]:
    """What is mastered today, of 60 subjects at three stages."""
    rows = []
    for i in range(60):
        kind, known = ("technology", "product")[i % 2], i % 5 > 0
        for order, stage in enumerate(("design", "make", "assure")):
            level = round(rng.random(), 2) if known and rng.random() < 0.8 else None
            mastered = level is not None and level >= 0.6
            rows.append(
                (f"s{i}", kind, GROUPS[i % groups][0], stage, order, level, level, mastered, mastered and i % 3 == 0)
            )
    names = ("subject", "kind", "group", "stage", "order", "level", "domestic_share", "mastered", "at_home")
    kinds = {"level": pl.Float64, "domestic_share": pl.Float64}
    mastery = pl.DataFrame(rows, schema=names, schema_overrides=kinds, orient="row")
    return {"mastery": mastery.with_columns(status=pl.lit(None, dtype=pl.String)), **_fake_links(rng)}


def _fake_links(rng: random.Random) -> dict[str, pl.DataFrame]:
    """Flows, failures and what leaves with three partners."""
    chain = [
        (rng.choice(["vn", "jp", "kr", "fr", "?"]), f"i{k % 30}", f"s{k % 25}", f"c{k % 40:02d}", rng.random())
        for k in range(200)
    ]
    paths = pl.DataFrame(chain, schema=["country", "item", "product", "capability", "weight"], orient="row")
    loss = sorted((rng.random() for _ in range(20)), reverse=True)
    sites = pl.DataFrame({"site": [f"site{i}" for i in range(20)], "control": "jp", "items": 3, "recover_months": 6.0})
    pairs = pl.DataFrame({"a": [f"site{i}" for i in range(20)], "b": "site30", "more": 0.1, "hidden": False})
    losses = {"loss_worst": pl.Series(loss), "loss_best": pl.Series([x / 3 for x in loss])}
    partners = [f"jp-{k}" for k in (1, 2, 3)]
    blank = {"months_worst": 3.0, "months_best": 9.0, "share": 0.5, "others": 1, "products": "s1; s2; s3; s4; s5"}
    rows = [
        {"partner": partner, "kind": kind, "key": key, "coverage": 0.9, "worst": 0.2, "best": 0.5, **blank}
        for partner in partners
        for kind, keys in (
            ("capability", ["all", *(f"c{i:02d}" for i in range(14))]),
            ("item", ["i1", "i2"]),
            ("subject", ["s7"]),
        )
        for key in keys
    ]
    hangs = pl.DataFrame({"by": "partner", "key": partners, "lost_worst": 0.3, "lost_known": 0.2, "lost_best": 0.1})
    single, double = sites.with_columns(**losses), pairs.with_columns(**losses)
    return {"chain": paths, "failures": single, "pairs": double, "dependence": hangs, "leaving": pl.DataFrame(rows)}


def fake_results(n: int = 300, seed: int = 1, groups: int = len(GROUPS)) -> Results:
    """Results of a plan with ``n`` projects; 0 gives the empty plan."""
    rng = random.Random(seed)
    programme = fake_programme(rng)
    partners = programme.organisations["id"].to_list()
    roadmap = _roadmap(rng, max(n, 1), partners, groups).head(n)
    refused = _roadmap(rng, 40, partners, groups).select(
        "project", "name_vi", "name_en", "group", "subject", "to_stage", "risk_class"
    )
    refused = refused.with_columns(
        project=pl.col("project").str.replace("p", "r"), pin=pl.lit(None, dtype=pl.String), options=pl.lit(3)
    )
    history = pl.DataFrame(
        {
            "seconds": [0.4, 2.0, 8.0, 20.0, 41.0, 60.0],
            "value": [3.1, 4.2, 5.6, 5.9, 6.02, 6.04],
            "bound": [math.inf, 7.4, 6.9, 6.6, 6.4, 6.35],
        }
    )
    training = pl.DataFrame(
        [("chip", 3, label(3), 2), ("crypto", 7, label(7), 1)] if n else [], schema=TRAINING, orient="row"
    )
    choices = roadmap.select(
        "project", "start", "end", "start_quarter", "end_quarter", "fixed", option=pl.col("project") + "-a"
    )
    plan = Plan(
        status="feasible",
        why_stopped="time",
        value=6.04,
        bound=6.35,
        nothing=1.2,
        seconds=60.2,
        seed=0,
        programme_hash=programme.hash,
        settings=PlanSettings(),
        version="0.1.0",
        clocked=True,
        choices=choices,
        training=training,
        history=history,
    )
    frames = {
        "roadmap": roadmap,
        "money_by_year": _money(rng, roadmap),
        "people_by_quarter": _people(rng),
        "coverage_by_year": _coverage(rng, programme.capabilities["id"].to_list()),
        "spend_by": _spend_by(roadmap),
        "refused": refused,
        "choices": plan.choices,
        "training": plan.training,
        "history": plan.history,
        "in_service": pl.DataFrame(
            {"product": ["a", "b"], "from_quarter": [4, None], "held_at_home_from": [9, None]},
            schema={"product": pl.String, "from_quarter": pl.Int64, "held_at_home_from": pl.Int64},
        ),
    }
    return Results(programme, plan, frames | fake_survival(rng, groups), names_of(programme))
