"""Take a picture of every page of an office that is being served, to be looked at before a release.

python tools/look.py --at http://localhost:8000 --email analyst@demo.invalid --password … --out pictures
python tools/look.py … --widths 1440 --langs vi --dark --only /watch/
python tools/look.py … --paper --only /plan/                 # printed, as PDF and its pages as PNG

From the page of today every link is followed, of each kind of address the first; `--also` adds others. Of each page
its text is kept beside the picture, and what a program can see is told: a page wider than the screen, a key where a
word should stand, a complaint of the browser.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

WORDS = frozenset((
    "programme", "tables", "row", "grid", "compare", "runs", "plan", "projects", "what-if", "stress", "ask", "reliance",
    "partners", "people", "complex", "watch", "models", "record", "replay", "desk", "new", "edit", "indicators", "log",
    "accounts", "hooks", "account", "second", "sign-in", "forgot", "roadmap", "money", "outcome", "why", "frontier",
))  # fmt: skip
"""Parts of addresses that name a kind of page; every other part names one thing, of which one picture is enough."""
FILES = re.compile(r"\.(csv|svg|zip|xlsx|xml|atom|json)$|/files/|/api/|/pictures/")
KEY = re.compile(r"\b(?:board|pages|draw|lookout|office|sign|hook|grid|import|cli)_[a-z_]+\b|\bNone\b|\bnan\b|&amp;")
HEIGHT = {1440: 900, 390: 844}
DRAWN_MS = 300_000
HREFS = "all => all.map(one => one.getAttribute('href'))"


def main() -> int:
    """Sign in, find the pages, take the pictures, tell what is wrong."""
    args = arguments()
    from playwright.sync_api import sync_playwright

    args.out.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with sync_playwright() as play:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        kept = signed_in(chromium, args)
        pages = sorted({*(args.also or ()), *([] if args.no_crawl else found(chromium, kept, args.at))})
        pages = [page for page in pages if any(page.startswith(only) for only in args.only or ("/",))]
        for lang in args.langs:
            for width in args.widths:
                context = opened(chromium, kept, args, lang, width)
                for page in pages:
                    picture(context, args, page, f"{lang}-{width}{'-dark' if args.dark else ''}", wrong)
                context.close()
        chromium.close()
    print("\n".join([f"{len(pages)} pages", *wrong]))
    return int(bool(wrong))


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", required=True)
    parser.add_argument("--email")
    parser.add_argument("--password")
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--widths", type=int, nargs="+", default=[1440, 390])
    parser.add_argument("--langs", nargs="+", default=["vi", "en"])
    parser.add_argument("--also", nargs="*", help="addresses that no link leads to")
    parser.add_argument("--only", nargs="*", help="beginnings of addresses")
    parser.add_argument("--no-crawl", action="store_true", help="only those of --also")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--paper", action="store_true", help="print instead")
    return parser.parse_args()


def signed_in(chromium: Any, args: argparse.Namespace) -> Any:
    """The state of a browser in which the person has signed in; of one without, where nobody is named."""
    if not args.email:
        return None
    context = chromium.new_context()
    tab = context.new_page()
    tab.goto(f"{args.at}/sign-in/")
    tab.fill("input[name=email]", args.email)
    tab.fill("input[name=password]", args.password)
    tab.click("main form button")
    if "/sign-in/" in tab.url:
        sys.exit(f"not signed in: {tab.inner_text('main')[:200]}")
    state = context.storage_state()
    context.close()
    return state


def kind_of(address: str) -> str:
    """An address without the things that it names."""
    split = urlsplit(address)
    parts = ["*" if part and part not in WORDS else part for part in split.path.split("/")]
    return "/".join(parts) + "?" + ",".join(sorted(parse_qs(split.query, keep_blank_values=True)))


def found(chromium: Any, kept: Any, base: str) -> Iterator[str]:
    """Of each kind of page the first that a link leads to."""
    context = chromium.new_context(storage_state=kept)
    known, waiting = {"/?"}, ["/"]
    while waiting:
        page = waiting.pop(0)
        yield page
        tab = context.new_page()  # a page that comes again by itself is in nobody's way
        tab.goto(base + page, timeout=DRAWN_MS)
        hrefs = tab.eval_on_selector_all("a[href]:not([download])", HREFS)
        tab.close()
        for href in hrefs:
            there = urldefrag(urljoin(base + page, href)).url
            address = there.removeprefix(base)
            if not there.startswith(base + "/") or FILES.search(urlsplit(address).path) or "save" in address:
                continue
            if (kind := kind_of(address)) not in known:
                known.add(kind)
                waiting.append(address)
    context.close()


def opened(chromium: Any, kept: Any, args: argparse.Namespace, lang: str, width: int) -> Any:
    """A browser of that width and language."""
    size = {"width": width, "height": HEIGHT.get(width, 900)}
    context = chromium.new_context(
        storage_state=kept, viewport=size, locale=lang, color_scheme="dark" if args.dark else "light",
        has_touch=width < 600, is_mobile=width < 600,
    )  # fmt: skip
    context.set_default_timeout(DRAWN_MS)
    tab = context.new_page()
    tab.goto(args.at + ("/account/" if kept else "/sign-in/"))
    if tab.get_attribute("html", "lang") != lang:
        tab.eval_on_selector(f"button[value={lang}]", "one => one.form.requestSubmit(one)")
        tab.wait_for_selector(f"html[lang={lang}]")
    tab.close()
    return context


def picture(context: Any, args: argparse.Namespace, page: str, name: str, wrong: list[str]) -> None:
    """One page: its picture, its text, what is wrong with it and what the browser complains of."""
    tab = context.new_page()
    tab.on("console", lambda told: wrong.append(f"{tab.url}: {told.text}"))
    tab.on("pageerror", lambda error: wrong.append(f"{tab.url}: {error}"))
    show(tab, args.at + page)
    file = args.out / f"{re.sub(r'[^a-z0-9]+', '-', page.lower()).strip('-') or 'today'}.{name}"
    if args.paper:
        tab.pdf(path=f"{file}.pdf", format="A4", print_background=False)
        subprocess.run(["pdftoppm", "-r", "60", "-png", f"{file}.pdf", str(file)], check=True)
        tab.close()
        return
    text = tab.inner_text("body")
    Path(f"{file}.txt").write_text(text, encoding="utf-8")
    over = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    wrong += [f"{file.name}: {over} pixels too wide"] * (over > 0)
    wrong += [f"{file.name}: {key}" for key in dict.fromkeys(KEY.findall(text))]
    tab.screenshot(path=f"{file}.png", full_page=True)
    tab.close()


def show(tab: Any, address: str) -> None:
    """Open a page and wait until its pictures are drawn, those that wait to be seen too."""
    until = time.monotonic() + DRAWN_MS / 1000
    tab.goto(address)
    calm = 0  # between two pages there is nothing on either, so look twice
    while calm < 2 and time.monotonic() < until:
        tab.wait_for_timeout(500)
        tab.wait_for_load_state("load")
        calm = 0 if tab.locator(".coming").count() else calm + 1
    tab.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(one => one.loading = 'eager')")
    tab.wait_for_load_state("networkidle")


if __name__ == "__main__":
    sys.exit(main())
