"""Write the generated pages of the docs, or with --check say which of them are stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from khien.cli.reference import commands_page
from khien.programme import findings_page, tables_page
from khien.watch.levels.page import levels_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> dict[str, str]:
    """Every generated page: its place below docs/ and the text it should have."""
    return {
        "reference/commands.md": commands_page(),
        "reference/findings.md": findings_page(),
        "reference/legal-levels.md": levels_page(),
        "reference/tables.md": tables_page(),
    }


def main() -> int:
    """Write or check; 1 when a page is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    check = parser.parse_args().check
    stale = []
    for name, text in pages().items():
        page = DOCS / name
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name}: {'stale; run `make docs-write`' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
