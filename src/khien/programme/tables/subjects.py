"""What is to be mastered: stages of the value chain, technologies, products, and where they stand."""

from typing import Annotated, Literal

from pydantic import Field

from khien.programme.columns import (
    Amount,
    Bool,
    Count,
    Kind,
    Mvnd,
    Row,
    Share,
    Slug,
    Text,
    name_en,
    name_vi,
    needed,
    optional,
)

SUBJECT = ("technologies", "products")
Trl = Annotated[int, Field(ge=1, le=9), Kind("int")]


class Stage(Row):
    """A step of the value chain."""

    TABLE = "stages"
    TITLE = ("Công đoạn", "Stages")
    ABOUT = ("Một công đoạn của chuỗi giá trị, theo thứ tự.", "A step of the value chain, in order.")
    id: Slug = needed("mã công đoạn", "id of the stage")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    order: Count = needed("thứ tự, không trùng nhau", "place in the order, no two alike")
    service: Bool = needed(
        "công đoạn đầu tiên mà đối tượng đã dùng được (đúng một công đoạn)",
        "the first stage at which a subject can serve (exactly one stage)",
        default=False,
    )
    assurance: Bool = needed(
        "công đoạn bảo đảm kỹ thuật (nhiều nhất một công đoạn)",
        "the technical-assurance stage (at most one)",
        default=False,
    )


class Technology(Row):
    """A technology to be mastered."""

    TABLE = "technologies"
    TITLE = ("Công nghệ", "Technologies")
    ABOUT = ("Một công nghệ cần làm chủ.", "A technology to be mastered.")
    id: Slug = needed(
        "mã công nghệ, không trùng mã sản phẩm hay hạng mục", "id; no product or item may share it"
    )
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    group: Slug | None = optional("nhóm sản phẩm", "product group", to=("groups",))
    kind: Literal["foundational", "core", "strategic"] = needed(
        "loại: nền tảng, lõi, chiến lược", "kind: foundational, core or strategic"
    )
    trl: Trl | None = optional(
        "mức sẵn sàng công nghệ (ISO 16290)", "technology readiness level (ISO 16290)", unit="1-9"
    )


class Product(Row):
    """A product to be mastered."""

    TABLE = "products"
    TITLE = ("Sản phẩm", "Products")
    ABOUT = (
        "Một sản phẩm cần làm chủ, mang lại năng lực khi đưa vào sử dụng.",
        "A product to be mastered; it brings capability once it is in service.",
    )
    id: Slug = needed(
        "mã sản phẩm, không trùng mã công nghệ hay hạng mục", "id; no technology or item may share it"
    )
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    group: Slug | None = optional("nhóm sản phẩm", "product group", to=("groups",))
    price_mvnd: Mvnd | None = optional("đơn giá", "price of one unit", unit="million VND")
    units_per_year: Amount | None = optional(
        "số đơn vị làm ra hoặc thay mới mỗi năm khi được sử dụng; để trống là chưa biết",
        "units made or renewed in a year of service; empty is unknown",
    )
    dual_use: Bool = needed("lưỡng dụng", "dual use", default=False)
    hs_code: Text | None = optional("mã HS", "code of the Harmonized System")
    control_code: Text | None = optional("mã kiểm soát xuất khẩu", "export-control code")


class Yield(Row):
    """Capability that a product brings."""

    TABLE = "yields"
    KEY = ("product", "capability")
    TITLE = ("Mức đóng góp", "Yields")
    ABOUT = (
        "Năng lực mà một sản phẩm mang lại khi được sử dụng trọn một năm.",
        "Capability that a product brings per full year in service.",
    )
    product: Slug = needed("sản phẩm", "product", to=("products",))
    capability: Slug = needed("năng lực", "capability", to=("capabilities",))
    amount: Amount = needed(
        "mức đóng góp, theo đơn vị của năng lực", "amount, in the capability's unit", gt=0
    )


class Maturity(Row):
    """Where a subject stands at a stage today."""

    TABLE = "maturity"
    KEY = ("subject", "stage")
    TITLE = ("Mức độ làm chủ", "Maturity")
    ABOUT = (
        "Một công nghệ hay sản phẩm hiện đứng ở đâu trong một công đoạn.",
        "Where a technology or product stands at a stage today.",
    )
    subject: Slug = needed("công nghệ hoặc sản phẩm", "technology or product", to=SUBJECT)
    stage: Slug = needed("công đoạn", "stage", to=("stages",))
    level: Share = needed("mức làm chủ", "level of mastery", unit="0-1")
    domestic_share: Share | None = optional("phần do trong nước làm chủ", "share held at home", unit="0-1")


ROWS: tuple[type[Row], ...] = (Stage, Technology, Product, Yield, Maturity)
