"""What products and technologies need, and who supplies it from where."""

from typing import Literal

from khien.programme.columns import Amount, Mvnd, Row, Share, Slug, Text, name_en, name_vi, needed, optional


class Item(Row):
    """Something that is bought in."""

    TABLE = "items"
    TITLE = ("Hạng mục đầu vào", "Items")
    ABOUT = (
        "Linh kiện, vật liệu, dụng cụ, giấy phép, phần mềm hay dịch vụ mua vào.",
        "A part, material, tool, licence, software or service that is bought in.",
    )
    id: Slug = needed("mã hạng mục", "id; no technology or product may share it")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    kind: Literal["part", "material", "tool", "licence", "software", "service"] = needed("loại", "kind")
    unit: Text | None = optional("đơn vị đếm", "unit in which it is counted")
    price_mvnd: Mvnd | None = optional("đơn giá", "price of one unit", unit="million VND")
    replaced_by: Slug | None = optional(
        "công nghệ hoặc sản phẩm thay thế; khi trong nước làm chủ được thì hạng mục không còn lệ thuộc",
        "technology or product that replaces it; once held at home the item is no longer foreign",
        to=("technologies", "products"),
    )


class Input(Row):
    """What a subject needs."""

    TABLE = "inputs"
    KEY = ("subject", "input")
    TITLE = ("Nhu cầu đầu vào", "Inputs")
    ABOUT = ("Một sản phẩm hay công nghệ cần những gì.", "What a product or technology needs.")
    subject: Slug = needed(
        "sản phẩm hoặc công nghệ", "product or technology", to=("technologies", "products")
    )
    input: Slug = needed(
        "đầu vào: hạng mục, công nghệ hoặc sản phẩm",
        "item, technology or product that is needed",
        to=("items", "technologies", "products"),
    )
    quantity: Amount | None = optional("số lượng cho một đơn vị", "quantity for one unit")
    criticality: Literal["stops", "degrades", "convenience"] = needed(
        "mức thiết yếu: thiếu thì dừng hẳn, suy giảm, hay chỉ bất tiện",
        "what its loss does: stops, degrades or convenience",
    )
    lost_share: Share | None = optional(
        "phần sản lượng mất khi thiếu (bắt buộc nếu suy giảm)",
        "share of output lost (needed where it degrades)",
        unit="0-1",
    )


class Country(Row):
    """A country."""

    TABLE = "countries"
    TITLE = ("Quốc gia", "Countries")
    ABOUT = (
        "Một quốc gia; mã ISO hai chữ thường.",
        "A country; its id is the two-letter ISO code in lower case.",
    )
    id: Slug = needed("mã ISO 3166-1 hai chữ thường", "ISO 3166-1 code, two lower-case letters")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    bloc: Slug | None = optional("khối", "bloc")


class Organisation(Row):
    """A legal person that takes part."""

    TABLE = "organisations"
    TITLE = ("Tổ chức", "Organisations")
    ABOUT = (
        "Hạt nhân, thành viên, đơn vị tham gia, đối tác hay nhà cung cấp.",
        "A nucleus, member, participant, partner or supplier.",
    )
    id: Slug = needed("mã tổ chức", "id of the organisation")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    role: Literal["nucleus", "member", "participant", "partner", "supplier"] = needed("vai trò", "role")
    country: Slug = needed("nước đăng ký", "country of registration", to=("countries",))
    controlled_by: Slug | None = optional(
        "tổ chức hoặc quốc gia nắm quyền kiểm soát",
        "organisation or country that controls it",
        to=("organisations", "countries"),
    )
    control_share: Share | None = optional("tỷ lệ kiểm soát", "share held by who controls it", unit="0-1")


class Site(Row):
    """A plant or office."""

    TABLE = "sites"
    TITLE = ("Cơ sở", "Sites")
    ABOUT = (
        "Nhà máy hay văn phòng của một tổ chức tại một nơi.",
        "A plant or office of an organisation at a place.",
    )
    id: Slug = needed("mã cơ sở", "id of the site")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    organisation: Slug = needed("tổ chức", "organisation", to=("organisations",))
    place: Slug | None = optional("địa điểm", "place", to=("places",))
    capacity: Amount | None = optional("công suất một năm", "capacity per year")


class Supply(Row):
    """Who supplies an item from where."""

    TABLE = "supplies"
    KEY = ("item", "site")
    TITLE = ("Nguồn cung", "Supplies")
    ABOUT = (
        "Cơ sở nào cung cấp hạng mục nào, phần bao nhiêu.",
        "Which site supplies an item, and how much of it.",
    )
    item: Slug = needed("hạng mục", "item", to=("items",))
    site: Slug = needed("cơ sở", "site", to=("sites",))
    share: Share = needed("tỷ phần trong tổng nhu cầu", "share of the need that it covers", unit="0-1")
    capacity: Amount | None = optional(
        "công suất một năm, theo đơn vị của hạng mục", "capacity per year, in units"
    )
    recover_months: Amount | None = optional(
        "thời gian phục hồi", "time until it supplies again", unit="months"
    )
    stock_months: Amount | None = optional(
        "tồn kho đủ dùng; để trống là chưa biết", "how long stocks last; empty is unknown", unit="months"
    )


ROWS: tuple[type[Row], ...] = (Item, Input, Country, Organisation, Site, Supply)
