"""Projects, the ways to carry them out, the people they take, and their order."""

from typing import Annotated, Literal

from pydantic import Field

from khien.programme.columns import (
    Count,
    Kind,
    Mvnd,
    Quarter,
    Row,
    Share,
    Shares,
    Slug,
    Text,
    name_en,
    name_vi,
    needed,
    optional,
)

Form = Literal["own", "joint", "licence", "purchase"]
RiskClass = Literal["low", "medium", "high", "very_high"]
Duration = Annotated[int, Field(ge=1, le=400), Kind("int")]
Lag = Annotated[int, Field(ge=0, le=400), Kind("int")]


class Project(Row):
    """A project that raises one subject to a stage."""

    TABLE = "projects"
    TITLE = ("Dự án", "Projects")
    ABOUT = (
        "Một dự án, dự kiến hay đang chạy, đưa một đối tượng lên một công đoạn.",
        "A candidate or running project: it raises one subject to a stage.",
    )
    id: Slug = needed("mã dự án", "id of the project")
    name_vi: Text = name_vi()
    name_en: Text = name_en()
    subject: Slug = needed(
        "công nghệ hoặc sản phẩm", "technology or product", to=("technologies", "products")
    )
    to_stage: Slug = needed("công đoạn cần đạt", "stage that it reaches", to=("stages",))
    risk_class: RiskClass = needed("mức rủi ro", "risk class")
    earliest: Quarter | None = optional("quý sớm nhất được bắt đầu", "first quarter in which it may start")
    latest: Quarter | None = optional("quý muộn nhất được bắt đầu", "last quarter in which it may start")
    status: Literal["candidate", "committed", "running", "done", "stopped"] = needed("tình trạng", "status")
    option: Slug | None = optional(
        "phương án đã chọn (bắt buộc nếu đã cam kết, đang chạy hoặc đã xong)",
        "chosen option (needed when committed, running or done)",
        to=("options",),
    )
    start: Quarter | None = optional(
        "quý bắt đầu (bắt buộc nếu đã cam kết, đang chạy hoặc đã xong)",
        "quarter in which it starts (needed when committed, running or done)",
    )
    spent_mvnd: Mvnd | None = optional("đã chi đến nay", "spent so far", unit="million VND")
    pin: Literal["must", "must_not"] | None = optional(
        "ghim của người lập kế hoạch: phải chọn, không được chọn", "a person's pin: must or must_not"
    )
    note: Text | None = optional("ghi chú", "note")


class Option(Row):
    """One way to carry a project out."""

    TABLE = "options"
    TITLE = ("Phương án", "Options")
    ABOUT = (
        "Một cách thực hiện dự án: hình thức, đối tác, thời gian, chi phí, kết quả.",
        "One way to carry a project out: form, partner, time, cost and what it reaches.",
    )
    id: Slug = needed("mã phương án", "id of the option")
    name_vi: Text | None = optional("tên tiếng Việt", "name in Vietnamese")
    name_en: Text | None = optional("tên tiếng Anh", "name in English")
    project: Slug = needed("dự án", "project", to=("projects",))
    form: Form = needed(
        "hình thức: tự làm, cùng phát triển, nhận chuyển giao theo giấy phép, mua",
        "form: own, joint development, licence with transfer, purchase",
    )
    partner: Slug | None = optional(
        "đối tác (bắt buộc trừ khi tự làm)", "partner (needed unless own)", to=("organisations",)
    )
    duration_low_quarters: Duration = needed("thời gian ngắn nhất", "shortest duration", unit="quarters")
    duration_mode_quarters: Duration = needed(
        "thời gian dễ xảy ra nhất", "most likely duration", unit="quarters"
    )
    duration_high_quarters: Duration = needed("thời gian dài nhất", "longest duration", unit="quarters")
    cost_low_mvnd: Mvnd = needed("chi phí thấp nhất", "lowest cost", unit="million VND")
    cost_mode_mvnd: Mvnd = needed("chi phí dễ xảy ra nhất", "most likely cost", unit="million VND")
    cost_high_mvnd: Mvnd = needed("chi phí cao nhất", "highest cost", unit="million VND")
    spend_profile: Shares | None = optional(
        "tỷ lệ chi theo các phần thời gian bằng nhau, ngăn bằng dấu chấm phẩy, tổng bằng 1; để trống là đều",
        "shares of the cost over equal parts of the run, split by semicolons, summing to 1; empty is even",
    )
    success_share: Share = needed("khả năng thành công", "chance of success", unit="0-1")
    level: Share = needed("mức làm chủ đạt được", "level of mastery reached", unit="0-1")
    domestic_share: Share = needed(
        "phần trong nước làm chủ đạt được", "share held at home when done", unit="0-1"
    )
    transfer_design: Share | None = optional("tham gia thiết kế", "part in the design", unit="0-1")
    transfer_experts: Share | None = optional("đào tạo chuyên gia", "experts trained", unit="0-1")
    transfer_processes: Share | None = optional("chuyển giao quy trình", "processes handed over", unit="0-1")
    transfer_documents: Share | None = optional("chuyển giao tài liệu", "documents handed over", unit="0-1")
    transfer_rights: Share | None = optional("quyền sửa đổi", "the right to change", unit="0-1")


class Effort(Row):
    """People that an option needs."""

    TABLE = "efforts"
    KEY = ("option", "skill")
    TITLE = ("Nhân lực cần", "Efforts")
    ABOUT = (
        "Số người một phương án cần trong mỗi quý thực hiện.",
        "People that an option needs in every quarter it runs.",
    )
    option: Slug = needed("phương án", "option", to=("options",))
    skill: Slug = needed("chuyên môn", "skill", to=("skills",))
    people: Count = needed("số người", "head count", unit="people")


class Precedence(Row):
    """What must be finished first."""

    TABLE = "precedences"
    KEY = ("before", "after")
    TITLE = ("Thứ tự trước sau", "Precedences")
    ABOUT = ("Dự án nào phải xong trước dự án nào.", "Which project must be finished before another starts.")
    before: Slug = needed("dự án trước", "project that comes first", to=("projects",))
    after: Slug = needed("dự án sau", "project that waits", to=("projects",))
    lag_quarters: Lag = needed("độ trễ giữa hai dự án", "wait between the two", unit="quarters", default=0)


ROWS: tuple[type[Row], ...] = (Project, Option, Effort, Precedence)
