"""Getting the office ready: settings, schema, the first set-up link."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_LOCK: Final = 0x6B686966
"""On PostgreSQL, machines that start at the same moment upgrade one after another."""


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
    """Make the data folder and bring the schema up to date; safe to call at every start.

    Raises:
        ConfigError: there is no database; the schema is of another release and this database role may not change it,
            or it is newer than this release.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import OperationalError, connection

    from khien.office.config import ConfigError

    Path(settings.CONFIG.home).mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        due = pending()
    except OperationalError as error:
        raise ConfigError("office_config_no_database", reason=str(error).strip()) from error
    if not due:
        return
    if connection.vendor != "postgresql":
        call_command("migrate", interactive=False, verbosity=0)
        return
    _may_upgrade()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def pending() -> list[str]:
    """The steps that the database has not made yet.

    Raises:
        ConfigError: the database has made steps of the office that this release does not know.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from khien.office.config import ConfigError

    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations or {}
    made = executor.loader.applied_migrations or {}
    newer = [name for app, name in made if app == "office" and (app, name) not in known]
    if newer:
        raise ConfigError("office_config_newer_schema", step=sorted(newer)[-1])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{step.app_label}.{step.name}" for step, _ in plan]


def _may_upgrade() -> None:
    """A role that owns nothing cannot upgrade; it is told who can."""
    from django.db import connection

    from khien.office.config import ConfigError

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_schema_privilege(current_user, current_schema(), 'CREATE') AND COALESCE((SELECT "
            "pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('office_log')), true)"
        )
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise ConfigError("office_config_old_schema")


def setup_link(port: int) -> str | None:
    """The link with which the first administrator is made, or None when there are accounts."""
    from django.conf import settings

    from khien.office.acts.accounts import make_setup_ticket

    secret = make_setup_ticket()
    base = settings.CONFIG.url or f"http://localhost:{port}"
    return None if secret is None else f"{base}/link/{secret}/"
