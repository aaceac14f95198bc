"""One report in both languages, made once for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.draw.fake import fake_results

from khien.draw import write_results
from khien.draw.results import Results


@pytest.fixture(scope="session")
def results() -> Results:
    """A plan of 40 projects in three groups."""
    return fake_results(40, groups=3)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, results: Results) -> Path:
    """The folder of its report, both languages."""
    folder = tmp_path_factory.mktemp("draw") / "report"
    write_results(results, folder, "both")
    return folder
