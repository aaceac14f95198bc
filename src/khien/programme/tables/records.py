"""What is watched, and where every value comes from."""

from typing import Literal

from khien.programme.columns import Date, Number, Row, Slug, Text, name_en, name_vi, needed, optional

PlaceLevel = Literal["country", "province", "commune"]
FactStatus = Literal["claimed", "verified", "accepted", "illustrative"]


class Indicator(Row):
    """A series that is watched."""

    TABLE = "indicators"
    TITLE = ("Chỉ số theo dõi", "Indicators")
    ABOUT = ("Một chuỗi số liệu được theo dõi.", "A series that is watched.")
    id: Slug = needed("mã chỉ số", "id of the indicator")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    unit: Text = needed("đơn vị", "unit")
    frequency: Literal["hour", "day", "week", "month", "quarter", "year"] = needed("tần suất", "frequency")
    place_level: PlaceLevel = needed("cấp địa điểm", "level of place")
    feed: Text | None = optional("nguồn cấp dữ liệu", "feed")
    threat: Slug | None = optional("mối đe dọa", "threat", to=("threats",))
    level_rule: Text | None = optional("quy tắc phân cấp", "rule that sets the level")
    owner: Text = needed("chức danh chịu trách nhiệm", "post that owns it")


class SourceOfFact(Row):
    """Where a value comes from."""

    TABLE = "sources_of_facts"
    KEY = ("table", "row", "column", "source")
    TITLE = ("Nguồn số liệu", "Sources of facts")
    ABOUT = (
        "Nguồn và tình trạng của một giá trị hay cả một dòng.",
        "Source and status of a value or of a whole row.",
    )
    table: Slug = needed("bảng", "table")
    row: Text = needed(
        "khóa của dòng, các phần nối bằng dấu |; * là mọi dòng",
        "key of the row, its parts joined by |; * is every row",
    )
    column: Text = needed("cột; * là mọi cột", "column; * is every column")
    source: Text = needed("nguồn", "source")
    date: Date | None = optional("ngày của nguồn", "date of the source")
    status: FactStatus = needed(
        "tình trạng: nêu ra, đã kiểm chứng, được chấp nhận, minh họa",
        "claimed, verified, accepted or illustrative",
    )
    low: Number | None = optional("cận dưới", "low bound")
    high: Number | None = optional("cận trên", "high bound")


ROWS: tuple[type[Row], ...] = (Indicator, SourceOfFact)
