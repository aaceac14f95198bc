"""On PostgreSQL: who owns the tables. The log's triggers hold against everybody but the owner of its table, who could
drop them; so the web and the workers sign in as a role that owns nothing and may only do what they need."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from khien.office.config import ConfigError

ONLY_GROW: Final = ("office_log", "office_blob", "office_version")
"""Tables of which the office's role may read rows and add some. Its right to update one column that never changes is
what a row lock asks for; the triggers refuse the update itself."""
LOCKED: Final = {"office_version": "id"}


def grants(role: str, tables: list[str]) -> list[str]:
    """The commands that give a role what the office needs, and nothing more; run by the owner after every upgrade.

    Args:
        role: name of a role that is there.
        tables: all tables of the office.

    Raises:
        ValueError: the name could be more than a name.
    """
    if not role.replace("_", "").isalnum() or not role.isascii():
        raise ValueError(role)
    who = f'"{role}"'
    commands = [f"GRANT USAGE ON SCHEMA public TO {who}", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"]
    for table in sorted(tables):
        commands.append(f'REVOKE ALL ON "{table}" FROM {who}')
        if table in ONLY_GROW:
            commands.append(f'GRANT SELECT, INSERT ON "{table}" TO {who}')
            if table in LOCKED:
                commands.append(f'GRANT UPDATE ("{LOCKED[table]}") ON "{table}" TO {who}')
        elif table == "django_migrations":
            commands.append(f'GRANT SELECT ON "{table}" TO {who}')
        else:
            commands.append(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {who}')
    return commands


_ASK: Final = """
SELECT r.rolsuper OR pg_has_role(current_user, c.relowner, 'MEMBER')
       OR has_table_privilege(c.oid, 'TRUNCATE') OR has_table_privilege(c.oid, 'DELETE')
       OR has_table_privilege(c.oid, 'TRIGGER') OR has_any_column_privilege(c.oid, 'UPDATE')
FROM pg_class c, pg_roles r
WHERE c.oid = to_regclass('office_log') AND r.rolname = current_user
"""


def could_change_log(connection: Any) -> bool:
    """Whether the role of this connection could drop the log's triggers or change its rows; never so on SQLite, where
    the file's owner can do everything and the chain alone tells."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        row = cursor.fetchone()
    return row is not None and bool(row[0])


class Guard(Enum):
    """What is to be done about the role of the web."""

    WELL = "well"
    WARN = "warn"
    REFUSE = "refuse"


def guard() -> Guard:
    """Whether the office may be served as this role: behind TLS, in earnest, only when the log is out of its reach."""
    from django.conf import settings
    from django.db import connection

    if not could_change_log(connection):
        return Guard.WELL
    return Guard.REFUSE if settings.CONFIG.tls and not settings.CONFIG.log_owner else Guard.WARN


def grant_all(role: str) -> list[str]:
    """Run the commands for a role; return them.

    Raises:
        ConfigError: SQLite has no roles; the name is none, there is no such role, or our own may not grant.
    """
    from django.db import DatabaseError, connection, transaction

    if connection.vendor != "postgresql":
        raise ConfigError("cli_serve_grant_sqlite")
    try:
        commands = grants(role, connection.introspection.table_names())
        with transaction.atomic(), connection.cursor() as cursor:
            for command in commands:
                cursor.execute(command)
    except (ValueError, DatabaseError) as error:
        why = str(error).strip().splitlines()[0]
        raise ConfigError("cli_serve_grant_failed", role=role, why=why) from error
    return commands
