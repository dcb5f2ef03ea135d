# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import json
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
        try:
            return json.loads(self.text) if self.text else None
        except ValueError:
            return None


class Transport:
    """Keep-alive HTTP connections to one server: one, and one more for each further thread that sends at the same time.

    verify: True, False, or the path of a CA bundle. connect_timeout, read_timeout: seconds.
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
            with self._session() as session:
                answer = session.request(
                    method,
                    url,
                    data=None if body is None else json.dumps(body),
                    headers=dict(headers),
                    timeout=self._timeout,
                    verify=self._verify,
                    allow_redirects=False,
                )
        except (requests.exceptions.RequestException, OSError) as error:
            raise _explain(error, method, url, self._timeout) from None
        answer.encoding = "utf-8"
        # The header is written when the answer begins, however long the server thought and its body takes.
        ahead = _ahead(answer.headers.get("Date"), began + answer.elapsed.total_seconds())
        return Reply(answer.status_code, answer.headers, answer.text, ahead)

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
        return session


def _ahead(date: str | None, now: float) -> float | None:
    """How far a Date header (RFC 9110) is ahead of this machine's time; half a second is what it leaves out on average."""
    try:
        return round(email.utils.parsedate_to_datetime(date).timestamp() + 0.5 - now, 1) if date else None
    except ValueError:
        return None


def _no_auth(request: t.Any) -> t.Any:
    return request


def _explain(error: Exception, method: str, url: str, timeout: tuple[float, float]) -> ConnectionFailed:
    """Turn an exception of the library into one sentence that names the server, the reason and the way out."""
    parts = urllib.parse.urlsplit(url)
    problems = requests.exceptions
    sent = final = False
    if isinstance(error, problems.SSLError):
        final = True
        reason = "the certificate of the server was not accepted: " + _innermost(error)
        way_out = "Give the certificate of the authority that signed it in ca_path."
    elif isinstance(error, (problems.InvalidURL, problems.InvalidSchema, problems.MissingSchema)):
        final = True
        reason = "the address is not valid"
        way_out = "Give host as https://name, or https://name:port."
    elif isinstance(error, OSError) and "CA certificate" in str(error):
        final = True
        reason = str(error)
        way_out = "Correct ca_path."
    elif isinstance(error, problems.ConnectTimeout):
        reason = f"no connection within {timeout[0]:g} seconds"
        way_out = "Check the host, the firewall, or raise connect_timeout."
    elif _never_connected(error):
        reason = "no connection: " + _innermost(error)
        way_out = "Check that host is right and that the web server runs."
    else:
        sent = True
        timed_out = isinstance(error, problems.ReadTimeout)
        reason = f"no answer within {timeout[1]:g} seconds" if timed_out else "the connection broke: " + _innermost(error)
        way_out = "Look at the server before you repeat a change" + (", or raise read_timeout." if timed_out else ".")
    message = f"Commvault at {parts.scheme}://{parts.netloc}: {reason}. {way_out}"
    return ConnectionFailed(message, sent=sent, final=final, call=f"{method} {parts.path}")


def _never_connected(error: BaseException) -> bool:
    return any(type(cause).__name__ in ("NewConnectionError", "NameResolutionError", "ProxyError") for cause in _causes(error))


def _innermost(error: BaseException) -> str:
    texts = [str(cause) for cause in _causes(error) if str(cause)]
    return texts[-1] if texts else type(error).__name__


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
