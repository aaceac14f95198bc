"""A programme as one file of bytes, always the same for the same content, and back."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from khien.office.unpack import unpack
from khien.programme import Programme, read, write

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def pack(programme: Programme) -> bytes:
    """The programme's CSV folder as a zip; names in order and no clock in it, so that equal content gives equal bytes.

    Rows keep the order in which they were written: two versions of one content may differ in bytes, not in hash.
    """
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "programme"
        write(programme, folder)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for path in sorted(folder.iterdir()):
                packed.writestr(zipfile.ZipInfo(path.name, _LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def open_archive(content: bytes) -> Programme:
    """The programme in such a file.

    Raises:
        ProgrammeError: the content has an error (it was stored by an older release with fewer rules).
    """
    with tempfile.TemporaryDirectory() as place:
        unpack(content, Path(place))
        return read(place)


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()
