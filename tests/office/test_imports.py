"""Import as a run: a worker reads and checks, a person looks and saves."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.data import data_path
from tests.office.conftest import dearer
from tests.office.test_files_from_outside import zipped

from khien import Programme, write
from khien.office.acts import imports, queue
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.archive import pack
from khien.office.doors import Refused
from khien.office.jobs import child
from khien.office.models import Entry, Run, Version
from khien.office.rights import Role

Act = Callable[..., Actor]
Visit = Callable[..., Client]


def worked(run: Run) -> Run:
    """The run as a worker leaves it."""
    claim = queue.take_next("here")
    assert claim is not None
    child.do(claim)
    run.refresh_from_db()
    return run


def test_a_workbook_is_read_looked_at_and_saved(
    visit: Visit, first: Version, isle: Programme, tmp_path: Path
) -> None:
    write(dearer(isle), tmp_path / "p.xlsx")
    browser = visit(Role.ANALYST)

    def send() -> str:
        file = SimpleUploadedFile("p.xlsx", (tmp_path / "p.xlsx").read_bytes())
        words = {"file": file, "parent": str(first.pk), "what": "run"}
        return str(browser.post("/programme/upload/", words)["Location"])

    where = send()
    assert send() == where
    run = worked(Run.objects.get())
    assert (run.state, run.headline and run.headline["sound"]) == (Run.State.DONE, True)
    text = browser.get(where).content.decode()
    assert "Save as a version" in text
    assert Version.objects.count() == 1
    assert browser.post(f"{where}save/", {"reason": ""}).status_code == 409
    assert "/programme/compare/" in browser.post(f"{where}save/", {"reason": "dearer"})["Location"]
    saved = Version.objects.first()
    assert saved is not None
    assert (saved.parent, saved.hash) == (first, dearer(isle).hash)
    assert json.loads(Entry.objects.get(act="version.save", object=str(saved.pk)).after)["run"] == run.pk
    assert visit(Role.VIEWER).post(f"{where}save/", {"reason": "r"}).status_code == 403


def test_findings_end_the_run_and_nothing_can_be_saved(actor: Act, visit: Visit, first: Version, island: Path) -> None:
    files = {p.name: p.read_bytes() for p in island.iterdir()}
    files["projects.csv"] = files["projects.csv"].replace(b"2026Q1", b"2026Q9", 1)
    who = actor(Role.ANALYST)
    run = worked(imports.ask_import(who, first, "isle.zip", zipped(files)))
    assert (run.state, run.headline and run.headline["sound"]) == (Run.State.DONE, False)
    assert "2026Q9" in visit(Role.VIEWER).get(f"/runs/{run.pk}/").content.decode()
    kept = json.loads(bytes(run.artefacts.get(name="findings.json").blob.content))
    assert any(one["value"] == "2026Q9" for one in kept)
    with pytest.raises(Trouble, match="no import"):
        imports.save_import(who, run, "r")


def test_what_is_no_table_ends_in_words(actor: Act, first: Version) -> None:
    run = worked(imports.ask_import(actor(Role.ANALYST), first, "x.zip", b"PK nothing"))
    assert (run.state, "no .zip or .xlsx" in run.trouble_en) == (Run.State.FAILED, True)


def test_a_cordis_extract_becomes_a_programme(actor: Act, first: Version) -> None:
    names = {"projects.csv": "project.csv", "participants.csv": "organization.csv"}
    sources = {names[name]: data_path("industry", "portfolio", f"eu_security_{name}") for name in names}
    files = {name: path.read_bytes() for name, path in sources.items()}
    run = worked(imports.ask_import(actor(Role.ANALYST), first, "cordis.zip", zipped(files)))
    assert run.state == Run.State.DONE, run.trouble_en
    assert run.headline
    assert run.headline["sound"]
    saved = imports.save_import(actor(Role.ANALYST), run, "a real portfolio")
    assert saved.rows > 1_000


def test_who_may_not_write_may_not_import_and_no_form_names_a_stored_file(
    actor: Act, visit: Visit, first: Version, isle: Programme
) -> None:
    with pytest.raises(Refused):
        imports.ask_import(actor(Role.VIEWER), first, "p.zip", pack(isle))
    words = {"kind": "import", "version": str(first.pk), "file": first.blob_id, "name": "x"}
    assert visit(Role.ANALYST).post("/runs/start/", words).status_code == 409


def test_a_run_leaves_the_office_as_one_zip(actor: Act, visit: Visit, first: Version, isle: Programme) -> None:
    run = worked(imports.ask_import(actor(Role.ANALYST), first, "p.zip", pack(dearer(isle))))
    answer = visit(Role.VIEWER).get(f"/runs/{run.pk}/all.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert sorted(packed.namelist()) == ["files/findings.json", "files/programme.zip", "programme.zip", "run.json"]
        told = json.loads(packed.read("run.json"))
    assert (told["programme_hash"], told["code"], told["seed"]) == (first.hash, run.code, 0)
