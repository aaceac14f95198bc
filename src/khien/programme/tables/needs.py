"""What can happen, what the country must be able to do, and how much of it."""

from typing import Literal

from khien.programme.columns import Amount, Row, Slug, Text, Year, name_en, name_vi, needed, optional

Domain = Literal[
    "hydromet",
    "geological",
    "epidemic",
    "cyber",
    "food",
    "water",
    "energy",
    "environment",
    "crime",
    "terrorism",
    "other",
]


class Group(Row):
    """A priority product group."""

    TABLE = "groups"
    TITLE = ("Nhóm sản phẩm", "Product groups")
    ABOUT = (
        "Một nhóm sản phẩm ưu tiên; danh mục theo luật được rà soát hằng năm nên là dữ liệu.",
        "A priority product group; data, because the law's list is reviewed every year.",
    )
    id: Slug = needed("mã nhóm", "id of the group")
    name_vi: Text = name_vi()
    name_en: Text = name_en()


class Threat(Row):
    """A kind of event to be ready for."""

    TABLE = "threats"
    TITLE = ("Mối đe dọa", "Threats")
    ABOUT = ("Một loại sự kiện cần sẵn sàng ứng phó.", "A kind of event to be ready for.")
    id: Slug = needed("mã mối đe dọa", "id of the threat")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    domain: Domain = needed("lĩnh vực", "domain")


class Cascade(Row):
    """What a threat may set off."""

    TABLE = "cascades"
    KEY = ("cause", "effect")
    TITLE = ("Chuỗi tác động", "Cascades")
    ABOUT = ("Một mối đe dọa có thể kéo theo mối đe dọa nào.", "Which threat another threat may set off.")
    cause: Slug = needed("mối đe dọa khởi phát", "threat that comes first", to=("threats",))
    effect: Slug = needed("mối đe dọa kéo theo", "threat that may follow", to=("threats",))
    note: Text | None = optional("ghi chú", "note")


class Capability(Row):
    """Something the country must be able to do."""

    TABLE = "capabilities"
    TITLE = ("Năng lực", "Capabilities")
    ABOUT = ("Một việc đất nước phải làm được.", "Something the country must be able to do.")
    id: Slug = needed("mã năng lực", "id of the capability")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    group: Slug | None = optional("nhóm sản phẩm", "product group", to=("groups",))
    unit: Text = needed("đơn vị đo mức năng lực", "unit in which levels and yields are counted")
    weight: Amount = needed("trọng số khi tính mức đáp ứng chung", "weight in the programme's coverage")


class Requirement(Row):
    """How much of a capability is needed from a year on."""

    TABLE = "requirements"
    KEY = ("capability", "from_year")
    TITLE = ("Yêu cầu", "Requirements")
    ABOUT = (
        "Mức năng lực cần có từ một năm, giữ đến dòng kế tiếp của cùng năng lực.",
        "How much of a capability is needed from a year on; it holds until the capability's next row.",
    )
    capability: Slug = needed("năng lực", "capability", to=("capabilities",))
    from_year: Year = needed("từ năm", "first year in which the level is needed", unit="year")
    level: Amount = needed(
        "mức cần có, theo đơn vị của năng lực", "level needed, in the capability's unit", gt=0
    )
    threat: Slug | None = optional("mối đe dọa là căn cứ", "threat behind the requirement", to=("threats",))
    because: Text | None = optional("lý do, căn cứ", "reason or legal ground")


ROWS: tuple[type[Row], ...] = (Group, Threat, Cascade, Capability, Requirement)
