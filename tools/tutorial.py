"""Walk through a tutorial as a newcomer would: run its commands, and put what they print into the page.

A block of shell commands may be followed by a block without a language: that is what the commands print. With
--write the page gets the real output; a test walks the page and compares.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "start" / "first-plan.md"
STEP = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:\n```\n(?P<shown>.*?)```\n)?", re.DOTALL)
NOT_HERE = ("git ", "make ", "source ")
"""Lines that prepare the machine; whoever runs this has done so."""


def run(commands: str, folder: Path) -> str:
    """What the commands print on standard output, or, if nothing, what they complain about."""
    lines = [line for line in commands.splitlines() if not line.startswith(NOT_HERE)]
    surroundings = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
    }
    surroundings.pop("KHIEN_LANG", None)
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 5:
        raise RuntimeError(f"{commands}\n{done.stderr}")
    if done.stdout:
        return done.stdout
    return "".join(f"{line}\n" for line in done.stderr.splitlines() if not re.match(r" *[\d.,]+ s  ", line))


def walk(text: str) -> str:
    """The page with every output as it is today."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples" / "island", folder / "examples" / "island")

        def step(found: re.Match[str]) -> str:
            printed = run(found["commands"], folder)
            if found["shown"] is None:
                return found[0]
            return f"```sh\n{found['commands']}```\n\n```\n{printed.strip()}\n```\n"

        return STEP.sub(step, text)


def masked(text: str) -> str:
    """The page without what differs from run to run: seconds."""
    return re.sub(r"(after|in|took) [\d.,]+ s\b", r"\1 … s", text)


def main() -> int:
    """Write the page, or say whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the real output into the page")
    write = parser.parse_args().write
    before = PAGE.read_text(encoding="utf-8")
    after = walk(before)
    if masked(after) == masked(before):
        return 0
    if write:
        PAGE.write_text(after, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {'written' if write else 'stale; run `make docs-write`'}")
    return 0 if write else 1


if __name__ == "__main__":
    sys.exit(main())
