"""The report as one page that asks nobody for anything.

All of it is inside: the font, every picture as SVG, the numbers behind each as CSV, and the script
that makes pictures answer to a pointer. A Content-Security-Policy allows exactly this script and
this style sheet, by hash, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

import vl_convert

from khien.draw import fonts
from khien.draw.blocks import Section
from khien.draw.content.provenance import date_of_data
from khien.draw.numbers import FORMAT_LOCALE, day
from khien.draw.page.layout import Picture, Writer
from khien.draw.results import Results
from khien.words import t

MOST_BYTES = 8_000_000
"""A report for 300 projects stays below this size."""


def page(results: Results, lang: str, sections: Sequence[Section], pictures: Mapping[str, Picture], status: str) -> str:
    """Return the whole page as HTML text.

    Parameters
    ----------
    sections
        Chapters in order.
    pictures
        Picture by id of its figure.
    status
        The line that stands under every figure.
    """
    settings = results.programme.settings
    script, style = _script(), _style()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    writer = Writer(lang, pictures, status)
    chapters = "".join(writer.section(section) for section in sections)
    contents = "".join(f'<li><a href="#{s.id}">{escape(s.title)}</a></li>' for s in sections)
    horizon = t("draw_horizon", lang, first=results.years[0], last=results.years[1], base=settings.base_year)
    newest = date_of_data(results.programme)
    dated = t("draw_dated", lang, day=day(newest, lang)) if newest else None
    when = " · ".join(part for part in (horizon, status, dated) if part)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(settings.title(lang))} – {escape(t('draw_report', lang))}</title>"
        f"<style>{style}</style></head><body>"
        f'<a class="skip" href="#main">{escape(t("draw_skip", lang))}</a><div class="shell">'
        f'<header class="top"><p class="kind">Khiên · {escape(t("draw_report", lang))}</p>'
        f'<h1>{escape(settings.title(lang))}</h1><p class="when">{escape(when)}</p>'
        f'<nav class="toc" aria-label="{escape(t("draw_contents", lang))}"><ol>{contents}</ol></nav></header>'
        f'<main id="main">{chapters}</main>'
        f"<footer><p>{escape(t('draw_footer', lang, version=results.plan.version))}</p></footer></div>"
        f'<script type="application/json" id="pictures">{_data(pictures, lang)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def warm() -> None:
    """Make what all pages share, so that pages written at once need not make it twice."""
    _style()
    _script()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _style() -> str:
    return fonts.face_css() + _read("page.css")


@cache
def _script() -> str:
    """Return Vega and our own script as one text, safe to stand in a script element."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return (bundle + "\n;" + _read("page.js")).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _read(name: str) -> str:
    return (resources.files(__name__) / name).read_text(encoding="utf-8")


def _data(pictures: Mapping[str, Picture], lang: str) -> str:
    """Return definitions of all pictures as JSON; rows that several of them share are stored once."""
    rows: dict[str, str] = {}

    def thin(spec: dict[str, Any]) -> dict[str, Any]:
        sets = spec.get("datasets", {})
        rows.update(sets)
        return {**spec, "datasets": list(sets)}

    specs = {name: {"wide": thin(p.wide_spec), "narrow": thin(p.narrow_spec)} for name, p in pictures.items()}
    held = {"locale": FORMAT_LOCALE[lang], "rows": rows, "specs": specs}
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
