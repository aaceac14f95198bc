"""Pictures of a page as files: SVG that carries its own letters and says what it stands on, and the numbers as CSV.

A picture takes up to a second to draw. Pages show the ones that are there and let the others be drawn behind them,
one after another, so that drawing never keeps a reader of another page waiting.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Final

from django.db import connections
from fontTools import subset
from fontTools.ttLib import TTFont

from khien.board.charts import shelf
from khien.draw import fonts, stills
from khien.draw.blocks import Figure
from khien.draw.theme import FONT, NARROW, WIDE

log = logging.getLogger("khien.board")

SIZES: Final = {"wide": WIDE, "narrow": NARROW}
_TEXT: Final = re.compile(r">([^<]+)<")
_BOLD: Final = re.compile(r'font-weight="(?:bold|[6-9]00)"')
_drawing = threading.Lock()
_waiting: OrderedDict[tuple[str, str], Callable[[], bytes]] = OrderedDict()
_broken: set[tuple[str, str]] = set()
_busy: set[tuple[str, str]] = set()
_changed = threading.Lock()
_drawer: threading.Thread | None = None


@dataclass(frozen=True)
class Drawing:
    """A picture that we draw ourselves; the same fields as a figure of a report, but `svg` gives the file.

    Attributes:
        svg: from whether it is for a phone to the text of an SVG.
        numbers: the numbers behind it as CSV.
    """

    id: str
    title: str
    note: str
    alt: str
    svg: Callable[[bool], str]
    numbers: Callable[[], str]


def name_of(figure: str, lang: str, size: str) -> str:
    """Name of a picture's file."""
    return f"{figure}.{lang}.{size}.svg"


def draw(figure: Figure | Drawing, lang: str, size: str, caption: str) -> bytes:
    """Draw one picture; one at a time, for a second would only make both slower."""
    with _drawing:
        if isinstance(figure, Drawing):
            text = figure.svg(size == "narrow")
        else:
            if figure.draw is None:
                raise ValueError(f"figure {figure.id} has nothing to draw")
            text = stills.svg_of(stills.spec_of(figure.draw, SIZES[size]), lang)
        return lettered(stills.captioned(text, caption)).encode()


def numbers(figure: Figure | Drawing) -> bytes:
    """The numbers behind a picture as CSV, with the mark by which spreadsheets know UTF-8."""
    text = figure.numbers() if isinstance(figure, Drawing) else figure.data.write_csv()
    return ("\N{BYTE ORDER MARK}" + text).encode()


def lettered(svg: str) -> str:
    """The SVG with the letters that it uses inside: a picture in a page may not fetch a font, nor may a saved file."""
    used = "".join(sorted(set(unescape("".join(_TEXT.findall(svg)))) - set("\r\n\t")))
    weights = (400, 600) if _BOLD.search(svg) else (400,)
    rules = "".join(
        f'@font-face{{font-family:"{FONT}";font-weight:{weight};src:url(data:font/woff2;base64,'
        f"{base64.b64encode(_cut(weight, used)).decode()})}}"
        for weight in weights
    )
    start = svg.index("<svg")
    end = svg.index(">", start) + 1
    return f"{svg[start:end]}<style>{rules}</style>{svg[end:]}"


@lru_cache(maxsize=64)
def _cut(weight: int, letters: str) -> bytes:
    """A font with these letters only, as WOFF2; kerning is left out, as in the measures of the renderer."""
    font = TTFont(io.BytesIO(_all_letters(weight)))
    options = subset.Options()
    options.flavor, options.layout_features, options.hinting = "woff2", [], False
    options.drop_tables += ["GSUB", "GPOS", "GDEF"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


@lru_cache(maxsize=2)
def _all_letters(weight: int) -> bytes:
    """The font as it lies in its package."""
    name = f"BeVietnamPro-{fonts.WEIGHTS[weight]}.ttf"
    return (fonts.folder() / name).read_bytes()


def draw_later(key: str, makers: Iterable[tuple[str, Callable[[], bytes]]]) -> int:
    """Let pictures be drawn that are not there yet; return how many of them are still to come."""
    missing = [(name, make) for name, make in makers if not shelf.there(key, name) and (key, name) not in _broken]
    if not missing:
        return 0
    global _drawer
    with _changed:
        for name, make in missing:
            _waiting.setdefault((key, name), make)
        if _drawer is None or not _drawer.is_alive():
            _drawer = threading.Thread(target=_draw_all, name="khien-drawer", daemon=True)
            _drawer.start()
    return len(missing)


def make_later(key: str, name: str, make: Callable[[], bytes]) -> None:
    """Let something be made that takes long, beside the pictures, once."""
    with _changed:
        if (key, name) in _busy:
            return
        _busy.add((key, name))
    threading.Thread(target=_make, args=(key, name, make), name="khien-maker", daemon=True).start()


def _make(key: str, name: str, make: Callable[[], bytes]) -> None:
    try:
        shelf.kept(key, name, make)
    except Exception:
        log.exception("%s cannot be made", name)
        _broken.add((key, name))
    finally:
        connections.close_all()
        with _changed:
            _busy.discard((key, name))


def is_broken(key: str, name: str) -> bool:
    """Whether a picture was tried and could not be drawn; the log says why."""
    return (key, name) in _broken


def _draw_all() -> None:
    """Draw until nothing waits; then end, and let go of the database."""
    while True:
        with _changed:
            if not _waiting:
                connections.close_all()
                return
            (key, name), make = next(iter(_waiting.items()))
        try:
            shelf.kept(key, name, make)
        except Exception:
            log.exception("picture %s cannot be drawn", name)
            _broken.add((key, name))
        with _changed:
            _waiting.pop((key, name), None)
