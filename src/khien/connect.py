"""Ask an office from Python: ``office = khien.connect("https://khien.example.org", token)``.

    programme = office.programme()                # the adopted version: the same object as khien.read(path)
    run = office.ask("plan", settings={"time_limit": 60})
    plan = office.plan(office.wait(run["id"]))    # the same object as khien.load_plan(path)

Needs the standard library alone. The token is made under *My account* and stands in no file of this module.
"""

from __future__ import annotations

import http.client
import io
import json
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from khien.words import t

if TYPE_CHECKING:
    from khien.plan import Plan
    from khien.programme import Programme

_OVER: Final = ("done", "failed", "cancelled", "lost")
_HERE: Final = ("localhost", "127.0.0.1", "::1")


class OfficeError(Exception):
    """The office said no or did not answer, or a run ended without a result.

    Attributes:
        status: the HTTP status; 0 when there was none: no answer, or the run and not the office failed.
    """

    def __init__(self, status: int, key: str, vi: dict[str, object], en: dict[str, object]) -> None:
        self.status = status
        self.message_vi, self.message_en = t(key, "vi", **vi), t(key, "en", **en)
        super().__init__(self.message_en)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token goes to the address that was given, and nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Office:
    """An office, seen through a token."""

    def __init__(self, url: str, token: str, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise OfficeError(0, "connect_address", {"url": url}, {"url": url})
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise OfficeError(0, "connect_token", {}, {})
        base = url.rstrip("/").removesuffix("/api") + "/api"
        self._base, self._token, self._timeout = base, token, timeout
        self._opener = urllib.request.build_opener(_Stay)

    def __repr__(self) -> str:
        return f"Office({self._base.removesuffix('/api')!r})"

    def versions(self, before: int | None = None) -> list[dict[str, Any]]:
        """Versions, newest first, 50 at once; go on with `before`."""
        return self._json("/versions", before=before)  # type: ignore[no-any-return]

    def programme(self, version: int | None = None) -> Programme:
        """The programme of a version; left out, of the adopted one, or of the newest while none is adopted."""
        from khien.programme import read

        if version is None:
            known = self.versions()
            version = next((one["id"] for one in known if one["adopted"]), known[0]["id"] if known else 0)
        content = self._bytes(f"/versions/{version}/programme.zip")
        with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                (Path(place) / Path(name).name).write_bytes(packed.read(name))
            return read(place)

    def table(self, version: int, name: str) -> list[dict[str, Any]]:
        """All rows of a table of a version."""
        rows: list[dict[str, Any]] = []
        while True:
            part = self._json(f"/versions/{version}/tables/{quote(name, safe='')}", offset=len(rows))
            rows += part["rows"]
            if len(rows) >= part["total"] or not part["rows"]:
                return rows

    def findings(self, version: int) -> list[dict[str, Any]]:
        """What the check warns of."""
        return self._json(f"/versions/{version}/findings")  # type: ignore[no-any-return]

    def runs(self, state: str | None = None, before: int | None = None) -> list[dict[str, Any]]:
        """Runs, newest first, 50 at once."""
        return self._json("/runs", state=state, before=before)  # type: ignore[no-any-return]

    def run(self, run: int) -> dict[str, Any]:
        """One run: how it goes, and its headline once it is done."""
        return self._json(f"/runs/{run}")  # type: ignore[no-any-return]

    def ask(
        self,
        kind: str,
        version: int | None = None,
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        source: int | None = None,
    ) -> dict[str, Any]:
        """Ask for a run; the same again gives the one that is there. `source` is the plan that it starts from."""
        if version is None:
            version = self.run(source)["version"] if source else self._standing()
        asked = {"kind": kind, "version": version, "settings": settings or {}, "seed": seed, "source": source}
        return json.loads(self._bytes("/runs", asked))  # type: ignore[no-any-return]

    def cancel(self, run: int) -> dict[str, Any]:
        """Stop a run."""
        return json.loads(self._bytes(f"/runs/{run}/cancel", {}))  # type: ignore[no-any-return]

    def wait(self, run: int, seconds: float = 3600.0) -> int:
        """Wait until a run is done; return its id.

        Raises:
            OfficeError: it ended without a result.
            TimeoutError: it goes on after so many seconds.
        """
        end = time.monotonic() + seconds
        while (now := self.run(run))["state"] not in _OVER:
            if time.monotonic() > end:
                raise TimeoutError(run)
            time.sleep(1.0)
        if now["state"] != "done":
            told = [{"run": run, "state": now["state"], "why": now[f"trouble_{lang}"]} for lang in ("vi", "en")]
            raise OfficeError(0, "connect_over", *told)
        return run

    def file(self, run: int, name: str) -> bytes:
        """A file that a run made."""
        return self._bytes(f"/runs/{run}/files/{quote(name)}")

    def plan(self, run: int) -> Plan:
        """The plan that a run made."""
        from khien.plan import load_plan

        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "plan.json"
            path.write_bytes(self.file(run, "plan.json"))
            return load_plan(path)

    def warnings(self, every: bool = False) -> list[dict[str, Any]]:
        """Open warnings, or every one, newest first; `official` is what holds, `pending` what waits for approval."""
        return self._json("/watch/warnings", all="true" if every else None)  # type: ignore[no-any-return]

    def indicators(self) -> list[dict[str, Any]]:
        """What is watched."""
        return self._json("/watch/indicators")  # type: ignore[no-any-return]

    def latest(self, indicator: str) -> list[dict[str, Any]]:
        """The newest value of every place, the most serious first."""
        return self._json(f"/watch/indicators/{quote(indicator, safe='')}/latest")  # type: ignore[no-any-return]

    def forecasts(self, indicator: str, place: str | None = None, model: str | None = None) -> list[dict[str, Any]]:
        """The newest forecast of every place and model, or of those named: `quantiles` and `values` by target."""
        found: list[dict[str, Any]] = []
        path = f"/watch/indicators/{quote(indicator, safe='')}/forecasts"
        while True:
            part = self._json(path, place=place, model=model, offset=len(found), most=1000)
            found += part["forecasts"]
            if len(found) >= part["total"] or not part["forecasts"]:
                return found

    def log(self, before: int | None = None) -> list[dict[str, Any]]:
        """Entries of the log, newest first, 100 at once; for auditors."""
        return self._json("/log", before=before)  # type: ignore[no-any-return]

    def _standing(self) -> int:
        known = self.versions()
        return int(next((one["id"] for one in known if one["adopted"]), known[0]["id"] if known else 1))

    def _json(self, path: str, **asked: object) -> Any:
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return json.loads(self._bytes(f"{path}?{query}" if query else path))

    def _bytes(self, path: str, body: dict[str, Any] | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "*/*"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._base + path, data, headers)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return answer.read()  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            with error:
                raw = error.read()
            try:
                told = json.loads(raw)
                why = {lang: str(told[f"why_{lang}"]) for lang in ("vi", "en")}
            except (ValueError, KeyError, TypeError):
                why = {"vi": str(error.reason), "en": str(error.reason)}
            said = [{"status": error.code, "why": why[lang]} for lang in ("vi", "en")]
            raise OfficeError(error.code, "connect_refused", *said) from None
        except (OSError, http.client.HTTPException) as error:  # nobody there, silence, an answer cut off
            told = {"url": self._base.removesuffix("/api"), "reason": getattr(error, "reason", None) or error}
            raise OfficeError(0, "connect_unreachable", told, told) from error


def connect(url: str, token: str, timeout: float = 60.0) -> Office:
    """An office at an address, asked with a token; nothing is sent yet.

    Raises:
        OfficeError: the address is neither https nor on this machine, or the token cannot be one.
    """
    return Office(url, token, timeout)


class _Room(ModuleType):
    """`khien.connect(url, token)` and `khien.connect.OfficeError` both work."""

    def __call__(self, url: str, token: str, timeout: float = 60.0) -> Office:
        return connect(url, token, timeout)


sys.modules[__name__].__class__ = _Room
