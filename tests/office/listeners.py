"""Small servers that the office speaks to in tests: one for mail, one for web hooks."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail and keeps it; refuses an address that begins with `refused`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mails: list[tuple[str, EmailMessage]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server, to = cast(MailServer, self.server), ""
        self._say("220 here")
        while line := self.rfile.readline():
            word = line.decode().strip()
            verb = word.upper()[:4]
            if verb == "RCPT":
                to = word.partition("<")[2].partition(">")[0]
                self._say("550 no" if to.startswith("refused") else "250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part[1:] if part.startswith(b".") else part)
                mail = message_from_bytes(b"".join(lines), policy=policy.default)
                server.mails.append((to, cast(EmailMessage, mail)))
                self._say("250 ok")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class HookServer(ThreadingHTTPServer):
    """Takes calls and keeps them; answers with `status`, and a redirect leads to `elsewhere`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status, self.elsewhere = 200, ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?a=b"


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(HookServer, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(server.status)
        if server.elsewhere:
            self.send_header("Location", server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: MailServer | HookServer) -> Iterator[None]:
    """Serve in a thread."""
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
