"""Places and what lies there: links, depots, stocks, forces and vehicles."""

from typing import Annotated, Literal

from pydantic import Field

from khien.programme.columns import (
    Amount,
    Count,
    Date,
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

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), Kind("number")]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), Kind("number")]


class Place(Row):
    """A country, province or commune."""

    TABLE = "places"
    TITLE = ("Địa điểm", "Places")
    ABOUT = (
        "Quốc gia, tỉnh hoặc xã, theo mã hành chính và thời gian hiệu lực.",
        "A country, province or commune, by official code, with the dates in which it holds.",
    )
    id: Slug = needed(
        "mã: tỉnh hai chữ số, xã năm chữ số", "id: two digits for a province, five for a commune"
    )
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    level: Literal["country", "province", "commune"] = needed("cấp", "level")
    parent: Slug | None = optional("đơn vị cấp trên", "unit above", to=("places",))
    region: Slug | None = optional("vùng", "region")
    people: Count | None = optional("dân số", "inhabitants", unit="people")
    area_km2: Amount | None = optional("diện tích", "area", unit="km²")
    vulnerability: Share | None = optional("mức dễ bị tổn thương", "vulnerability", unit="0-1")
    lat: Latitude | None = optional("vĩ độ", "latitude", unit="degrees")
    lon: Longitude | None = optional("kinh độ", "longitude", unit="degrees")
    valid_from: Date | None = optional("hiệu lực từ ngày", "first day on which the unit exists")
    valid_to: Date | None = optional("hiệu lực đến ngày", "last day on which the unit exists")
    note: Text | None = optional("ghi chú", "note")


class PlaceChange(Row):
    """How units were merged or split."""

    TABLE = "place_changes"
    KEY = ("before", "after")
    TITLE = ("Thay đổi địa giới", "Changes of places")
    ABOUT = (
        "Đơn vị cũ đi vào đơn vị mới nào, phần dân số bao nhiêu.",
        "Which unit an old unit went into, with what part of its people.",
    )
    before: Slug = needed("đơn vị cũ", "old unit", to=("places",))
    after: Slug = needed("đơn vị mới", "new unit", to=("places",))
    on_date: Date = needed("ngày thay đổi", "day of the change")
    people_share: Share | None = optional(
        "phần dân số của đơn vị cũ", "part of the old unit's people", unit="0-1"
    )


class Link(Row):
    """A road or boat link."""

    TABLE = "links"
    KEY = ("from_place", "to_place", "mode")
    TITLE = ("Tuyến giao thông", "Links")
    ABOUT = (
        "Tuyến đường bộ hoặc đường thủy giữa hai nơi, đi được cả hai chiều.",
        "A road or boat link between two places, usable both ways.",
    )
    from_place: Slug = needed("từ", "from", to=("places",))
    to_place: Slug = needed("đến", "to", to=("places",))
    mode: Literal["road", "boat"] = needed("loại tuyến", "mode")
    length_km: Amount = needed("chiều dài", "length", unit="km")
    capacity: Amount | None = optional("năng lực thông qua, tấn mỗi ngày", "tonnes per day")


class Depot(Row):
    """A store."""

    TABLE = "depots"
    TITLE = ("Kho", "Depots")
    ABOUT = ("Một kho dự trữ.", "A store of reserves.")
    id: Slug = needed("mã kho", "id of the depot")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    place: Slug = needed("địa điểm", "place", to=("places",))
    capacity: Amount | None = optional("sức chứa, tấn", "capacity in tonnes")


class Stock(Row):
    """What lies in a store."""

    TABLE = "stocks"
    KEY = ("depot", "item", "expiry")
    TITLE = ("Dự trữ", "Stocks")
    ABOUT = ("Một lô hàng trong một kho.", "A lot in a depot.")
    depot: Slug = needed("kho", "depot", to=("depots",))
    item: Slug = needed(
        "mặt hàng (hạng mục đầu vào hoặc mã tự đặt)", "goods (an item, or a slug of their own)"
    )
    amount: Amount = needed("số lượng", "amount")
    price_mvnd: Mvnd | None = optional("đơn giá", "price of one unit", unit="million VND")
    expiry: Date | None = optional("hạn dùng", "use by")


class Force(Row):
    """People on the spot."""

    TABLE = "forces"
    KEY = ("place", "kind")
    TITLE = ("Lực lượng", "Forces")
    ABOUT = ("Lực lượng tại chỗ theo loại.", "Forces on the spot, by kind.")
    place: Slug = needed("địa điểm", "place", to=("places",))
    kind: Slug = needed("loại lực lượng", "kind of force")
    people: Count = needed("số người", "head count", unit="people")
    trained_on: Date | None = optional("ngày huấn luyện gần nhất", "day of the last training")


class Vehicle(Row):
    """Vehicles on the spot."""

    TABLE = "vehicles"
    KEY = ("place", "kind")
    TITLE = ("Phương tiện", "Vehicles")
    ABOUT = ("Phương tiện tại chỗ theo loại.", "Vehicles on the spot, by kind.")
    place: Slug = needed("địa điểm", "place", to=("places",))
    kind: Slug = needed("loại phương tiện", "kind of vehicle")
    count: Count = needed("số lượng", "how many")


ROWS: tuple[type[Row], ...] = (Place, PlaceChange, Link, Depot, Stock, Force, Vehicle)
