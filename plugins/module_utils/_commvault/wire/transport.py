# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import functools
import http.client
import io
import json
import socket
import ssl
import threading
import time
import traceback
import typing as t
import urllib.parse

from ..._core.errors import ConnectionFailed, MissingLibrary

try:
    import requests

    REQUESTS_MISSING: str | None = None
except ImportError:
    REQUESTS_MISSING = traceback.format_exc()


LARGEST = 64 << 20
"""Bytes of an answer, unpacked. The lists of a large installation have some megabytes, and long ones come in pages."""
PIECE = 1 << 16


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back: an HTTP error status is a reply too, only a broken connection is an exception.

    ahead: by how many seconds the server's clock was ahead of this machine's, by the header Date, which is in whole seconds.
    """

    status: int
    headers: t.Mapping[str, str]
    text: str
    ahead: float | None = None

    def json(self) -> t.Any:
        """The decoded body; None where it is empty or not JSON (HTML pages of proxies, plain text of Logout)."""
        return self._decoded

    @functools.cached_property
    def _decoded(self) -> t.Any:
        try:
            return json.loads(self.text) if self.text else None
        except (ValueError, RecursionError):
            return None

    def without(self, secret: str) -> Reply:
        """The reply without a secret in its text."""
        return dataclasses.replace(self, text=self.text.replace(secret, "***")) if secret in self.text else self


class _Deadline(io.RawIOBase):
    """What is read from a socket, up to a moment: a server that sends byte by byte does not get more time with each of them."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw = raw
        self._connection = connection
        self._timeout = connection.gettimeout() or 0.0
        self._until = time.monotonic() + self._timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._connection.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.settimeout(self._timeout)
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that has to be there, whole, when the read timeout is over; the library's timeout is for each piece of it."""

    def __init__(self, sock: socket.socket, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp: t.Any = io.BufferedReader(_Deadline(self.fp.detach(), sock))


def _limited(manager: t.Any) -> t.Any:
    """A manager of connections (urllib3 PoolManager) whose connections read such answers."""

    def connections(pool_class: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def pool(*arguments: t.Any, **options: t.Any) -> t.Any:
            made = pool_class(*arguments, **options)
            connect = made.ConnectionCls

            def connection(*parts: t.Any, **settings: t.Any) -> t.Any:
                opened = connect(*parts, **settings)
                opened.response_class = _Answer
                return opened

            made.ConnectionCls = connection
            return made

        return pool

    manager.pool_classes_by_scheme = {scheme: connections(kind) for scheme, kind in manager.pool_classes_by_scheme.items()}
    return manager


class Transport:
    """Keep-alive HTTP connections to one server: one, and one more for each further thread that sends at the same time.

    verify: True, False, or the path of a CA bundle. connect_timeout: seconds. read_timeout: seconds from the request to the end of its
    answer, of which there may be LARGEST bytes.
    Redirects are not followed, and no credentials are taken from a .netrc file: either could send the token elsewhere.
    """

    def __init__(self, verify: bool | str, connect_timeout: float, read_timeout: float) -> None:
        if REQUESTS_MISSING:
            raise MissingLibrary("requests", REQUESTS_MISSING)
        self._verify = verify
        self._timeout = (connect_timeout, read_timeout)
        self._lock = threading.Lock()
        self._idle: list[requests.Session] = [self._open()]

    def send(self, method: str, url: str, params: t.Any, headers: t.Mapping[str, str], body: t.Any) -> Reply:
        """Send one request. Raises ConnectionFailed, whose attribute sent tells whether the server may have acted on it."""
        if params:
            url += "?" + urllib.parse.urlencode(params, doseq=True, quote_via=urllib.parse.quote)
        began = time.time()
        try:
            with (
                self._session() as session,
                session.request(
                    method,
                    url,
                    data=None if body is None else json.dumps(body),
                    headers=dict(headers),
                    timeout=self._timeout,
                    verify=self._verify,
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                text = _read(answer)
        except (requests.exceptions.RequestException, OSError, _TooLarge) as error:
            raise _explain(error, method, url, self._timeout, self._verify) from None
        # The header is written when the answer begins, however long the server thought and its body takes.
        ahead = _ahead(answer.headers.get("Date"), began + answer.elapsed.total_seconds())
        return Reply(answer.status_code, answer.headers, text, ahead)

    def close(self) -> None:
        """End all connections; none may be in use."""
        with self._lock:
            for session in self._idle:
                session.close()

    @contextlib.contextmanager
    def _session(self) -> t.Iterator[requests.Session]:
        """A session for one request. The one used last is given first, so that a single thread stays on one connection."""
        with self._lock:
            session = self._idle.pop() if self._idle else self._open()
        try:
            yield session
        finally:
            with self._lock:
                self._idle.append(session)

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.auth = _no_auth
        adapter = requests.adapters.HTTPAdapter()
        _limited(adapter.poolmanager)
        through_proxy = adapter.proxy_manager_for
        adapter.proxy_manager_for = lambda proxy, **options: _limited(through_proxy(proxy, **options))  # type: ignore[method-assign]
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


class _TooLarge(Exception):
    """An answer of more than LARGEST bytes."""


def _read(answer: requests.Response) -> str:
    """The body as text, unpacked. What is too large is not read to its end."""
    parts, size = [], 0
    for part in answer.iter_content(PIECE):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise _TooLarge
    return b"".join(parts).decode("utf-8", errors="replace")


def _ahead(date: str | None, now: float) -> float | None:
    """How far a Date header (RFC 9110) is ahead of this machine's time; half a second is what it leaves out on average."""
    try:
        return round(email.utils.parsedate_to_datetime(date).timestamp() + 0.5 - now, 1) if date else None
    except ValueError:
        return None


def _no_auth(request: t.Any) -> t.Any:
    return request


def _explain(error: Exception, method: str, url: str, timeout: tuple[float, float], verify: bool | str) -> ConnectionFailed:
    """Turn an exception of the library into one sentence that names the server, the reason and the way out.

    What the library says itself is not quoted: it holds headers and addresses, and so tokens and passwords.
    """
    parts = urllib.parse.urlsplit(url)
    problems = requests.exceptions
    look = "Look at the server before you repeat a change."
    sent = final = False
    if isinstance(error, problems.SSLError):
        final = True
        reason = "the certificate of the server was not accepted: " + _said_by_system(error)
        way_out = "Give the certificate of the authority that signed it in ca_path."
    elif isinstance(error, (problems.InvalidURL, problems.InvalidSchema, problems.MissingSchema, problems.InvalidHeader)):
        final = True
        reason = "the address or the token is not valid"
        way_out = "Give host as https://name, or https://name:port, and the token as one line without spaces."
    elif isinstance(error, OSError) and "CA certificate" in str(error):
        final = True
        reason = f"the certificates in {verify} cannot be read"
        way_out = "Correct ca_path."
    elif isinstance(error, _TooLarge):
        sent = final = True
        reason = f"the answer is larger than {LARGEST >> 20} MiB"
        way_out = "Look at the server: this is not an answer of Commvault."
    elif isinstance(error, problems.ConnectTimeout):
        reason = f"no connection within {timeout[0]:g} seconds"
        way_out = "Check the host, the firewall, or raise connect_timeout."
    elif _has_cause(error, "NewConnectionError", "NameResolutionError", "ProxyError"):
        reason = "no connection: " + _said_by_system(error)
        way_out = "Check that host is right and that the web server runs."
    elif _has_cause(error, "ReadTimeout", "ReadTimeoutError", "TimeoutError"):
        sent = True
        reason = f"no answer within {timeout[1]:g} seconds"
        way_out = f"{look[:-1]}, or raise read_timeout."
    else:
        sent = True
        reason = "the connection broke: " + _said_by_system(error)
        way_out = look
    message = f"Commvault at {parts.scheme}://{parts.netloc}: {reason}. {way_out}"
    return ConnectionFailed(message, sent=sent, final=final, call=f"{method} {parts.path}")


def _has_cause(error: BaseException, *names: str) -> bool:
    return any(type(cause).__name__ in names for cause in _causes(error))


def _said_by_system(error: BaseException) -> str:
    """What the operating system or TLS says of a connection, else the name of the innermost error."""
    causes = list(_causes(error))
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLError):
            return getattr(cause, "verify_message", None) or cause.reason or "TLS failed"
        if isinstance(cause, OSError) and not isinstance(cause, requests.exceptions.RequestException) and cause.strerror:
            return cause.strerror
    return type(causes[-1]).__name__


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """The chain of exceptions below one of requests: causes, and the reasons that urllib3 keeps in arguments."""
    seen: list[BaseException] = []
    queue: list[t.Any] = [error]
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or any(current is other for other in seen):
            continue
        seen.append(current)
        yield current
        queue.extend([current.__cause__, current.__context__, getattr(current, "reason", None), *current.args])
