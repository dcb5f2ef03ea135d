# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport against real sockets on loopback: TLS, time-outs, broken connections, redirects."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
import time

import pytest
import trustme

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import transport as transport_module
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Transport
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import ConnectionFailed

HEADERS = {"Authtoken": "QSDK secret-token", "Content-Type": "application/json"}


class Server(http.server.ThreadingHTTPServer):
    """Keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.release = threading.Event()

    def handle_error(self, *_arguments):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """What it does is told by the path."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.path, dict(self.headers), body, self.client_address))
        if self.path.startswith("/hang"):
            self.server.release.wait(5)
        if self.path.startswith(("/hang", "/break")):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if self.path.startswith(("/drip", "/flood")):
            (self.drip if self.path.startswith("/drip") else self.flood)()
            return
        status = 302 if self.path.startswith("/move") else 502 if self.path.startswith("/page") else 200
        answer = "<html><title>Bad</title></html>" if status == 502 else '{"name": "Café"}'
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def drip(self):
        """An answer that never stands still and never ends: of its head, or of its body."""
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
        text = head + (b"X-Slow: " if self.path.endswith("head") else b"\r\n") + b"x" * 1000
        with contextlib.suppress(OSError):
            for byte in text:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.release.wait(0.02):
                    return

    def flood(self):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.release.is_set():
                self.wfile.write(b" " * 65536)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def serving(context=None):
    server = Server()
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def plain():
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return ca, str(path)


@pytest.fixture
def secure(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with serving(context) as server:
        yield server


def send(server, path="/api", method="GET", scheme="http", body=None, params=None, host="127.0.0.1", **options):
    transport = Transport(options.get("verify", True), options.get("connect", 2.0), options.get("read", 2.0))
    try:
        return transport.send(method, f"{scheme}://{host}:{server.server_port}{path}", params, HEADERS, body)
    finally:
        transport.close()


def failure(*arguments, **options):
    with pytest.raises(ConnectionFailed) as error:
        send(*arguments, **options)
    assert "secret-token" not in str(error.value.to_result())
    return error.value


def test_json_goes_out_and_comes_back_in_utf8(plain):
    reply = send(plain, "/api", "POST", body={"name": "Café"}, params={"fq": ["a:eq:x y", "b:eq:ä&+"], "none": ""})
    assert reply.status == 200 and reply.json() == {"name": "Café"}
    path, headers, body, _address = plain.seen[0]
    assert path == "/api?fq=a%3Aeq%3Ax%20y&fq=b%3Aeq%3A%C3%A4%26%2B&none="
    assert headers["Authtoken"] == "QSDK secret-token" and b"Caf" in body


def test_an_error_status_is_a_reply_and_what_is_no_json_is_none(plain):
    reply = send(plain, "/page")
    assert (reply.status, reply.json()) == (502, None) and "<title>Bad</title>" in reply.text


def test_one_connection_serves_many_requests(plain):
    transport = Transport(True, 2.0, 2.0)
    for _number in range(3):
        transport.send("GET", f"http://127.0.0.1:{plain.server_port}/api", None, HEADERS, None)
    transport.close()
    assert len({address for _path, _headers, _body, address in plain.seen}) == 1


def test_a_redirect_is_not_followed_so_that_the_token_stays_here(plain):
    assert send(plain, "/move").status == 302
    assert [path for path, *_rest in plain.seen] == ["/move"]


def test_no_credentials_are_taken_from_a_netrc_file(plain, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    send(plain)
    assert "Authorization" not in plain.seen[0][1]


def test_a_trusted_authority_is_accepted(secure, authority):
    assert send(secure, scheme="https", verify=authority[1]).status == 200


def test_an_unknown_authority_is_refused_for_good(secure, tmp_path):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for verify in (True, str(other)):
        error = failure(secure, scheme="https", verify=verify)
        assert error.final and not error.sent
        assert "certificate" in str(error) and "ca_path" in str(error)
    assert secure.seen == []


def test_a_certificate_for_another_name_is_refused(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("commvault.example.com").configure_cert(context)
    with serving(context) as server:
        assert failure(server, scheme="https", verify=authority[1]).final
        with pytest.warns(Warning, match="Unverified"):
            assert send(server, scheme="https", verify=False).status == 200


def test_a_ca_file_that_is_not_there_is_named(secure):
    error = failure(secure, scheme="https", verify="/nowhere/ca.pem")
    assert error.final and "/nowhere/ca.pem" in str(error) and "ca_path" in str(error)


def test_a_refused_connection_never_left(plain):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    plain.server_port, real = port, plain.server_port
    try:
        error = failure(plain)
    finally:
        plain.server_port = real
    assert not error.sent and not error.final
    assert f"127.0.0.1:{port}" in str(error) and "Check that host is right" in str(error)
    assert error.details["call"] == "GET /api"


def test_a_host_that_does_not_exist_never_got_it(plain):
    error = failure(plain, host="no-such-host.invalid")
    assert not error.sent and "no-such-host.invalid" in str(error)


def test_silence_after_sending_leaves_the_outcome_open(plain):
    error = failure(plain, "/hang", "POST", body={}, read=0.2)
    assert error.sent and not error.final
    assert "no answer within 0.2 seconds" in str(error) and "read_timeout" in str(error)


def test_a_connection_that_breaks_after_sending_leaves_the_outcome_open(plain):
    error = failure(plain, "/break", "POST", body={})
    assert error.sent and "the connection broke" in str(error)


def test_an_address_that_makes_no_sense_is_said_to_be_so():
    transport = Transport(True, 1.0, 1.0)
    with pytest.raises(ConnectionFailed) as error:
        transport.send("GET", "https://bad host/api", None, {}, None)
    assert error.value.final and not error.value.sent


@pytest.mark.parametrize("part", ["head", "body"])
def test_the_time_for_an_answer_is_for_all_of_it(plain, part):
    """A server that sends a byte now and then got 185 seconds where two were allowed."""
    began = time.monotonic()
    error = failure(plain, f"/drip/{part}", "POST", body={}, read=0.3)
    assert error.sent and "no answer within 0.3 seconds" in str(error)
    assert time.monotonic() - began < 3


def test_an_answer_that_does_not_end_is_not_read_to_its_end(plain, monkeypatch):
    monkeypatch.setattr(transport_module, "LARGEST", 1 << 20)
    error = failure(plain, "/flood", read=5.0)
    assert error.sent and error.final and "larger than 1 MiB" in str(error)


def test_a_connection_serves_the_next_call_with_its_whole_time(plain):
    transport = Transport(True, 2.0, 1.0)
    try:
        for _turn in range(3):
            assert transport.send("GET", f"http://127.0.0.1:{plain.server_port}/api", None, HEADERS, None).status == 200
    finally:
        transport.close()
    assert len({client for _path, _headers, _body, client in plain.seen}) == 1, "one connection"


def test_a_token_that_is_no_header_is_not_shown(plain):
    transport = Transport(True, 2.0, 2.0)
    with pytest.raises(ConnectionFailed) as error:
        transport.send("GET", f"http://127.0.0.1:{plain.server_port}/api", None, {"Authtoken": "QSDK secret\n"}, None)
    transport.close()
    assert "secret" not in str(error.value) and error.value.final and plain.seen == []
