"""Getting the office ready: settings, schema, the first set-up link."""

from __future__ import annotations

import os
from pathlib import Path


def configure(home: str | None = None) -> None:
    """Make Django ready in this process.

    Raises:
        ConfigError: the environment says something wrong.
        ModuleNotFoundError: the extra `web` is not installed.
    """
    import django

    from khien.office.config import from_environment

    if home is not None:
        os.environ["KHIEN_HOME"] = str(Path(home).absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khien.office.settings")
    from_environment()  # says clearly what is wrong, before Django hides it
    django.setup()


def make_ready() -> None:
    """Make the data folder and bring the schema up to date; safe to call at every start."""
    from django.conf import settings
    from django.core.management import call_command

    Path(settings.CONFIG.home).mkdir(parents=True, exist_ok=True, mode=0o700)
    call_command("migrate", interactive=False, verbosity=0)


def setup_link(port: int) -> str | None:
    """The link with which the first administrator is made, or None when there are accounts."""
    from django.conf import settings

    from khien.office.acts.accounts import make_setup_ticket

    secret = make_setup_ticket()
    base = settings.CONFIG.url or f"http://localhost:{port}"
    return None if secret is None else f"{base}/link/{secret}/"
