"""How quickly pages are served, and how heavy they are: the reference programme, one person, so many requests a second.

python -m bench.office_pages --rate 20 --seconds 60 --communes 3321 --plan-seconds 10
python -m bench.office_pages --plan-seconds 5 --seconds 0 --browser
    # every page in a headless Chromium: ms to the first content, bytes over the wire

Server time is from the request sent to the answer read whole, on the same machine. With `--communes` so many communes
are added to the table of places, under the provinces that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from khien import read, write

PASSWORD = "a sentence that is long enough"
BEGIN = f"""
import json, sys
from pathlib import Path
from khien import read
from khien.office.start import configure, make_ready
configure()
make_ready()
from khien.office import watch_demo
from khien.office.acts import accounts, bring, proposals, versions
from khien.office.acts.record import Actor
from khien.office.rights import Role
secret = accounts.make_setup_ticket()
boss = Actor(accounts.use_ticket(Actor(None), secret, {PASSWORD!r}, "boss@b.vn", "Boss", "en"))
def person(email, role):
    user, link = accounts.invite(boss, email, email, "en", [(role, "")])
    accounts.use_ticket(Actor(None), link, {PASSWORD!r})
    return Actor(user)
analyst, secretary = person("a@b.vn", Role.ANALYST), person("s@b.vn", Role.COUNCIL_SECRETARY)
watch_demo.fill(person("d@b.vn", Role.DUTY_OFFICER), person("w@b.vn", Role.WARNING_APPROVER))
version = versions.save_version(analyst, read(sys.argv[1]), None, "the beginning")
proposals.decide(secretary, proposals.propose(analyst, version, "r"), adopt=True, reason="r")
run = bring.bring_plan(analyst, version, Path(sys.argv[2]).read_bytes()).pk if len(sys.argv) > 2 else None
print(json.dumps([version.pk, run]))
"""


def main() -> int:
    """Serve, ask, print: by page the number, p50, p95 and worst in ms and the bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programme", default="examples/vietnam")
    parser.add_argument("--plan-seconds", type=float, default=0.0, help="plan for so long first, and ask its run too")
    parser.add_argument("--communes", type=int, default=0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pages", nargs="*", help="more addresses; {v} is the version, {r} the run")
    parser.add_argument("--results", action="store_true", help="ask the pages of results and of the watch too")
    parser.add_argument("--browser", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        env = os.environ | {"KHIEN_HOME": f"{place}/office"}
        folder = with_communes(Path(args.programme), args.communes, Path(place)) if args.communes else args.programme
        words = [sys.executable, "-c", BEGIN, str(folder)]
        if args.plan_seconds:
            plan = [sys.executable, "-m", "khien", "plan", str(folder), "--time-limit", str(args.plan_seconds)]
            subprocess.run([*plan, "--out", f"{place}/plan"], check=True, stdout=subprocess.DEVNULL)
            words.append(f"{place}/plan/plan.json")
        made = subprocess.run(words, env=env, check=True, stdout=subprocess.PIPE)
        version, run = json.loads(made.stdout)
        port = free_port()
        base = f"http://localhost:{port}"
        command = [sys.executable, "-m", "khien", "serve", "--port", str(port), "--workers", "1"]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(base)
            more = [*(args.pages or []), *(RESULTS if args.results else ())]
            pages = [page.format(v=version, r=run) for page in asked(version, run, more)]
            told: dict[str, Any] = measure(base, pages, args.rate, args.seconds) if args.seconds else {"failed": 0}
            if args.browser:
                told["browser"] = loads(base, [*pages, *(p.format(v=version, r=run) for p in RESULTS if run)])
        finally:
            server.terminate()
            server.wait(40)
    print(json.dumps(told, indent=1))
    return int(bool(told["failed"]))


def asked(version: int, run: int | None, more: list[str]) -> list[str]:
    """The pages that people look at most, and those named."""
    pages = ["/", "/programme/", "/programme/{v}/", "/programme/{v}/tables/projects/", "/runs/", "/account/"]
    pages += ["/programme/{v}/tables/places/?q=da+nang", "/programme/{v}/tables/projects/grid/"]
    return pages + (["/runs/{r}/"] if run else []) + [page for page in more if run or "{r}" not in page]


RESULTS = (
    "/plan/{r}/", "/plan/{r}/roadmap/", "/plan/{r}/money/", "/plan/{r}/people/", "/plan/{r}/outcome/",
    "/plan/{r}/projects/", "/plan/compare/?a={r}&b={r}", "/what-if/{r}/", "/stress/ask/{r}/", "/reliance/{r}/",
    "/people/{r}/", "/complex/{v}/", "/watch/", "/watch/record/", "/watch/models/", "/watch/desk/", "/watch/replay/",
    "/watch/indicators/rain-24h/?place=42", "/watch/indicators/dengue-cases/?place=79",
)  # fmt: skip
"""Pages with pictures; they are loaded in a browser, and drawn before anything is counted."""
DRAWN_MS = 600_000


def measure(base: str, pages: list[str], rate: float, seconds: float) -> dict[str, Any]:
    """Ask the pages in turn, so many a second whether or not answers came; two rounds to warm up are not counted."""
    browser = signed_in(base)
    for page in pages * 2:
        while still_drawing(browser, base + page):
            time.sleep(1)
    seen: dict[str, list[tuple[float, int, int]]] = {page: [] for page in pages}
    with ThreadPoolExecutor(32) as hands:
        began, jobs = time.monotonic(), []
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            page = pages[number % len(pages)]
            jobs.append((page, hands.submit(ask, browser, base + page)))
        for page, job in jobs:
            seen[page].append(job.result())
    every = sorted(ms for found in seen.values() for ms, _, _ in found)
    failed = sum(status != 200 for found in seen.values() for _, status, _ in found)
    return {
        "requests": len(every), "failed": failed, "p50_ms": round(statistics.median(every), 1),
        "p95_ms": round(every[int(0.95 * len(every))], 1), "worst_ms": round(every[-1], 1),
        "pages": {page: one_page(found) for page, found in seen.items()},
    }  # fmt: skip


def one_page(found: list[tuple[float, int, int]]) -> dict[str, float]:
    times = sorted(ms for ms, _, _ in found)
    p50, p95 = (round(times[int(share * (len(times) - 1))], 1) for share in (0.5, 0.95))
    return {"p50": p50, "p95": p95, "bytes": found[-1][2]}


def ask(browser: urllib.request.OpenerDirector, url: str) -> tuple[float, int, int]:
    """Milliseconds, status and bytes of one answer."""
    began = time.monotonic()
    try:
        with browser.open(url, timeout=60) as answer:
            size, status = len(answer.read()), int(answer.status)
    except OSError as error:
        size, status = 0, int(getattr(error, "code", 0) or 0)
    return 1000 * (time.monotonic() - began), status, size


def still_drawing(browser: urllib.request.OpenerDirector, url: str) -> bool:
    """Whether a page waits for a picture that is being made."""
    try:
        with browser.open(url, timeout=60) as answer:
            return b'notice coming"' in answer.read()
    except OSError:
        return False  # it is counted as failed when it is measured


def signed_in(base: str) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{base}/sign-in/", timeout=20).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    fields = {"email": "a@b.vn", "password": PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
    request = urllib.request.Request(f"{base}/sign-in/", urllib.parse.urlencode(fields).encode(), {"Referer": base})
    browser.open(request, timeout=20).close()
    return browser


def loads(base: str, pages: list[str]) -> dict[str, Any]:
    """Each page in a browser of its own: ms to the first content and kB over the wire, compressed, with headers.

    `first` is all that an empty browser transfers to come there (the sign-in page with what all pages share, and the
    page), `new` the page for a browser that knows the others, `again` the same page a second time.
    """
    path = shutil.which("chromium")
    if path is None:
        return {"skipped": "no chromium on this machine"}
    from playwright.sync_api import sync_playwright

    told = {}
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for page in pages:
            tab = chromium.new_context().new_page()
            tab.set_default_timeout(DRAWN_MS)
            wire = counted(tab)
            tab.goto(f"{base}/sign-in/")
            tab.fill("input[name=email]", "a@b.vn")
            tab.fill("input[name=password]", PASSWORD)
            tab.click("main form button")
            drawn(chromium, tab, base + page)
            tab.goto("about:blank")
            found = {"before": sum(wire)}
            for name in ("new", "again"):
                wire.clear()
                seen(tab, base + page)
                found[name] = sum(wire)
            paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            kb = {name: round(found[name] / 1000, 1) for name in ("new", "again")}
            first = round((found["before"] + found["new"]) / 1000)
            told[page] = {"first_paint_ms": tab.evaluate(paint), "first": first} | kb
            tab.context.close()
        chromium.close()
    every = list(told.values())
    return {"most": {name: max(one[name] for one in every) for name in ("first", "new", "again")}, "pages": told}


def counted(tab: Any) -> list[float]:
    """Bytes of every answer that a tab gets over the wire; what comes out of its cache counts nothing."""
    wire: list[float] = []
    network = tab.context.new_cdp_session(tab)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda told: wire.append(told["encodedDataLength"]))
    return wire


def drawn(chromium: Any, tab: Any, url: str) -> None:
    """Wait, in other tabs with the same session, until all pictures of a page are there."""
    beside = chromium.new_context(storage_state=tab.context.storage_state())
    until, coming = time.monotonic() + DRAWN_MS / 1000, 1
    while coming and time.monotonic() < until:
        other = beside.new_page()
        other.goto(url)
        coming = other.locator(".coming").count()
        other.close()  # before it comes again by itself
        time.sleep(1 if coming else 0)
    beside.close()


def seen(tab: Any, url: str) -> None:
    """Open a page and look at all of it, so that pictures that wait to be seen come too."""
    tab.goto(url)
    height = tab.evaluate("document.documentElement.scrollHeight")
    for place in range(0, height, 600):
        tab.evaluate(f"window.scrollTo(0, {place})")
        tab.wait_for_timeout(50)
    tab.wait_for_load_state("networkidle")


def with_communes(folder: Path, count: int, place: Path) -> Path:
    """The programme with so many communes, spread evenly over its provinces; only their number matters here."""
    import polars as pl

    programme = read(folder)
    places = programme.places
    provinces = places.filter(pl.col("level") == "province")
    rows = provinces.to_dicts()
    made = [
        rows[n % len(rows)] | {
            "id": f"commune-{n:05d}", "level": "commune", "parent": rows[n % len(rows)]["id"],
            "name_vi": f"Xã thử {n}", "name_en": f"Commune {n}",
        }
        for n in range(count)
    ]  # fmt: skip
    unique = [c for c in ("official_code", "code") if c in places.columns]
    more = pl.DataFrame([row | dict.fromkeys(unique) for row in made], schema=places.schema)
    write(programme.replace(places=pl.concat([places, more])), place / "programme")
    return place / "programme"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(base: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{base}/health/", timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(base)


if __name__ == "__main__":
    sys.exit(main())
