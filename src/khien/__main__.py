"""``python -m khien`` is ``khien``."""

import sys


def run() -> int:
    """The command line; Ctrl-C while it is still being loaded, or already leaving, is no fault of anybody."""
    try:
        from khien.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
