"""Be Vietnam Pro: where its files are, and small embedded cuts of it for a page."""

from __future__ import annotations

import atexit
import base64
import io
import shutil
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from khien.draw.theme import FONT

WEIGHTS = {400: "Regular", 600: "SemiBold"}
"""The two weights of the page and of its pictures; the PDF has them all."""

_RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x18F), (0x1A0, 0x1B0), (0x300, 0x303), (0x306, 0x309),
    (0x31B, 0x31B), (0x323, 0x323), (0x1EA0, 0x1EF9), (0x2010, 0x2026), (0x2030, 0x203A), (0x20AB, 0x20AC),
    (0x2212, 0x2212), (0x2248, 0x2265),
)  # fmt: skip
"""Latin, all Vietnamese letters (also decomposed), dashes, quotes, đồng, and a few signs."""


@cache
def folder() -> Path:
    """Return the folder that holds the font files.

    Raises
    ------
    FileNotFoundError
        When the font package is damaged or missing.
    """
    path = Path(str(resources.files("fontpkg_be_vietnam_pro"))) / "files"
    if not (path / "BeVietnamPro-Regular.ttf").is_file():
        raise FileNotFoundError(f"{FONT}: no font files in {path.name}")
    return path


def characters() -> set[int]:
    """Return the code points that embedded cuts keep."""
    return {code for first, last in _RANGES for code in range(first, last + 1)}


@cache
def woff2(weight: int) -> bytes:
    """Return one weight cut down to the letters we use, as WOFF2 (about 25 kB)."""
    font = TTFont(folder() / f"BeVietnamPro-{WEIGHTS[weight]}.ttf")
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "liga", "tnum", "locl"]
    options.desubroutinize = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def face_css() -> str:
    """Return ``@font-face`` rules with the font inside, so that a page fetches nothing."""
    rules = []
    for weight in WEIGHTS:
        data = base64.b64encode(woff2(weight)).decode()
        rules.append(
            f'@font-face{{font-family:"{FONT}";font-weight:{weight};font-style:normal;'
            f'font-display:block;src:url("data:font/woff2;base64,{data}") format("woff2")}}'
        )
    return "".join(rules)


RULER = "Khien Ruler"
"""Family of the fonts that only measure."""

_CAP_HEIGHT = 700


@cache
def rulers() -> Path:
    """Return a folder with fonts as wide as ours whose every glyph is a plain box.

    The renderer outlines each text to learn how wide it is, which takes most of the time of a
    picture; boxes have the same widths and take half of it. The folder is removed at exit.
    """
    path = Path(tempfile.mkdtemp(prefix="khien-rulers-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    for weight, name in WEIGHTS.items():
        font = TTFont(folder() / f"BeVietnamPro-{name}.ttf")
        options = subset.Options()
        options.layout_features = []
        options.hinting = False
        options.drop_tables += ["GSUB", "GPOS", "GDEF", "gasp", "fpgm", "prep", "cvt "]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=characters())
        cutter.subset(font)
        _box(font)
        for part in (1, 4, 16):
            font["name"].setName(RULER, part, 3, 1, 0x409)
        font.save(path / f"ruler-{weight}.ttf")
    return path


def _box(font: TTFont) -> None:
    """Replace every outline by a box as wide as the glyph's advance."""
    for name in font.getGlyphOrder():
        advance, pen = font["hmtx"][name][0], TTGlyphPen(None)
        if advance and name != "space":
            pen.moveTo((0, 0))
            for corner in ((0, _CAP_HEIGHT), (advance, _CAP_HEIGHT), (advance, 0)):
                pen.lineTo(corner)
            pen.closePath()
        font["glyf"][name] = pen.glyph()
        font["hmtx"][name] = (advance, 0)
