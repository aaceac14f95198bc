"""Opening a zip that somebody sent: flat, small, and nothing in it is trusted."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from khien.words import t

LARGEST_UPLOAD: Final = 20 * 1024 * 1024
"""Bytes that a person may send at once."""
LARGEST_FILE: Final = 60 * 1024 * 1024
LARGEST_WHOLE: Final = 120 * 1024 * 1024
MOST_FILES: Final = 200
_KEPT: Final = (".csv", ".toml")
# zipfile speaks of broken files in many voices; none of them is a mistake of ours.
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, KeyError, OverflowError)


class UploadError(ValueError):
    """A file that is not taken; says why and what to do."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)

    def message(self, lang: str) -> str:
        """Why, in one language."""
        return self.message_vi if lang == "vi" else self.message_en


def unpack(content: bytes, folder: Path) -> list[str]:
    """Write the CSV and TOML files of a zip into an empty folder; return their names.

    The files may lie at the top or together in one folder, as a person zips them. Everything else is left out. Sizes
    are measured while unpacking, whatever the zip says of itself.

    Raises:
        UploadError: no zip, too large, encrypted, the same name twice, tables in several folders, or no tables.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = _members(packed)
            left = LARGEST_WHOLE
            for name, info in members.items():
                left -= _write(packed, info, folder / name, min(left, LARGEST_FILE))
    except UploadError:
        raise
    except _BROKEN as error:
        raise UploadError("office_upload_not_a_zip") from error
    return list(members)


def _members(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = packed.infolist()
    if len(infos) > MOST_FILES:
        raise UploadError("office_upload_many_files", most=MOST_FILES)
    kept: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or path.suffix.lower() not in _KEPT or path.name.startswith(".") or "__MACOSX" in path.parts:
            continue
        if info.flag_bits & 0x1:
            raise UploadError("office_upload_encrypted", name=path.name)
        if path.name in kept:
            raise UploadError("office_upload_twice", name=path.name)
        kept[path.name] = info
        folders.add(str(path.parent))
    if not kept:
        raise UploadError("office_upload_empty")
    if len(folders) > 1:
        raise UploadError("office_upload_folders", names=", ".join(sorted(folders)[:5]))
    return kept


def _write(packed: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, most: int) -> int:
    """Unpack one file, but never more than `most` bytes; return how many there were."""
    count = 0
    with packed.open(info) as source, place.open("xb") as target:
        while piece := source.read(1 << 16):
            count += len(piece)
            if count > most:
                raise UploadError("office_upload_large", name=place.name)
            target.write(piece)
    return count
