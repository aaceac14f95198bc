"""The database itself refuses to change or remove what only grows: log entries, stored bytes, versions."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = {"office_log": "seq", "office_blob": "digest", "office_version": "id"}


def sqlite(table: str, key: str) -> Iterator[str]:
    """Triggers of SQLite. `INSERT OR REPLACE` fires no trigger for what it removes, so it is refused by itself."""
    refuse = f"SELECT RAISE(ABORT, '{table} only grows')"
    for act in ("UPDATE", "DELETE"):
        yield f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN {refuse}; END"
    same = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    yield f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {same} BEGIN {refuse}; END"


def postgresql(table: str, key: str) -> Iterator[str]:
    """Triggers of PostgreSQL, for rows and for TRUNCATE."""
    call = "EXECUTE FUNCTION office_only_grows()"
    yield f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}"
    yield f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}"


FUNCTION = """
CREATE FUNCTION office_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% only grows', TG_TABLE_NAME;
END $$
"""


def protect(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    on_postgresql = editor.connection.vendor == "postgresql"
    if on_postgresql:
        editor.execute(FUNCTION, params=None)
    for table, key in TABLES.items():
        for command in (postgresql if on_postgresql else sqlite)(table, key):
            editor.execute(command, params=None)


class Migration(migrations.Migration):
    """Cannot be taken back."""

    dependencies = (("office", "0001_first"),)
    operations = (migrations.RunPython(protect),)
