"""The demo of ``khien serve``: an office that says loudly that it is one, with a person for every role."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING

from khien.cli.exits import Exit, Stop
from khien.cli.paths import existing
from khien.words import t

if TYPE_CHECKING:
    from khien.office.demo import Persona

STARTS_WITHIN = 60.0


def mark(args: argparse.Namespace) -> None:
    """Mark the data folder as that of a demo; a real office is never made one."""
    from khien.office.config import DEFAULT_HOME, DEMO_MARK

    if os.environ.get("DATABASE_URL"):
        raise Stop(Exit.WRONG_USE, t("cli_serve_demo_database", args.lang))
    for path in (args.demo, args.plan):
        if path:
            existing(path, args.lang)
    args.home = args.home or os.environ.get("KHIEN_HOME") or DEFAULT_HOME
    home = Path(args.home)
    if home.is_dir() and any(home.iterdir()) and not (home / DEMO_MARK).exists():
        raise Stop(Exit.WRONG_USE, t("cli_serve_demo_home", args.lang, home=home))
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / DEMO_MARK).touch()


def fill(args: argparse.Namespace) -> list[Persona]:
    """Load programme and plan, make the people, print their passwords once (not when it is only tried)."""
    from khien.office.acts.trouble import Trouble
    from khien.office.demo import prepare

    try:
        people = prepare(Path(args.demo), Path(args.plan) if args.plan else None, args.lang)
    except Trouble as trouble:
        raise Stop(Exit.INPUT_ERRORS, trouble.message(args.lang)) from trouble
    if not args.try_once:
        print(t("cli_serve_demo_people", args.lang))
        for one in people:
            print(f"  {one.email:32} {one.password}   {t(f'office_role_{one.role}', args.lang)}")
        print(t("cli_serve_demo_stop", args.lang, home=args.home), flush=True)
    return people


def try_once(args: argparse.Namespace, commands: list[list[str]], people: list[Persona]) -> Exit:
    """Start everything, ask the health page, sign in, ask Today, stop: what a machine without a person can check."""
    from khien.cli.serve import stop

    running = [subprocess.Popen(words, env=os.environ) for words in commands]
    base = f"http://{args.host}:{args.port}"
    try:
        health = _started(base, running)
        today = _today(base, people[0])
    except OSError as error:
        raise Stop(Exit.OUR_FAULT, t("cli_serve_try_failed", args.lang, what=error)) from error
    finally:
        stop(running)
    if args.json:
        print(json.dumps({"command": args.command, "health": health, "today": today}))
    else:
        print(t("cli_serve_tried", args.lang, health=health, today=today), flush=True)
    return Exit.DONE


def _started(base: str, running: list[subprocess.Popen[bytes]]) -> int:
    end = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with urllib.request.urlopen(f"{base}/health/", timeout=10) as answer:
                return int(answer.status)
        except OSError:
            if time.monotonic() > end or running[0].poll() is not None:
                raise
            time.sleep(0.3)


def _today(base: str, person: Persona) -> int:
    """Sign in as people do, by the form; the status of Today."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{base}/sign-in/", timeout=20) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    fields = {"email": person.email, "password": person.password, "csrfmiddlewaretoken": token[1] if token else ""}
    body = urllib.parse.urlencode(fields).encode()
    with browser.open(urllib.request.Request(f"{base}/sign-in/", body, {"Referer": base}), timeout=20) as page:
        if not page.url.endswith(f"{base}/") or 'class="demo"' not in page.read().decode():
            raise OSError(page.url)
        return int(page.status)
