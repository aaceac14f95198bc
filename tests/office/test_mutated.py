"""Files that were damaged or forged, sent as people send them: findings or a clear refusal, never a mistake of ours."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.office.test_files_from_outside import zipped

from khien import Programme, write
from khien.office.acts import imports, queue, tokens
from khien.office.acts.record import Actor
from khien.office.jobs import child
from khien.office.models import Run, User, Version
from khien.office.rights import Role
from khien.office.unpack import UploadError

COUNT = 500
NASTY = [
    b"=1+1", b"\xff\xfe", b"\x00", b"'", b'"', b"\r", b",,,,", b"1e999", b"NaN", b"-1", b"999999999999999999999",
    b"\xc3", b"<script>", b"../../etc/passwd", b"2026Q9", "ế".encode(), b"true", b"\xef\xbb\xbf", b"{{7*7}}", b"%s%n",
    b"[]", b"null",
]  # fmt: skip


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Bytes flipped, cut out, put in, doubled; a few at a time."""
    raw = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        if not raw:
            break
        at, way = draw.randrange(len(raw)), draw.randrange(5)
        if way == 0:
            raw[at] = draw.randrange(256)
        elif way == 1:
            del raw[at : at + draw.randint(1, 40)]
        elif way == 2:
            raw[at:at] = draw.choice(NASTY)
        elif way == 3:
            raw[at : at + 20] = raw[at : at + 20] * draw.randint(2, 50)
        else:
            del raw[draw.randint(at, len(raw)) :]
    return bytes(raw)


def inside(files: dict[str, bytes], draw: random.Random) -> bytes:
    """A sound zip in which some files are damaged, lost or called otherwise."""
    files = dict(files)
    for name in draw.sample(sorted(files), draw.randint(1, 3)):
        content = files.pop(name)
        if draw.random() < 0.9:
            called = name if draw.random() < 0.9 else draw.choice(["x.csv", f"a/{name}", name.upper()])
            files[called] = damaged(content, draw)
    return zipped(files)


def parts(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture
def sources(isle: Programme, island: Path, tmp_path: Path) -> tuple[dict[str, bytes], bytes]:
    write(isle, tmp_path / "p.xlsx")
    return {p.name: p.read_bytes() for p in island.iterdir() if p.is_file()}, (tmp_path / "p.xlsx").read_bytes()


def a_file(sources: tuple[dict[str, bytes], bytes], draw: random.Random) -> tuple[str, bytes]:
    """One forged upload: a damaged zip or workbook, or a sound one with damaged parts."""
    tables, workbook = sources
    way = draw.randrange(4)
    if way == 0:
        return "p.zip", damaged(zipped(tables), draw)
    if way == 1:
        return "p.zip", inside(tables, draw)
    if way == 2:
        return "p.xlsx", damaged(workbook, draw)
    return "p.xlsx", inside(parts(workbook), draw)


@pytest.mark.slow
def test_uploads_give_findings_or_a_refusal(
    visit: Callable[..., Client], first: Version, sources: tuple[dict[str, bytes], bytes]
) -> None:
    browser, seen = visit(Role.ANALYST), Counter[int]()
    browser.raise_request_exception = True
    for number in range(COUNT * 4 // 5):
        draw = random.Random(number)
        name, content = a_file(sources, draw)
        words = {"file": SimpleUploadedFile(name, content), "parent": str(first.pk), "reason": f"forged {number}"}
        answer = browser.post("/programme/upload/", words)
        assert answer.status_code in (302, 422), (number, answer.status_code)
        if answer.status_code == 422:
            text = answer.content.decode()
            assert 'role="alert"' in text, number
        seen[answer.status_code] += 1
    assert seen[422] > COUNT // 2


@pytest.mark.slow
def test_imports_as_a_run_end_in_words_too(
    actor: Callable[..., Actor], first: Version, sources: tuple[dict[str, bytes], bytes]
) -> None:
    for number in range(COUNT // 10):
        name, content = a_file(sources, random.Random(10_000 + number))
        try:
            run = imports.ask_import(actor(Role.ANALYST), first, name, content)
        except UploadError:
            continue
        claim = queue.take_next("here")
        if claim is not None:
            child.do(claim)
        run.refresh_from_db()
        assert run.state in (Run.State.DONE, Run.State.FAILED)
        assert run.state == Run.State.DONE or "mistake" not in run.trouble_en, (number, run.trouble_en, run.log)


@pytest.mark.slow
def test_questions_in_json_are_answered_or_refused(person: Callable[..., User], first: Version) -> None:
    _, secret = tokens.make_token(Actor(person(Role.ANALYST)), "t", ["read", "run"], 1)
    settings = {"time_limit": 1.0, "pins": ["a"], "scenarios": 4}
    sound = {"kind": "plan", "version": first.pk, "seed": 3, "settings": settings}
    for number in range(COUNT // 10):
        body = damaged(json.dumps(sound).encode(), random.Random(20_000 + number))
        answer = Client().post(
            "/api/runs", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code in (200, 400, 404, 409, 422), (number, body, answer.status_code)
