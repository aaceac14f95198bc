"""The run that draws a plan's report."""

from __future__ import annotations

from typing import Any

from khien.draw import write_report
from khien.office.jobs.kinds import Work
from khien.plan import load_plan
from khien.plan.explain import explain


def do(work: Work) -> dict[str, Any]:
    """Write the report in both languages: page, PDF, workbook and frames."""
    plan = load_plan(work.inputs["plan.json"])
    written = write_report(
        work.programme, plan, work.folder, "both", lambda share, what: work.tell(share, what),
        explain(work.programme, plan, None),
    )  # fmt: skip
    return {"files": [path.name for path in written if path.is_file()]}
