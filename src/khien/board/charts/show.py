"""Parts of pages, made once for each result and language and kept; pictures are put in as they come."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from khien.board.charts import shelf
from khien.board.charts.sight import Sight
from khien.words import t

if TYPE_CHECKING:
    from khien.board.charts.blocks import Layout

MARK: Final = re.compile(r"<!--picture ([a-z0-9-]+)-->")
NEEDS: Final = {"why": ("explain", "stress"), "frontier": ("frontier",)}
"""Kinds of answer that a part shows; every other part shows at most what the stress test says of its numbers."""
DRAWN: Final = {"stress": ("stress",), "frontier": ("frontier",)}
"""Kinds of answer that stand in the pictures of a part; all others are drawn from the plan alone."""
DEEP: Final = ("reliance", "partner")
"""Parts that show the frames of self-reliance."""
NAMES: Final = ("plan", "roadmap", "outcome", "money", "people", "why", "frontier", "stress", "reliance", "today")
"""Parts that there are: the keys of `khien.board.charts.chapters.PARTS`, here for those who need not read a result."""
_measured: dict[tuple[str, str], tuple[int, int]] = {}


class Body:
    """The part of a page, and how many of its pictures are still being drawn."""

    def __init__(self, html: SafeString, missing: int) -> None:
        self.html, self.missing = html, missing


def body(sight: Sight, part: str, lang: str) -> Body:
    """Return a part of a page about a plan: a key of `PARTS`, or ``partner:ID`` or ``project:ID``."""
    sight = sight.only(NEEDS.get(part, ("stress",)))
    name = f"{part.replace(':', '-')}.{lang}.html"
    text = shelf.kept(sight.key, name, lambda: _made(sight, part, lang).encode()).decode()
    return filled(sight, part, lang, text)


def is_ready(sight: Sight, part: str) -> bool:
    """Whether a part can be shown at once; where frames have to be worked out first, that is begun behind the page."""
    key, name, make = sight.makes_deep()
    if part.partition(":")[0] not in DEEP or shelf.folder(key) is None or shelf.there(key, name):
        return True
    from khien.board.charts.pictures import is_broken, make_later

    if is_broken(key, name):
        return True
    make_later(key, name, make)
    return False


def filled(sight: Sight, part: str, lang: str, text: str) -> Body:
    """Put pictures into a text where they are there; let the others be drawn."""
    key, names = drawn_from(sight, part).key, MARK.findall(text)
    files = [(f"{name}.{lang}.{size}.svg", name, size) for name in names for size in ("wide", "narrow")]
    missing = 0
    if files and shelf.folder(key) is not None:
        from khien.board.charts.pictures import draw_later

        missing = draw_later(
            key, ((file, partial(picture, sight, part, name, lang, size)) for file, name, size in files)
        )
    return Body(mark_safe(MARK.sub(lambda found: _element(sight, part, lang, found[1]), text)), missing)


def drawn_from(sight: Sight, part: str) -> Sight:
    """What the pictures of a part are drawn from; its key is the one that they are kept under."""
    return sight.only(DRAWN.get(part, ()))


def picture(sight: Sight, part: str, name: str, lang: str, size: str) -> bytes:
    """Draw one picture of a part.

    Raises:
        KeyError: the part has no such picture.
    """
    from khien.board.charts.pictures import draw
    from khien.draw.content.provenance import status_line

    sight = drawn_from(sight, part)
    figure = layout_of(sight, part, lang).pictures[name]
    return draw(figure, lang, size, status_line(sight.results(), lang))


def csv(sight: Sight, part: str, name: str) -> bytes:
    """The numbers behind a picture or a grid of a part.

    Raises:
        KeyError: the part has no such picture.
    """
    from khien.board.charts.pictures import numbers

    layout = layout_of(drawn_from(sight, part), part, "vi")
    if name in layout.grids:
        return ("\N{BYTE ORDER MARK}" + layout.grids[name].csv).encode()
    return numbers(layout.pictures[name])


def _made(sight: Sight, part: str, lang: str) -> str:
    layout = layout_of(sight, part, lang)
    return render_to_string("board/parts/chapters.html", {
        "chapters": layout.chapters, "dated": layout.teller.dated, "lang": lang, "run": sight.plan,
        "stress": sight.aside("stress"), "part": part, "anchor": anchor(sight, part),
    })  # fmt: skip


def anchor(sight: Sight, part: str) -> int:
    """The run under whose number the pictures of a part have their address."""
    stress = sight.aside("stress")
    return stress.pk if part == "stress" and stress is not None else sight.plan.pk


def layout_of(sight: Sight, part: str, lang: str) -> Layout:
    """The chapters of a part as templates take them, with their figures; the last few are kept."""
    return _layout(sight, part, lang)


@lru_cache(maxsize=12)
def _layout(sight: Sight, part: str, lang: str) -> Layout:
    from khien.board.charts.about import Teller
    from khien.board.charts.blocks import Layout
    from khien.board.charts.chapters import PARTS, partner_blocks

    kind, _, what = part.partition(":")
    results = sight.deep() if kind in DEEP else sight.results()
    layout = Layout(Teller(sight, lang, results), _links(sight))
    if kind == "partner":
        blocks = layout.blocks(partner_blocks(results, lang, what), "leaving")
        layout.chapters = [{"id": "leaving", "title": "", "lead": "", "blocks": blocks}] if blocks else []
    else:
        layout.chapters = [layout.section(section) for section in PARTS[part](results, lang)]
    return layout


def _links(sight: Sight) -> dict[str, str]:
    """Where the ids of projects in tables lead."""
    above = reverse("plan-projects", args=(sight.plan.pk,))
    return {name: f"{above}{quote(name)}/" for name in sight.programme().projects["id"].to_list()}


def _element(sight: Sight, part: str, lang: str, name: str) -> str:
    """A picture as HTML: the narrow file for a phone, the wide one else; a line of text while it is being drawn."""
    key = drawn_from(sight, part).key
    sizes = {size: f"{name}.{lang}.{size}.svg" for size in ("wide", "narrow")}
    alt = layout_alt(sight, part, lang, name)
    home = shelf.folder(key) is not None
    if home and not all(shelf.there(key, file) for file in sizes.values()):
        from khien.board.charts.pictures import is_broken

        if any(is_broken(key, file) for file in sizes.values()):
            return f'<p class="drawing">{escape(t("pages_cannot_be_drawn", lang))}</p>'
        return f'<p class="drawing coming">{escape(t("pages_being_drawn", lang))}</p>'
    run = anchor(sight, part)
    at = {
        size: f"{reverse('picture', args=(run, part, file))}?v={key[:12]}" for size, file in sizes.items()
    }  # fmt: skip
    room = {size: _room(key, file) for size, file in sizes.items()} if home else {"wide": "", "narrow": ""}
    return (
        f'<picture><source media="(max-width: 640px)" srcset="{escape(at["narrow"])}"{room["narrow"]}>'
        f'<img src="{escape(at["wide"])}" alt="{escape(alt)}" loading="lazy" decoding="async"{room["wide"]}></picture>'
    )


def layout_alt(sight: Sight, part: str, lang: str, name: str) -> str:
    """What a picture shows, for people who do not see it; kept beside the part, so that no frame has to be read."""
    key = drawn_from(sight, part).key

    def make() -> bytes:
        pictures = layout_of(sight, part, lang).pictures
        return "\0".join(f"{n}\1{figure.alt}" for n, figure in pictures.items()).encode()

    said = shelf.kept(key, f"{part.replace(':', '-')}.{lang}.alts", make).decode()
    return dict(pair.split("\1", 1) for pair in said.split("\0") if pair).get(name, "")


def _room(key: str, file: str) -> str:
    """Attributes that keep a picture's place on the page before it has come."""
    if (key, file) not in _measured:
        found = shelf.look(key, file)
        if found is None:
            return ""
        text = found[:400].decode(errors="ignore")
        sizes = re.search(r'<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"', text)
        if sizes is None:
            return ""
        if len(_measured) > 5000:
            _measured.clear()
        _measured[key, file] = round(float(sizes[1])), round(float(sizes[2]))
    width, height = _measured[key, file]
    return f' width="{width}" height="{height}"'

