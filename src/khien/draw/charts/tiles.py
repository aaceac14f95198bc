"""Where each province stands in the tile map, drawn by us.

Codes: Decision 19/2025/QĐ-TTg; units: Resolution 202/2025/QH15. Each of the 34 provinces and
cities is one tile near its true place; the special zones Hoàng Sa (of Đà Nẵng) and Trường Sa (of
Khánh Hòa) stand in the sea on tiles of their own.
"""

from __future__ import annotations

from typing import NamedTuple


class Tile(NamedTuple):
    """A province or special zone: official code, name in lines, column and row, province of a zone."""

    code: str
    lines: tuple[str, ...]
    column: float
    row: float
    parent: str | None = None

    @property
    def name(self) -> str:
        """The full name on one line."""
        return " ".join(self.lines)


TILES: tuple[Tile, ...] = (
    Tile("12", ("Lai", "Châu"), 0.5, 0),
    Tile("15", ("Lào", "Cai"), 1.5, 0),
    Tile("08", ("Tuyên", "Quang"), 2.5, 0),
    Tile("04", ("Cao", "Bằng"), 3.5, 0),
    Tile("11", ("Điện", "Biên"), 0, 1),
    Tile("14", ("Sơn", "La"), 1, 1),
    Tile("25", ("Phú", "Thọ"), 2, 1),
    Tile("19", ("Thái", "Nguyên"), 3, 1),
    Tile("20", ("Lạng", "Sơn"), 4, 1),
    Tile("01", ("Hà", "Nội"), 2, 2),
    Tile("24", ("Bắc", "Ninh"), 3, 2),
    Tile("22", ("Quảng", "Ninh"), 4, 2),
    Tile("37", ("Ninh", "Bình"), 2, 3),
    Tile("33", ("Hưng", "Yên"), 3, 3),
    Tile("31", ("Hải", "Phòng"), 4, 3),
    Tile("38", ("Thanh", "Hóa"), 1.5, 4),
    Tile("40", ("Nghệ", "An"), 1.5, 5),
    Tile("42", ("Hà", "Tĩnh"), 2, 6),
    Tile("44", ("Quảng", "Trị"), 2.5, 7),
    Tile("46", ("Huế",), 3, 8),
    Tile("48", ("Đà", "Nẵng"), 3.5, 9),
    Tile("51", ("Quảng", "Ngãi"), 4, 10),
    Tile("52", ("Gia", "Lai"), 4, 11),
    Tile("66", ("Đắk", "Lắk"), 4, 12),
    Tile("75", ("Đồng", "Nai"), 2, 13),
    Tile("68", ("Lâm", "Đồng"), 3, 13),
    Tile("56", ("Khánh", "Hòa"), 4, 13),
    Tile("80", ("Tây", "Ninh"), 1, 14),
    Tile("79", ("TP. Hồ", "Chí Minh"), 2, 14),
    Tile("91", ("An", "Giang"), 0, 15),
    Tile("82", ("Đồng", "Tháp"), 1, 15),
    Tile("86", ("Vĩnh", "Long"), 2, 15),
    Tile("96", ("Cà", "Mau"), 0, 16),
    Tile("92", ("Cần", "Thơ"), 1, 16),
    Tile("20333", ("Hoàng", "Sa"), 5.5, 9, "48"),
    Tile("22736", ("Trường", "Sa"), 5.5, 15, "56"),
)
