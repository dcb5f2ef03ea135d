# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something between a client and a vCenter that passes all on, but for one call: that one it answers as on a bad day."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import re
import ssl
import threading
import time
import typing as t
import urllib.parse
from pathlib import Path

Json = dict[str, t.Any]
METHOD = re.compile(rb"Body[^>]*>\s*<(?:\w+:)?(\w+)")
PAGE = b"<html><head><title>%s</title></head><body>nginx</body></html>"
FAULT = (
    b'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>'
    b'<faultstring>%s</faultstring><detail><x xmlns="urn:vim25" xsi:type="%s"></x></detail></soapenv:Fault>'
    b"</soapenv:Body></soapenv:Envelope>"
)
DRIP_SECONDS = 0.1


class Answer(t.NamedTuple):
    """An answer instead of the vCenter's. carried_out: the call reaches the vCenter all the same."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    carried_out: bool = False
    way: str = ""
    times: int = 10**6


#: By name. way: how it is sent where it is not simply sent: cut, reset, endless or drip.
ANSWERS: dict[str, Answer] = {
    "200 HTML": Answer(200, PAGE % b"Sign in", "text/html"),
    "500 HTML": Answer(500, PAGE % b"500 Internal Server Error", "text/html"),
    "503 HTML": Answer(503, PAGE % b"503 Service Unavailable", "text/html"),
    "HTML that says it is XML": Answer(200, PAGE % b"Sign in"),
    "cut": Answer(carried_out=True, way="cut"),
    "cut connection": Answer(carried_out=True, way="cut connection"),
    "empty body": Answer(carried_out=True, way="empty"),
    "reset": Answer(way="reset"),
    "reset, carried out": Answer(carried_out=True, way="reset"),
    "fault of an unknown type": Answer(500, FAULT % (b"no, says the server", b"FrobnicationFault")),
    "session ended in mid-run": Answer(500, FAULT % (b"The session is not authenticated.", b"NotAuthenticated"), times=1),
    "session ended for good": Answer(500, FAULT % (b"The session is not authenticated.", b"NotAuthenticated")),
    "endless": Answer(way="endless"),
    "drip": Answer(way="drip"),
    "redirect to http": Answer(307, headers=(("Location", "http://127.0.0.1:9/sdk"),)),
    "redirect to another host": Answer(302, headers=(("Location", "https://localhost:9/sdk"),)),
}
#: Of the REST API, which has no faults: what says the same there.
REST = {
    "fault of an unknown type": Answer(500, b'{"error_type": "FROBNICATION", "messages": []}', "application/json"),
    "session ended in mid-run": Answer(401, b'{"error_type": "UNAUTHENTICATED"}', "application/json", times=1),
    "session ended for good": Answer(401, b'{"error_type": "UNAUTHENTICATED"}', "application/json"),
}


class BadVcenter:
    """While it is entered, options are those of the vCenter with another port. Its calls are named as vcsim counts them."""

    def __init__(self, options: t.Mapping[str, t.Any], certificate: Path, key: Path) -> None:
        self._target = options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self), bind_and_activate=True)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.options = {**options, "port": self._server.server_port}
        self.call, self.answer, self.left, self.hits, self.ended = "", Answer(), 0, 0, False

    def __enter__(self) -> BadVcenter:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.ended = True
        self._server.shutdown()
        self._server.server_close()

    def answers(self, call: str, name: str) -> None:
        """Answer a call in this way from now on; an empty name: in no way."""
        self.call, self.answer = call, (REST.get(name) if " " in call else None) or ANSWERS[name]
        self.left, self.hits = self.answer.times, 0

    def goes_well(self) -> None:
        self.call = ""

    def meets(self, call: str) -> bool:
        """Whether this call is answered badly now."""
        if call != self.call or not self.left:
            return False
        self.left -= 1
        self.hits += 1
        return True

    def passed_on(self, method: str, path: str, headers: Json, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        trust = ssl.create_default_context(cafile=self._target["ca_path"])
        connection = http.client.HTTPSConnection(self._target["hostname"], self._target["port"], context=trust, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()


def name_of(method: str, path: str, body: bytes) -> str:
    """The name of a call: of the vSphere API its method, of the REST API its verb, service and action."""
    parts = urllib.parse.urlsplit(path)
    if parts.path == "/sdk":
        found = METHOD.search(body)
        return found[1].decode() if found else ""
    # Below tagging an id may stand behind the service.
    service = parts.path.partition("/tagging/")[2].partition("/")[0] or parts.path.rpartition("/")[2]
    query = urllib.parse.parse_qs(parts.query)
    action = (query.get("action") or query.get("~action") or [""])[0]
    return f"{method} {service} {action}".strip()


def _handler(bad: BadVcenter) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")}
            hit = bad.meets(name_of(self.command, self.path, body))
            status, told, text = 200, list[tuple[str, str]](), b""
            if not hit or bad.answer.carried_out:
                status, told, text = bad.passed_on(self.command, self.path, headers, body)
            if not hit:
                self._send(status, told, text)
            else:
                _misbehave(self, bad, status, told, text)

        do_GET = do_DELETE = do_POST  # noqa: N815 - the names that http.server calls

        def _send(self, status: int, headers: t.Iterable[tuple[str, str]], text: bytes, length: int | None = None) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "content-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text) if length is None else length))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments: t.Any) -> None:
            """Nothing."""

    return Handler


def _misbehave(handler: t.Any, bad: BadVcenter, status: int, told: list[tuple[str, str]], text: bytes) -> None:
    answer = bad.answer
    kind = ("Content-Type", answer.kind)
    if answer.way == "cut":
        handler._send(status, told, text[: len(text) // 2])
    elif answer.way == "cut connection":
        handler._send(status, told, text[: len(text) // 2], len(text) + 1)
        handler.close_connection = True
    elif answer.way == "empty":
        handler._send(status, told, b"")
    elif answer.way == "reset":
        handler.close_connection = True
        handler.connection.close()
    elif answer.way:
        _stream(handler, bad, kind, answer.way)
    else:
        handler._send(answer.status, [kind, *answer.headers], answer.body)


def _stream(handler: t.Any, bad: BadVcenter, kind: tuple[str, str], way: str) -> None:
    """An answer without an end."""
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header(*kind)
    handler.end_headers()
    piece = b" " * 65536 if way == "endless" else b" "
    with contextlib.suppress(OSError):
        handler.wfile.write(b"<")
        while not bad.ended:
            handler.wfile.write(piece)
            if way == "drip":
                time.sleep(DRIP_SECONDS)
