"""``khien serve``: the office in a browser, and a worker beside it, in one command."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import subprocess
import sys
import time

from khien.cli.exits import Exit, Stop
from khien.cli.output import answer
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
    parser.add_argument("--demo", metavar="PATH", help=t("cli_serve_demo_help", lang))
    parser.add_argument("--plan", metavar="PLAN", help=t("cli_serve_plan_help", lang))
    parser.add_argument("--upgrade", action="store_true", help=t("cli_serve_upgrade_help", lang))
    parser.add_argument("--grant", metavar="ROLE", help=t("cli_serve_grant_help", lang))
    parser.add_argument("--try", action="store_true", dest="try_once", help=t("cli_serve_try_help", lang))


def run(args: argparse.Namespace) -> Exit:
    """Bring the schema up to date, print the set-up link of a new office, serve until stopped."""
    if not args.demo and (args.plan or args.try_once):
        raise Stop(Exit.WRONG_USE, t("cli_serve_try_needs_demo", args.lang))
    if not 0 <= args.port <= 65535:
        raise Stop(Exit.WRONG_USE, t("cli_range", args.lang, option="--port", low=0, high=65535))
    if not 0 <= args.workers <= 1000:
        raise Stop(Exit.WRONG_USE, t("cli_range", args.lang, option="--workers", low=0, high=1000))
    if args.grant and not args.upgrade:
        raise Stop(Exit.WRONG_USE, t("cli_serve_grant_needs_upgrade", args.lang))
    if args.upgrade:
        return upgrade(args)
    if args.try_once and taken(args):
        args.port = 0
    if args.port == 0:
        args.port = free_port(args.host)
    if taken(args):
        raise Stop(Exit.WRONG_USE, t("cli_serve_port_taken", args.lang, port=args.port))
    if args.demo:
        from khien.cli.demo import mark

        mark(args)
    open_office(args)
    from khien.office.start import setup_link

    ready(args)
    guard_log(args)
    commands = [web(args), *([sys.executable, "-m", "khien", "worker"] for _ in range(args.workers))]
    if args.demo:
        from khien.cli.demo import fill, try_once

        people = fill(args)
        if args.try_once:
            return try_once(args, commands, people)
    elif (link := setup_link(args.port)) is not None:
        print(t("cli_serve_setup", args.lang, link=link), flush=True)
    print(t("cli_serve_at", args.lang, address=f"http://{args.host}:{args.port}/"), flush=True)
    return keep_running(commands)


def ready(args: argparse.Namespace) -> None:
    """Bring the schema up to date; say clearly when that cannot be, or when there is no database."""
    from khien.office.config import ConfigError
    from khien.office.start import make_ready

    try:
        make_ready()
    except ConfigError as wrong:
        raise Stop(Exit.WRONG_USE, wrong.message_vi if args.lang == "vi" else wrong.message_en) from wrong


def guard_log(args: argparse.Namespace) -> None:
    """Refuse, or without TLS warn loudly, when the database role of the web could drop what protects the log."""
    from khien.office.ownership import Guard, guard

    found = guard()
    if found == Guard.REFUSE:
        raise Stop(Exit.WRONG_USE, t("cli_serve_owner_refused", args.lang))
    if found == Guard.WARN:
        print(t("cli_serve_owner_warned", args.lang), file=sys.stderr, flush=True)


def upgrade(args: argparse.Namespace) -> Exit:
    """Bring the schema up to date as its owner, give the role of the web what it needs, and stop."""
    open_office(args)
    from khien.office.config import ConfigError
    from khien.office.ownership import grant_all
    from khien.office.start import pending

    try:
        steps = pending()
        ready(args)
        commands = grant_all(args.grant) if args.grant else []
    except ConfigError as wrong:
        raise Stop(Exit.WRONG_USE, wrong.message_vi if args.lang == "vi" else wrong.message_en) from wrong
    lines = [t("cli_serve_upgraded", args.lang, count=len(steps))]
    if commands:
        lines.append(t("cli_serve_granted", args.lang, role=args.grant))
    answer(args, {"steps": steps, "granted": commands}, lines)
    return Exit.DONE


def web(args: argparse.Namespace) -> list[str]:
    """The command of the web server."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", args.host, "--port", str(args.port),
        "--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "3", "--log-level", "warning",
        "khien.office.wsgi:application",
    ]  # fmt: skip


def taken(args: argparse.Namespace) -> bool:
    """Whether somebody listens there already; that, and an address that cannot be had, is said before all else."""
    with socket.socket(socket.AF_INET6 if ":" in args.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((args.host, args.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            told = {"address": f"{args.host}:{args.port}", "reason": error.strerror or error}
            raise Stop(Exit.WRONG_USE, t("cli_serve_address_wrong", args.lang, **told)) from error
    return False


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def open_office(args: argparse.Namespace) -> None:
    """Make Django ready; say clearly when the extra is missing or a setting is wrong."""
    try:
        from khien.office.start import configure

        configure(args.home)
    except ModuleNotFoundError as missing:
        if missing.name not in ("django", "granian", "whitenoise", "psycopg", "ninja"):
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
        stop([process for _, process, _ in running])


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End all of them: politely, then not."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
