"""Server and worker are killed at random moments while people work: what was confirmed must be there afterwards.

python -m bench.office_kill --kills 200                       # SQLite in a new folder
DATABASE_URL=postgresql://… python -m bench.office_kill       # an empty database

An act counts as confirmed when its answer arrived whole. At the end a worker is left in peace until nothing waits or
runs; then every confirmed act is looked for, the chain of the log is walked, and the runs are counted by state.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Event, Lock, Thread

from khien.office.audit import rows_of, verify

PASSWORD = "a sentence that is long enough"
BEGIN = f"""
import json, sys
from khien import read
from khien.office.start import configure, make_ready
configure()
make_ready()
from khien.office.acts import accounts, tokens, versions
from khien.office.acts.record import Actor
from khien.office.rights import Role
secret = accounts.make_setup_ticket()
boss = Actor(accounts.use_ticket(Actor(None), secret, {PASSWORD!r}, "boss@b.vn", "Boss", "en"))
user, link = accounts.invite(boss, "a@b.vn", "A", "en", [(Role.ANALYST, "")])
accounts.use_ticket(Actor(None), link, {PASSWORD!r})
version = versions.save_version(Actor(user), read("examples/island"), None, "the beginning")
print(json.dumps([version.pk, tokens.make_token(Actor(user), "bench", ["read", "run"], 2)[1]]))
"""
LOOK = """
import json
from khien.office.start import configure
configure()
from khien.office.models import Run, Token
runs = {run.pk: [run.state, run.cancel_asked] for run in Run.objects.all()}
print(json.dumps([runs, list(Token.objects.values_list("name", flat=True))]))
"""
LOST = (OSError, http.client.HTTPException, urllib.error.URLError)


class Office:
    """Server and workers as processes that can be killed, each with all that it started."""

    def __init__(self, env: dict[str, str], port: int) -> None:
        self.env, self.port = env, port
        python = [sys.executable, "-m"]
        self.commands = {
            "web": [*python, "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1",
                    "--blocking-threads", "4", "--log-level", "error", "khien.office.wsgi:application"],
            "worker": [*python, "khien", "worker"],
        }  # fmt: skip
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for name in names:
            command = self.commands[name]
            self.running[name] = subprocess.Popen(command, env=self.env, start_new_session=True, **quiet)  # type: ignore[call-overload]

    def kill(self, *names: str) -> None:
        for name in names:
            os.killpg(self.running[name].pid, signal.SIGKILL)
            self.running[name].wait()

    def answers(self, within: float = 60.0) -> None:
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"http://localhost:{self.port}/health/", timeout=5).close()
                return
            except LOST:
                time.sleep(0.1)
        raise TimeoutError("the office does not answer")


class People:
    """Work in threads: runs asked for and stopped by a program, tokens made in a browser. Keeps what was confirmed."""

    def __init__(self, base: str, version: int, token: str) -> None:
        self.base, self.version, self.token = base, version, token
        self.over, self.lock = Event(), Lock()
        self.asked: set[int] = set()
        self.stopped: set[int] = set()
        self.tokens: set[str] = set()
        self.faults: list[str] = []

    def work(self) -> list[Thread]:
        threads = [Thread(target=self._keep, args=(part,), daemon=True) for part in (self._program, self._browser)]
        for thread in threads:
            thread.start()
        return threads

    def _keep(self, part: object) -> None:
        while not self.over.is_set():
            try:
                part()  # type: ignore[operator]
            except urllib.error.HTTPError as error:
                if error.code >= 500:
                    with self.lock:
                        self.faults.append(f"{error.code} {error.url}")
                self.over.wait(0.2)
            except LOST:
                self.over.wait(0.1)

    def _program(self) -> None:
        """Ask for a run, now and then stop one; never more than a few that wait."""
        if len(self._api("/runs?state=waiting")) < 6:
            seed = random.randrange(2**30)
            asked = {"kind": "plan", "version": self.version, "seed": seed, "settings": {"time_limit": 1.0}}
            run = self._api("/runs", asked)["id"]
            with self.lock:
                self.asked.add(run)
            if random.random() < 0.3:
                self._api(f"/runs/{run}/cancel", {})
                with self.lock:
                    self.stopped.add(run)
        self.over.wait(0.3)

    def _api(self, path: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base}/api{path}", data, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def _browser(self) -> None:
        """Sign in, make tokens and revoke them until the session or the server is gone."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._send(browser, "/sign-in/", {"email": "a@b.vn", "password": PASSWORD})
        while not self.over.is_set():
            name = f"t{random.randrange(2**40)}"
            told = self._send(browser, "/account/tokens/", {"name": name, "scope": "read", "days": "1"}, "/account/")
            if "khien_" in told:
                with self.lock:
                    self.tokens.add(name)
            page = browser.open(f"{self.base}/account/", timeout=20).read().decode()
            for found in re.findall(r"/account/tokens/(\d+)/revoke/", page)[:-1]:
                self._send(browser, f"/account/tokens/{found}/revoke/", {}, "/account/")

    def _send(
        self, browser: urllib.request.OpenerDirector, path: str, fields: dict[str, str], form: str = ""
    ) -> str:
        page = browser.open(f"{self.base}{form or path}", timeout=20).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1] if token else ""}).encode()
        request = urllib.request.Request(f"{self.base}{path}", body, {"Referer": self.base})
        return str(browser.open(request, timeout=20).read().decode())


