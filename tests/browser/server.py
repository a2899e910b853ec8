"""The pages over ports in memory on 127.0.0.1, under a stage prefix as behind API Gateway."""

import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalice.local import LambdaEventConverter, RouteMatcher

STAGE = "/api"
Handle = Callable[[dict[str, Any], None], dict[str, Any]]


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The base address of a server of `app`, which answers one request after another."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(app))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{STAGE}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """The origin of a site that is none of ours, with one page: another name is another site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def handler_of(app: Any) -> type[BaseHTTPRequestHandler]:
    """A handler that makes API Gateway's events and answers as it does."""
    convert = LambdaEventConverter(RouteMatcher(list(app.routes)))
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.removeprefix(STAGE)
            path = path if path.startswith("/") else f"/{path}"
            length = int(self.headers.get("content-length") or 0)
            try:
                event = convert.create_lambda_event(
                    self.command, path, dict(self.headers), self.rfile.read(length)
                )
            except ValueError:
                self.send_error(403)
                return
            event["requestContext"]["path"] = self.path.split("?")[0]
            with turn:
                answer = app(event, None)
            body = answer["body"].encode()
            if answer.get("isBase64Encoded"):
                body = b64decode(body)
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                if name.lower() != "strict-transport-security":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815  # the names that http.server calls

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler
