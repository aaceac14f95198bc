"""``khien serve``: the office in a browser, and a worker beside it, in one command."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from khien.cli.exits import Exit, Stop
from khien.cli.parser import Parser, add_command
from khien.words import t


def add(places: argparse._SubParsersAction[Parser], lang: str) -> None:
    """Add the command to the parser."""
    parser = add_command(
        places, "serve", run, lang, says=t("cli_serve_says", lang), example="khien serve --home office --port 8000"
    )
    parser.add_argument("--home", metavar="DIR", help=t("cli_office_home_help", lang))
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=t("cli_serve_host_help", lang))
    parser.add_argument("--port", type=int, default=8000, metavar="N", help=t("cli_serve_port_help", lang))
    parser.add_argument("--workers", type=int, default=1, metavar="N", help=t("cli_serve_workers_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Bring the schema up to date, print the set-up link of a new office, serve until stopped."""
    open_office(args)
    from khien.office.start import make_ready, setup_link

    make_ready()
    if (link := setup_link(args.port)) is not None:
        print(t("cli_serve_setup", args.lang, link=link), flush=True)
    print(t("cli_serve_at", args.lang, address=f"http://{args.host}:{args.port}/"), flush=True)
    khien = [sys.executable, "-m", "khien"]
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", args.host, "--port", str(args.port),
        "--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "3", "--log-level", "warning",
        "khien.office.wsgi:application",
    ]  # fmt: skip
    return keep_running([web, *([*khien, "worker"] for _ in range(args.workers))])


def open_office(args: argparse.Namespace) -> None:
    """Make Django ready; say clearly when the extra is missing or a setting is wrong."""
    try:
        from khien.office.start import configure

        configure(args.home)
    except ModuleNotFoundError as missing:
        if missing.name not in ("django", "granian", "whitenoise", "psycopg"):
            raise
        raise Stop(Exit.WRONG_USE, t("cli_office_no_web", args.lang, package=missing.name)) from missing
    except ValueError as wrong:
        if not hasattr(wrong, "message_vi"):
            raise
        message = wrong.message_vi if args.lang == "vi" else getattr(wrong, "message_en", "")
        raise Stop(Exit.WRONG_USE, message) from wrong


def keep_running(commands: list[list[str]]) -> Exit:
    """Run all of them; start one again that ends by itself; end all on Ctrl-C or a polite kill."""
    running = [(words, subprocess.Popen(words, env=os.environ), time.monotonic()) for words in commands]
    quick = 0
    try:
        while True:
            time.sleep(0.5)
            for place, (words, process, since) in enumerate(running):
                if process.poll() is None:
                    continue
                # What cannot even start (the port is taken) must not be tried for ever.
                quick = quick + 1 if time.monotonic() - since < 10 else 0
                if quick >= 3:
                    return Exit.WRONG_USE
                running[place] = (words, subprocess.Popen(words, env=os.environ), time.monotonic())
    except KeyboardInterrupt:
        return Exit.DONE
    finally:
        for _, process, _ in running:
            process.terminate()
        for _, process, _ in running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
