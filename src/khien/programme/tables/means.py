"""People, training, money, and the ceilings and floors on spending."""

from typing import Annotated, Literal

from pydantic import Field

from khien.programme.columns import (
    Count,
    Kind,
    Mvnd,
    Row,
    Share,
    Slug,
    Text,
    Year,
    name_en,
    name_vi,
    needed,
    optional,
)

Quarters = Annotated[int, Field(ge=0, le=400), Kind("int")]


class Skill(Row):
    """A profession."""

    TABLE = "skills"
    TITLE = ("Chuyên môn", "Skills")
    ABOUT = (
        "Một chuyên môn; chỉ đếm đầu người, không có dữ liệu cá nhân.",
        "A profession; only head counts, never data on persons.",
    )
    id: Slug = needed("mã chuyên môn", "id of the skill")
    name_vi: Text = name_vi()
    name_en: Text = name_en()


class SkillSupply(Row):
    """People available."""

    TABLE = "skill_supply"
    KEY = ("skill", "from_year")
    TITLE = ("Nhân lực hiện có", "Supply of people")
    ABOUT = (
        "Số người có sẵn từ một năm, giữ đến dòng kế tiếp của cùng chuyên môn.",
        "People available from a year on; it holds until the skill's next row.",
    )
    skill: Slug = needed("chuyên môn", "skill", to=("skills",))
    from_year: Year = needed("từ năm", "first year", unit="year")
    people: Count = needed("số người", "head count", unit="people")


class Training(Row):
    """How people of a skill are trained."""

    TABLE = "training"
    KEY = ("skill",)
    TITLE = ("Đào tạo", "Training")
    ABOUT = (
        "Một khóa đào tạo cho một chuyên môn: số người, chi phí, thời gian.",
        "What a training cohort of a skill brings, costs and takes.",
    )
    skill: Slug = needed("chuyên môn", "skill", to=("skills",))
    people_per_cohort: Count = needed("số người mỗi khóa", "people per cohort", unit="people", ge=1)
    cost_mvnd: Mvnd = needed("chi phí mỗi khóa", "cost of a cohort", unit="million VND")
    duration_quarters: Quarters = needed("thời gian đào tạo", "how long it takes", unit="quarters")
    max_cohorts_per_year: Count = needed("số khóa nhiều nhất mỗi năm", "most cohorts that start in a year")


class Money(Row):
    """Money that comes in."""

    TABLE = "money"
    KEY = ("year", "source")
    TITLE = ("Nguồn tiền", "Money")
    ABOUT = (
        "Tiền vào theo năm và nguồn, theo giá năm gốc.",
        "Money in by year and source, in base-year prices.",
    )
    year: Year = needed("năm", "year", unit="year")
    source: Slug = needed("nguồn", "source")
    amount_mvnd: Mvnd = needed("số tiền", "amount", unit="million VND")


class Limit(Row):
    """A ceiling or floor on spending."""

    TABLE = "limits"
    TITLE = ("Giới hạn", "Limits")
    ABOUT = (
        "Trần hoặc sàn chi theo nhóm, đối tác, nước, mức rủi ro, hình thức hay toàn bộ.",
        "A ceiling or floor on spending by group, partner, country, risk class, form or over all.",
    )
    id: Slug = needed("mã giới hạn", "id of the limit")
    kind: Literal["ceiling", "floor"] = needed("trần hay sàn", "ceiling or floor")
    over: Literal["group", "partner", "country", "risk_class", "form", "all"] = needed(
        "tính trên", "what it is counted over"
    )
    key: Slug | None = optional("mã của đối tượng bị giới hạn; trống nếu là toàn bộ", "the id; empty for all")
    from_year: Year | None = optional(
        "từ năm; trống là từ đầu kỳ", "first year; empty is the first", unit="year"
    )
    to_year: Year | None = optional(
        "đến năm; trống là đến cuối kỳ", "last year; empty is the last", unit="year"
    )
    amount_mvnd: Mvnd | None = optional(
        "số tiền, cho cả giai đoạn", "amount over those years", unit="million VND"
    )
    share: Share | None = optional(
        "hoặc tỷ lệ trên tổng chi cho các phương án trong giai đoạn",
        "or share of all spending on options in those years",
        unit="0-1",
    )
    because: Text | None = optional("lý do, căn cứ", "reason or legal ground")


ROWS: tuple[type[Row], ...] = (Skill, SkillSupply, Training, Money, Limit)
