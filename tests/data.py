"""Where the real public files are that some tests read. None of them is part of the repository.

The folder comes from the environment variable KHIEN_DATA, else `../shared/data` beside the repository.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def data_root() -> Path:
    """The folder of real data, whether or not it exists."""
    return Path(os.environ.get("KHIEN_DATA", ROOT.parent / "shared" / "data"))


def data_path(*parts: str) -> Path:
    """A file of the real data; the test is skipped, loudly, when it is not on this machine."""
    path = data_root().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"REAL DATA MISSING: {path} (set KHIEN_DATA to the folder that holds {parts[0]}/)")
    return path
