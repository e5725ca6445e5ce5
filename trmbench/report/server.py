"""Serves a page and live values to this machine's browser, and to nobody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from trmbench.errors import TrmbenchError, one_line
from trmbench.report.live import Follower
from trmbench.report.templates import digest, source, template

HOST = "127.0.0.1"
HTML, JSON = "text/html; charset=utf-8", "application/json"


def server(follower: Follower, title: str, port: int) -> ThreadingHTTPServer:
    """Make a server that answers on 127.0.0.1 only; it reads and never writes.

    Args:
        follower: what it shows.
        title: of the page.
        port: where it listens; 0 takes a free one.

    Raises:
        TrmbenchError: the port is taken.
    """
    script = source("live.js")
    shell = template("live.html").render(title=title, script=script, script_hash=digest(script))
    answers: dict[str, tuple[str, Callable[[], str]]] = {
        "/": (HTML, lambda: shell),
        "/report": (HTML, follower.page),
        "/live.json": (JSON, lambda: json.dumps(follower.live())),
    }
    handler = type("Handler", (_Handler,), {"answers": answers})
    try:
        return _Server((HOST, port), handler)
    except OSError as error:
        raise TrmbenchError(
            f"cannot listen on {HOST}:{port}: {error.strerror}", "choose another --port"
        ) from error


def serve(served: ThreadingHTTPServer) -> None:
    """Answer until the process is interrupted."""
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(1.0)  # so that Ctrl-C is heard
    finally:
        served.shutdown()
        served.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away in the middle of an answer."""


class _Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[str, Callable[[], str]]]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with one of the three pages that there are."""
        # A page from elsewhere could have its own name lead here: it must not read our results.
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in (HOST, "localhost"):
            return self._answer(403, "text/plain", "open this as http://127.0.0.1")
        kind, make = self.answers.get(self.path.partition("?")[0], ("", str))
        if not kind:
            return self._answer(404, "text/plain", "there is no such page")
        try:
            return self._answer(200, kind, make())
        except Exception as error:  # such as a plugin that is away: the page says so
            return self._answer(500, "text/plain; charset=utf-8", one_line(error))

    def _answer(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing for each request."""
