"""``python -m khien`` is ``khien``."""

import sys

from khien.cli import main

sys.exit(main())
