"""Make the reference programme: `python examples/vietnam/generate.py [FOLDER]`.

Public facts come from the lists in `generator/content`; every other figure is drawn from one seed and is
flagged illustrative in `sources_of_facts.csv`. Running it again gives the same files, byte for byte.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator import settings  # noqa: E402
from generator.chain import chain  # noqa: E402
from generator.files import Tables, write  # noqa: E402
from generator.ground import ground  # noqa: E402
from generator.means import means  # noqa: E402
from generator.needs import needs  # noqa: E402
from generator.options import efforts, options  # noqa: E402
from generator.promises import promises  # noqa: E402
from generator.records import records  # noqa: E402
from generator.subjects import subjects  # noqa: E402
from generator.work import precedences, projects  # noqa: E402


def tables() -> Tables:
    """All tables of the programme."""
    chosen = list(options())
    work: Tables = {
        "projects": projects(chosen),
        "options": chosen,
        "efforts": efforts(),
        "precedences": precedences(),
    }
    out = needs() | subjects() | chain() | work | means() | promises() | ground()
    return out | records(out)


def main(folder: Path) -> None:
    """Write every table and the settings."""
    made = tables()
    write(folder, made)
    (folder / "programme.toml").write_text(settings.text(), encoding="utf-8")
    rows = sum(map(len, made.values()))
    print(f"{folder}: {len(made)} tables, {rows} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
