"""The settings of a programme: `programme.toml`, each value with its source and status."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from khien.programme.columns import QUARTER, SLUG, needed
from khien.programme.quarters import quarter_number

FactStatus = Literal["claimed", "verified", "accepted", "illustrative"]


def _tidy(text: str) -> str:
    """One line of composed text without blanks around it."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if not line.isprintable():
        raise ValueError("control character")
    return line


Line = Annotated[str, BeforeValidator(lambda v: _tidy(v) if isinstance(v, str) else v)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
LONGEST_HORIZON = 400
"""Most quarters that a programme may span."""


class Fact(BaseModel):
    """Where the value of a setting comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    source: Line | None = None
    status: FactStatus | None = None


class Settings(BaseModel):
    """All settings as plain values; `facts[name]` says where a value comes from (rates as `rates.usd`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title_vi: Line = needed("tên chương trình bằng tiếng Việt", "title in Vietnamese", min_length=1)
    title_en: Line = needed("tên chương trình bằng tiếng Anh", "title in English", min_length=1)
    base_year: int = needed("năm gốc của giá", "year of the prices", unit="year", ge=1900, le=2199)
    first_quarter: str = needed("quý đầu tiên của kỳ kế hoạch", "first quarter of the horizon", pattern=QUARTER)
    last_quarter: str = needed("quý cuối cùng của kỳ kế hoạch", "last quarter of the horizon", pattern=QUARTER)
    home_country: str = needed("mã nước nhà", "id of the home country", default="vn", pattern=SLUG)
    discount_rate: float = needed(
        "tỷ suất chiết khấu", "discount rate", unit="per year", default=0.05, ge=0, le=1, allow_inf_nan=False
    )
    reliance_weight: float = needed(
        "trọng số λ của mức tự chủ so với mức đáp ứng",
        "weight λ of self-reliance beside coverage",
        default=0.5,
        ge=0,
        le=1000,
        allow_inf_nan=False,
    )
    reserve_mvnd: int = needed(
        "dự phòng giữ lại trong mọi năm",
        "reserve held in every year",
        unit="million VND",
        default=0,
        ge=0,
        le=2**53 - 1,
    )
    planning_quantile: float = needed(
        "phân vị dùng để lập kế hoạch thời gian và chi phí",
        "quantile of time and cost to plan with",
        default=0.8,
        ge=0.5,
        le=0.95,
    )
    mastery_threshold: Fraction = needed(
        "ngưỡng coi là đã làm chủ", "level from which a stage counts as mastered", unit="0-1", default=0.7
    )
    domestic_threshold: Fraction = needed(
        "ngưỡng phần trong nước",
        "domestic share from which a subject counts as held at home",
        unit="0-1",
        default=0.6,
    )
    transfer_threshold: Fraction = needed(
        "mức đầy đủ của chuyển giao coi là đạt",
        "transfer completeness that counts as complete",
        unit="0-1",
        default=0.8,
    )
    cut_quarters: int = needed(
        "độ dài của lần cắt nguồn cung nước ngoài",
        "length of the total cut",
        unit="quarters",
        default=4,
        ge=1,
        le=40,
    )
    assurance_months: float = needed(
        "thời gian một sản phẩm dùng được khi không có bảo đảm kỹ thuật nước ngoài",
        "how long a product lasts without foreign technical assurance",
        unit="months",
        default=6.0,
        ge=0,
        le=600,
        allow_inf_nan=False,
    )
    carry_over: bool = needed(
        "tiền chưa chi chuyển sang năm sau", "unspent money passes to the next year", default=True
    )
    agreements_bind: bool = needed(
        "phương án có đối tác nước ngoài cần thỏa thuận cho phép",
        "an option with a foreign partner needs an agreement that covers it",
        default=True,
    )
    obligations_firm: bool = needed("mọi nghĩa vụ đều bắt buộc", "every obligation binds", default=False)
    rates: dict[Annotated[str, StringConstraints(pattern=SLUG)], Rate] = needed(
        "tỷ giá: triệu đồng cho một đơn vị ngoại tệ",
        "exchange rates",
        unit="million VND per unit",
        default={},
    )
    facts: Mapping[str, Fact] = needed(
        "nguồn và tình trạng của từng giá trị", "source and status of each value", default={}
    )

    @property
    def first(self) -> int:
        """The first quarter as a count of quarters since year 0."""
        return quarter_number(self.first_quarter)

    @property
    def last(self) -> int:
        """The last quarter as a count of quarters since year 0."""
        return quarter_number(self.last_quarter)

    def title(self, lang: str) -> str:
        """The title in one language."""
        return self.title_vi if lang == "vi" else self.title_en

    def values(self) -> dict[str, Any]:
        """Every setting by its dotted name (`base_year`, `rates.usd`), without sources."""
        plain = {name: getattr(self, name) for name in SETTING_NAMES}
        return plain | {f"rates.{name}": rate for name, rate in sorted(self.rates.items())}


SETTING_NAMES = tuple(name for name in Settings.model_fields if name not in ("rates", "facts"))