def told(env: dict[str, str], code: str) -> list[object]:
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, stdout=subprocess.PIPE)
    plain: list[object] = json.loads(done.stdout)
    return plain


def kill_at_random(office: Office, kills: int, draw: random.Random) -> dict[str, int]:
    """Kill one or both so many times, from the moment they start on; start again what was killed."""
    counts = {"web": 0, "worker": 0, "both": 0}
    for number in range(kills):
        time.sleep(draw.uniform(0.0, 6.0))
        victim = draw.choice(("web", "worker", "both"))
        names = ("web", "worker") if victim == "both" else (victim,)
        office.kill(*names)
        counts[victim] += 1
        office.start(*names)
        if number % 20 == 19:
            print(f"{number + 1} kills", file=sys.stderr, flush=True)
    return counts


def main() -> int:
    """Kill, let the rest be done, look; 1 when anything confirmed is missing, or anything else is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"KHIEN_HOME": home}
        version, token = told(env, BEGIN)
        office = Office(env, port)
        office.start("web", "worker")
        began = time.monotonic()
        try:
            office.answers()
            people = People(f"http://localhost:{port}", int(str(version)), str(token))
            threads = people.work()
            counts = kill_at_random(office, args.kills, random.Random(args.seed))
            seconds = time.monotonic() - began
            office.answers()
            people.over.set()
            for thread in threads:
                thread.join(60)
            runs = rest_done(env)
        finally:
            office.kill("web", "worker")
        _, names = told(env, LOOK)
        found = verify(rows_of(os.environ.get("DATABASE_URL") or str(Path(home) / "office.sqlite3")))
    return report(people, counts, seconds, runs, set(map(str, names)), len(found.faults), found.entries)  # type: ignore[call-overload]


def rest_done(env: dict[str, str], within: float = 900.0) -> dict[int, tuple[str, bool]]:
    """Wait until no run waits or runs; the runs by id."""
    end = time.monotonic() + within
    while True:
        runs, _ = told(env, LOOK)
        plain = {int(pk): (state, asked) for pk, (state, asked) in runs.items()}  # type: ignore[attr-defined]
        if not any(state in ("waiting", "running") for state, _ in plain.values()) or time.monotonic() > end:
            return plain
        time.sleep(3)


def report(
    people: People, counts: dict[str, int], seconds: float, runs: dict[int, tuple[str, bool]], names: set[str],
    faults: int, entries: int,
) -> int:  # fmt: skip
    """Print the figures; 1 when something is wrong."""
    lost = {
        "runs": len(people.asked - set(runs)), "tokens": len(people.tokens - names),
        "stops": sum(not runs[run][1] for run in people.stopped if run in runs),
    }  # fmt: skip
    states: dict[str, int] = {}
    for state, _ in runs.values():
        states[state] = states.get(state, 0) + 1
    open_ended = sum(states.get(state, 0) for state in ("waiting", "running", "failed"))
    print(json.dumps({
        "kills": counts, "seconds": round(seconds), "log_entries": entries, "chain_faults": faults,
        "confirmed": {"runs": len(people.asked), "stops": len(people.stopped), "tokens": len(people.tokens)},
        "lost": lost, "runs_by_state": states, "answers_500": len(people.faults), "first_500": people.faults[:5],
    }))  # fmt: skip
    return int(bool(any(lost.values()) or faults or open_ended or people.faults))


if __name__ == "__main__":
    sys.exit(main())
