"""The file programme.toml: every setting with where it comes from and how far to trust it."""

ASSUMED = "giả định của ví dụ, chưa kiểm chứng"
SETTINGS: tuple[tuple[str, object, str, str], ...] = (
    ("title_vi", "Chương trình công nghiệp an ninh: ví dụ tham chiếu", ASSUMED, "illustrative"),
    ("title_en", "Security-industry programme: reference example", ASSUMED, "illustrative"),
    ("base_year", 2026, ASSUMED, "illustrative"),
    ("first_quarter", "2026Q1", ASSUMED, "illustrative"),
    ("last_quarter", "2045Q4", "tầm nhìn 2045", "claimed"),
    ("home_country", "vn", "ISO 3166-1", "verified"),
    ("discount_rate", 0.05, ASSUMED, "illustrative"),
    ("reliance_weight", 0.5, ASSUMED, "illustrative"),
    ("reserve_mvnd", 50000, ASSUMED, "illustrative"),
    ("planning_quantile", 0.7, ASSUMED, "illustrative"),
    ("mastery_threshold", 0.7, ASSUMED, "illustrative"),
    (
        "domestic_threshold",
        0.6,
        "giả định; Nghị định 260/2026 đòi nội địa hóa từ 40 % cho mục đích khác",
        "illustrative",
    ),
    ("transfer_threshold", 0.8, ASSUMED, "illustrative"),
    ("cut_quarters", 4, ASSUMED, "illustrative"),
    ("assurance_months", 6, ASSUMED, "illustrative"),
    ("carry_over", True, "quỹ ngoài ngân sách; quy chế quỹ chưa công bố", "illustrative"),
    ("agreements_bind", True, ASSUMED, "illustrative"),
    ("obligations_firm", False, ASSUMED, "illustrative"),
)
RATES = (("usd", 0.026), ("eur", 0.028), ("jpy", 0.00017))

HEAD = """\
# The reference programme of Khiên. Made by generate.py beside it; edit that, not this.
# Whatever is not public is illustrative: it shows how the tables are used,
# and says nothing about the real programme.

"""


def text() -> str:
    """The whole file."""
    lines = [_line(*entry) for entry in SETTINGS]
    rates = [
        _line(name, value, "tỷ giá tròn của ví dụ, triệu đồng một đơn vị", "illustrative")
        for name, value in RATES
    ]
    return HEAD + "\n".join(lines) + "\n\n[rates]\n" + "\n".join(rates) + "\n"


def _line(name: str, value: object, source: str, status: str) -> str:
    if isinstance(value, bool):
        shown = "true" if value else "false"
    else:
        shown = f'"{value}"' if isinstance(value, str) else str(value)
    return f'{name} = {{ value = {shown}, source = "{source}", status = "{status}" }}'
