"""What all tests share: the sample data, determinism, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("KHIEN_CI") == "1"

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    # Else the whole suite waits most for a disk to confirm (fsync) what is thrown away at the end.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
# Tests run side by side: where each also shares out its trees (OpenMP), threads spin while they wait for one another,
# and what takes 4 seconds takes a minute.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(
    "khien", deadline=None, derandomize=IN_CI, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("khien")


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests must not depend on the language or the colours of whoever runs them."""
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("KHIEN_LANG", "LC_ALL", "LC_MESSAGES", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _short_drop_downs() -> Iterator[None]:
    """Most of the time of a workbook goes into the rows kept ready for its drop-downs, which few tests look at."""
    from khien.programme import workbook_out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook_out, "SPARE_ROWS", 20)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def island() -> Path:
    """The example that can be solved by hand."""
    return ROOT / "examples" / "island"


@pytest.fixture(scope="session")
def vietnam() -> Path:
    """The reference programme."""
    return ROOT / "examples" / "vietnam"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; without one the test is skipped, loudly."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed")
    return path


QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The browser, asking nobody for anything by itself."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield started
        started.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever drives a browser is slow."""
    for item in items:
        if item.path.name == "test_browser.py":
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: what it needs must be installed there."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out, so that a green run is not taken for a full one."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("NOT EVERYTHING WAS TESTED", sep="!", red=True)
        terminalreporter.write_line(f"{len(skipped)} tests were skipped; see the reasons below or above.")
