"""The office's settings for tests: quick hashing of passwords, nothing on disk, SQLite unless told otherwise."""

import os

os.environ.setdefault("KHIEN_SECRET_KEY", "known to everybody, for tests alone")
os.environ.setdefault("KHIEN_HOME", "/nonexistent/khien-office")

from khien.office.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if os.environ.get("KHIEN_TEST_DATABASE") == "postgresql":
    # Host, port and user come from the cluster that tests/office/conftest.py starts.
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "khien", "USER": "test"}}
