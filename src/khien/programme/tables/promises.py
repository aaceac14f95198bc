"""What partners and treaties allow and demand, and the shocks that may come."""

from typing import Annotated, Literal

from pydantic import Field

from khien.programme.columns import (
    Amount,
    Bool,
    Count,
    Kind,
    Mvnd,
    Quarter,
    Row,
    Share,
    Slug,
    SlugList,
    Text,
    Year,
    name_en,
    name_vi,
    needed,
    optional,
)

Length = Annotated[int, Field(ge=1, le=400), Kind("int")]


class Agreement(Row):
    """What an agreement allows."""

    TABLE = "agreements"
    TITLE = ("Thỏa thuận", "Agreements")
    ABOUT = (
        "Thỏa thuận với một bên cho phép những hình thức hợp tác nào, trong nhóm nào, đến khi nào.",
        "Which forms an agreement with a party allows, in which group, until when.",
    )
    id: Slug = needed("mã thỏa thuận", "id of the agreement")
    party: Slug = needed("quốc gia hoặc tổ chức", "country or organisation", to=("countries", "organisations"))
    group: Slug | None = optional("nhóm sản phẩm; trống là mọi nhóm", "product group; empty is all", to=("groups",))
    forms: SlugList = needed(
        "các hình thức được phép, cách nhau bằng dấu chấm phẩy", "forms that are allowed, split by semicolons"
    )
    until: Quarter | None = optional(
        "quý cuối cùng được bắt đầu; trống là không hạn",
        "last quarter in which one may start; empty is no end",
    )


class Obligation(Row):
    """What must be delivered."""

    TABLE = "obligations"
    TITLE = ("Nghĩa vụ", "Obligations")
    ABOUT = (
        "Một cam kết phải thực hiện: năng lực, chi phí, nhân lực, hạn.",
        "A promise that must be kept: capability, cost, people and when it is due.",
    )
    id: Slug = needed("mã nghĩa vụ", "id of the obligation")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    body: Text = needed("cơ quan hoặc điều ước đặt ra nghĩa vụ", "body or treaty that demands it")
    capability: Slug | None = optional("năng lực phải có", "capability that must be there", to=("capabilities",))
    amount: Amount | None = optional(
        "mức phải có vào hạn, theo đơn vị của năng lực",
        "amount in service when due, in the capability's unit",
    )
    cost_mvnd: Mvnd | None = optional("chi phí mỗi năm", "cost per year", unit="million VND")
    skill: Slug | None = optional("chuyên môn bị chiếm", "skill that it takes", to=("skills",))
    people: Count | None = optional("số người bị chiếm mỗi quý", "people that it takes each quarter", unit="people")
    from_year: Year | None = optional("từ năm; trống là từ đầu kỳ", "first year; empty is the first", unit="year")
    due: Quarter = needed("quý đến hạn", "quarter in which it is due")
    firm: Bool = needed("bắt buộc trong mọi kế hoạch", "binds every plan", default=False)


class Shock(Row):
    """A named shock."""

    TABLE = "shocks"
    TITLE = ("Cú sốc", "Shocks")
    ABOUT = (
        "Ai hoặc cái gì ngừng, từ khi nào, bao lâu, khả năng xảy ra.",
        "Who or what stops, from when, for how long and how likely.",
    )
    id: Slug = needed("mã cú sốc", "id of the shock")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    kind: Literal["partner", "country", "site", "place", "budget", "skill"] = needed(
        "cái gì bị ảnh hưởng", "what is hit"
    )
    key: Slug | None = optional(
        "mã của đối tượng bị ảnh hưởng; với ngân sách là nguồn tiền, trống là mọi nguồn",
        "the id of what is hit; for budget the source of money, empty is all",
    )
    from_quarter: Quarter = needed("từ quý", "first quarter in which it may begin")
    latest_quarter: Quarter | None = optional(
        "quý muộn nhất bắt đầu; trống là đúng quý đầu",
        "last quarter in which it may begin; empty: it begins in the first",
    )
    duration_quarters: Length = needed("kéo dài", "how long it lasts", unit="quarters")
    chance_share: Share | None = optional("khả năng xảy ra trong cả kỳ", "chance over the horizon", unit="0-1")
    loss_share: Share | None = optional(
        "phần bị mất (nguồn cung, tiến độ, tiền, người); trống là mất hết",
        "share lost (of supply, progress, money or people); empty: all of it",
        unit="0-1",
    )
    correlated_with: Slug | None = optional("cú sốc đi cùng", "shock that it comes with", to=("shocks",))
    together_share: Share | None = optional(
        "khả năng dùng chung vận may với cú sốc đi cùng; trống là luôn luôn",
        "chance that it shares the luck of the shock it comes with; empty: always",
        unit="0-1",
    )


ROWS: tuple[type[Row], ...] = (Agreement, Obligation, Shock)
