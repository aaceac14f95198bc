"""An office whose watch holds the illustrative data of the demo, made once and copied for every test."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from khien.office import watch_demo, watch_demo_past
from khien.office.acts.record import Actor
from khien.office.rights import Role
from khien.office.watching import Watch

NOW = datetime.now(UTC).replace(microsecond=0)
MADE: list[Path] = []
"""The folder, once it is made: a fixture that several files import is set up anew for each."""


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Observations, forecasts, and what came of past warnings and promises."""
    if not MADE:
        watch = Watch(tmp_path_factory.mktemp("data") / "watch")
        watch_demo.bring(watch, NOW)
        watch_demo_past.bring(watch, NOW)
        MADE.append(watch.folder)
    return MADE[0]


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Watch]:
    """An office with a data folder in which nothing is watched yet."""
    kept = django_settings.CONFIG
    django_settings.CONFIG = dataclasses.replace(kept, home=tmp_path)
    try:
        yield Watch(tmp_path / "watch")
    finally:
        django_settings.CONFIG = kept


@pytest.fixture
def watched(bare: Watch, data: Path, actor: Callable[..., Actor]) -> Watch:
    """An office with observations, forecasts and a warning in every state."""
    shutil.copytree(data, bare.folder)
    watch_demo.warnings(actor(Role.DUTY_OFFICER), actor(Role.WARNING_APPROVER), NOW)
    return bare
